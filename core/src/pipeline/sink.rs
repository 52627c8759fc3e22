//! Runs a [`Sink`]: its own store says where it stands, the group's offsets mirror that.

use std::sync::Arc;

use super::probe::Probe;
use super::runner::{Consumer, MAX_RECORDS, Progress, Step, Wiring, guarded};
use super::stage::{Sink, Spec};
use crate::bus::{Membership, Position, Positions, Record};
use crate::error::{Kind, Result};

pub(super) struct SinkRunner<S> {
    sink: S,
    consumer: Consumer,
    positions: Positions,
    /// Halved after a fault until the record that caused it stands alone.
    limit: usize,
}

impl<S: Sink> SinkRunner<S> {
    pub fn open(mut sink: S, wiring: Wiring) -> Result<Self> {
        let mut consumer = Consumer::open(sink.spec().clone(), wiring)?;
        let positions = sink.positions()?;
        if !positions.is_empty() && positions != consumer.membership.positions {
            consumer.commit_to(positions.clone(), Vec::new(), None, None)?;
        }
        Ok(Self { sink, consumer, positions, limit: MAX_RECORDS })
    }

    fn after(&self, batch: &[Record]) -> Positions {
        let mut upto = self.positions.clone();
        for r in batch {
            upto.insert(Position { topic: r.topic().clone(), partition: r.partition() }, r.offset() + 1);
        }
        upto
    }

    fn write(&mut self, batch: &[Record]) -> Result<Progress> {
        let upto = self.after(batch);
        let written = guarded(|| self.sink.write(batch, &upto));
        let Err(fault) = written else {
            self.positions = upto;
            self.limit = MAX_RECORDS;
            return self.consumer.commit(batch, Vec::new(), None, None).map(|()| Progress::Worked);
        };
        if batch.len() > 1 && !matches!(fault.kind, Kind::Retry | Kind::Stop) {
            self.limit = batch.len() / 2;
            return Ok(Progress::Worked);
        }
        // Parked first: should the process die between the two, the letter's id makes the repeat harmless.
        let letter = self.consumer.give_up(&batch[0], fault)?;
        self.consumer.wiring.bus.append(vec![letter])?;
        self.sink.write(&[], &upto)?;
        self.positions = upto;
        self.consumer.commit(batch, Vec::new(), None, None).map(|()| Progress::Worked)
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
    fn step(&mut self) -> Result<Progress> {
        let batch = self.consumer.poll(&self.positions, self.limit)?;
        if batch.is_empty() {
            return Ok(Progress::Idle);
        }
        self.write(&batch)
    }
}
