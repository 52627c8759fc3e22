//! One engine for all who want words on this machine: whoever settles an utterance, and whoever guesses meanwhile.
//! An engine takes two hundred megabytes, so two would be one too many.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::recognise::Factory;
use super::stt::{Heard, Recognizer};
use crate::error::{Fault, Kind, Result};

/// The engine, built with the first samples, and anew after a failure that may have spoilt it.
pub struct Shared {
    id: &'static str,
    model: &'static str,
    build: Factory,
    engine: Mutex<Option<Box<dyn Recognizer>>>,
}

impl Shared {
    /// `id` and `model` are those of what `build` makes.
    pub fn new(id: &'static str, model: &'static str, build: Factory) -> Arc<Self> {
        Arc::new(Self { id, model, build, engine: Mutex::new(None) })
    }

    /// For the stage that settles: its words come when the engine is free.
    pub fn factory(self: &Arc<Self>) -> Factory {
        let shared = self.clone();
        Arc::new(move || Ok(Box::new(Turn(shared.clone())) as Box<dyn Recognizer>))
    }

    /// For who guesses: nothing while the engine is busy with something that matters more.
    ///
    /// Errors: as the engine's.
    pub fn guess(&self, samples: &[f32]) -> Result<Option<Heard>, Fault> {
        match self.engine.try_lock() {
            Ok(engine) => self.hear(engine, samples).map(Some),
            Err(std::sync::TryLockError::Poisoned(p)) => self.hear(p.into_inner(), samples).map(Some),
            Err(std::sync::TryLockError::WouldBlock) => Ok(None),
        }
    }

    fn hear(&self, mut engine: MutexGuard<Option<Box<dyn Recognizer>>>, samples: &[f32]) -> Result<Heard, Fault> {
        // Out of its place while it works, so that one that panics is not used again.
        let mut working = match engine.take() {
            Some(built) => built,
            None => (self.build)()?,
        };
        let heard = working.transcribe(samples);
        if heard.as_ref().err().is_none_or(|e| e.kind == Kind::Skip) {
            *engine = Some(working);
        }
        heard
    }
}

/// The engine as one of those who share it sees it.
struct Turn(Arc<Shared>);

impl Recognizer for Turn {
    fn id(&self) -> &str {
        self.0.id
    }
    fn model(&self) -> &str {
        self.0.model
    }
    fn transcribe(&mut self, samples: &[f32]) -> Result<Heard> {
        let engine = self.0.engine.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.hear(engine, samples)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::error::Error;
    use crate::speech::fake::FakeRecognizer;

    /// Fails where the first sample says so.
    struct Moody;

    impl Recognizer for Moody {
        fn id(&self) -> &str {
            "moody"
        }
        fn model(&self) -> &str {
            "m"
        }
        fn transcribe(&mut self, samples: &[f32]) -> Result<Heard> {
            if samples[0] > 0.9 { Err(Error::retry("not today")) } else { FakeRecognizer.transcribe(samples) }
        }
    }

    #[test]
    fn all_hear_the_same_from_one_engine_that_is_built_anew_after_a_failure() {
        let built = Arc::new(AtomicU32::new(0));
        let count = built.clone();
        let shared = Shared::new(
            "moody",
            "m",
            Arc::new(move || {
                count.fetch_add(1, Ordering::Relaxed);
                Ok(Box::new(Moody))
            }),
        );
        let (mut a, mut b) = (shared.factory()().unwrap(), shared.factory()().unwrap());
        assert_eq!(built.load(Ordering::Relaxed), 0, "nothing is loaded before it is needed");
        let said = [0.5; 16_000];
        let words = a.transcribe(&said).unwrap();
        assert_eq!((b.transcribe(&said).unwrap(), shared.guess(&said).unwrap()), (words.clone(), Some(words.clone())));
        assert_eq!(built.load(Ordering::Relaxed), 1);
        assert!(a.transcribe(&[1.0]).is_err());
        assert_eq!(b.transcribe(&said).unwrap(), words);
        assert_eq!(built.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_guess_does_not_wait() {
        let shared = Shared::new("f", "m", Arc::new(|| Ok(Box::new(FakeRecognizer))));
        let busy = shared.engine.lock().unwrap();
        assert_eq!(shared.guess(&[0.5; 16_000]).unwrap(), None);
        drop(busy);
        assert!(shared.guess(&[0.5; 16_000]).unwrap().is_some());
    }
}
