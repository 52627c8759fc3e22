//! Silero VAD 6.2.3 on ONNX Runtime, by its sequence model: an LSTM over frames of 512 samples, each seen with the
//! 64 before it. One frame costs it no more than the streaming model, many together cost less, and the
//! probabilities are the same to the last bit. <https://github.com/snakers4/silero-vad>

use loom_models::Models;
use ort::session::Session;
use ort::value::TensorRef;

use super::runtime::{Runtime, failed};
use super::vad::{FRAME, VoiceDetector};
use crate::error::{Error, Result};

const CONTEXT: usize = 64;
const STATE: usize = 128;
/// Frames in one run: bounds memory, and more are no quicker.
const BATCH: usize = 64;
pub const ID: &str = "silero-vad";
pub const MODEL: &str = "silero-vad-6.2.3";

pub struct Silero {
    session: Session,
    h: [f32; STATE],
    c: [f32; STATE],
    context: [f32; CONTEXT],
    rows: Vec<f32>,
}

impl Silero {
    pub fn load(runtime: &Runtime, models: &Models) -> Result<Self> {
        let session = runtime.session(models, MODEL, "silero_vad_16k_sequence.onnx")?;
        Ok(Self { session, h: [0.0; STATE], c: [0.0; STATE], context: [0.0; CONTEXT], rows: Vec::new() })
    }

    fn run(&mut self, frames: &[f32], out: &mut Vec<f32>) -> ort::Result<()> {
        self.rows.clear();
        for frame in frames.chunks_exact(FRAME) {
            self.rows.extend_from_slice(&self.context);
            self.rows.extend_from_slice(frame);
            self.context.copy_from_slice(&frame[FRAME - CONTEXT..]);
        }
        let n = frames.len() / FRAME;
        let answer = self.session.run(ort::inputs![
            "input" => TensorRef::from_array_view(([n, CONTEXT + FRAME], &*self.rows))?,
            "h" => TensorRef::from_array_view(([1, 1, STATE], &self.h[..]))?,
            "c" => TensorRef::from_array_view(([1, 1, STATE], &self.c[..]))?,
        ])?;
        out.extend_from_slice(answer["speech_probs"].try_extract_tensor()?.1);
        let (h, c) = (answer["hn"].try_extract_tensor()?.1, answer["cn"].try_extract_tensor()?.1);
        self.h.copy_from_slice(h);
        self.c.copy_from_slice(c);
        Ok(())
    }
}

impl VoiceDetector for Silero {
    fn probabilities(&mut self, frames: &[f32]) -> Result<Vec<f32>> {
        if !frames.len().is_multiple_of(FRAME) {
            return Err(Error::bug("voice detection takes whole frames of 512 samples"));
        }
        let mut out = Vec::with_capacity(frames.len() / FRAME);
        for batch in frames.chunks(BATCH * FRAME) {
            self.run(batch, &mut out).map_err(failed)?;
        }
        Ok(out)
    }

    fn save(&self) -> Vec<u8> {
        self.h.iter().chain(&self.c).chain(&self.context).flat_map(|v| v.to_le_bytes()).collect()
    }

    fn load(&mut self, from: &[u8]) -> Result<()> {
        if from.len() != 4 * (2 * STATE + CONTEXT) {
            return Err(Error::bug("the saved state of voice detection is cut short"));
        }
        let saved = from.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        self.h.iter_mut().chain(&mut self.c).chain(&mut self.context).zip(saved).for_each(|(to, v)| *to = v);
        Ok(())
    }

    fn reset(&mut self) {
        self.h.fill(0.0);
        self.c.fill(0.0);
        self.context.fill(0.0);
    }

    fn id(&self) -> &str {
        "silero-vad"
    }
    fn model(&self) -> &str {
        MODEL
    }
}
