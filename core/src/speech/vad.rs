//! What finds speech in frames of audio.

use crate::error::Result;

/// Hz, of everything in this room.
pub const SAMPLE_RATE: u32 = 16_000;
/// Samples in a frame: 32 ms.
pub const FRAME: usize = 512;

/// Tells speech from other sound, frame by frame, remembering what it heard before.
pub trait VoiceDetector: Send {
    /// Of n × [`FRAME`] samples at 16 kHz the n probabilities of speech. The same samples give the same
    /// answer however they are split into calls.
    fn probabilities(&mut self, frames: &[f32]) -> Result<Vec<f32>>;
    /// What it remembers, at most 2 KiB.
    fn save(&self) -> Vec<u8>;
    /// Takes back what `save` gave.
    fn load(&mut self, from: &[u8]) -> Result<()>;
    /// Forgets everything: another stream begins.
    fn reset(&mut self);
    /// Whose work it is: `silero-vad`.
    fn id(&self) -> &str;
    /// Name and version of the model.
    fn model(&self) -> &str;
}
