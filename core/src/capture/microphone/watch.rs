//! Whether a stream's own time still agrees with the world's: the time of a sample is the stream's start plus its
//! place, so where the clocks part, a new stream begins.

use crate::env::Time;

/// Seconds that the wall's clock and the one that never goes back may part between two looks: set clocks and sleep.
const JUMP_SECONDS: f64 = 1.0;
/// Seconds that a stream may be off …
const SKEW_SECONDS: f64 = 1.0;
/// … and for how long, because sound may come late and all at once.
const PATIENCE_SECONDS: f64 = 3.0;

/// Looks at the clocks now and then.
pub struct Watch {
    seen: Option<(Time, u64)>,
    skewed_since: Option<u64>,
}

impl Watch {
    pub fn new() -> Self {
        Self { seen: None, skewed_since: None }
    }

    /// Whether the clock was set, or the machine slept, since the last look.
    pub fn jumped(&mut self, now: Time, monotonic_ns: u64) -> bool {
        let Some((then, mark)) = self.seen.replace((now, monotonic_ns)) else { return false };
        let passed = monotonic_ns.saturating_sub(mark) as f64 / 1e9;
        (now.seconds() - then.seconds() - passed).abs() > JUMP_SECONDS
    }

    /// Whether a stream has been off by `skew` seconds for too long: its device's clock runs differently, or samples
    /// were lost on the way to us.
    pub fn parted(&mut self, skew: f64, monotonic_ns: u64) -> bool {
        if skew.abs() <= SKEW_SECONDS {
            self.skewed_since = None;
            return false;
        }
        let since = *self.skewed_since.get_or_insert(monotonic_ns);
        monotonic_ns.saturating_sub(since) as f64 / 1e9 > PATIENCE_SECONDS
    }

    /// A new stream is at hand.
    pub fn begin(&mut self) {
        self.skewed_since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_set_clock_and_sleep_are_jumps_and_slow_looks_are_not() {
        let mut watch = Watch::new();
        let start = Time::parse("2024-05-06T07:08:09Z").unwrap();
        assert!(!watch.jumped(start, 0));
        assert!(!watch.jumped(start.plus(40.0), 40 * SECOND), "it was only looked at late");
        assert!(watch.jumped(start.plus(86_441.0), 41 * SECOND), "a day forward");
        assert!(!watch.jumped(start.plus(86_442.0), 42 * SECOND));
        assert!(watch.jumped(start, 43 * SECOND), "and back");
    }

    #[test]
    fn sound_that_comes_late_is_waited_for_and_a_wrong_clock_is_not() {
        let mut watch = Watch::new();
        assert!(!watch.parted(2.0, 0));
        assert!(!watch.parted(0.1, 2 * SECOND), "it caught up");
        assert!(!watch.parted(-1.5, 3 * SECOND));
        assert!(!watch.parted(-1.5, 5 * SECOND));
        assert!(watch.parted(-1.5, 7 * SECOND));
        watch.begin();
        assert!(!watch.parted(-1.5, 8 * SECOND));
    }
}
