//! What flows, as a page has heard of it: rates, lag over time, who was there.

use std::collections::BTreeMap;

use loom_schemas::api::GroupRow;
use loom_schemas::live::{Flowing, TopicFlow};

use crate::groups::{Fact, Signs, state};
use crate::meter::{Meter, Past};
use crate::numbers::{count, rate};

/// Times are seconds of a clock that only runs forward.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    topics: BTreeMap<String, TopicFlow>,
    groups: BTreeMap<String, GroupRow>,
    grown: Meter,
    read: Meter,
    past: Past,
    /// Since when nobody is a member of a group that had one before.
    empty: BTreeMap<String, f64>,
    heard_s: Option<f64>,
}

/// `16/min, lag 46`: records a minute where that is known, and what waits.
pub fn says(per_minute: Option<f64>, lag: u64) -> String {
    let waits = (lag > 0).then(|| format!("lag {}", count(lag)));
    per_minute.map(rate).into_iter().chain(waits).collect::<Vec<_>>().join(", ")
}

impl Flow {
    /// Takes in what the log says flows; answers which topics grew, by how much.
    pub fn heard(&mut self, flowing: &Flowing, at_s: f64) -> Vec<(String, u64)> {
        let mut grew = Vec::new();
        for t in &flowing.topics {
            let more = self.grown.note(&t.topic, at_s, t.next);
            if more > 0 {
                grew.push((t.topic.clone(), more));
            }
            self.topics.insert(t.topic.clone(), t.clone());
        }
        self.asked(&flowing.groups, at_s);
        grew
    }

    /// Takes in how groups are.
    pub fn asked(&mut self, groups: &[GroupRow], at_s: f64) {
        self.heard_s = Some(at_s);
        self.groups.retain(|name, _| groups.iter().any(|g| g.group == *name));
        for g in groups {
            let before = self.groups.insert(g.group.clone(), g.clone());
            match (g.members, before.map(|b| b.members)) {
                (0, Some(1..)) => {
                    self.empty.insert(g.group.clone(), at_s);
                }
                (0, _) => {}
                _ => {
                    self.empty.remove(&g.group);
                }
            }
            self.past.note(&g.group, at_s, g.lag);
            let written: Option<u64> = g.topics.iter().map(|t| self.topics.get(t).map(|t| t.next)).sum();
            if let Some(written) = written {
                self.read.note(&g.group, at_s, written.saturating_sub(g.lag));
            }
        }
    }

    /// Records a minute on a topic; `None`: nothing is known of it.
    pub fn per_minute(&self, topic: &str, now_s: f64) -> Option<f64> {
        let t = self.topics.get(topic)?;
        match t.per_minute {
            0 => Some(self.grown.per_minute(topic, now_s).filter(|_| t.records > 0).unwrap_or(0.0)),
            n => Some(n as f64),
        }
    }

    /// Records a minute that a group reads; `None`: not known yet.
    pub fn reads(&self, group: &str, now_s: f64) -> Option<f64> {
        self.read.per_minute(group, now_s)
    }

    pub fn topic(&self, topic: &str) -> Option<&TopicFlow> {
        self.topics.get(topic)
    }

    /// `oldest_s`: how long the oldest record waits for the group, where that is known.
    pub fn fact(&self, group: &str, oldest_s: Option<f64>, now_s: f64) -> Fact {
        let row = self.groups.get(group);
        let silent_s = if row.is_some() { now_s - self.heard_s.unwrap_or(now_s) } else { f64::INFINITY };
        let (members, lag) = row.map_or((0, 0), |g| (g.members, g.lag));
        let empty_s = self.empty.get(group).map(|since| now_s - since);
        let oldest_s = oldest_s.filter(|_| lag > 0);
        Fact {
            group: group.into(),
            state: state(&Signs { members, lag, oldest_s, empty_s, silent_s }),
            members,
            lag,
            oldest_s,
            empty_s,
            topics: row.map(|g| g.topics.clone()).unwrap_or_default(),
        }
    }

