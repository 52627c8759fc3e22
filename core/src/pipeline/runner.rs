//! Poll, run, commit, retry, park: one step at a time, so that threads and the simulation drive the same code.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::kept::Kept;
use super::outbox::Outbox;
use super::park;
use super::probe::Probe;
use super::stage::{Deferred, Sink, Spec, Stage};
use crate::bus::{Bus, Commit, Join, Membership, NewRecord, Position, Positions, Record, RowChanges};
use crate::env::{Clock, Time};
use crate::error::{Error, Fault, Kind, Result};
use crate::store::Audio;

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Worked,
    /// Nothing to read; wait for the log.
    Idle,
    /// What there is to read can wait so long.
    Resting(Duration),
}

/// A consumer that can be run one bounded step at a time. After an error its inputs are as committed last.
pub trait Step: Send {
    fn spec(&self) -> &Spec;
    fn membership(&self) -> &Membership;
    fn probe(&self) -> Arc<Probe>;
    fn step(&mut self) -> Result<Progress>;
}

/// What every consumer is connected to.
#[derive(Clone)]
pub struct Wiring {
    pub bus: Arc<dyn Bus>,
    pub audio: Arc<dyn Audio>,
    pub clock: Arc<dyn Clock>,
    /// Unique to this process.
    pub member: String,
    pub host: String,
    /// Part of every derived id: empty in life, a name in a replay that shall write anew.
    pub run: String,
    /// Worker threads of a deferred stage; 0 runs jobs inside the step.
    pub workers: usize,
}

/// A consumer of the graph, not yet connected.
pub struct Node {
    pub spec: Spec,
    connect: Connect,
    pub(super) unhurried: bool,
}

type Connect = Box<dyn FnOnce(Wiring) -> Result<Box<dyn Step>> + Send>;

impl Node {
    /// Nobody waits for it: it rests between its steps, so that those who are waited for have the machine.
    pub fn unhurried(self) -> Self {
        Self { unhurried: true, ..self }
    }
    /// Joins the group and takes up its state.
    pub fn connect(self, wiring: Wiring) -> Result<Box<dyn Step>> {
        (self.connect)(wiring)
    }
}

pub fn stage(s: impl Stage + 'static) -> Node {
    Node { spec: s.spec().clone(), connect: Box::new(|w| Ok(Box::new(StageRunner::open(s, w)?))), unhurried: false }
}

pub fn deferred<D: Deferred + 'static>(d: D) -> Node {
    Node { spec: d.spec().clone(), connect: Box::new(|w| Ok(Box::new(super::deferred::DeferredRunner::open(d, w)?))), unhurried: false }
}

pub fn sink(s: impl Sink + 'static) -> Node {
    Node { spec: s.spec().clone(), connect: Box::new(|w| Ok(Box::new(super::sink::SinkRunner::open(s, w)?))), unhurried: false }
}

/// What a step brings beside the offsets.
#[derive(Default)]
pub(super) struct Made {
    pub outputs: Vec<NewRecord>,
    pub state: Option<(u32, Vec<u8>)>,
    pub tick: Option<Time>,
    pub rows: RowChanges,
}

impl Made {
    pub fn of(outputs: Vec<NewRecord>) -> Self {
        Self { outputs, ..Self::default() }
    }
}

/// Where a consumer stands: shared by the three runners.
pub(super) struct Consumer {
    pub spec: Spec,
    pub wiring: Wiring,
    pub membership: Membership,
    pub probe: Arc<Probe>,
    /// Of the record that is tried again.
    attempts: u32,
    first_try: Option<Time>,
}

impl Consumer {
    pub fn open(spec: Spec, wiring: Wiring) -> Result<Self> {
        let membership = wiring.bus.join(&Join {
            group: spec.group.into(),
            member: format!("{}-{}", spec.group, wiring.member),
            host: wiring.host.clone(),
            topics: spec.inputs.clone(),
        })?;
        let probe = Arc::new(Probe::new(spec.group));
        Ok(Self { spec, wiring, membership, probe, attempts: 0, first_try: None })
    }

    /// At most `max` records that follow `from`, in the order the log received them.
    ///
    /// Several inputs are merged by `received_at`: only records older than the watermark count, since
    /// nothing can be appended before it any more, and none newer than the end of a batch that was cut.
    pub fn poll(&self, from: &Positions, max: usize) -> Result<Vec<Record>> {
        let bus = &self.wiring.bus;
        let several = self.spec.inputs.len() > 1;
        let watermark = if several { bus.watermark()? } else { Time(i64::MAX) };
        let news = self.news(from)?;
        // All of them together fill a batch, however many there are.
        let (share, bytes) = ((max / news.len().max(1)).max(1), MAX_BATCH_BYTES / news.len().max(1));
        let mut horizon = watermark;
        let mut all = Vec::new();
        for (at, next) in &news {
            let batch = bus.read(&at.topic, at.partition, *next, share, bytes)?;
            let cut = batch.len() == share || batch.iter().filter_map(Record::value).map(<[u8]>::len).sum::<usize>() >= bytes;
            if let (true, true, Some(last)) = (several, cut, batch.last()) {
                horizon = horizon.min(last.received_at());
            }
            all.extend(batch);
        }
        if several {
            merge(&mut all, horizon, watermark);
        }
        all.truncate(max);
        Ok(all)
    }

