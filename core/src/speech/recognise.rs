//! The stage that hears words: slow, so deferred to worker threads, each with a recogniser of its own.

use std::sync::Arc;

use loom_schemas::payload::{Transcript, Utterance};

use super::stt::{Heard, Recognizer};
use super::vad::SAMPLE_RATE;
use crate::bus::{Record, TopicName, names};
use crate::error::{Error, Fault};
use crate::pipeline::{Deferred, MakeWorker, Outbox, Revision, Spec};

/// Makes a recogniser, once for each worker thread.
pub type Factory = Arc<dyn Fn() -> Result<Box<dyn Recognizer>, Fault> + Send + Sync>;

/// The samples of one utterance.
pub type Job = Arc<[f32]>;

/// `parakeet-tdt-consumer`: the group's name whatever the engine.
pub struct Recognise {
    spec: Spec,
    output: TopicName,
    engine: String,
    model: String,
    factory: Factory,
}

impl Recognise {
    /// Engine and model are those that the factory makes: part of every derived id.
    pub fn new(engine: &str, model: &str, factory: Factory) -> Self {
        let output = TopicName::of(names::TRANSCRIBED);
        let spec = Spec {
            group: "parakeet-tdt-consumer",
            description: "hears the words in an utterance",
            inputs: vec![TopicName::of(names::VAD_FILTERED)],
            outputs: vec![output.clone()],
            revision: Revision { state: 1, label: format!("{engine}/{model}/1") },
            ticks: false,
            audio: true,
        };
        Self { spec, output, engine: engine.into(), model: model.into(), factory }
    }
}

impl Deferred for Recognise {
    type Job = Job;
    type Done = Heard;

    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn worker(&self) -> MakeWorker<Job, Heard> {
        let factory = self.factory.clone();
        Arc::new(move || {
            let mut recognizer = factory()?;
            Ok(Box::new(move |samples| recognizer.transcribe(&samples)))
        })
    }

    fn start(&mut self, r: &Record) -> Result<Job, Fault> {
        let u: Utterance = r.payload()?;
        let samples = r.shared_audio();
        if u.sample_rate != SAMPLE_RATE || samples.len() as u64 != u.samples {
            return Err(Error::skip("the audio of an utterance is not there any more, or not all of it"));
        }
        Ok(samples)
    }

    fn finish(&mut self, r: &Record, mut heard: Heard, out: &mut Outbox) -> Result<(), Fault> {
        let u: Utterance = r.payload()?;
        if heard.words.is_empty() {
            out.drop_because("no words");
            return Ok(());
        }
        heard.within(u.onset_s, u.duration_s);
        let transcript = Transcript {
            stream_id: u.stream_id,
            first_sample: u.first_sample,
            samples: u.samples,
            sample_rate: u.sample_rate,
            duration_s: u.duration_s,
            text: heard.text,
            words: heard.words,
            language: heard.language,
            engine: self.engine.clone(),
            model: self.model.clone(),
            source: u.source,
        };
        out.emit(&self.output, r.recorded_at(), &transcript)
    }
}

#[cfg(test)]
mod tests {
    use loom_schemas::payload::{AudioSource, SourceKind};

    use super::*;
    use crate::Time;
    use crate::speech::detect::testing::{T0, record};
    use crate::speech::fake::FakeRecognizer;

    fn stage() -> Recognise {
        Recognise::new("fake-recognizer", "hash", Arc::new(|| Ok(Box::new(FakeRecognizer))))
    }

    fn utterance(samples: u64, onset_s: f64) -> Utterance {
        Utterance {
            stream_id: "s".into(),
            first_sample: 16_000,
            samples,
            sample_rate: SAMPLE_RATE,
            duration_s: samples as f64 / f64::from(SAMPLE_RATE),
            speech_probability: 0.9,
            onset_s,
            cut: false,
            engine: "d".into(),
            model: "m".into(),
            source: AudioSource { kind: SourceKind::Recording, name: "a.wav".into() },
        }
    }

    #[test]
    fn words_keep_the_time_and_name_engine_and_model() {
        let (mut stage, mut out) = (stage(), Outbox::default());
        let r = record(names::VAD_FILTERED, T0, &utterance(16_000, 0.25), &[0.5; 16_000]);
        let mut worker = stage.worker()().unwrap();
        let job = stage.start(&r).unwrap();
        out.begin(&r);
        stage.finish(&r, worker(job).unwrap(), &mut out).unwrap();
        let t: Transcript = serde_json::from_slice(out.outputs()[0].value()).unwrap();
        assert_eq!((out.outputs()[0].recorded_at, t.engine.as_str(), t.model.as_str()), (T0, "fake-recognizer", "hash"));
        assert_eq!((t.first_sample, t.words.len(), t.words[0].start_s), (16_000, 2, 0.25));
        assert_eq!(t.text, format!("{} {}", t.words[0].text, t.words[1].text));
    }

    #[test]
    fn no_words_are_dropped_with_a_reason() {
        let (mut stage, mut out) = (stage(), Outbox::default());
        let r = record(names::VAD_FILTERED, Time(0), &utterance(10, 0.0), &[0.0; 10]);
        out.begin(&r);
        stage.finish(&r, Heard::default(), &mut out).unwrap();
        assert_eq!((out.len(), out.dropped()), (0, &["no words"][..]));
    }

    #[test]
    fn an_utterance_without_its_audio_is_parked() {
        let r = record(names::VAD_FILTERED, T0, &utterance(16_000, 0.0), &[0.5; 15_999]);
        assert_eq!(stage().start(&r).unwrap_err().kind, crate::Kind::Skip);
    }
}
