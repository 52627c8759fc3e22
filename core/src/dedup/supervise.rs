//! Runs the rules as a consumer group, and anew whenever they or the topics there are change. Between two starts the group
//! stands where the last one committed. While no topic of a rule is there, nothing runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::rules::{Rules, Running};
use super::stage::{Dedup, GROUP};
use crate::bus::{Bus, Commit, Join, Positions, RowChanges, TopicName, wall};
use crate::error::{Error, Result};
use crate::pipeline::{self, Wiring, graph};

/// How often it is looked whether topics came.
const LOOK: Duration = Duration::from_secs(2);
/// After a failure.
const AGAIN: Duration = Duration::from_secs(1);
/// Every topic of every rule is there.
const REST: Duration = Duration::from_secs(3_600);

/// The thread that keeps the rules running; dropping it stops them in order.
pub struct Supervisor {
    rules: Arc<Rules>,
    stop: Arc<AtomicBool>,
    handle: Option<JoinHandle<()>>,
}

impl Supervisor {
    pub fn start(rules: Arc<Rules>, wiring: Wiring) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        // What is there is running when this returns, as the other stages are.
        let mut shift = Shift { rules: rules.clone(), wiring, running: None, inputs: Vec::new(), changes: 0 };
        shift.change();
        let run = move || shift.run(&asked);
        let handle = std::thread::Builder::new().name("dedup rules".into()).spawn(run);
        let handle = handle.map_err(|e| Error::stop("the system gives no more threads").because(e))?;
        Ok(Self { rules, stop, handle: Some(handle) })
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.rules.ring();
        if let Some(h) = self.handle.take() {
            let _ = h.join();
        }
    }
}

/// What runs now.
struct Shift {
    rules: Arc<Rules>,
    wiring: Wiring,
    running: Option<pipeline::Running>,
    inputs: Vec<TopicName>,
    /// What was last heard of the rules.
    changes: u64,
}

impl Shift {
    fn run(mut self, stop: &AtomicBool) {
        let stopped = || stop.load(Ordering::Acquire);
        while !stopped() {
            let troubled = self.running.is_none() && self.rules.running().trouble.is_some();
            let patience = match self.rules.judge().topics().count() {
                _ if troubled => AGAIN,
                all if all > self.inputs.len() => LOOK,
                _ => REST,
            };
            let changes = self.rules.wait(self.changes, patience, stopped);
            if stopped() {
                break;
            }
            let grown = || self.rules.inputs().is_ok_and(|now| now != self.inputs);
            if changes != self.changes || troubled || grown() {
                self.changes = changes;
                self.change();
            }
        }
        drop(self.running.take());
        self.rules.note_running(Running::default(), None);
    }

    /// Ends what runs and begins with what is in force.
    fn change(&mut self) {
        drop(self.running.take());
        match self.begin() {
            Ok(revision) => {
                let probe = self.running.as_ref().and_then(|r| r.probes.first().cloned());
                self.rules.note_running(Running { revision, inputs: self.inputs.clone(), trouble: None }, probe);
            }
            Err(e) => {
                tracing::warn!(kind = e.kind.as_str(), "deduplication cannot begin: {e}");
                self.rules.note_running(Running { trouble: Some(e.message().into()), ..Running::default() }, None);
            }
        }
    }

    /// The revision of what runs, if anything does.
    fn begin(&mut self) -> Result<Option<String>> {
        // Asked for first: a change that comes in between is heard, and begins anew.
        let (revision, judge) = (self.rules.revision(), self.rules.judge());
        self.inputs = self.rules.inputs()?;
        let bus = &self.wiring.bus;
        if self.inputs.is_empty() {
            rest(&**bus)?;
            return Ok(None);
        }
        // A topic may have got another class since the rule was made; the log would refuse the whole step.
        judge.rules().filter_map(|r| r.into.as_ref()).try_for_each(|t| wall::may_write(&**bus, t))?;
        self.stand()?;
        let stage = Dedup::new(judge, self.inputs.clone(), self.rules.figures.clone());
        self.running = Some(pipeline::Running::start(vec![graph::deduplication(stage)], &self.wiring)?);
        Ok(Some(revision))
    }

    /// Puts the group where newly read topics begin.
    fn stand(&self) -> Result<()> {
        let since = self.rules.since()?;
        let since: Positions = since.into_iter().filter(|(p, _)| self.inputs.contains(&p.topic)).collect();
        if since.is_empty() {
            return Ok(());
        }
        let member = format!("{GROUP}-{}", self.wiring.member);
        let m = self.wiring.bus.join(&Join { group: GROUP.into(), member, host: self.wiring.host.clone(), topics: self.inputs.clone() })?;
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
            rows: RowChanges::default(),
        })?;
        self.rules.since_is_set(&self.inputs)
    }
}

/// Without rules the group reads nothing, so that it lags behind nothing.
fn rest(bus: &dyn Bus) -> Result<()> {
    if !bus.groups()?.iter().any(|g| g.group == GROUP && !g.topics.is_empty()) {
        return Ok(());
    }
    let m = bus.join(&Join { group: GROUP.into(), member: GROUP.into(), host: String::new(), topics: Vec::new() })?;
    bus.leave(&m)
}
