//! Which rules a record can concern: by topic, then by what their conditions demand of a field. A thousand rules that each
//! ask for another value cost one look into a hash table, not a thousand questions.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::compiled::Compiled;
use super::condition::{Key, Lifted, Path, View};
use crate::bus::TopicName;

/// Topics remembered at once.
const MOST_TOPICS: usize = 1_024;

/// Of one set of rules, by their places in it. Topics are worked out when they are first seen.
#[derive(Debug, Default)]
pub struct Index {
    topics: Mutex<HashMap<TopicName, Arc<OfTopic>>>,
}

/// The rules that read one topic.
#[derive(Debug, Default)]
pub struct OfTopic {
    /// Asked about every record.
    always: Vec<usize>,
    by_value: BTreeMap<Path, HashMap<Key, Vec<usize>>>,
    /// Sorted by the number demanded, least first.
    at_least: BTreeMap<Path, Vec<(f64, usize)>>,
    /// Sorted by the number demanded, greatest first.
    at_most: BTreeMap<Path, Vec<(f64, usize)>>,
}

impl Index {
    pub fn of(&self, rules: &[Arc<Compiled>], topic: &TopicName) -> Arc<OfTopic> {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = topics.get(topic) {
            return known.clone();
        }
        if topics.len() >= MOST_TOPICS {
            topics.clear();
        }
        let made = Arc::new(OfTopic::build(rules, topic));
        topics.insert(topic.clone(), made.clone());
        made
    }
}

impl OfTopic {
    fn build(rules: &[Arc<Compiled>], topic: &TopicName) -> Self {
        let mut this = Self::default();
        for (i, rule) in rules.iter().enumerate().filter(|(_, r)| r.reads(topic)) {
            match rule.condition.as_ref().and_then(|c| c.lifted.clone()) {
                None => this.always.push(i),
                Some(Lifted::OneOf(path, keys)) => {
                    let by_value = this.by_value.entry(path).or_default();
                    for k in keys {
                        by_value.entry(k).or_default().push(i);
                    }
                }
                Some(Lifted::AtLeast(path, n)) => this.at_least.entry(path).or_default().push((n, i)),
                Some(Lifted::AtMost(path, n)) => this.at_most.entry(path).or_default().push((n, i)),
            }
        }
        this.at_least.values_mut().for_each(|l| l.sort_by(|a, b| a.0.total_cmp(&b.0)));
        this.at_most.values_mut().for_each(|l| l.sort_by(|a, b| b.0.total_cmp(&a.0)));
        this
    }

    /// Places of the rules to ask, in the set's order.
    pub fn candidates(&self, view: &View) -> Vec<usize> {
        let mut found = self.always.clone();
        for (path, keys) in &self.by_value {
            found.extend(path.of(view).and_then(|k| keys.get(&k)).into_iter().flatten());
        }
        let number = |path: &Path| match path.of(view) {
            Some(Key::Number(n)) => Some(n),
            _ => None,
        };
        for (path, demands) in &self.at_least {
            let Some(n) = number(path) else { continue };
            found.extend(demands.iter().take_while(|d| d.0 <= n).map(|d| d.1));
        }
        for (path, demands) in &self.at_most {
            let Some(n) = number(path) else { continue };
            found.extend(demands.iter().take_while(|d| d.0 >= n).map(|d| d.1));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
