//! The rows that a group keeps by key, as a stage sees them in one step: what the last commit left, with what this step has
//! put over it. Nothing of it is on the log before the step is.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::bus::{Bus, MOST_ROWS, Row, RowChanges};
use crate::env::Time;
use crate::error::Result;

#[derive(Clone, Default)]
pub struct Kept {
    /// Where the rows are; nowhere in a stage that is tried by itself.
    from: Option<(Arc<dyn Bus>, String)>,
    read: HashMap<Vec<u8>, Option<Vec<u8>>>,
    /// `None` is taken away.
    changed: HashMap<Vec<u8>, Option<(Vec<u8>, Time)>>,
    most_rows: Option<u64>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("read", &self.read.len()).field("changed", &self.changed.len()).finish_non_exhaustive()
    }
}

impl Kept {
    /// The rows of a group.
    pub fn of(bus: Arc<dyn Bus>, group: &str) -> Self {
        Self { from: Some((bus, group.into())), ..Self::default() }
    }

    /// Reads what stands under these keys, all at once.
    pub fn read_ahead(&mut self, mut keys: Vec<Vec<u8>>) -> Result<()> {
        keys.retain(|k| !self.read.contains_key(k));
        keys.sort_unstable();
        keys.dedup();
        let Some((bus, group)) = self.from.as_ref().filter(|_| !keys.is_empty()) else { return Ok(()) };
        let values = bus.rows(group, &keys)?;
        self.read.extend(keys.into_iter().zip(values));
        Ok(())
    }

    /// What stands under a key now.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if let Some(changed) = self.changed.get(key) {
            return Ok(changed.as_ref().map(|(value, _)| value.clone()));
        }
        if !self.read.contains_key(key) {
            self.read_ahead(vec![key.to_vec()])?;
        }
        Ok(self.read.get(key).cloned().flatten())
    }

    /// Puts a value in place of what stands under its key, until the log's time has passed `expires`.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>, expires: Time) {
        self.changed.insert(key, Some((value, expires)));
    }

    pub fn remove(&mut self, key: Vec<u8>) {
        self.changed.insert(key, None);
    }

    /// The group keeps so many rows at most.
    pub fn at_most(&mut self, rows: u64) {
        self.most_rows = Some(rows);
    }

    /// What a commit does to the rows, in the order of the keys; `past` is how far the group has come by then.
    pub(super) fn changes(self, past: Option<Time>) -> RowChanges {
        let mut changes = RowChanges { most_rows: self.most_rows.unwrap_or(MOST_ROWS), ..RowChanges::default() };
        for (key, change) in self.changed {
            match change {
                Some((value, expires)) => changes.put.push(Row { key, value, expires }),
                None => changes.removed.push(key),
            }
        }
        // Neighbours in the tree one after the other.
        changes.put.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        changes.past = past.filter(|_| !changes.is_empty());
        changes
    }
}
