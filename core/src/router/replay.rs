//! Records of the past, once more: copied to the end of a topic under ids of this replay, or a group moved back to read them
//! again. How far a replay is stands in `loom.db`, and the same replay makes the same ids: broken off anywhere, it goes on
//! and doubles nothing.

mod job;
mod kept;
mod plan;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::Rules;
use super::stage::GROUP;
use crate::bus::{Bus, Position, Positions, TopicName};
use crate::db::Db;
use crate::door::Wrong;
use crate::env::{Clock, Entropy, Time, message_id};
use crate::error::{Error, Result};
use crate::schema::Registry;
use plan::Plan;

/// Replays at work at once.
const MOST_AT_WORK: usize = 4;
/// Records a second, unless told, and at most.
pub const RATE: u32 = 1_000;
pub const MOST_RATE: u32 = 20_000;

/// What is wished.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    pub topic: TopicName,
    /// Received at or after.
    pub from: Option<Time>,
    /// Received before.
    pub to: Option<Time>,
    pub offset_from: Option<u64>,
    /// The first offset not wanted.
    pub offset_to: Option<u64>,
    pub device_id: Option<Uuid>,
    pub into: Into,
    pub rate: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Into {
    /// Copies at its end.
    Topic(TopicName),
    /// Moved back to where the range begins.
    Group(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Running,
    /// Broken off with its process; it goes on when the pipeline starts.
    Waiting,
    Done,
    Cancelled,
    Failed,
}

/// How far a replay is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Per partition, the next offset.
    pub next: Vec<u64>,
    pub looked_at: u64,
    pub copied: u64,
    /// They were there before.
    pub repeats: u64,
    /// Erased, or not what the topic takes.
    pub left_out: u64,
    /// Why the first one was left out, or why it failed.
    pub reason: Option<String>,
}

/// A replay as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: String,
    pub topic: TopicName,
    pub range: Vec<(u64, u64)>,
    pub into: Into,
    pub state: State,
    pub progress: Progress,
    pub created_at: Time,
    pub updated_at: Time,
}

struct Shared {
    db: Db,
    bus: Arc<dyn Bus>,
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    stop: Mutex<bool>,
    wake: Condvar,
}

struct Job {
    cancelled: Arc<AtomicBool>,
    handle: JoinHandle<()>,
}

/// Every replay of this Loom; dropping it stops those at work where they are.
pub struct Replays {
    shared: Arc<Shared>,
    entropy: Arc<dyn Entropy>,
    rules: Arc<Rules>,
    at_work: Mutex<BTreeMap<String, Job>>,
}

impl Replays {
    pub fn open(db: &Db, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, rules: Arc<Rules>) -> Result<Self> {
        kept::migrate(db)?;
        let registry = rules.engine.registry.clone();
        let shared = Shared { db: db.clone(), bus, registry, clock, stop: Mutex::new(false), wake: Condvar::new() };
        Ok(Self { shared: Arc::new(shared), entropy, rules, at_work: Mutex::default() })
    }

    /// What a replay would do, without doing it. `Err` inside: everything wrong with the wish.
    pub fn rehearse(&self, wish: &Replay) -> Result<Result<Progress, Vec<Wrong>>> {
        match plan::plan(&*self.shared.bus, wish)? {
            Ok(plan) => job::rehearse(&self.shared, &plan).map(Ok),
            Err(wrong) => Ok(Err(wrong)),
        }
    }

