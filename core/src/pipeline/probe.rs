//! What a running stage shows of itself, for health and metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A stage's figures since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub records: u64,
    pub outputs: u64,
    pub parked: u64,
    /// Inputs of which nothing was made, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Why it waits and tries again; empty while it works.
    pub trouble: Option<String>,
}

#[derive(Debug)]
pub struct Probe {
    pub group: &'static str,
    seen: Mutex<Seen>,
}

impl Probe {
    pub fn new(group: &'static str) -> Self {
        Self { group, seen: Mutex::default() }
    }
    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    pub(super) fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
