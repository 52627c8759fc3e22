//! Poll, run, commit, retry, park: one step at a time, so that threads and the simulation drive the same code.

use std::sync::Arc;

use super::consumer::{Consumer, ERASED, MAX_AUDIO_RECORDS, MAX_RECORDS, Made, guarded};
use super::kept::Kept;
use super::node::{Progress, Step, Wiring};
use super::outbox::Outbox;
use super::probe::Probe;
use super::stage::{Spec, Stage};
use crate::bus::{Membership, Record};
use crate::env::Time;
use crate::error::{Fault, Result};

/// Runs a [`Stage`].
pub(super) struct StageRunner<S> {
    stage: S,
    consumer: Consumer,
    /// Smaller after a fault, so that what came before it commits alone.
    limit: usize,
    /// The stage as it was new, to return to where nothing was saved.
    fresh: Vec<u8>,
}

impl<S: Stage> StageRunner<S> {
    pub fn open(stage: S, wiring: Wiring) -> Result<Self> {
        let mut fresh = Vec::new();
        stage.save(&mut fresh);
        let consumer = Consumer::open(stage.spec().clone(), wiring)?;
        let mut runner = Self { stage, consumer, limit: 0, fresh };
        runner.limit = runner.max();
        runner.restore()?;
        Ok(runner)
    }

    fn max(&self) -> usize {
        if self.consumer.spec.audio { MAX_AUDIO_RECORDS } else { MAX_RECORDS }
    }

    /// Back to the state of the last commit.
    fn restore(&mut self) -> Result<()> {
        let revision = self.consumer.spec.revision.state;
        match &self.consumer.membership.state {
            Some((revision, bytes)) => self.stage.load(*revision, bytes),
            None => self.stage.load(revision, &self.fresh),
        }
    }

    /// Ticks up to and including the whole second of `t`.
    fn tick(&mut self, tick: &mut Option<Time>, t: Time, out: &mut Outbox) -> Result<(), Fault> {
        if !self.consumer.spec.ticks {
            return Ok(());
        }
        let upto = t.floor_second();
        let mut next = tick.map_or(upto, |t| t.plus(1.0));
        while next <= upto {
            self.stage.on_time(next, out)?;
            (*tick, next) = (Some(next), next.plus(1.0));
        }
        Ok(())
    }

    fn one(&mut self, r: &Record, tick: &mut Option<Time>, out: &mut Outbox) -> Result<(), Fault> {
        guarded(|| {
            self.tick(tick, r.received_at(), out)?;
            if r.value().is_none() {
                out.drop_because(ERASED);
                return Ok(());
            }
            let r = self.consumer.resolve(r.clone())?;
            out.begin(&r);
            self.stage.on_record(&r, out)
        })
    }

    fn finish(&mut self, done: &[Record], mut out: Outbox, tick: Option<Time>) -> Result<()> {
        let mut state = Vec::new();
        self.stage.save(&mut state);
        let dropped = out.dropped().to_vec();
        let letters = self.consumer.letters(&mut out);
        let mut outputs = out.seal(&self.consumer.spec, &self.consumer.wiring.run);
        outputs.extend(letters);
        let revision = self.consumer.spec.revision.state;
        let state = (!state.is_empty()).then_some((revision, state));
        let rows = out.kept.changes(done.last().map(Record::received_at));
        self.consumer.commit(done, Made { outputs, state, tick, rows })?;
        self.consumer.probe.note(|s| dropped.iter().for_each(|d| *s.dropped.entry(d).or_default() += 1));
        self.limit = self.max();
        Ok(())
    }

    /// The batch up to a fault is run again alone; a record that faults at the head is parked.
    fn stumble(&mut self, at: usize, r: &Record, fault: Fault) -> Result<Progress> {
        self.restore()?;
        if at > 0 {
            self.limit = at;
            return Ok(Progress::Worked);
        }
        let letter = self.consumer.give_up(r, fault)?;
        self.consumer.commit(std::slice::from_ref(r), Made::of(vec![letter]))?;
        Ok(Progress::Worked)
    }

    fn kept(&self) -> Kept {
        Kept::of(self.consumer.wiring.bus.clone(), &self.consumer.membership.group)
    }

    /// The rows of the group, with what the stage will ask for read ahead.
    fn wanted(&mut self, batch: &[Record]) -> Result<Kept> {
        let mut keys = Vec::new();
        for r in batch.iter().filter(|r| r.value().is_some()) {
            // A record that the stage cannot look at faults when its turn comes.
            let _ = guarded(|| {
                self.stage.wants(r, &mut keys);
                Ok(())
            });
        }
        let mut kept = self.kept();
        kept.read_ahead(keys)?;
        Ok(kept)
    }

    /// With nothing to read, time still passes.
    fn idle(&mut self) -> Result<Progress> {
        if !self.consumer.spec.ticks {
            return Ok(Progress::Idle);
        }
        let mut tick = self.consumer.membership.tick;
        let upto = self.consumer.wiring.bus.watermark()?.plus(-1.0).floor_second();
        if tick.is_none_or(|t| t >= upto) || !self.consumer.poll(&self.consumer.membership.positions, 1)?.is_empty() {
            return Ok(Progress::Idle);
        }
        let mut out = Outbox::keeping(self.kept());
        self.tick(&mut tick, upto, &mut out)?;
        self.finish(&[], out, tick)?;
        Ok(Progress::Idle)
    }
}

impl<S: Stage> Step for StageRunner<S> {
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
        let batch = self.consumer.poll(&self.consumer.membership.positions, self.limit)?;
        if batch.is_empty() {
            return self.idle();
        }
        let mut out = Outbox::keeping(self.wanted(&batch)?);
        let mut tick = self.consumer.membership.tick;
        for (i, r) in batch.iter().enumerate() {
            if let Err(fault) = self.one(r, &mut tick, &mut out) {
                return self.stumble(i, r, fault);
            }
        }
        let committed = self.finish(&batch, out, tick);
        if committed.is_err() {
            self.restore()?;
        }
        committed.map(|()| Progress::Worked)
    }
}

#[cfg(test)]
mod tests;
