//! The stage that finds speech: audio records in, utterances out. Streams may interleave; each has a memory of
//! its own, saved with every commit, so that a restart moves no border. Frames lie at fixed places of a stream,
//! so neither does the length of its records.

mod origin;
mod stream;
#[cfg(test)]
pub(in crate::speech) mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use loom_schemas::payload::{AudioChunk, Utterance};

use self::stream::{Found, Stream, Tunings};
use super::bytes::{Reader, put_bytes, put_u32, put_u64};
use super::segment::{Segmenter, Tuning};
use super::vad::{SAMPLE_RATE, VoiceDetector};
use crate::bus::{Record, TopicName, names};
use crate::error::{Error, Fault, Result};
use crate::live::{Live, Speaking};
use crate::pipeline::{Outbox, Revision, Spec, Stage};

/// Streams remembered at once, so that saved state stays below 64 KiB: one more ends the one silent longest.
pub const MAX_STREAMS: usize = 7;

/// `silero-vad-consumer`.
pub struct Detect {
    spec: Spec,
    output: TopicName,
    detector: Box<dyn VoiceDetector>,
    tunings: Tunings,
    streams: BTreeMap<String, Stream>,
    /// Counts records, to know who was silent longest.
    turn: u64,
    /// Whose memory the detector holds.
    loaded: Option<String>,
    /// Who wants to know of speech that has not ended.
    live: Arc<Live>,
}

impl Detect {
    /// What a microphone hears and has not ended is told to `live`, which nothing here depends on.
    pub fn new(detector: Box<dyn VoiceDetector>, live: Arc<Live>) -> Self {
        let output = TopicName::of(names::VAD_FILTERED);
        let spec = Spec {
            group: "silero-vad-consumer",
            description: "finds speech in audio",
            inputs: vec![TopicName::of(names::AUDIO_RAW)],
            outputs: vec![output.clone()],
            revision: Revision { state: 2, label: format!("{}/{}/3", detector.id(), detector.model()) },
            ticks: false,
            audio: true,
        };
        let tunings = Tunings { live: Tuning::live(), kept: Tuning::default() };
        Self { spec, output, detector, tunings, streams: BTreeMap::new(), turn: 0, loaded: None, live }
    }

    /// Gives the detector the memory of a stream.
    fn attend(&mut self, id: &str) -> Result<()> {
        if self.loaded.as_deref() == Some(id) {
            return Ok(());
        }
        self.put_by();
        match self.streams.get(id).map(|s| &s.voice).filter(|v| !v.is_empty()) {
            Some(voice) => self.detector.load(voice)?,
            None => self.detector.reset(),
        }
        self.loaded = Some(id.to_string());
        Ok(())
    }

    /// Keeps what the detector remembers with the stream that it heard last.
    fn put_by(&mut self) {
        if let Some(stream) = self.loaded.take().and_then(|id| self.streams.get_mut(&id)) {
            stream.voice = self.detector.save();
        }
    }

    /// The stream is over: its last utterance.
    fn flush(&mut self, id: &str, out: &mut Outbox) -> Result<()> {
        if !self.streams.contains_key(id) {
            return Ok(());
        }
        self.attend(id)?;
        self.loaded = None;
        let Some(mut stream) = self.streams.remove(id) else { return Ok(()) };
        if stream.is_live() {
            self.tell(id, None);
        }
        for found in stream.finish(&mut *self.detector)? {
            self.emit(id, found, out)?;
        }
        Ok(())
    }

    fn emit(&self, id: &str, found: Found, out: &mut Outbox) -> Result<()> {
        let utterance = Utterance {
            stream_id: id.to_string(),
            first_sample: found.first_sample,
            samples: found.samples,
            sample_rate: SAMPLE_RATE,
            duration_s: found.samples as f64 / f64::from(SAMPLE_RATE),
            speech_probability: found.speech_probability,
            onset_s: found.onset as f64 / f64::from(SAMPLE_RATE),
            cut: found.cut,
            engine: self.detector.id().to_string(),
            model: self.detector.model().to_string(),
            source: found.source,
        };
        out.emit_from(&found.origin, found.first_sample, &self.output, found.recorded_at, &utterance)
    }

