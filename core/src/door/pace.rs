//! How fast one device may send: a token bucket each, so that one that ran wild leaves the others their share.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// A device that was silent may send so many seconds of its rate at once.
const BURST_SECONDS: f64 = 10.0;
/// Devices remembered; full buckets say nothing and go first.
const MOST_BUCKETS: usize = 4096;

/// Records a second and device; 0 lets all through.
pub struct Pace {
    rate: f64,
    buckets: Mutex<HashMap<Uuid, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at_ns: u64,
}

impl Pace {
    pub fn new(records_per_second: u32) -> Self {
        Self { rate: f64::from(records_per_second), buckets: Mutex::default() }
    }

    /// Takes `records` tokens of each device, or of none: then after how many seconds there are enough.
    pub fn take(&self, wanted: &[(Uuid, usize)], now_ns: u64) -> Result<(), f64> {
        if self.rate <= 0.0 {
            return Ok(());
        }
        let most = self.rate * BURST_SECONDS;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = |b: Bucket| (b.tokens + now_ns.saturating_sub(b.at_ns) as f64 * 1e-9 * self.rate).min(most);
        let mut wait: f64 = 0.0;
        for (device, records) in wanted {
            let there = buckets.get(device).map_or(most, |b| filled(*b));
            // What is larger than the bucket passes when it is full: it could not pass at all else.
            wait = wait.max(((*records as f64).min(most) - there) / self.rate);
        }
        if wait > 0.0 {
            return Err(wait);
        }
        for (device, records) in wanted {
            let there = buckets.get(device).map_or(most, |b| filled(*b));
            buckets.insert(*device, Bucket { tokens: (there - *records as f64).max(0.0), at_ns: now_ns });
        }
        if buckets.len() > MOST_BUCKETS {
            buckets.retain(|_, b| filled(*b) < most);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_burst_passes_then_its_rate_and_others_are_not_touched() {
        let pace = Pace::new(10);
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(pace.take(&[(a, 100)], 0), Ok(()));
        assert_eq!(pace.take(&[(a, 5)], 0), Err(0.5));
        assert_eq!(pace.take(&[(b, 1), (a, 5)], 0), Err(0.5), "all or none");
        assert_eq!(pace.take(&[(b, 100)], 0), Ok(()));
        assert_eq!(pace.take(&[(a, 5)], SECOND / 2), Ok(()));
        assert!(pace.take(&[(a, 1)], SECOND / 2).is_err());
        assert_eq!(pace.take(&[(a, 5000)], 20 * SECOND), Ok(()), "larger than the bucket, once it is full");
    }

    #[test]
    fn nothing_limits_where_the_rate_is_0_and_memory_is_bounded() {
        assert_eq!(Pace::new(0).take(&[(Uuid::nil(), usize::MAX)], 0), Ok(()));
        let pace = Pace::new(1);
        for n in 0..20_000 {
            pace.take(&[(Uuid::from_u128(n), 1)], n as u64 * SECOND).unwrap();
        }
        assert!(pace.buckets.lock().unwrap().len() <= MOST_BUCKETS + 1);
    }
}
