//! Speech: which stretches of audio are speech (`vad`, `segment`, `detect`), and which words were said
//! (`stt`, `recognise`). `transcribe` does the same for one file, without the log.
//! Engines stand behind two small traits, [`VoiceDetector`] and [`Recognizer`], with fakes in `fake`;
//! only what runs a model needs the feature `speech`.

mod bytes;
pub mod detect;
pub mod fake;
pub mod formats;
pub mod guess;
pub mod hush;
pub mod lazy;
pub mod recognise;
#[cfg(feature = "speech")]
pub mod runtime;
pub mod segment;
pub mod shared;
#[cfg(feature = "speech")]
pub mod silero;
pub mod stt;
pub mod transcribe;
pub mod vad;

pub use stt::{Heard, Recognizer};
pub use vad::{FRAME, SAMPLE_RATE, VoiceDetector};