    /// Where there is something to read, in the order of the inputs.
    fn news(&self, from: &Positions) -> Result<Vec<(Position, u64)>> {
        let bus = &self.wiring.bus;
        let many = self.spec.inputs.len() > MANY_INPUTS;
        let topics = if many { bus.topics()? } else { Vec::new() };
        let known: HashMap<_, _> = topics.into_iter().map(|t| (t.settings.name, t.bounds)).collect();
        let mut news = Vec::new();
        for topic in &self.spec.inputs {
            let bounds = if many { known.get(topic).cloned() } else { bus.topic(topic)?.map(|t| t.bounds) };
            for (partition, (_, end)) in (0..).zip(bounds.unwrap_or_default()) {
                let at = Position { topic: topic.clone(), partition };
                let next = from.get(&at).copied().unwrap_or(0);
                if next < end {
                    news.push((at, next));
                }
            }
        }
        Ok(news)
    }

    /// The samples a record refers to, for a stage that wants them.
    pub fn resolve(&self, r: Record) -> Result<Record> {
        if !self.spec.audio {
            return Ok(r);
        }
        #[derive(serde::Deserialize)]
        struct Reference {
            stream_id: String,
            first_sample: u64,
            samples: u64,
        }
        let reference: Reference = r.payload()?;
        if reference.samples == 0 {
            return Ok(r);
        }
        let audio = self.wiring.audio.read(&reference.stream_id, reference.first_sample, reference.samples)?;
        Ok(r.with_audio(audio))
    }

    /// Outputs, offsets, state, rows and tick, all or none.
    pub fn commit(&mut self, done: &[Record], step: Made) -> Result<()> {
        let mut to = Positions::new();
        for r in done {
            to.insert(Position { topic: r.topic().clone(), partition: r.partition() }, r.offset() + 1);
        }
        let made = step.outputs.len() as u64;
        self.commit_to(to, step)?;
        self.probe.note(|s| {
            s.records += done.len() as u64;
            s.outputs += made;
            s.trouble = None;
        });
        (self.attempts, self.first_try) = (0, None);
        Ok(())
    }

    pub fn commit_to(&mut self, to: Positions, step: Made) -> Result<()> {
        let Made { outputs, state, tick, rows } = step;
        let m = &mut self.membership;
        let from = to.keys().map(|p| (p.clone(), m.positions.get(p).copied().unwrap_or(0))).collect();
        let commit = Commit { group: m.group.clone(), epoch: m.epoch, from, to: to.clone(), outputs, state: state.clone(), tick, rows };
        self.wiring.bus.commit(commit)?;
        m.positions.extend(to);
        m.state = state.or(m.state.take());
        m.tick = tick.or(m.tick);
        Ok(())
    }

    /// Letters for what a stage set aside by itself.
    pub fn letters(&self, out: &mut Outbox) -> Vec<NewRecord> {
        let now = self.wiring.clock.now();
        let aside = out.take_aside();
        self.probe.note(|s| s.parked += aside.len() as u64);
        aside.iter().map(|(r, fault)| park::letter(&self.spec, r, fault, 1, now, now)).collect()
    }

    /// What to do about a record that cannot be taken: a letter to park it by, or the fault to wait for.
    pub fn give_up(&mut self, r: &Record, fault: Fault) -> Result<NewRecord, Fault> {
        let now = self.wiring.clock.now();
        let first = *self.first_try.get_or_insert(now);
        self.attempts += 1;
        match fault.kind {
            Kind::Retry | Kind::Stop => Err(fault),
            Kind::Skip | Kind::Invalid | Kind::Bug => {
                tracing::warn!(group = self.spec.group, topic = %r.topic(), offset = r.offset(), kind = fault.kind.as_str(),
                    cause = ?std::error::Error::source(&fault).map(ToString::to_string), "parked: {fault}");
                self.probe.note(|s| s.parked += 1);
                Ok(park::letter(&self.spec, r, &fault, self.attempts, first, now))
            }
        }
    }
}

/// Why nothing is made of a record that has nothing in it any more.
pub(super) const ERASED: &str = "erased";

/// In the order they were received, inputs of one moment in the order of the inputs, up to the horizon.
fn merge(all: &mut Vec<Record>, horizon: Time, watermark: Time) {
    let moment = all.iter().find(|r| r.received_at() == horizon).map(|r| (r.topic().clone(), r.partition()));
    match moment {
        // One moment brought more than a batch holds: what the first input has of it, the others' comes after.
        Some((topic, partition)) if horizon < watermark && all.iter().all(|r| r.received_at() >= horizon) => {
            all.retain(|r| r.received_at() == horizon && *r.topic() == topic && r.partition() == partition);
        }
        _ => {
            all.retain(|r| r.received_at() < horizon);
            all.sort_by_key(|r| r.received_at()); // stable: offsets of a partition stay in order
        }
    }
}

/// A stage with more inputs asks for all topics at once.
const MANY_INPUTS: usize = 8;
pub(super) const MAX_BATCH_BYTES: usize = 8 << 20;
/// A reference to audio stands for up to 30 s of samples, 2 MB each.
pub(super) const MAX_AUDIO_RECORDS: usize = 32;
pub(super) const MAX_RECORDS: usize = 512;

/// A panic is a fault like any other: the record is parked, the stage goes on.
pub(super) fn guarded<T>(f: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| Err(Error::bug("the stage failed on this record; the log has the details")))
}

/// Runs a [`Stage`].
struct StageRunner<S> {
    stage: S,
    consumer: Consumer,
    /// Smaller after a fault, so that what came before it commits alone.
    limit: usize,
    /// The stage as it was new, to return to where nothing was saved.
    fresh: Vec<u8>,
}

impl<S: Stage> StageRunner<S> {
    fn open(stage: S, wiring: Wiring) -> Result<Self> {
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
