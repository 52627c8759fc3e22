//! What a stage made of one record, before it is on the log.

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::kept::Kept;
use super::stage::Spec;
use crate::bus::{Headers, NewRecord, Origin, Record, SourceRange, TopicName, Trace};
use crate::env::Time;
use crate::error::{Error, Fault, Result};
use crate::privacy::{Destination, Permit, Released};

/// One derived record.
#[derive(Clone, Debug)]
pub struct Output {
    pub topic: TopicName,
    pub recorded_at: Time,
    pub origin: Origin,
    pub device_id: Uuid,
    /// Tells apart what the same first input made for the same topic.
    index: u64,
    hops: u32,
    value: Vec<u8>,
    permit: Option<Permit>,
}

/// Collects outputs; the runner commits them with the inputs' offsets and the stage's state.
#[derive(Debug, Default)]
pub struct Outbox {
    current: Option<(Origin, Uuid)>,
    /// Of what is made from the current input.
    hops: u32,
    outputs: Vec<Output>,
    dropped: Vec<&'static str>,
    aside: Vec<(Record, Fault)>,
    /// Rows that the group keeps by key, as this step leaves them.
    pub kept: Kept,
}

impl Outbox {
    /// With the rows that the group has kept.
    pub fn keeping(kept: Kept) -> Self {
        Self { kept, ..Self::default() }
    }

    /// The record that comes next; outputs name it as their input unless they name their own.
    pub fn begin(&mut self, r: &Record) {
        self.current = Some((r.origin(), r.device_id()));
        self.hops = r.headers().hops.saturating_add(1);
    }

    /// A record made from the current input alone.
    pub fn emit<T: Serialize>(&mut self, topic: &TopicName, recorded_at: Time, data: &T) -> Result<()> {
        let (origin, device) = self.current()?;
        let index = self.outputs.iter().filter(|o| o.topic == *topic && o.origin.message_id == origin.message_id).count() as u64;
        self.push(topic, recorded_at, origin, device, index, to_json(data)?, None);
        Ok(())
    }

    /// A record made from several inputs. `index` tells apart what shares a first input and a topic:
    /// take it from the data (a first sample, a window's start), so that a replay finds the same.
    pub fn emit_from<T: Serialize>(&mut self, origin: &Origin, index: u64, topic: &TopicName, recorded_at: Time, data: &T) -> Result<()> {
        let (_, device) = self.current()?;
        self.push(topic, recorded_at, origin.clone(), device, index, to_json(data)?, None);
        Ok(())
    }

    /// A record that passed the privacy filter, made from the current input alone.
    pub fn release<D: Destination, T: Serialize>(&mut self, topic: &TopicName, recorded_at: Time, data: &Released<D, T>) -> Result<()> {
        let (origin, device) = self.current()?;
        let (value, permit) = data.seal()?;
        self.push(topic, recorded_at, origin, device, 0, value, Some(permit));
        Ok(())
    }

    /// Says why nothing is made of the current input; counted, never silent.
    pub fn drop_because(&mut self, reason: &'static str) {
        self.dropped.push(reason);
    }

    /// Sets the record aside among its topic's dead letters and keeps what was made of it: for a stage of many parts, of
    /// which one could not take it.
    pub fn set_aside(&mut self, r: &Record, fault: Fault) {
        self.aside.push((r.clone(), fault));
    }

    /// What was set aside since it was last asked.
    pub fn take_aside(&mut self) -> Vec<(Record, Fault)> {
        std::mem::take(&mut self.aside)
    }

    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }
    pub fn dropped(&self) -> &[&'static str] {
        &self.dropped
    }
    pub fn len(&self) -> usize {
        self.outputs.len()
    }
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }
    /// Empties the outbox into records with ids, headers and traces of their own.
    pub fn seal(&mut self, spec: &Spec, run: &str) -> Vec<NewRecord> {
        self.dropped.clear();
        self.outputs.drain(..).map(|o| o.into_record(spec, run)).collect()
    }

    fn current(&self) -> Result<(Origin, Uuid)> {
        self.current.clone().ok_or_else(|| Error::bug("a stage emitted without an input"))
    }

    #[allow(clippy::too_many_arguments)]
    fn push(
        &mut self,
        topic: &TopicName,
        recorded_at: Time,
        origin: Origin,
        device_id: Uuid,
        index: u64,
        value: Vec<u8>,
        permit: Option<Permit>,
    ) {
        self.outputs.push(Output { topic: topic.clone(), recorded_at, origin, device_id, index, hops: self.hops, value, permit });
    }
}

fn to_json<T: Serialize>(data: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(data).map_err(|e| Error::bug("a derived payload does not serialise").because(e))
}

impl Output {
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    fn into_record(self, spec: &Spec, run: &str) -> NewRecord {
        let id = derived_id(spec.group, &spec.revision.label, run, &self.origin, &self.topic, self.index);
        let o = self.origin;
        // One input hands its trace on; many inputs start a trace and link theirs.
        let (trace_id, links) = match o.first == o.last {
            true => (hex_16(&o.trace_id), Vec::new()),
            false => (*id.as_bytes(), std::iter::once(o.trace_id.clone()).chain(o.links).collect()),
        };
        let mut span_id = [0; 8];
        span_id.copy_from_slice(&id.as_bytes()[8..]);
        let headers = Headers {
            schema: format!("{}.v1", self.topic),
            trace: Trace { trace_id, span_id },
            producer: spec.group.to_string(),
            sources: vec![SourceRange { topic: o.topic, partition: o.partition, first: o.first, last: o.last }],
            links,
            hops: self.hops,
            ..Headers::default()
        };
        let record = NewRecord::new(self.topic, id, self.device_id, self.recorded_at, headers, self.value);
        match self.permit {
            Some(p) => record.permitted(p),
            None => record,
        }
    }
}

fn hex_16(s: &str) -> [u8; 16] {
    let mut out = [0; 16];
    // A malformed trace id is a new, zero one: tracing never stops a record.
    let _ = hex::decode_to_slice(s, &mut out);
    out
}

/// UUIDv8: 48 bits of the first input's milliseconds, the rest a hash of what makes the record itself.
/// The layout is written to disk and wire: fixed for ever.
pub fn derived_id(group: &str, revision: &str, run: &str, origin: &Origin, topic: &TopicName, index: u64) -> Uuid {
    let mut h = Sha256::new();
    for part in [group, revision, run, &origin.message_id.to_string(), topic.as_str(), &index.to_string()] {
        h.update((part.len() as u32).to_be_bytes());
        h.update(part.as_bytes());
    }
    let mut bytes = [0u8; 16];
    let ms = (origin.recorded_at.millis().max(0) as u64).to_be_bytes();
    bytes[..6].copy_from_slice(&ms[2..]);
    bytes[6..].copy_from_slice(&h.finalize()[..10]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
