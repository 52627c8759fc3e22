//! What a request's offers have become, until all records are appended at once.

use std::borrow::Cow;

use uuid::Uuid;

use super::sequence::Sequences;
use super::take::{Outcome, Taken};
use crate::bus::{Bus, NewRecord};
use crate::error::{Error, Result};

/// An offer on its way: a record to append, or done with.
pub enum Made {
    Record(Box<NewRecord>, Option<Cow<'static, str>>),
    Done(Outcome),
}

/// A record's device, stream and number there.
pub type Number = (Uuid, String, u64);

pub struct Batch {
    records: Vec<NewRecord>,
    /// In the order of the offers, and whether its record is among `records`.
    outcomes: Vec<(Outcome, bool)>,
    came: Vec<Number>,
}

impl Batch {
    pub fn of(offers: usize) -> Self {
        Self { records: Vec::with_capacity(offers), outcomes: Vec::with_capacity(offers), came: Vec::new() }
    }

    pub fn done(&mut self, outcome: Outcome) {
        self.outcomes.push((outcome, false));
    }

    pub fn add(&mut self, made: Made, number: Option<Number>) {
        let (outcome, waits) = match made {
            Made::Done(outcome) => (outcome, false),
            Made::Record(record, unreadable) => {
                let (message_id, topic, trace_id) = (record.message_id, record.topic.clone(), record.headers.trace.trace_id);
                self.records.push(*record);
                (Outcome::Taken(Taken { message_id, topic, trace_id, offset: 0, repeat: false, unreadable }), true)
            }
        };
        self.came.extend(number.filter(|_| matches!(outcome, Outcome::Taken(_))));
        self.outcomes.push((outcome, waits));
    }

    /// One append for all; numbers are noted once it is durable.
    pub fn land(mut self, bus: &dyn Bus, sequences: &Sequences) -> Result<Vec<Outcome>> {
        let mut landed = if self.records.is_empty() { Vec::new() } else { bus.append(self.records)? }.into_iter();
        for (outcome, waits) in &mut self.outcomes {
            if let (Outcome::Taken(taken), true) = (outcome, *waits) {
                let at = landed.next().ok_or_else(|| Error::bug("the log answers fewer records than it was given"))?;
                (taken.offset, taken.repeat) = (at.offset, at.repeat);
            }
        }
        if !self.came.is_empty() {
            sequences.note(&self.came)?;
        }
        Ok(self.outcomes.into_iter().map(|(outcome, _)| outcome).collect())
    }
}
