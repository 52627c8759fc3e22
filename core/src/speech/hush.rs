//! Spares the model what nobody can hear: a room at night, a muted microphone, a gap in a recording. Listening to
//! nothing is what Loom does most of the time.

use super::vad::{FRAME, VoiceDetector};
use crate::error::Result;

/// A frame with no sample above this, −60 dB of full scale, holds nothing that a microphone picked up from a person.
const QUIET_PEAK: f32 = 0.001;
/// Such frames in a row that the model still hears, a second of them: afterwards it remembers nothing but quiet, so it
/// may go on from there when there is something to hear again.
const SETTLED: u8 = 32;

/// A detector that is asked only while there is something to hear.
pub struct Hush<D> {
    detector: D,
    /// Quiet frames in a row, as far as they matter.
    quiet: u8,
}

impl<D: VoiceDetector> Hush<D> {
    pub fn new(detector: D) -> Self {
        Self { detector, quiet: 0 }
    }

    /// Whether the model need not hear it.
    fn spares(&mut self, frame: &[f32]) -> bool {
        let quiet = frame.iter().all(|s| s.abs() < QUIET_PEAK);
        self.quiet = if quiet { self.quiet.saturating_add(1).min(SETTLED + 1) } else { 0 };
        self.quiet > SETTLED
    }
}

impl<D: VoiceDetector> VoiceDetector for Hush<D> {
    fn probabilities(&mut self, frames: &[f32]) -> Result<Vec<f32>> {
        let mut out = Vec::with_capacity(frames.len() / FRAME);
        let mut asked = 0;
        for (n, frame) in frames.chunks_exact(FRAME).enumerate() {
            if self.spares(frame) {
                out.extend(self.detector.probabilities(&frames[asked..n * FRAME])?);
                out.push(0.0);
                asked = (n + 1) * FRAME;
            }
        }
        out.extend(self.detector.probabilities(&frames[asked..])?);
        Ok(out)
    }

    fn save(&self) -> Vec<u8> {
        let mut saved = vec![self.quiet];
        saved.extend(self.detector.save());
        saved
    }

    fn load(&mut self, from: &[u8]) -> Result<()> {
        let (quiet, detector) = from.split_first().map_or((0, from), |(quiet, rest)| (*quiet, rest));
        self.quiet = quiet;
        self.detector.load(detector)
    }

    fn reset(&mut self) {
        self.quiet = 0;
        self.detector.reset();
    }

    fn id(&self) -> &str {
        self.detector.id()
    }
    fn model(&self) -> &str {
        self.detector.model()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::fake::FakeDetector;

    /// Counts the frames it is asked about.
    #[derive(Default)]
    struct Counted(FakeDetector, usize);

    impl VoiceDetector for Counted {
        fn probabilities(&mut self, frames: &[f32]) -> Result<Vec<f32>> {
            self.1 += frames.len() / FRAME;
            self.0.probabilities(frames)
        }
        fn save(&self) -> Vec<u8> {
            self.0.save()
        }
        fn load(&mut self, from: &[u8]) -> Result<()> {
            self.0.load(from)
        }
        fn reset(&mut self) {
            self.0.reset();
        }
        fn id(&self) -> &str {
            self.0.id()
        }
        fn model(&self) -> &str {
            self.0.model()
        }
    }

    fn frames(of: &str) -> Vec<f32> {
        let loud = |c| if c == 'S' { 0.5 } else { 0.0005 };
        of.chars().flat_map(|c| [loud(c); FRAME]).collect()
    }

    #[test]
    fn after_a_second_of_quiet_the_model_rests_and_hears_the_next_word_as_ever() {
        let heard = frames(&format!("SS{}SSS{}S", ".".repeat(100), ".".repeat(10)));
        let mut hush = Hush::new(Counted::default());
        assert_eq!(hush.probabilities(&heard).unwrap(), FakeDetector::default().probabilities(&heard).unwrap());
        assert_eq!(hush.detector.1, 2 + usize::from(SETTLED) + 3 + 10 + 1);
    }

    #[test]
    fn however_it_is_split_and_restarted_it_answers_the_same() {
        let heard = frames(&format!("S{}SS{}S", ".".repeat(70), ".".repeat(40)));
        let whole = Hush::new(FakeDetector::default()).probabilities(&heard).unwrap();
        for size in [1, 3, 33, 64] {
            let (mut parts, mut saved) = (Vec::new(), Hush::new(FakeDetector::default()).save());
            let mut asked = 0;
            for some in heard.chunks(size * FRAME) {
                let mut hush = Hush::new(Counted::default());
                hush.load(&saved).unwrap();
                parts.extend(hush.probabilities(some).unwrap());
                (saved, asked) = (hush.save(), asked + hush.detector.1);
            }
            assert_eq!((parts, asked), (whole.clone(), 1 + 32 + 2 + 32 + 1), "{size} frames at once");
        }
    }
}
