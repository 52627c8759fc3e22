//! Engines without a model, for simulation and tests: they hear loudness and spell hashes. Never in the product.

use super::stt::{Heard, Recognizer, Word};
use super::vad::{FRAME, SAMPLE_RATE, VoiceDetector};
use crate::error::{Error, Result};

/// Takes every loud frame for speech, and the frame after one for soft speech, so that its memory matters.
#[derive(Clone, Debug, Default)]
pub struct FakeDetector {
    was_loud: bool,
}

/// Mean square above which a frame is loud.
const LOUD: f32 = 1e-4;

impl VoiceDetector for FakeDetector {
    fn probabilities(&mut self, frames: &[f32]) -> Result<Vec<f32>> {
        if !frames.len().is_multiple_of(FRAME) {
            return Err(Error::bug("voice detection takes whole frames of 512 samples"));
        }
        let mut hear = |frame: &[f32]| {
            let loud = frame.iter().map(|s| s * s).sum::<f32>() / FRAME as f32 > LOUD;
            let was_loud = std::mem::replace(&mut self.was_loud, loud);
            if loud {
                1.0
            } else if was_loud {
                0.4
            } else {
                0.0
            }
        };
        Ok(frames.chunks_exact(FRAME).map(&mut hear).collect())
    }
    fn save(&self) -> Vec<u8> {
        vec![u8::from(self.was_loud)]
    }
    fn load(&mut self, from: &[u8]) -> Result<()> {
        self.was_loud = from.first().is_some_and(|&b| b != 0);
        Ok(())
    }
    fn reset(&mut self) {
        self.was_loud = false;
    }
    fn id(&self) -> &str {
        "fake-detector"
    }
    fn model(&self) -> &str {
        "loudness"
    }
}

/// Spells one word a half second from a hash of the samples, and none for silence.
#[derive(Clone, Debug, Default)]
pub struct FakeRecognizer;

const SYLLABLES: [&str; 16] = ["ba", "do", "fi", "gu", "ka", "le", "mi", "no", "pa", "ro", "si", "tu", "va", "wo", "xi", "zu"];
const WORD: usize = SAMPLE_RATE as usize / 2;

impl Recognizer for FakeRecognizer {
    fn id(&self) -> &str {
        "fake-recognizer"
    }
    fn model(&self) -> &str {
        "hash"
    }
    fn transcribe(&mut self, samples: &[f32]) -> Result<Heard> {
        let rate = f64::from(SAMPLE_RATE);
        let words = samples.chunks(WORD).enumerate().filter(|(_, s)| s.iter().any(|v| v.abs() > 0.01)).map(|(i, s)| {
            let start = i * WORD;
            Word { text: spell(s), start_s: start as f64 / rate, end_s: (start + s.len()) as f64 / rate, confidence: 0.9 }
        });
        Ok(Heard::new(words.collect(), "en"))
    }
}

/// Four syllables of a 64-bit FNV-1a hash over the samples as 16-bit numbers.
fn spell(samples: &[f32]) -> String {
    let bytes = samples.iter().flat_map(|s| ((s * 32768.0).round() as i16).to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (0..4).map(|i| SYLLABLES[(hash >> (40 + 4 * i)) as usize & 15]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_samples_give_the_same_words_and_others_give_others() {
        let tone = |hz: f32| (0..24_000).map(|i| (i as f32 * hz / 2500.0).sin() * 0.3).collect::<Vec<_>>();
        let hear = |s: &[f32]| FakeRecognizer.transcribe(s).unwrap();
        let (a, b) = (hear(&tone(220.0)), hear(&tone(330.0)));
        assert_eq!(a, hear(&tone(220.0)));
        assert_ne!(a.text, b.text);
        assert_eq!((a.words.len(), a.text.split(' ').count()), (3, 3));
        assert!(hear(&[0.0; 16_000]).words.is_empty());
    }

    #[test]
    fn loud_frames_are_speech() {
        let mut frames = vec![0.0; FRAME];
        frames.extend([0.5; FRAME]);
        frames.extend([0.0; 2 * FRAME]);
        assert_eq!(FakeDetector::default().probabilities(&frames).unwrap(), [0.0, 1.0, 0.4, 0.0]);
        assert!(FakeDetector::default().probabilities(&frames[1..]).is_err());
    }
}