    /// Begins a replay. A group is moved at once; copies are made by and by.
    pub fn begin(&self, wish: &Replay) -> Result<Result<Row, Vec<Wrong>>> {
        let plan = match plan::plan(&*self.shared.bus, wish)? {
            Ok(plan) => plan,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let now = self.shared.clock.now();
        let id = message_id(now, &*self.entropy).to_string();
        let mut state = State::Running;
        if let Into::Group(group) = &plan.into {
            self.seek(group, &plan)?;
            state = State::Done;
        } else if self.at_work_now() >= MOST_AT_WORK {
            return Err(Error::retry(format!("{MOST_AT_WORK} replays are at work: wait for one, or cancel one")));
        }
        let progress = Progress { next: plan.range.iter().map(|r| r.0).collect(), ..Progress::default() };
        kept::add(&self.shared.db, &id, &plan, state, &progress, now)?;
        if state == State::Running {
            self.set_to_work(id.clone(), plan, progress)?;
        }
        let row = self.get(&id)?.ok_or_else(|| Error::bug("a replay is lost that was just begun"))?;
        Ok(Ok(row))
    }

    /// Goes on with what was broken off.
    pub fn resume(&self) -> Result<()> {
        for (id, plan, state, progress, ..) in kept::all(&self.shared.db)? {
            if state == State::Running && !self.is_at_work(&id) {
                tracing::info!(replay = id, "a replay that was broken off goes on");
                self.set_to_work(id, plan, progress)?;
            }
        }
        Ok(())
    }

    /// The newest first.
    pub fn list(&self) -> Result<Vec<Row>> {
        let mut rows: Vec<Row> = kept::all(&self.shared.db)?.into_iter().map(|k| self.row(k)).collect();
        rows.reverse();
        Ok(rows)
    }

    pub fn get(&self, id: &str) -> Result<Option<Row>> {
        Ok(kept::all(&self.shared.db)?.into_iter().find(|k| k.0 == id).map(|k| self.row(k)))
    }

    /// Ends a replay where it is; what was copied stays. False where there is none.
    pub fn cancel(&self, id: &str) -> Result<bool> {
        let Some(row) = self.get(id)? else { return Ok(false) };
        if !matches!(row.state, State::Running | State::Waiting) {
            return Ok(true);
        }
        let job = self.lock().remove(id);
        if let Some(job) = job {
            job.cancelled.store(true, Ordering::Release);
            self.shared.wake.notify_all();
            let _ = job.handle.join();
        }
        kept::set_state(&self.shared.db, id, State::Cancelled, self.shared.clock.now())?;
        Ok(true)
    }

    fn row(&self, (id, plan, state, progress, created_at, updated_at): kept::Kept) -> Row {
        let state = if state == State::Running && !self.is_at_work(&id) { State::Waiting } else { state };
        Row { id, topic: plan.topic, range: plan.range, into: plan.into, state, progress, created_at, updated_at }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Job>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn is_at_work(&self, id: &str) -> bool {
        self.lock().get(id).is_some_and(|j| !j.handle.is_finished())
    }
    fn at_work_now(&self) -> usize {
        self.lock().values().filter(|j| !j.handle.is_finished()).count()
    }

    fn set_to_work(&self, id: String, plan: Plan, progress: Progress) -> Result<()> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let (shared, asked, name) = (self.shared.clone(), cancelled.clone(), id.clone());
        let run = move || job::run(&shared, &name, &plan, progress, &asked);
        let handle = std::thread::Builder::new().name("replay".into()).spawn(run);
        let handle = handle.map_err(|e| Error::retry("the system gives no more threads").because(e))?;
        let mut at_work = self.lock();
        at_work.retain(|_, j| !j.handle.is_finished());
        at_work.insert(id, Job { cancelled, handle });
        Ok(())
    }

    /// Moves a group back. The event router stands still for it; of the others nobody may be at work.
    fn seek(&self, group: &str, plan: &Plan) -> Result<()> {
        let position = |(partition, (first, _)): (u32, &(u64, u64))| (Position { topic: plan.topic.clone(), partition }, *first);
        let positions: Positions = (0..).zip(&plan.range).map(position).collect();
        let seek = || self.shared.bus.seek(group, &positions);
        if group != GROUP {
            return seek();
        }
        self.rules.since_is_set(std::slice::from_ref(&plan.topic))?;
        self.rules.while_paused(seek)
    }
}

impl Drop for Replays {
    fn drop(&mut self) {
        *self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.wake.notify_all();
        for (_, job) in std::mem::take(&mut *self.lock()) {
            let _ = job.handle.join();
        }
    }
}

#[cfg(test)]
mod tests;
