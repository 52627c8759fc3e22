//! From records to counts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use uuid::Uuid;

use crate::bus::{Position, Positions, Record, TopicName};

pub(super) const MINUTE_US: i64 = 60_000_000;

/// What is counted apart: the minute it was recorded in (its first microsecond), topic, device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub minute: i64,
    pub topic: TopicName,
    pub device: Uuid,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Count {
    pub records: i64,
    pub words: i64,
    /// Of sound that the records stand for.
    pub seconds: f64,
}

impl Count {
    pub fn add(&mut self, more: &Self) {
        self.records += more.records;
        self.words += more.words;
        self.seconds += more.seconds;
    }
}

/// The numbers of any payload of the main road. Words are counted as they pass, not kept.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Numbers {
    words: Vec<IgnoredAny>,
    duration_s: Option<f64>,
    samples: u32,
    sample_rate: u32,
}

impl Numbers {
    fn seconds(&self) -> f64 {
        let s = self.duration_s.unwrap_or_else(|| f64::from(self.samples) / f64::from(self.sample_rate.max(1)));
        if s >= 0.0 { s } else { 0.0 }
    }
}

/// Counts what was not counted before; what was erased counts nothing.
pub(super) fn tally(records: &[Record], counted: &Positions) -> BTreeMap<Cell, Count> {
    let mut cells = BTreeMap::<Cell, Count>::new();
    for r in records {
        let at = Position { topic: r.topic().clone(), partition: r.partition() };
        if r.value().is_none() || counted.get(&at).is_some_and(|next| r.offset() < *next) {
            continue;
        }
        let cell = Cell { minute: floor_minute(r.recorded_at().micros()), topic: at.topic, device: r.device_id() };
        // A payload of another shape is one record, without words or sound.
        let numbers = r.payload::<Numbers>().unwrap_or_default();
        let count = cells.entry(cell).or_default();
        count.records += 1;
        count.words += numbers.words.len() as i64;
        count.seconds += numbers.seconds();
    }
    cells
}

/// Times beyond what DuckDB can hold are brought back to its edge, a hundred millennia away.
pub(super) fn floor_minute(us: i64) -> i64 {
    const EDGE: i64 = i64::MAX / 2;
    let us = us.clamp(-EDGE, EDGE);
    us - us.rem_euclid(MINUTE_US)
}
