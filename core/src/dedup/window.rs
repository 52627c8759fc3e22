//! When a record is near enough to a first to be its repeat, and for how long a first is remembered.
//!
//! Near is a matter of `recorded_at`, either way: what was recorded earlier may come later. The window is counted from the
//! first, so no chain of repeats makes it longer. Remembering is a matter of the log's own time: senders' clocks may be a year
//! off, and a phone that was away brings days in a minute. The watermark of a topic is the `received_at` of its newest
//! record less the lateness. A first is let go once it was received a window before the watermark: by then whatever was
//! recorded within its window and came in time has come.

use crate::env::Time;

const US: i64 = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    length_us: i64,
    lateness_us: i64,
}

impl Window {
    /// Of so many seconds, 1 to [`super::LONGEST_S`].
    pub fn new(length_s: u64, lateness_s: u64) -> Self {
        let us = |s: u64| s.min(super::LONGEST_S) as i64 * US;
        Self { length_us: us(length_s).max(US), lateness_us: us(lateness_s) }
    }

    pub fn holds(self, first: Time, t: Time) -> bool {
        t.0.saturating_sub(first.0).saturating_abs() <= self.length_us
    }

    /// Time is cut into slots as long as the window. Two firsts alike are more than a window apart, so a slot has one at most,
    /// and what is near to a record lies in its own slot or beside it.
    pub fn slots(self, t: Time) -> [i64; 3] {
        let slot = self.slot(t);
        [slot - 1, slot, slot + 1]
    }

    pub fn slot(self, t: Time) -> i64 {
        t.0.div_euclid(self.length_us)
    }

    /// Until when a first is remembered that was received then.
    pub fn expires(self, received_at: Time) -> Time {
        Time(received_at.0.saturating_add(self.length_us).saturating_add(self.lateness_us))
    }

    pub fn watermark(self, received_at: Time) -> Time {
        Time(received_at.0.saturating_sub(self.lateness_us))
    }

    /// Whether its first may have been let go before it came.
    pub fn is_late(self, recorded_at: Time, received_at: Time) -> bool {
        recorded_at < self.watermark(received_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_either_way_and_in_a_neighbouring_slot() {
        let w = Window::new(10, 5);
        let t = Time::from_secs;
        for (first, other, near) in [(100, 110, true), (100, 90, true), (100, 111, false), (100, 89, false), (-3, 4, true), (0, 0, true)] {
            assert_eq!(w.holds(t(first), t(other)), near, "{first} {other}");
            assert!(!near || w.slots(t(other)).contains(&w.slot(t(first))), "{first} {other}");
        }
        for extreme in [Time(i64::MAX), Time(i64::MIN), Time(0)] {
            assert!(w.holds(extreme, extreme) && w.slots(extreme).contains(&w.slot(extreme)));
            assert!(w.expires(extreme) >= extreme && w.watermark(extreme) <= extreme);
        }
    }

    /// Whatever was recorded within the window and comes within the lateness finds its first.
    #[test]
    fn a_first_is_remembered_until_the_watermark_has_passed_its_window() {
        let w = Window::new(10, 5);
        let (recorded, received) = (Time::from_secs(100), Time::from_secs(101));
        let last_in_time = Time::from_secs(110 + 5);
        assert!(w.holds(recorded, Time::from_secs(110)) && !w.is_late(Time::from_secs(110), last_in_time));
        assert!(w.expires(received) >= last_in_time);
        assert!(w.is_late(Time::from_secs(110), last_in_time.plus(0.1)));
    }

    #[test]
    fn a_slot_never_holds_two_firsts() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..20_000 {
            let w = Window::new(rng.u64(1..2_000), 0);
            let (a, b) = (Time(rng.i64(-4_000_000_000..4_000_000_000)), Time(rng.i64(-4_000_000_000..4_000_000_000)));
            assert!(w.holds(a, b) || w.slot(a) != w.slot(b), "{w:?} {a:?} {b:?}");
            assert!(!w.holds(a, b) || w.slots(b).contains(&w.slot(a)), "{w:?} {a:?} {b:?}");
        }
    }
}
