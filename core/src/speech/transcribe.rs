//! One recording to words, without the log: the same detector, segmenter and recogniser as the pipeline's.

use std::collections::VecDeque;

use super::segment::{Frame, Piece, Segmenter, Tuning, sample_of};
use super::stt::{Heard, Recognizer, Word};
use super::vad::{FRAME, SAMPLE_RATE, VoiceDetector};
use crate::error::Result;

/// What was said in a recording; times in seconds from its start.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Transcription {
    pub duration_s: f64,
    pub engine: String,
    pub model: String,
    /// BCP 47; `und` where nobody speaks.
    pub language: String,
    /// The segments' texts joined by single spaces.
    pub text: String,
    pub segments: Vec<Segment>,
}

/// An utterance with words in it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Segment {
    pub start_s: f64,
    pub end_s: f64,
    pub text: String,
    pub words: Vec<Word>,
}

/// Frames that the detector is given at once.
const BATCH: usize = 64;

/// The words in 16 kHz mono samples that come in chunks of any length. Memory holds one utterance at most.
pub fn transcribe(
    samples: &mut dyn Iterator<Item = Result<Vec<f32>>>,
    detector: &mut dyn VoiceDetector,
    recognizer: &mut dyn Recognizer,
) -> Result<Transcription> {
    detector.reset();
    let mut road = Road {
        held: VecDeque::new(),
        first: 0,
        asked: 0,
        segmenter: Segmenter::new(Tuning::default()),
        segments: Vec::new(),
        language: None,
    };
    let mut total = 0u64;
    for chunk in samples {
        let chunk = chunk?;
        total += chunk.len() as u64;
        road.held.extend(chunk);
        road.advance(BATCH, detector, recognizer)?;
    }
    let rest = (FRAME - (total % FRAME as u64) as usize) % FRAME;
    road.held.extend(std::iter::repeat_n(0.0, rest));
    road.advance(1, detector, recognizer)?;
    if let Some(piece) = road.segmenter.finish() {
        road.recognise(&piece, total, recognizer)?;
    }
    let text = road.segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(" ");
    Ok(Transcription {
        duration_s: seconds(total),
        engine: recognizer.id().to_string(),
        model: recognizer.model().to_string(),
        language: road.language.unwrap_or_else(|| "und".to_string()),
        text,
        segments: road.segments,
    })
}

struct Road {
    /// Samples that a piece may still need, from `first` on.
    held: VecDeque<f32>,
    first: u64,
    /// Frames the detector was asked about.
    asked: u64,
    segmenter: Segmenter,
    segments: Vec<Segment>,
    language: Option<String>,
}

impl Road {
    /// Takes whole frames on, as soon as there are `batch` of them.
    fn advance(&mut self, batch: usize, detector: &mut dyn VoiceDetector, recognizer: &mut dyn Recognizer) -> Result<()> {
        loop {
            let from = (sample_of(self.asked) - self.first) as usize;
            let frames = ((self.held.len() - from) / FRAME).min(BATCH);
            if frames < batch {
                return Ok(());
            }
            let held = &self.held.make_contiguous()[from..from + frames * FRAME];
            let probabilities = detector.probabilities(held)?;
            let heard: Vec<Frame> = probabilities.iter().zip(held.chunks_exact(FRAME)).map(|(p, s)| Frame::new(*p, s)).collect();
            self.asked += frames as u64;
            for frame in heard {
                if let Some(piece) = self.segmenter.push(frame) {
                    self.recognise(&piece, u64::MAX, recognizer)?;
                }
            }
            let spent = (sample_of(self.segmenter.needs()) - self.first) as usize;
            self.held.drain(..spent);
            self.first += spent as u64;
        }
    }

    fn recognise(&mut self, piece: &Piece, total: u64, recognizer: &mut dyn Recognizer) -> Result<()> {
        let (start, end) = (sample_of(piece.start), sample_of(piece.end).min(total));
        let held = self.held.make_contiguous();
        let mut heard = recognizer.transcribe(&held[(start - self.first) as usize..(end - self.first) as usize])?;
        heard.within(seconds(sample_of(piece.onset) - start), seconds(end - start));
        let Heard { text, mut words, language } = heard;
        words.iter_mut().for_each(|w| (w.start_s, w.end_s) = (later(w.start_s, start), later(w.end_s, start)));
        if let (Some(a), Some(b)) = (words.first(), words.iter().map(|w| w.end_s).reduce(f64::max)) {
            self.segments.push(Segment { start_s: a.start_s, end_s: b, text, words });
            self.language.get_or_insert(language);
        }
        Ok(())
    }
}

fn seconds(samples: u64) -> f64 {
    samples as f64 / f64::from(SAMPLE_RATE)
}

/// A time within an utterance as one within the recording, to the microsecond.
fn later(within_s: f64, first_sample: u64) -> f64 {
    ((within_s + seconds(first_sample)) * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::fake::{FakeDetector, FakeRecognizer};

    fn run(samples: &[f32], chunk: usize) -> Transcription {
        let mut chunks = samples.chunks(chunk).map(|c| Ok(c.to_vec()));
        transcribe(&mut chunks, &mut FakeDetector::default(), &mut FakeRecognizer).unwrap()
    }

    fn speech_and_pauses(seconds: &[(f32, f32)]) -> Vec<f32> {
        let part = |amplitude: f32, s: f32| (0..(s * 16_000.0) as usize).map(move |i| (i as f32 * 0.1).sin() * amplitude);
        seconds.iter().flat_map(|&(loud, quiet)| part(0.3, loud).chain(part(0.0, quiet))).collect()
    }

    #[test]
    fn segments_have_absolute_times_and_chunks_do_not_matter() {
        let samples = speech_and_pauses(&[(0.0, 1.0), (2.0, 2.0), (1.5, 0.0)]);
        let whole = run(&samples, samples.len());
        assert_eq!(whole.duration_s, 6.5);
        assert_eq!(whole.segments.len(), 2);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 0.05, "{a} {b}");
        near(whole.segments[0].start_s, 1.0);
        near(whole.segments[1].start_s, 5.0);
        near(whole.segments[1].end_s, 6.5);
        let words = whole.segments.iter().flat_map(|s| &s.words).map(|w| w.text.as_str()).collect::<Vec<_>>();
        assert_eq!(words.join(" "), whole.text);
        for chunk in [1, 100, 512, 5000, 33_000] {
            assert_eq!(run(&samples, chunk), whole, "{chunk}");
        }
    }

    #[test]
    fn silence_and_nothing_have_no_words() {
        for samples in [vec![], vec![0.0; 100], vec![0.0; 50_000]] {
            let t = run(&samples, 1000);
            assert_eq!((t.text.as_str(), t.segments.len(), t.language.as_str()), ("", 0, "und"));
        }
    }

    #[test]
    fn an_error_in_the_samples_is_the_answer() {
        let mut chunks = [Ok(vec![0.1; 600]), Err(crate::Error::invalid("broken"))].into_iter();
        assert!(transcribe(&mut chunks, &mut FakeDetector::default(), &mut FakeRecognizer).is_err());
    }
}
