//! A group's rows, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::bus::{Row, RowChanges, RowCount};
use crate::env::Time;

#[derive(Default)]
pub(super) struct Rows {
    by_key: BTreeMap<Vec<u8>, (Time, Vec<u8>)>,
    by_expiry: BTreeSet<(Time, Vec<u8>)>,
    pub count: RowCount,
}

impl Rows {
    pub fn change(&mut self, group: &str, changes: RowChanges) {
        let step = changes.step();
        changes.removed.iter().for_each(|key| self.take(key));
        for row in changes.put {
            self.put(row);
        }
        if let Some(past) = changes.past {
            self.count.expired += self.expire(step, |t, _| t < past);
        }
        let most = changes.most_rows;
        let crowd = self.expire(usize::MAX, |_, rows| rows > most);
        if crowd > 0 {
            self.count.note_crowd(group, crowd);
        }
    }

    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.by_key.get(key).map(|(_, value)| value.clone())
    }

    pub fn from(&self, prefix: &[u8], after: Option<&[u8]>, most: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let start = after.filter(|a| *a >= prefix).map_or(Bound::Included(prefix), Bound::Excluded);
        let range = self.by_key.range::<[u8], _>((start, Bound::Unbounded));
        range.take_while(|(k, _)| k.starts_with(prefix)).take(most).map(|(k, (_, v))| (k.clone(), v.clone())).collect()
    }

    /// Takes rows away from the one that expires first on, while `goes` says so of its time and of how many there are.
    pub fn expire(&mut self, most: usize, goes: impl Fn(Time, u64) -> bool) -> u64 {
        let mut gone = 0;
        while let Some((_, key)) = self.by_expiry.first().filter(|(t, _)| (gone as usize) < most && goes(*t, self.count.rows)) {
            let key = key.clone();
            self.take(&key);
            gone += 1;
        }
        gone
    }

    fn put(&mut self, row: Row) {
        self.take(&row.key);
        self.count.rows += 1;
        self.count.bytes += (row.key.len() + row.value.len()) as u64;
        self.by_expiry.insert((row.expires, row.key.clone()));
        self.by_key.insert(row.key, (row.expires, row.value));
    }

    fn take(&mut self, key: &[u8]) {
        if let Some((expires, value)) = self.by_key.remove(key) {
            self.by_expiry.remove(&(expires, key.to_vec()));
            self.count.rows -= 1;
            self.count.bytes -= (key.len() + value.len()) as u64;
        }
    }
}
