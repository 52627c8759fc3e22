//! The records of one stream: each names samples that are on disk already, or says that the stream is over.

use loom_schemas::payload::{AudioChunk, AudioSource, StreamEnd};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::SAMPLE_RATE;
use crate::bus::{Headers, NewRecord, TopicName, Trace, names};
use crate::env::Time;
use crate::error::{Error, Result};

/// What every record of a stream has in common.
#[derive(Clone, Debug)]
pub struct Chunks {
    /// 32 hex digits.
    pub stream_id: String,
    pub source: AudioSource,
    pub device_id: Uuid,
    /// When the first sample was taken.
    pub started_at: Time,
    /// Who writes, for those who look at what flows.
    pub producer: &'static str,
}

impl Chunks {
    /// Names `samples` samples from `first_sample` on; the same place is always the same record.
    pub fn record(&self, first_sample: u64, samples: u32, end: Option<StreamEnd>) -> Result<NewRecord> {
        let topic = TopicName::of(names::AUDIO_RAW);
        let chunk = AudioChunk {
            stream_id: self.stream_id.clone(),
            first_sample,
            samples,
            sample_rate: SAMPLE_RATE,
            format: "pcm_s16le".into(),
            source: self.source.clone(),
            end,
        };
        let value = serde_json::to_vec(&chunk).map_err(|e| Error::bug("an audio record does not serialise").because(e))?;
        let recorded_at = self.started_at.plus(seconds(first_sample));
        let id = record_id(&self.stream_id, first_sample, end.is_some(), recorded_at);
        let mut trace = Trace::default();
        // A stream is a trace, its id the stream's own; every record is a span of it.
        let _ = hex::decode_to_slice(&self.stream_id, &mut trace.trace_id);
        trace.span_id.copy_from_slice(&id.as_bytes()[8..]);
        let headers = Headers { schema: format!("{topic}.v1"), trace, producer: self.producer.into(), ..Headers::default() };
        Ok(NewRecord::new(topic, id, self.device_id, recorded_at, headers, value))
    }
}

/// Of samples after intake.
pub fn seconds(samples: u64) -> f64 {
    samples as f64 / f64::from(SAMPLE_RATE)
}

/// UUIDv8: 48 bits of the record's milliseconds, the rest a hash of stream and place, so that a repeat is found to be
/// one. Written to disk and wire: fixed for ever.
fn record_id(stream_id: &str, first_sample: u64, end: bool, recorded_at: Time) -> Uuid {
    let mut h = Sha256::new();
    h.update(stream_id.as_bytes());
    h.update(first_sample.to_be_bytes());
    h.update([u8::from(end)]);
    let mut bytes = [0u8; 16];
    bytes[..6].copy_from_slice(&(recorded_at.millis().max(0) as u64).to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&h.finalize()[..10]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
