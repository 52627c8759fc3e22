//! How fast groups commit. The log knows how far each has come, not since when: so what was asked last is remembered.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::bus::{GroupState, Position, TopicName};

/// Samples are so far apart, and the oldest is so old, at least.
const APART_NS: u64 = 5_000_000_000;
const OLDEST_NS: u64 = 60_000_000_000;

type Committed = BTreeMap<(String, Position), u64>;

/// Where groups stood at the last few questions.
#[derive(Default)]
pub struct Pace(Mutex<VecDeque<(u64, Committed)>>);

/// Records a second by group and topic, over about the last minute.
pub type Rates = BTreeMap<(String, TopicName), f64>;

impl Pace {
    /// Nothing at the first question: there is nothing to compare with.
    pub fn rates(&self, groups: &[GroupState], now_ns: u64) -> Option<Rates> {
        let now: Committed = groups.iter().flat_map(|g| g.committed.iter().map(|(p, n)| ((g.group.clone(), p.clone()), *n))).collect();
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The newest sample that is a minute old is as far back as is looked.
        while samples.get(1).is_some_and(|(at, _)| now_ns.saturating_sub(*at) >= OLDEST_NS) {
            samples.pop_front();
        }
        let rates = samples.front().filter(|(at, _)| now_ns > *at).map(|(at, then)| between(then, &now, (now_ns - at) as f64 / 1e9));
        if samples.back().is_none_or(|(at, _)| now_ns.saturating_sub(*at) >= APART_NS) {
            samples.push_back((now_ns, now));
        }
        rates
    }
}

fn between(then: &Committed, now: &Committed, seconds: f64) -> Rates {
    let mut rates = Rates::new();
    for ((group, at), n) in now {
        // A group that was moved back has not committed less than nothing.
        let more = n.saturating_sub(then.get(&(group.clone(), at.clone())).copied().unwrap_or(0));
        *rates.entry((group.clone(), at.topic.clone())).or_insert(0.0) += more as f64 / seconds;
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn group(n: u64) -> Vec<GroupState> {
        let at = Position { topic: TopicName::of("a.b.c"), partition: 0 };
        let committed = [(at, n)].into();
        let (group, members, topics, lag) = ("g-consumer".into(), Vec::new(), Vec::new(), BTreeMap::new());
        vec![GroupState { group, members, topics, committed, lag, last_commit: None }]
    }
    fn rate(of: Option<Rates>) -> Option<f64> {
        of?.values().next().copied()
    }

    #[test]
    fn a_rate_is_what_was_committed_since_a_minute_ago() {
        let pace = Pace::default();
        assert_eq!(rate(pace.rates(&group(100), S)), None, "nothing to compare with");
        assert_eq!(rate(pace.rates(&group(120), 11 * S)), Some(2.0));
        for t in (21..300).step_by(10) {
            pace.rates(&group(120), t * S);
        }
        assert_eq!(rate(pace.rates(&group(120), 300 * S)), Some(0.0));
        assert_eq!(rate(pace.rates(&group(50), 301 * S)), Some(0.0), "a reset is no commit");
        assert!(pace.0.lock().unwrap().len() < 20);
    }
}
