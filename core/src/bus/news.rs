//! What was committed, told to those who wait for it.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::TopicName;

#[derive(Default)]
pub(super) struct News {
    told: Mutex<Told>,
    changed: Condvar,
}

#[derive(Default)]
struct Told {
    commits: u64,
    /// The last commit that brought records, in all and to each topic.
    landed: u64,
    by_topic: HashMap<TopicName, u64>,
}

impl Told {
    fn landed(&self, topics: &[TopicName]) -> u64 {
        if topics.is_empty() { self.landed } else { topics.iter().filter_map(|t| self.by_topic.get(t)).copied().max().unwrap_or(0) }
    }
}

impl News {
    /// After a commit, with the topics it brought records to.
    pub fn tell(&self, topics: Vec<TopicName>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.commits += 1;
        let now = told.commits;
        if !topics.is_empty() {
            told.landed = now;
        }
        told.by_topic.extend(topics.into_iter().map(|t| (t, now)));
        self.changed.notify_all();
    }

    pub fn wait(&self, seen: u64, timeout: Duration) -> u64 {
        self.wait_while(timeout, |told| told.commits <= seen).0
    }

    pub fn wait_for_records(&self, topics: &[TopicName], seen: u64, timeout: Duration) -> Option<u64> {
        let (commits, late) = self.wait_while(timeout, |told| told.landed(topics) <= seen);
        (!late).then_some(commits)
    }

    /// The counter, and whether the time is up.
    fn wait_while(&self, timeout: Duration, nothing_new: impl Fn(&Told) -> bool) -> (u64, bool) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(told, timeout, |told| nothing_new(told));
        let (told, timed) = waited.unwrap_or_else(PoisonError::into_inner);
        (told.commits, timed.timed_out())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_records_sleeps_through_commits_that_bring_none_there() {
        let news = News::default();
        let both = ["device.test.a", "device.test.b"].map(TopicName::of);
        let landed = || [&[][..], &both[..1], &both[1..], &both].map(|topics| news.told.lock().unwrap().landed(topics));
        news.tell(both[..1].to_vec());
        news.tell(Vec::new());
        assert_eq!(landed(), [1, 1, 0, 1]);
        news.tell(both[1..].to_vec());
        assert_eq!(landed(), [3, 1, 3, 3]);
    }
}