    pub fn facts(&self, oldest_s: impl Fn(&str) -> Option<f64>, now_s: f64) -> Vec<Fact> {
        self.groups.keys().map(|g| self.fact(g, oldest_s(g), now_s)).collect()
    }

    /// Groups for which records wait, most first.
    pub fn waiting(&self) -> Vec<String> {
        let mut waiting: Vec<&GroupRow> = self.groups.values().filter(|g| g.lag > 0).collect();
        waiting.sort_by(|a, b| b.lag.cmp(&a.lag).then(a.group.cmp(&b.group)));
        waiting.into_iter().map(|g| g.group.clone()).collect()
    }

    /// Lag of a group over the last so many seconds.
    pub fn past(&self, group: &str, over_s: f64, now_s: f64) -> Vec<(f64, u64)> {
        self.past.of(group).into_iter().filter(|(t, _)| *t >= now_s - over_s).collect()
    }

    pub fn grows(&self, group: &str) -> Option<f64> {
        self.past.grows(group)
    }

    /// Seconds since the log last said how things are.
    pub fn silent_s(&self, now_s: f64) -> Option<f64> {
        self.heard_s.map(|at| now_s - at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::State;

    fn group(name: &str, members: u64, lag: u64) -> GroupRow {
        GroupRow { group: name.into(), state: "Stable".into(), members, lag, topics: vec!["a.b.c".into()] }
    }
    fn flowing(next: u64, per_minute: u64, groups: Vec<GroupRow>) -> Flowing {
        let topic = TopicFlow { topic: "a.b.c".into(), records: next, next, per_minute };
        Flowing { at: String::new(), topics: vec![topic], groups }
    }

    #[test]
    fn a_topic_says_what_is_known_of_it() {
        assert_eq!(
            [says(Some(16.0), 46), says(Some(16.0), 0), says(None, 400), says(None, 0)],
            ["16/min, lag 46", "16/min", "lag 400", ""]
        );
    }

    #[test]
    fn what_came_is_the_difference_and_the_first_news_is_none() {
        let mut flow = Flow::default();
        assert_eq!(flow.per_minute("a.b.c", 0.0), None);
        assert_eq!(flow.heard(&flowing(100, 0, vec![group("g", 1, 4)]), 0.0), []);
        assert_eq!(flow.per_minute("a.b.c", 0.0), Some(0.0));
        assert_eq!(flow.heard(&flowing(112, 12, vec![group("g", 1, 4)]), 10.0), [("a.b.c".to_string(), 12)]);
        assert_eq!(flow.per_minute("a.b.c", 10.0), Some(12.0));
        assert_eq!(flow.reads("g", 10.0), Some(72.0));
        assert_eq!(flow.waiting(), ["g"]);
    }

    #[test]
    fn a_group_that_loses_its_member_is_down_after_a_while() {
        let mut flow = Flow::default();
        flow.heard(&flowing(1, 0, vec![group("g", 1, 0), group("never", 0, 0)]), 0.0);
        assert_eq!([flow.fact("g", None, 0.0).state, flow.fact("never", None, 0.0).state], [State::Ok, State::Down]);
        flow.asked(&[group("g", 0, 2)], 10.0);
        assert_eq!(flow.fact("g", None, 20.0).state, State::Ok);
        flow.asked(&[group("g", 0, 2)], 41.0);
        assert_eq!(flow.fact("g", None, 41.0).says(), "down for 31 s");
        flow.asked(&[group("g", 1, 0)], 50.0);
        assert_eq!(flow.fact("g", None, 50.0).state, State::Ok);
        assert_eq!(flow.fact("g", None, 81.0).state, State::Unknown, "no news");
        assert_eq!(flow.fact("never", None, 50.0).state, State::Unknown, "it is gone");
    }
}
