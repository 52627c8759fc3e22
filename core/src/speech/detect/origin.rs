//! Which records an utterance came from: kept small, because it is saved with every commit.

use uuid::Uuid;

use crate::bus::{Origin, Record, TopicName};
use crate::env::Time;
use crate::error::Result;
use crate::speech::bytes::{Reader, put_u32, put_u64};
use crate::speech::vad::SAMPLE_RATE;

/// Records remembered; more than these, and every second of the older ones is taken in by the one before it.
const MOST: usize = 64;
/// Traces that an origin names beside its first.
const LINKS: usize = 32;

/// A record, from where its samples begin.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    first_sample: u64,
    offset: u64,
    message_id: Uuid,
    recorded_at: Time,
    trace: [u8; 16],
}

/// The newest records of one stream, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail(Vec<Seen>);

impl Trail {
    pub fn add(&mut self, first_sample: u64, r: &Record) {
        let trace = r.headers().trace.trace_id;
        self.0.push(Seen { first_sample, offset: r.offset(), message_id: r.message_id(), recorded_at: r.recorded_at(), trace });
        if self.0.len() > MOST {
            let mut place = 0..;
            self.0.retain(|_| place.next().is_none_or(|i| i % 2 == 0 || i > MOST / 2));
        }
    }

    /// Forgets records that end before this sample.
    pub fn forget_before(&mut self, sample: u64) {
        let keep = self.at(sample);
        self.0.drain(..keep);
    }

    /// Where the record lies that holds this sample.
    fn at(&self, sample: u64) -> usize {
        self.0.partition_point(|s| s.first_sample <= sample).saturating_sub(1)
    }

    /// The records that hold samples `first..end`, and when the first sample was.
    pub fn origin(&self, topic: &TopicName, partition: u32, first: u64, end: u64) -> Option<(Origin, Time)> {
        let records = self.0.get(self.at(first)..=self.at(end.saturating_sub(1).max(first)))?;
        let (begin, last) = (records.first()?, records.last()?);
        let mut links: Vec<[u8; 16]> = Vec::new();
        for trace in records.iter().map(|s| s.trace) {
            if trace != begin.trace && links.len() < LINKS && !links.contains(&trace) {
                links.push(trace);
            }
        }
        let origin = Origin {
            topic: topic.clone(),
            partition,
            first: begin.offset,
            last: last.offset,
            message_id: begin.message_id,
            recorded_at: begin.recorded_at,
            trace_id: hex::encode(begin.trace),
            links: links.iter().map(hex::encode).collect(),
        };
        let since = first as f64 - begin.first_sample as f64;
        Some((origin, begin.recorded_at.plus(since / f64::from(SAMPLE_RATE))))
    }

    pub fn save(&self, to: &mut Vec<u8>) {
        put_u32(to, self.0.len() as u32);
        for s in &self.0 {
            put_u64(to, s.first_sample);
            put_u64(to, s.offset);
            to.extend_from_slice(s.message_id.as_bytes());
            put_u64(to, s.recorded_at.micros() as u64);
            to.extend_from_slice(&s.trace);
        }
    }

    pub fn load(from: &mut Reader) -> Result<Self> {
        (0..from.u32()?)
            .map(|_| {
                Ok(Seen {
                    first_sample: from.u64()?,
                    offset: from.u64()?,
                    message_id: Uuid::from_bytes(from.array()?),
                    recorded_at: Time(from.u64()? as i64),
                    trace: from.array()?,
                })
            })
            .collect::<Result<_>>()
            .map(Self)
    }
}
