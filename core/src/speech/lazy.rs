//! A voice detector that loads its model with the first frame, so that a start costs nothing and a missing
//! model is waited for where the audio is.

use super::vad::VoiceDetector;
use crate::error::Result;

/// Makes a detector.
pub type Build = Box<dyn Fn() -> Result<Box<dyn VoiceDetector>> + Send>;

pub struct Lazy {
    id: &'static str,
    model: &'static str,
    build: Build,
    detector: Option<Box<dyn VoiceDetector>>,
    /// What it remembers until there is a detector; empty is nothing.
    memory: Vec<u8>,
}

impl Lazy {
    /// `id` and `model` are those of what `build` makes.
    pub fn new(id: &'static str, model: &'static str, build: Build) -> Self {
        Self { id, model, build, detector: None, memory: Vec::new() }
    }
}

impl VoiceDetector for Lazy {
    fn probabilities(&mut self, frames: &[f32]) -> Result<Vec<f32>> {
        if self.detector.is_none() {
            let mut built = (self.build)()?;
            if !self.memory.is_empty() {
                built.load(&self.memory)?;
            }
            self.detector = Some(built);
        }
        self.detector.as_mut().map_or(Ok(Vec::new()), |d| d.probabilities(frames))
    }
    fn save(&self) -> Vec<u8> {
        self.detector.as_ref().map_or_else(|| self.memory.clone(), |d| d.save())
    }
    fn load(&mut self, from: &[u8]) -> Result<()> {
        match &mut self.detector {
            Some(d) if from.is_empty() => d.reset(),
            Some(d) => return d.load(from),
            None => self.memory = from.to_vec(),
        }
        Ok(())
    }
    fn reset(&mut self) {
        self.memory.clear();
        if let Some(d) = &mut self.detector {
            d.reset();
        }
    }
    fn id(&self) -> &str {
        self.id
    }
    fn model(&self) -> &str {
        self.model
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::speech::FRAME;
    use crate::speech::fake::FakeDetector;

    fn lazy() -> Lazy {
        Lazy::new("fake-detector", "loudness", Box::new(|| Ok(Box::new(FakeDetector::default()))))
    }

    #[test]
    fn its_memory_is_the_same_before_and_after_the_model_is_there() {
        let quiet = [0.0; FRAME];
        let (mut a, mut b) = (lazy(), lazy());
        a.probabilities(&[0.5; FRAME]).unwrap();
        b.load(&a.save()).unwrap();
        assert_eq!(b.probabilities(&quiet).unwrap(), a.probabilities(&quiet).unwrap());
        a.probabilities(&[0.5; FRAME]).unwrap();
        a.load(&lazy().save()).unwrap();
        assert_eq!(a.probabilities(&quiet).unwrap(), [0.0]);
    }

    #[test]
    fn a_missing_model_is_asked_for_again() {
        let mut d = Lazy::new("x", "y", Box::new(|| Err(Error::retry("not there yet"))));
        assert!(d.probabilities(&[0.0; FRAME]).is_err());
        assert!(d.probabilities(&[0.0; FRAME]).is_err());
    }
}
