//! Runs a [`Sink`]: its own store says where it stands, the group's offsets mirror that.

use std::sync::Arc;
use std::time::Duration;

use super::consumer::{Consumer, MAX_RECORDS, Made, guarded};
use super::node::{Progress, Step, Wiring};
use super::probe::Probe;
use super::stage::{Sink, Spec};
use crate::bus::{Membership, Position, Positions, Record};
use crate::error::{Kind, Result};

pub(super) struct SinkRunner<S> {
    sink: S,
    consumer: Consumer,
    /// As the store said last; asked at the first step and after every fault, so that a store that is
    /// busy, was emptied or was damaged delays its own group and nothing else.
    positions: Option<Positions>,
    /// Halved after a fault until the record that caused it stands alone.
    limit: usize,
    /// When the last write took all there was, in monotonic nanoseconds.
    caught_up: Option<u64>,
}

impl<S: Sink> SinkRunner<S> {
    pub fn open(sink: S, wiring: Wiring) -> Result<Self> {
        let consumer = Consumer::open(sink.spec().clone(), wiring)?;
        Ok(Self { sink, consumer, positions: None, limit: MAX_RECORDS, caught_up: None })
    }

    /// Where the store stands; the group is moved there. A store ahead of the log kept it longer than the log itself
    /// did (a new `loom.db` beside old files) and starts anew.
    fn positions(&mut self) -> Result<Positions> {
        if let Some(known) = &self.positions {
            return Ok(known.clone());
        }
        let mut stands = self.sink.positions()?;
        if self.is_ahead(&stands)? {
            tracing::warn!(group = self.consumer.spec.group, "the store knows more than the log: it is made again");
            self.sink.rebuild()?;
            stands = self.sink.positions()?;
        }
        let mut to = stands.clone();
        self.consumer.membership.positions.keys().for_each(|p| _ = to.entry(p.clone()).or_insert(0));
        if to != self.consumer.membership.positions {
            self.consumer.commit_to(to, Made::default())?;
        }
        Ok(self.positions.insert(stands).clone())
    }

    fn is_ahead(&self, stands: &Positions) -> Result<bool> {
        for (p, at) in stands {
            let topic = self.consumer.wiring.bus.topic(&p.topic)?;
            let next = topic.and_then(|t| t.bounds.get(p.partition as usize).map(|b| b.1)).unwrap_or(0);
            if *at > next {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How much longer a store whose commits are dear waits, after a write that took all there was.
    fn rest(&self) -> Option<Duration> {
        let since = Duration::from_nanos(self.consumer.wiring.clock.monotonic_ns().saturating_sub(self.caught_up?));
        self.sink.between_writes().checked_sub(since).filter(|left| !left.is_zero())
    }

    fn write(&mut self, batch: &[Record], mut upto: Positions) -> Result<Progress> {
        for r in batch {
            upto.insert(Position { topic: r.topic().clone(), partition: r.partition() }, r.offset() + 1);
        }
        let written = guarded(|| self.sink.write(batch, &upto));
        let Err(fault) = written else {
            self.positions = Some(upto);
            self.caught_up = (batch.len() < self.limit).then(|| self.consumer.wiring.clock.monotonic_ns());
            self.limit = MAX_RECORDS;
            return self.consumer.commit(batch, Made::default()).map(|()| Progress::Worked);
        };
        if batch.len() > 1 && !matches!(fault.kind, Kind::Retry | Kind::Stop) {
            self.limit = batch.len() / 2;
            return Ok(Progress::Worked);
        }
        // Parked first: should the process die between the two, the letter's id makes the repeat harmless.
        let letter = self.consumer.give_up(&batch[0], fault)?;
        self.consumer.wiring.bus.append(vec![letter])?;
        self.sink.write(&[], &upto)?;
        self.positions = Some(upto);
        self.consumer.commit(batch, Made::default()).map(|()| Progress::Worked)
    }
}

impl<S: Sink> Step for SinkRunner<S> {
    fn spec(&self) -> &Spec {
        &self.consumer.spec
    }
    fn membership(&self) -> &Membership {
        &self.consumer.membership
    }
    fn probe(&self) -> Arc<Probe> {
        self.consumer.probe.clone()
    }
    fn hurry(&mut self) {
        self.caught_up = None;
    }
    fn step(&mut self) -> Result<Progress> {
        if let Some(rest) = self.rest() {
            return Ok(Progress::Resting(rest));
        }
        let positions = self.positions()?;
        let batch = self.consumer.poll(&positions, self.limit)?;
        if batch.is_empty() {
            return Ok(Progress::Idle);
        }
        let written = self.write(&batch, positions);
        if written.is_err() {
            self.positions = None;
        }
        written
    }
}
