//! Where a consumer stands: what it reads next, what it commits, and what it does about a record that it cannot take.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::node::Wiring;
use super::outbox::Outbox;
use super::park;
use super::probe::Probe;
use super::stage::Spec;
use crate::bus::{Commit, Join, Membership, NewRecord, Position, Positions, Record, RowChanges};
use crate::env::Time;
use crate::error::{Error, Fault, Kind, Result};

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
