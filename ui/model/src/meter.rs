//! Rates and lag over time, from counts that are read again and again.

use std::collections::{BTreeMap, VecDeque};

/// What was counted when; seconds of any clock that runs forward.
type Counts = VecDeque<(f64, u64)>;

const MINUTE_S: f64 = 60.0;
const HOUR_S: f64 = 3600.0;

/// How fast topics grow.
#[derive(Clone, Debug, Default)]
pub struct Meter(BTreeMap<String, Counts>);

impl Meter {
    /// Notes the offset that comes next; answers how many came since the last note.
    pub fn note(&mut self, topic: &str, at_s: f64, next: u64) -> u64 {
        let counts = self.0.entry(topic.to_string()).or_default();
        let before = counts.back().map_or(next, |(_, n)| *n);
        thin(counts, at_s);
        counts.push_back((at_s, next));
        next.saturating_sub(before)
    }

    /// Records a minute: over the last minute, and over the last hour when none came in it. `None`: not known yet.
    pub fn per_minute(&self, topic: &str, now_s: f64) -> Option<f64> {
        let counts = self.0.get(topic)?;
        let (last_s, last) = *counts.back()?;
        let over = |window_s: f64| {
            let (from_s, from) = *counts.iter().find(|(t, _)| *t >= now_s - window_s)?;
            let took = last_s - from_s;
            (took >= 4.0).then(|| last.saturating_sub(from) as f64 / took * MINUTE_S)
        };
        match over(MINUTE_S + 5.0) {
            Some(rate) if rate > 0.0 => Some(rate),
            _ => over(HOUR_S),
        }
    }
}

/// Lag by group, over the last hour.
#[derive(Clone, Debug, Default)]
pub struct Past(BTreeMap<String, Counts>);

impl Past {
    pub fn note(&mut self, group: &str, at_s: f64, lag: u64) {
        let counts = self.0.entry(group.to_string()).or_default();
        thin(counts, at_s);
        counts.push_back((at_s, lag));
    }
    pub fn of(&self, group: &str) -> Vec<(f64, u64)> {
        self.0.get(group).map(|c| c.iter().copied().collect()).unwrap_or_default()
    }
    /// Records a minute by which the lag grew over the last five minutes.
    pub fn grows(&self, group: &str) -> Option<f64> {
        let counts = self.0.get(group)?;
        let (last_s, last) = *counts.back()?;
        let (from_s, from) = *counts.iter().find(|(t, _)| *t >= last_s - 300.0)?;
        (last_s - from_s >= 15.0).then(|| (last as f64 - from as f64) / (last_s - from_s) * MINUTE_S)
    }
}

/// All of the last minute, of the hour before one each half minute.
fn thin(counts: &mut Counts, now_s: f64) {
    while counts.front().is_some_and(|(t, _)| *t < now_s - HOUR_S) {
        counts.pop_front();
    }
    let old = counts.iter().take_while(|(t, _)| *t < now_s - MINUTE_S - 10.0).count();
    let at = |i: usize| counts.get(i).map(|c| c.0);
    if let (Some(before), Some(newest)) = (old.checked_sub(2).and_then(at), old.checked_sub(1).and_then(at))
        && newest - before < 30.0
    {
        counts.remove(old - 1);
    }
}

/// A line through values over time, in a box of `w` by `h`; a flat one lies at the bottom. With a place for its last point.
pub fn spark(values: &[(f64, u64)], w: f64, h: f64) -> (String, (f64, f64)) {
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return (format!("M0 {h:.1}H{w:.1}"), (w, h)) };
    let (most, span) = (values.iter().map(|v| v.1).max().unwrap_or(0).max(1) as f64, (last.0 - first.0).max(1.0));
    let at = |(t, v): &(f64, u64)| ((t - first.0) / span * w, h - *v as f64 / most * (h - 4.0));
    let mut path = String::new();
    for (i, value) in values.iter().enumerate() {
        let (x, y) = at(value);
        path.push_str(&format!("{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" }));
    }
    if values.len() == 1 {
        path.push_str(&format!("H{w:.1}"));
        return (path, (w, at(last).1));
    }
    (path, at(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_of_the_last_minute_or_else_of_the_hour() {
        let mut meter = Meter::default();
        assert_eq!(meter.per_minute("a", 0.0), None);
        for i in 0..20 {
            assert_eq!(meter.note("a", f64::from(i) * 5.0, i as u64 * 15), if i == 0 { 0 } else { 15 });
        }
        assert_eq!(meter.per_minute("a", 95.0).map(f64::round), Some(180.0));
        for i in 20..200 {
            meter.note("a", f64::from(i) * 5.0, 285);
        }
        let slow = meter.per_minute("a", 995.0).unwrap();
        assert!(slow > 0.0 && slow < 40.0, "{slow}");
    }

    #[test]
    fn the_past_stays_small_and_says_how_lag_grows() {
        let mut past = Past::default();
        for i in 0..2000 {
            past.note("g", f64::from(i) * 5.0, i as u64);
        }
        let kept = past.of("g");
        assert!(kept.len() < 250 && kept[0].0 >= 9995.0 - 3600.0, "{} from {}", kept.len(), kept[0].0);
        assert_eq!(past.grows("g").map(f64::round), Some(12.0));
        assert_eq!(past.grows("nobody"), None);
    }

    #[test]
    fn a_spark_fills_its_box() {
        let (path, end) = spark(&[(0.0, 0), (10.0, 5), (20.0, 10)], 100.0, 20.0);
        assert_eq!((path.as_str(), end), ("M0.0 20.0L50.0 12.0L100.0 4.0", (100.0, 4.0)));
        assert_eq!(spark(&[], 10.0, 5.0).0, "M0 5.0H10.0");
    }
}
