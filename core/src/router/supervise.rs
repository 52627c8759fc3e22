//! Runs the rules as a consumer group, and anew whenever they or the topics they read change. Between two sets the group
//! stands where the last one committed, so every record is seen by one of them and by no other. Without rules nothing runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::MOST_INPUT_TOPICS;
use super::rules::{Rules, Running};
use super::set::RuleSet;
use super::stage::{GROUP, Router};
use crate::bus::{Bus, Commit, Join, Membership, Positions, TopicName, wall};
use crate::error::{Error, Result};
use crate::pipeline::{self, Wiring, graph};

/// How often new topics are looked for, where a rule has a wildcard.
const LOOK: Duration = Duration::from_secs(2);
/// After a failure.
const AGAIN: Duration = Duration::from_secs(1);
/// Nothing to look for.
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
        let (kept, asked) = (rules.clone(), stop.clone());
        // What is there is running when this returns, as the other stages are.
        let mut shift = Shift { rules: kept, wiring, running: None, inputs: Vec::new(), changes: (0, false) };
        shift.change();
        let run = move || shift.run(&asked);
        let handle = std::thread::Builder::new().name("event-router rules".into()).spawn(run);
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
    /// What was last heard of the rules: how often they changed, and whether to stand still.
    changes: (u64, bool),
}

impl Shift {
    fn run(mut self, stop: &AtomicBool) {
        let stopped = || stop.load(Ordering::Acquire);
        while !stopped() {
            let troubled = self.running.is_none() && self.rules.running().trouble.is_some();
            let patience = match self.rules.set().has_wildcards() {
                _ if troubled => AGAIN,
                true => LOOK,
                false => REST,
            };
            let changes = self.rules.wait(self.changes, patience, stopped);
            if stopped() {
                break;
            }
            if changes != self.changes || troubled || self.is_outgrown() {
                self.changes = changes;
                self.change();
            }
        }
        drop(self.running.take());
        self.rules.note_running(false, Running::default(), None);
    }

    /// Whether there are other topics to read than those that are read.
    fn is_outgrown(&self) -> bool {
        self.rules.inputs().is_ok_and(|now| bounded(now) != self.inputs)
    }

    /// Ends what runs and begins with what is in force.
    fn change(&mut self) {
        drop(self.running.take());
        if self.changes.1 {
            self.inputs.clear();
            return self.rules.note_running(true, Running::default(), None);
        }
        let set = self.rules.set();
        match self.begin(&set) {
            Ok(trouble) => {
                let revision = self.running.is_some().then(|| set.revision());
                let probe = self.running.as_ref().and_then(|r| r.probes.first().cloned());
                self.rules.note_running(true, Running { revision, inputs: self.inputs.clone(), trouble }, probe);
            }
            Err(e) => {
                tracing::warn!(kind = e.kind.as_str(), "the event router cannot begin: {e}");
                self.rules.note_running(true, Running { trouble: Some(e.message().into()), ..Running::default() }, None);
            }
        }
    }

    /// What is left out, if anything is.
    fn begin(&mut self, set: &Arc<RuleSet>) -> Result<Option<String>> {
        let inputs = self.rules.inputs()?;
        let left_out = inputs.len().saturating_sub(MOST_INPUT_TOPICS);
        self.inputs = bounded(inputs);
        let bus = &self.wiring.bus;
        if self.inputs.is_empty() {
            rest(&**bus)?;
            return Ok(None);
        }
        // A topic may have got another class since the rule was made; the log would refuse the whole step.
        set.writes().try_for_each(|t| wall::may_write(&**bus, t))?;
        self.stand()?;
        let router =
            Router::new(set.clone(), self.inputs.clone(), self.rules.figures.clone(), self.rules.tap.clone(), self.wiring.clock.clone());
        self.running = Some(pipeline::Running::start(vec![graph::routing(router)], &self.wiring)?);
        Ok((left_out > 0).then(|| format!("{left_out} topics are not read: rules read at most {MOST_INPUT_TOPICS} together")))
    }

    /// Puts the group where newly read topics begin.
    fn stand(&self) -> Result<()> {
        let since = self.rules.since()?;
        let since: Positions = since.into_iter().filter(|(p, _)| self.inputs.contains(&p.topic)).collect();
        if since.is_empty() {
            return Ok(());
        }
        let m = join(&*self.wiring.bus, &self.wiring, self.inputs.clone())?;
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
}

fn bounded(mut inputs: Vec<TopicName>) -> Vec<TopicName> {
    inputs.truncate(MOST_INPUT_TOPICS);
    inputs
}

fn join(bus: &dyn Bus, wiring: &Wiring, topics: Vec<TopicName>) -> Result<Membership> {
    let member = format!("{GROUP}-{}", wiring.member);
    bus.join(&Join { group: GROUP.into(), member, host: wiring.host.clone(), topics })
}

/// Without rules the group reads nothing, so that it lags behind nothing.
fn rest(bus: &dyn Bus) -> Result<()> {
    if !bus.groups()?.iter().any(|g| g.group == GROUP && !g.topics.is_empty()) {
        return Ok(());
    }
    let m = bus.join(&Join { group: GROUP.into(), member: GROUP.into(), host: String::new(), topics: Vec::new() })?;
    bus.leave(&m)
}
