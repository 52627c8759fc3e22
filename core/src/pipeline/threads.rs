//! The pipeline at work: a thread a consumer, and one for all their heartbeats.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::node::{Node, Progress, Step, Wiring};
use super::probe::Probe;
use crate::bus::{Bus, Membership, TopicName};
use crate::error::{Error, Result};

/// How long an idle consumer sleeps when the log says nothing; also the longest wait for an orderly end.
const IDLE: Duration = Duration::from_millis(500);
const HEARTBEAT: Duration = Duration::from_secs(3);
/// Between tries of what may work later: 0.5 s, doubled up to this.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// How much longer than its last step an unhurried consumer rests: it takes a fifth of its thread at most.
const RESTS: u32 = 4;
const LONGEST_REST: Duration = Duration::from_secs(2);

/// Running consumers; dropping it stops them in order.
pub struct Running {
    pub probes: Vec<Arc<Probe>>,
    stop: Arc<Stop>,
    handles: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    asked: AtomicBool,
    /// Nobody rests any more.
    hurried: AtomicBool,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Stop {
    fn asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }
    /// Wakes who sleeps; under the lock, so that nobody falls asleep in between.
    fn say(&self, what: &AtomicBool) {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        what.store(true, Ordering::Release);
        self.wake.notify_all();
    }
    /// Sleeps, unless asked to stop.
    fn sleep(&self, time: Duration) {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.wake.wait_timeout_while(guard, time, |()| !self.asked());
    }
    /// Sleeps, unless there is no more time for that; whether there is none.
    fn rest(&self, time: Duration) -> bool {
        let hurried = || self.hurried.load(Ordering::Acquire);
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.wake.wait_timeout_while(guard, time, |()| !self.asked() && !hurried());
        hurried()
    }
}

impl Running {
    /// Connects every node and starts it.
    pub fn start(nodes: Vec<Node>, wiring: &Wiring) -> Result<Self> {
        let unhurried: Vec<bool> = nodes.iter().map(|n| n.unhurried).collect();
        let steps = nodes.into_iter().map(|n| n.connect(wiring.clone())).collect::<Result<Vec<_>>>()?;
        let stop = Arc::new(Stop::default());
        let probes = steps.iter().map(|s| s.probe()).collect();
        let members = steps.iter().map(|s| s.membership().clone()).collect::<Vec<_>>();
        let mut running = Self { probes, stop, handles: Vec::new() };
        for (step, unhurried) in steps.into_iter().zip(unhurried) {
            let name = step.spec().group.trim_end_matches("-consumer").to_string();
            let (wiring, stop) = (wiring.clone(), running.stop.clone());
            running.spawn(name, move || run(step, unhurried, &wiring, &stop))?;
        }
        let (bus, stop) = (wiring.bus.clone(), running.stop.clone());
        running.spawn("heartbeat".into(), move || beat(&members, &*bus, &stop))?;
        Ok(running)
    }

    fn spawn(&mut self, name: String, f: impl FnOnce() + Send + 'static) -> Result<()> {
        let spawned = std::thread::Builder::new().name(name).spawn(f);
        self.handles.push(spawned.map_err(|e| Error::stop("the system gives no more threads").because(e))?);
        Ok(())
    }

    /// From now on what is there is taken at once: somebody waits for the end of it.
    pub fn hurry(&self) {
        self.stop.say(&self.stop.hurried);
    }

    /// Finishes the step at hand and leaves the groups.
    pub fn stop(&mut self) {
        self.stop.say(&self.stop.asked);
        self.handles.drain(..).for_each(|h| _ = h.join());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(mut step: Box<dyn Step>, unhurried: bool, wiring: &Wiring, stop: &Stop) {
    let bus = &*wiring.bus;
    let group = step.spec().group;
    let probe = step.probe();
    // Whoever merges several inputs holds a record back until all that came before it can be read, whichever topic that is in.
    let awaited = if let [one] = &step.spec().inputs[..] { vec![one.clone()] } else { Vec::new() };
    let restless = step.spec().ticks || awaited.is_empty();
    let mut seen = 0;
    let mut backoff = IDLE;
    while !stop.asked() {
        // The counter is taken before the step, so that what is appended during it wakes us.
        let counter = bus.wait(0, Duration::ZERO);
        let began = wiring.clock.monotonic_ns();
        match step.step() {
            Ok(Progress::Worked) => {
                backoff = IDLE;
                if unhurried {
                    let took = Duration::from_nanos(wiring.clock.monotonic_ns().saturating_sub(began));
                    stop.sleep((RESTS * took).min(LONGEST_REST));
                }
            }
            Ok(Progress::Idle) => {
                backoff = IDLE;
                seen = await_records(bus, &awaited, restless, counter.max(seen), stop);
            }
            Ok(Progress::Resting(rest)) => {
                backoff = IDLE;
                if stop.rest(rest) {
                    step.hurry();
                }
            }
            Err(e) => {
                let first = probe.seen().trouble.as_deref() != Some(e.message());
                if first {
                    tracing::warn!(group, kind = e.kind.as_str(), cause = ?std::error::Error::source(&e).map(ToString::to_string), "{e}");
                }
                probe.note(|s| s.trouble = Some(e.message().into()));
                stop.sleep(backoff);
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
        }
    }
    // An empty group is the truth; if the log cannot take it, the silent member is gone in 10 s anyway.
    let _ = bus.leave(step.membership());
}

/// Until there may be something to do; the log's counter then.
fn await_records(bus: &dyn Bus, topics: &[TopicName], restless: bool, seen: u64, stop: &Stop) -> u64 {
    loop {
        match bus.wait_for_records(topics, seen, IDLE) {
            Some(counter) => return counter,
            None if restless || stop.asked() => return seen,
            None => {}
        }
    }
}

fn beat(members: &[Membership], bus: &dyn Bus, stop: &Stop) {
    while !stop.asked() {
        for m in members {
            // A member that was replaced hears of it at its next commit.
            let _ = bus.heartbeat(m);
        }
        stop.sleep(HEARTBEAT);
    }
}
