//! Records with audio, as the runner hands them to a stage.

use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use crate::bus::memory::Memory;
use crate::bus::{Bus, Headers, NewRecord, Record, TopicName, Trace};
use crate::env::{ManualClock, Time};

pub const T0: Time = Time::from_secs(1_750_000_000);

/// A log in memory, to make records.
pub struct Log(Memory);

impl Log {
    pub fn new() -> Self {
        Self(Memory::new(Arc::new(ManualClock::at(T0))))
    }

    /// Appends a payload and reads it back, with its audio.
    pub fn record<T: Serialize>(&self, topic: &str, at: Time, data: &T, audio: &[f32]) -> Record {
        let topic = TopicName::parse(topic).unwrap();
        let n = self.0.topic(&topic).unwrap().map_or(0, |t| t.bounds[0].1);
        let id = Uuid::from_u128(1 + u128::from(n));
        let trace = Trace { trace_id: [(n % 250) as u8 + 1; 16], span_id: [1; 8] };
        let headers = Headers { schema: format!("{topic}.v1"), trace, ..Headers::default() };
        let value = serde_json::to_vec(data).unwrap();
        let new = NewRecord::new(topic.clone(), id, Uuid::from_u128(7), at, headers, value);
        let offset = self.0.append(vec![new]).unwrap()[0].offset;
        self.0.read(&topic, 0, offset, 1, 1 << 20).unwrap().remove(0).with_audio(audio.into())
    }
}

/// A record on a log of its own.
pub fn record<T: Serialize>(topic: &str, at: Time, data: &T, audio: &[f32]) -> Record {
    Log::new().record(topic, at, data, audio)
}