    /// Flushes what cannot go on: the same stream after a gap, or the one silent longest when there are too many.
    fn make_room(&mut self, chunk: &AudioChunk, out: &mut Outbox) -> Result<()> {
        let id = &chunk.stream_id;
        match self.streams.get(id).map(Stream::next_sample) {
            Some(next) if next == chunk.first_sample => Ok(()),
            Some(_) => self.flush(id, out),
            None if self.streams.len() < MAX_STREAMS => Ok(()),
            None => {
                let silent = self.streams.iter().min_by_key(|(_, s)| s.turn).map(|(id, _)| id.clone());
                silent.map_or(Ok(()), |id| self.flush(&id, out))
            }
        }
    }

    /// Nothing ends only the stream it is said of.
    fn tell(&self, id: &str, speaking: Option<Speaking>) {
        self.live.speaking.send_if_modified(|told| {
            let changed = *told != speaking && (speaking.is_some() || told.as_ref().is_some_and(|t| t.stream_id == id));
            if changed {
                *told = speaking;
            }
            changed
        });
    }

    fn hear(&mut self, chunk: &AudioChunk, r: &Record, out: &mut Outbox) -> Result<()> {
        self.make_room(chunk, out)?;
        self.attend(&chunk.stream_id)?;
        self.turn += 1;
        let new = || Stream::new(chunk, Segmenter::new(self.tunings.of(&chunk.source).clone()));
        let stream = self.streams.entry(chunk.stream_id.clone()).or_insert_with(new);
        stream.turn = self.turn;
        let found = stream.push(r, &mut *self.detector)?;
        if stream.is_live() {
            let speaking = stream.speaking(&chunk.stream_id);
            self.tell(&chunk.stream_id, speaking);
        }
        found.into_iter().try_for_each(|f| self.emit(&chunk.stream_id, f, out))
    }
}

impl Stage for Detect {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn on_record(&mut self, r: &Record, out: &mut Outbox) -> Result<(), Fault> {
        let chunk: AudioChunk = r.payload()?;
        if chunk.samples > 0 && chunk.sample_rate != SAMPLE_RATE {
            return Err(Error::skip("audio on the log has 16,000 samples a second: resample before it is sent"));
        }
        if r.audio().len() != chunk.samples as usize {
            return Err(Error::skip("the audio of a record is not there any more, or not all of it"));
        }
        if chunk.samples > 0 {
            self.hear(&chunk, r, out)?;
        }
        if chunk.end.is_some() {
            self.flush(&chunk.stream_id, out)?;
        }
        Ok(())
    }

    fn save(&self, to: &mut Vec<u8>) {
        put_u64(to, self.turn);
        put_u32(to, self.streams.len() as u32);
        for (id, stream) in &self.streams {
            put_bytes(to, id.as_bytes());
            let loaded = self.loaded.as_ref() == Some(id);
            put_bytes(to, &if loaded { self.detector.save() } else { stream.voice.clone() });
            stream.save(to);
        }
    }

    fn load(&mut self, revision: u32, from: &[u8]) -> Result<(), Fault> {
        if revision != self.spec.revision.state {
            // An older layout: streams begin anew where the group stands.
            return Ok(());
        }
        let from = &mut Reader(from);
        self.loaded = None;
        self.streams.clear();
        self.turn = from.u64()?;
        for _ in 0..from.u32()? {
            let id = String::from_utf8_lossy(from.bytes()?).into_owned();
            let voice = from.bytes()?.to_vec();
            self.streams.insert(id, Stream::load(&self.tunings, voice, from)?);
        }
        Ok(())
    }
}
