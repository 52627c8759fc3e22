//! Follows the log once for all listeners, on a thread of its own, for as long as there is one.

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::super::state::State;
use super::{classic, flow, lines};
use crate::error::{Error, Result};
use loom_schemas::live::Flowing;

/// The longest sleep while the log says nothing; also how long it outlives its last listener.
const SLEEP: Duration = Duration::from_millis(250);
const FLOW_NS: u64 = 1_000_000_000;
/// As often as Loom v2 sent them.
const METRICS_NS: u64 = 5_000_000_000;

/// What all listeners share.
pub struct Follower {
    /// Moves whenever something was committed to the log.
    pub pulse: watch::Sender<u64>,
    /// How far the timeline has read what was released, by partition.
    pub reached: watch::Sender<Vec<u64>>,
    pub flow: watch::Sender<Flowing>,
    pub metrics: watch::Sender<Value>,
}

/// When things were last worked out, and at which commit.
#[derive(Default)]
struct Last {
    commit: u64,
    released: Vec<u64>,
    flow: Option<(u64, u64)>,
    metrics: Option<(u64, u64)>,
}

impl Follower {
    pub fn start(state: Arc<State>) -> Result<Arc<Self>> {
        let reached = watch::Sender::new(lines::reached(&*state.bus)?);
        let shared =
            Arc::new(Self { pulse: watch::Sender::default(), reached, flow: watch::Sender::default(), metrics: watch::Sender::default() });
        let follower = Arc::downgrade(&shared);
        let thread = std::thread::Builder::new().name("ws follower".into()).spawn(move || follow(&follower, &state));
        thread.map_err(|e| Error::retry("the system gives no more threads").because(e))?;
        Ok(shared)
    }

    fn step(&self, state: &State, last: &mut Last, commit: u64) -> Result<()> {
        let now = state.clock.monotonic_ns();
        let moved = last.commit != commit;
        last.commit = commit;
        if moved {
            self.pulse.send_replace(commit);
            self.read_on(state, last)?;
        }
        if self.flow.receiver_count() > 0
            && due(last.flow, now, FLOW_NS, commit, self.flow.borrow().topics.iter().any(|t| t.per_minute > 0))
        {
            last.flow = Some((now, commit));
            let flowing = flow::now(state)?;
            self.flow.send_if_modified(|known| {
                flow::moved(known, &flowing) && {
                    *known = flowing;
                    true
                }
            });
        }
        if self.metrics.receiver_count() > 0 && due(last.metrics, now, METRICS_NS, commit, true) {
            last.metrics = Some((now, commit));
            self.metrics.send_replace(classic::metrics(state)?);
        }
        Ok(())
    }

    /// The timeline is asked only when there is something it may have read, or still has to.
    fn read_on(&self, state: &State, last: &mut Last) -> Result<()> {
        let released = lines::released(&*state.bus)?;
        if released == last.released && *self.reached.borrow() == released {
            return Ok(());
        }
        last.released = released;
        let reached = lines::reached(&*state.bus)?;
        self.reached.send_if_modified(|known| {
            *known != reached && {
                *known = reached;
                true
            }
        });
        Ok(())
    }
}

/// Whether it is time again: not sooner than `every`, and only where something moved or `fading` still changes by itself.
fn due(last: Option<(u64, u64)>, now: u64, every: u64, commit: u64, fading: bool) -> bool {
    last.is_none_or(|(at, then)| now.saturating_sub(at) >= every && (fading || then != commit))
}

fn follow(shared: &Weak<Follower>, state: &State) {
    let mut last = Last::default();
    while shared.strong_count() > 0 {
        let commit = state.bus.wait(last.commit, SLEEP);
        let Some(shared) = shared.upgrade() else { return };
        if let Err(e) = shared.step(state, &mut last, commit) {
            // A log that is busy is asked again; listeners hear a little later.
            tracing::debug!("what is live is late: {e}");
            std::thread::sleep(SLEEP);
        }
    }
}
