//! Runs the rules as a consumer group, and anew whenever they or the topics they read change. Between two sets the group
//! stands where the last one committed, so every record is seen by one of them and by no other. While there is nothing to
//! read, nothing runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Engine, MOST_INPUT_TOPICS, Rules, Running, Set};
use crate::bus::{Commit, Join, Membership, Positions, TopicName, wall};
use crate::error::{Error, Result};
use crate::pipeline::{self, Wiring};

/// How often new topics are looked for, where some may come.
const LOOK: Duration = Duration::from_secs(2);
/// After a failure.
const AGAIN: Duration = Duration::from_secs(1);
/// Nothing to look for.
const REST: Duration = Duration::from_secs(3_600);

/// The thread that keeps the rules running; dropping it stops them in order.
pub struct Supervisor<E: Engine> {
    rules: Arc<Rules<E>>,
    stop: Arc<AtomicBool>,
    handle: Option<JoinHandle<()>>,
}

impl<E: Engine> Supervisor<E> {
    pub fn start(rules: Arc<Rules<E>>, wiring: Wiring) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        // What is there is running when this returns, as the other stages are.
        let mut shift = Shift { rules: rules.clone(), wiring, running: None, inputs: Vec::new(), changes: 0 };
        shift.change();
        let run = move || shift.run(&asked);
        let handle = std::thread::Builder::new().name(format!("{} rules", E::TABLES)).spawn(run);
        let handle = handle.map_err(|e| Error::stop("the system gives no more threads").because(e))?;
        Ok(Self { rules, stop, handle: Some(handle) })
    }
}

impl<E: Engine> Drop for Supervisor<E> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.rules.ring();
        if let Some(h) = self.handle.take() {
            let _ = h.join();
        }
    }
}

/// What runs now.
struct Shift<E: Engine> {
    rules: Arc<Rules<E>>,
    wiring: Wiring,
    running: Option<pipeline::Running>,
    inputs: Vec<TopicName>,
    /// What was last heard of the rules.
    changes: u64,
}

impl<E: Engine> Shift<E> {
    fn run(mut self, stop: &AtomicBool) {
        let stopped = || stop.load(Ordering::Acquire);
        while !stopped() {
            let troubled = self.running.is_none() && self.rules.running().trouble.is_some();
            let patience = match self.rules.set().may_grow(&self.inputs) {
                _ if troubled => AGAIN,
                true => LOOK,
                false => REST,
            };
            let changed = self.rules.wait(self.changes, patience, stopped);
            if stopped() {
                break;
            }
            if changed || troubled || self.is_outgrown() {
                self.change();
            }
        }
        drop(self.running.take());
        self.rules.note_running(Running::default(), None);
    }

    /// Whether there are other topics to read than those that are read.
    fn is_outgrown(&self) -> bool {
        self.rules.inputs(&self.rules.set()).is_ok_and(|(now, _)| now != self.inputs)
    }

    /// Ends what runs and begins with what is in force.
    fn change(&mut self) {
        drop(self.running.take());
        self.inputs.clear();
        let (changes, set) = self.rules.wanted();
        self.changes = changes;
        let begun = set.map_or(Ok(Running::default()), |set| self.begin(set));
        let running = begun.unwrap_or_else(|e| {
            tracing::warn!(kind = e.kind.as_str(), "{} cannot begin: {e}", E::WHO);
            Running { trouble: Some(e.message().into()), ..Running::default() }
        });
        let probe = self.running.as_ref().and_then(|r| r.probes.first().cloned());
        self.rules.note_running(running, probe);
    }

    /// How it runs from now on.
    fn begin(&mut self, set: Arc<E::Set>) -> Result<Running> {
        let (inputs, left_out) = self.rules.inputs(&set)?;
        self.inputs.clone_from(&inputs);
        if inputs.is_empty() {
            self.rest()?;
            return Ok(Running::default());
        }
        // A topic may have got another class since the rule was made; the log would refuse the whole step.
        set.writes().try_for_each(|t| wall::may_write(&*self.wiring.bus, t))?;
        self.stand()?;
        let revision = Some(set.revision());
        let node = self.rules.engine.node(set, inputs.clone(), &self.wiring);
        self.running = Some(pipeline::Running::start(vec![node], &self.wiring)?);
        let trouble = (left_out > 0).then(|| format!("{left_out} topics are not read: rules read at most {MOST_INPUT_TOPICS} together"));
        Ok(Running { revision, inputs, trouble })
    }

    /// Puts the group where newly read topics begin.
    fn stand(&self) -> Result<()> {
        let since: Positions = self.rules.since()?.into_iter().filter(|(p, _)| self.inputs.contains(&p.topic)).collect();
        if since.is_empty() {
            return Ok(());
        }
        let m = self.join(self.inputs.clone())?;
        let stands = |p| m.positions.get(p).copied().unwrap_or(0);
        let to: Positions = since.iter().filter(|(p, next)| **next > stands(p)).map(|(p, next)| (p.clone(), *next)).collect();
        let from = to.keys().map(|p| (p.clone(), stands(p))).collect();
        self.wiring.bus.commit(Commit {
            group: m.group.clone(),
            epoch: m.epoch,
            from,
            to,
            outputs: Vec::new(),
            state: None,
            tick: None,
            rows: Default::default(),
        })?;
        self.rules.since_is_set(&self.inputs)
    }

    /// Without rules the group reads nothing, so that it lags behind nothing.
    fn rest(&self) -> Result<()> {
        let bus = &self.wiring.bus;
        if !bus.groups()?.iter().any(|g| g.group == E::GROUP && !g.topics.is_empty()) {
            return Ok(());
        }
        bus.leave(&self.join(Vec::new())?)
    }

    fn join(&self, topics: Vec<TopicName>) -> Result<Membership> {
        let member = format!("{}-{}", E::GROUP, self.wiring.member);
        self.wiring.bus.join(&Join { group: E::GROUP.into(), member, host: self.wiring.host.clone(), topics })
    }
}
