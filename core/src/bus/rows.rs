//! Rows that a group keeps by key: state that is larger than memory. They change in the group's commits and nowhere else,
//! together with its outputs and offsets, so a crash finds rows and outputs of one and the same moment.

use crate::env::Time;

/// Rows of one group. Beyond them those go first that would have expired first.
pub const MOST_ROWS: u64 = 4_000_000;
/// Expired rows that go with one commit, at least; of a commit that puts many, twice as many.
const EXPIRED_A_COMMIT: usize = 4_096;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    /// By the log's own time (`received_at`). It may lie for longer: whoever reads it asks.
    pub expires: Time,
}

/// What a commit does to the rows of its group.
#[derive(Clone, Debug)]
pub struct RowChanges {
    /// In place of what stood under the same key.
    pub put: Vec<Row>,
    pub removed: Vec<Vec<u8>>,
    /// How far the group has come, by the log's own time: rows that expired before go, in steps.
    pub past: Option<Time>,
    pub most_rows: u64,
}

impl Default for RowChanges {
    fn default() -> Self {
        Self { put: Vec::new(), removed: Vec::new(), past: None, most_rows: MOST_ROWS }
    }
}

impl RowChanges {
    /// Whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.removed.is_empty() && self.past.is_none()
    }
    /// Expired rows that go with this commit.
    pub(super) fn step(&self) -> usize {
        EXPIRED_A_COMMIT.max(2 * self.put.len())
    }
}

/// How much a group keeps by key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCount {
    pub rows: u64,
    /// Of keys and values.
    pub bytes: u64,
    /// Ever removed because their time was over.
    pub expired: u64,
    /// Ever removed before their time, because there were too many.
    pub crowded_out: u64,
}

impl RowCount {
    /// Says that the bound was hit: the first time, and whenever twice as many rows went.
    pub(super) fn note_crowd(&mut self, group: &str, rows: u64) {
        let before = self.crowded_out;
        self.crowded_out += rows;
        if before.checked_ilog2() != self.crowded_out.checked_ilog2() {
            tracing::warn!(group, rows = self.crowded_out, "a group keeps more rows than it may: the oldest went before their time");
        }
    }
}
