//! When records were received: never decreasing, and known to readers before what it stamps can be read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::lock;
use crate::env::{Clock, Time};

pub(super) struct Stamps {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

struct Inner {
    newest: Time,
    /// Stamps of records that are not yet committed, and how many hold each.
    pending: BTreeMap<Time, u32>,
}

impl Stamps {
    /// Goes on from the newest time the log knows.
    pub fn since(newest: Time, clock: Arc<dyn Clock>) -> Self {
        Self { clock, inner: Mutex::new(Inner { newest, pending: BTreeMap::new() }) }
    }

    /// The time for records about to be inserted.
    pub fn stamp(self: &Arc<Self>) -> Stamp {
        let mut s = lock(&self.inner);
        let at = s.advance(self.clock.now());
        *s.pending.entry(at).or_default() += 1;
        Stamp { at, stamps: self.clone() }
    }

    /// No record that cannot be read yet is stamped earlier than this.
    pub fn watermark(&self) -> Time {
        let mut s = lock(&self.inner);
        match s.pending.keys().next() {
            Some(oldest) => *oldest,
            None => s.advance(self.clock.now()),
        }
    }
}

impl Inner {
    fn advance(&mut self, now: Time) -> Time {
        self.newest = self.newest.max(now);
        self.newest
    }
}

/// Held until the records it stamped are committed, or taken back.
pub(super) struct Stamp {
    pub at: Time,
    stamps: Arc<Stamps>,
}

impl Drop for Stamp {
    fn drop(&mut self) {
        let mut s = lock(&self.stamps.inner);
        if let Some(n) = s.pending.get_mut(&self.at) {
            *n -= 1;
            if *n == 0 {
                s.pending.remove(&self.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::ManualClock;

    #[test]
    fn the_watermark_waits_for_what_is_not_committed() {
        let clock = Arc::new(ManualClock::at(Time::from_secs(10)));
        let stamps = Arc::new(Stamps::since(Time(0), clock.clone()));
        let early = stamps.stamp();
        clock.advance(5.0);
        let late = stamps.stamp();
        assert_eq!(stamps.watermark(), Time::from_secs(10));
        drop(early);
        assert_eq!(stamps.watermark(), Time::from_secs(15));
        drop(late);
        clock.advance(1.0);
        assert_eq!(stamps.watermark(), Time::from_secs(16));
    }

    #[test]
    fn a_clock_set_back_moves_no_stamp() {
        let clock = Arc::new(ManualClock::at(Time::from_secs(10)));
        let stamps = Arc::new(Stamps::since(Time::from_secs(20), clock.clone()));
        assert_eq!(stamps.stamp().at, Time::from_secs(20));
        clock.set(Time::from_secs(30));
        assert_eq!(stamps.watermark(), Time::from_secs(30));
        clock.set(Time::from_secs(5));
        assert_eq!(stamps.stamp().at, Time::from_secs(30));
    }
}
