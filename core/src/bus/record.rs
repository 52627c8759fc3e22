//! Records: what enters the log, and what comes out. Only the log makes a [`Record`], so its class is the log's own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::topic::{Class, TopicName};
use crate::env::Time;
use crate::error::{Error, Result};
use crate::privacy::Permit;

/// W3C trace context: 16 and 8 bytes, hex on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trace {
    #[serde(with = "hex::serde")]
    pub trace_id: [u8; 16],
    #[serde(with = "hex::serde")]
    pub span_id: [u8; 8],
}

/// Inputs of one topic partition that a derived record came from, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRange {
    pub topic: TopicName,
    pub partition: u32,
    pub first: u64,
    pub last: u64,
}

/// What travels beside the payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// Name and version of the payload's schema.
    pub schema: String,
    pub trace: Trace,
    /// The group or door that wrote it.
    pub producer: String,
    /// What it was made from; erasure walks these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceRange>,
    /// Traces of other inputs, hex.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// No time came with it: `recorded_at` is the time of arrival.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timed_by_arrival: bool,
    /// Stages between this record and what was sensed, along the longest way.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hops: u32,
    /// It was set aside before and given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// A record that was set aside and is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// Id of the record as it first came: what is made from it has the ids it would have had, so nothing doubles.
    pub of: Uuid,
    /// How often it was given back, this time included.
    pub times: u32,
}

/// Traces of other inputs that headers list, at most.
pub const MOST_LINKS: usize = 32;

impl Headers {
    /// Whether a record was among the inputs.
    pub fn came_from(&self, r: &Record) -> bool {
        let holds = |s: &&SourceRange| s.topic == r.topic && s.partition == r.partition && (s.first..=s.last).contains(&r.offset);
        self.sources.iter().filter(holds).any(|s| self.counts(s, &r.headers.trace.trace_id))
    }

    /// Whether a record of this trace, somewhere in the range, was an input: what others wrote in between was not. Where
    /// there were too many traces to list them all, every record counts.
    pub(crate) fn counts(&self, range: &SourceRange, trace: &[u8; 16]) -> bool {
        range.first == range.last || self.links.is_empty() || self.links.len() > MOST_LINKS || self.links.contains(&hex::encode(trace))
    }
}

/// A record on its way in.
#[derive(Clone, Debug)]
pub struct NewRecord {
    pub topic: TopicName,
    pub partition: u32,
    pub message_id: Uuid,
    pub device_id: Uuid,
    pub recorded_at: Time,
    pub headers: Headers,
    /// The payload as JSON.
    pub value: Vec<u8>,
    permit: Option<Permit>,
}

impl NewRecord {
    pub fn new(topic: TopicName, message_id: Uuid, device_id: Uuid, recorded_at: Time, headers: Headers, value: Vec<u8>) -> Self {
        Self { topic, partition: 0, message_id, device_id, recorded_at, headers, value, permit: None }
    }
    /// Lets the record through the wall.
    #[must_use]
    pub fn permitted(mut self, permit: Permit) -> Self {
        self.permit = Some(permit);
        self
    }
    /// Whether a topic of this class takes the record.
    pub fn check_wall(&self, class: Class) -> Result<()> {
        if class.is_walled() && self.permit.is_none() {
            return Err(Error::invalid(format!("{} is behind the privacy wall: only the privacy filter writes to it", self.topic)));
        }
        Ok(())
    }
}

/// Where a record landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    pub partition: u32,
    pub offset: u64,
    pub received_at: Time,
    /// It was there before; this is the first's place.
    pub repeat: bool,
}

/// A record on the log.
#[derive(Clone, Debug)]
pub struct Record {
    topic: TopicName,
    partition: u32,
    offset: u64,
    class: Class,
    received_at: Time,
    recorded_at: Time,
    message_id: Uuid,
    device_id: Uuid,
    headers: Arc<Headers>,
    value: Option<Arc<[u8]>>,
    audio: Option<Arc<[f32]>>,
}

impl Record {
    /// For the implementations of the log: what was appended, where it landed, and the topic's class.
    pub(in crate::bus) fn landed(new: NewRecord, at: Appended, class: Class) -> Self {
        Self {
            topic: new.topic,
            partition: at.partition,
            offset: at.offset,
            class,
            received_at: at.received_at,
            recorded_at: new.recorded_at,
            message_id: new.message_id,
            device_id: new.device_id,
            headers: Arc::new(new.headers),
            value: Some(new.value.into()),
            audio: None,
        }
    }
    pub(in crate::bus) fn erase(&mut self) -> bool {
        self.value.take().is_some()
    }
    /// The samples a reference stands for, resolved by the runner.
    pub(crate) fn with_audio(mut self, audio: Arc<[f32]>) -> Self {
        self.audio = Some(audio);
        self
    }
    pub fn topic(&self) -> &TopicName {
        &self.topic
    }
    pub fn partition(&self) -> u32 {
        self.partition
    }
    pub fn offset(&self) -> u64 {
        self.offset
    }
    pub fn class(&self) -> Class {
        self.class
    }
    pub fn received_at(&self) -> Time {
        self.received_at
    }
    pub fn recorded_at(&self) -> Time {
        self.recorded_at
    }
    pub fn message_id(&self) -> Uuid {
        self.message_id
    }
    pub fn device_id(&self) -> Uuid {
        self.device_id
    }
    pub fn headers(&self) -> &Headers {
        &self.headers
    }
    /// The payload as JSON; `None` once erased.
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }
    /// 16 kHz mono in [-1, 1]; empty where the record refers to none.
    pub fn audio(&self) -> &[f32] {
        self.audio.as_deref().unwrap_or(&[])
    }
    pub fn shared_audio(&self) -> Arc<[f32]> {
        self.audio.clone().unwrap_or_else(|| Arc::from([]))
    }
    /// The payload, parsed. `Skip` if it was erased or is not what its topic holds.
    pub fn payload<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        let value = self.value().ok_or_else(|| Error::skip("the record was erased"))?;
        serde_json::from_slice(value)
            .map_err(|e| Error::skip(format!("the record is not a {}", self.headers.schema)).because(e.to_string()))
    }
    pub fn range(&self) -> SourceRange {
        SourceRange { topic: self.topic.clone(), partition: self.partition, first: self.offset, last: self.offset }
    }
    /// This record as the only input of another.
    pub fn origin(&self) -> Origin {
        Origin {
            topic: self.topic.clone(),
            partition: self.partition,
            first: self.offset,
            last: self.offset,
            message_id: self.headers.again.map_or(self.message_id, |a| a.of),
            recorded_at: self.recorded_at,
            trace_id: hex::encode(self.headers.trace.trace_id),
            links: Vec::new(),
        }
    }
}

/// The inputs of a derived record: a run of one partition, named by its first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub topic: TopicName,
    pub partition: u32,
    pub first: u64,
    pub last: u64,
    /// Of the first.
    pub message_id: Uuid,
    pub recorded_at: Time,
    /// Of the first, hex.
    pub trace_id: String,
    /// Traces of the others that differ, hex, at most 32.
    pub links: Vec<String>,
}

impl Origin {
    /// Takes a later record of the same partition in.
    pub fn extend(&mut self, r: &Record) {
        self.last = self.last.max(r.offset);
        let trace = hex::encode(r.headers.trace.trace_id);
        if trace != self.trace_id && self.links.len() < MOST_LINKS && !self.links.contains(&trace) {
            self.links.push(trace);
        }
    }
}
