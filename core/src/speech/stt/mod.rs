//! Speech to text: one trait, a file an engine. What engines share is here: words from tokens, their times,
//! and what tells words from what a model invents over noise.

pub mod align;
pub mod guard;
#[cfg(feature = "speech")]
pub mod moonshine;
pub mod tokenizer;

pub use loom_schemas::payload::Word;

use crate::error::Result;

/// What was heard in one utterance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// The words joined by single spaces.
    pub text: String,
    /// In order; seconds from the first sample.
    pub words: Vec<Word>,
    /// BCP 47.
    pub language: String,
}

impl Heard {
    /// The text follows from the words.
    pub fn new(words: Vec<Word>, language: &str) -> Self {
        let text = words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
        Self { text, words, language: language.to_string() }
    }

    /// Keeps times between where speech begins and where the utterance ends, starts never decreasing.
    pub fn within(&mut self, onset_s: f64, duration_s: f64) {
        let mut from = onset_s.clamp(0.0, duration_s);
        for w in &mut self.words {
            w.start_s = micros(w.start_s.clamp(from, duration_s));
            w.end_s = micros(w.end_s.clamp(w.start_s, duration_s.max(w.start_s)));
            from = w.start_s;
        }
    }
}

/// To the microsecond: what an answer shows.
fn micros(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// Turns an utterance into words.
pub trait Recognizer: Send {
    /// The engine: `moonshine-tiny-en`.
    fn id(&self) -> &str;
    /// Name and version of the model's files.
    fn model(&self) -> &str;
    /// The words in samples of 16 kHz mono in [-1, 1], 30 s at most; none where nobody speaks.
    fn transcribe(&mut self, samples: &[f32]) -> Result<Heard>;
}
