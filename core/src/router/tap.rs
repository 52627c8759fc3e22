//! The live tap: what passes the router and which rule took it, to whoever listens. A listener that is slow misses
//! records and is told how many; the router never waits for one.

use std::sync::Arc;

use tokio::sync::broadcast;

use super::figures::Outcome;
use crate::bus::Record;

/// Records that wait for the slowest listener.
const WAITING_RECORDS: usize = 1_024;

/// One record that passed.
#[derive(Clone, Debug)]
pub struct Passed {
    pub record: Record,
    pub took: Vec<Took>,
}

/// What a rule did with it.
#[derive(Clone, Debug)]
pub struct Took {
    pub rule: Arc<str>,
    pub outcome: Outcome,
    pub outputs: Vec<crate::bus::TopicName>,
}

#[derive(Clone, Debug)]
pub struct Tap(broadcast::Sender<Arc<Passed>>);

impl Default for Tap {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING_RECORDS))
    }
}

impl Tap {
    pub fn listen(&self) -> broadcast::Receiver<Arc<Passed>> {
        self.0.subscribe()
    }
    pub fn listeners(&self) -> usize {
        self.0.receiver_count()
    }
    pub(super) fn is_listened_to(&self) -> bool {
        self.0.receiver_count() > 0
    }
    pub(super) fn passed(&self, record: &Record, took: Vec<Took>) {
        // Whoever listened may have gone meanwhile.
        let _ = self.0.send(Arc::new(Passed { record: record.clone(), took }));
    }
}
