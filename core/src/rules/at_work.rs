//! What those who run the rules and those who keep them say to each other: which set is wanted, how it runs, a pause.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::in_force::Kept;
use super::{Engine, Rules};
use crate::bus::TopicName;
use crate::error::{Error, Result};
use crate::pipeline::Probe;

/// The longest wait for the rules to stand still.
const PAUSE: Duration = Duration::from_secs(10);

/// How the rules run, as far as somebody runs them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// Revision of the set at work.
    pub revision: Option<String>,
    pub inputs: Vec<TopicName>,
    /// Why it does not, or not all of it.
    pub trouble: Option<String>,
}

impl<E: Engine> Rules<E> {
    pub fn running(&self) -> Running {
        let kept = self.lock();
        let waits = kept.probe.as_ref().and_then(|p| p.seen().trouble);
        Running { trouble: kept.running.trouble.clone().or(waits), ..kept.running.clone() }
    }

    /// Runs `f` while nobody runs the rules; those who do begin again after it.
    pub fn while_paused<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<T> {
        let kept = self.pause(true);
        let at_work = |k: &mut Kept<E>| k.running.revision.is_some();
        let (kept, waited) = self.bell.wait_timeout_while(kept, PAUSE, at_work).unwrap_or_else(PoisonError::into_inner);
        drop(kept);
        let done = if waited.timed_out() { Err(Error::retry(format!("{} is busy: try again", E::WHO))) } else { f() };
        drop(self.pause(false));
        done
    }
    fn pause(&self, paused: bool) -> MutexGuard<'_, Kept<E>> {
        let mut kept = self.lock();
        kept.paused = paused;
        self.another(&mut kept);
        kept
    }

    /// What is to run, as of how many changes; nothing during a pause.
    pub(super) fn wanted(&self) -> (u64, Option<Arc<E::Set>>) {
        let kept = self.lock();
        (kept.changes, (!kept.paused).then(|| kept.set.clone()))
    }
    /// Waits until something else is wanted than after `seen` changes, or `wake` says so; whether it is.
    pub(super) fn wait(&self, seen: u64, timeout: Duration, wake: impl Fn() -> bool) -> bool {
        let same = |k: &mut Kept<E>| k.changes == seen && !wake();
        let waited = self.bell.wait_timeout_while(self.lock(), timeout, same);
        waited.unwrap_or_else(PoisonError::into_inner).0.changes != seen
    }
    pub(super) fn ring(&self) {
        // Taken so that whoever is about to wait hears it.
        drop(self.lock());
        self.bell.notify_all();
    }
    pub(super) fn note_running(&self, running: Running, probe: Option<Arc<Probe>>) {
        let mut kept = self.lock();
        (kept.running, kept.probe) = (running, probe);
        self.bell.notify_all();
    }
}
