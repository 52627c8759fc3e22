//! The log: topics, offsets, groups, dead letters. One trait; memory and SQLite implement it here,
//! Kafka in `sync`. What is promised: order in a partition; outputs, offsets, state and tick of a
//! stage in one commit; fencing; durable when acknowledged; repeats dropped by id while the first
//! is retained. Not promised: dense offsets, order across partitions.

mod group;
pub mod memory;
mod news;
mod record;
mod rows;
pub mod sqlite;
mod topic;
pub mod wall;

use std::time::Duration;

pub use group::{Commit, GroupState, Join, MEMBER_TIMEOUT_SECONDS, Member, Membership, Position, Positions};
pub use record::{Again, Appended, Headers, NewRecord, Origin, Record, SourceRange, Trace};
pub use rows::{MOST_ROWS, Row, RowChanges, RowCount};
pub use topic::{Class, Compression, Retention, Settings, TopicName, TopicState, catalogued, names, of_classic};

use crate::env::Time;
use crate::error::Result;

/// The log. Calls block; they never hold a lock while the caller works.
pub trait Bus: Send + Sync {
    /// Creates a topic with these settings; an existing one keeps its own.
    fn create(&self, settings: &Settings) -> Result<()>;
    /// Every topic with its bounds and size, by name.
    fn topics(&self) -> Result<Vec<TopicState>>;
    fn topic(&self, name: &TopicName) -> Result<Option<TopicState>>;

    /// Appends all or none, in order, and returns once they survive power loss. A topic that does
    /// not exist is made with the catalogue's settings. A repeat answers with the first's offset.
    /// What was made from an erased record lands without its value, but for Loom's own account.
    ///
    /// Errors: `Invalid` for a topic behind the wall without a permit, `Stop` when the disk is full.
    fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Appended>>;

    /// At most `max_records` records, and about `max_bytes` of values, from `from` on (or the oldest kept).
    fn read(&self, topic: &TopicName, partition: u32, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<Record>>;
    /// The first offset received at or after `time`; the end if there is none.
    fn offset_at(&self, topic: &TopicName, partition: u32, time: Time) -> Result<u64>;
    /// Every record appended from now on has a `received_at` at or after this.
    fn watermark(&self) -> Result<Time>;
    /// Waits until something was committed after `seen` (a counter, 0 at first), or the time is up; gives the counter.
    fn wait(&self, seen: u64, timeout: Duration) -> u64;
    /// The same, until records were brought to one of these topics, or to any where none is named; `None` when the time
    /// is up. It may come back early.
    fn wait_for_records(&self, _topics: &[TopicName], seen: u64, timeout: Duration) -> Option<u64> {
        Some(self.wait(seen, timeout))
    }

    /// Becomes the one member of a group; whoever was it before is fenced.
    fn join(&self, join: &Join) -> Result<Membership>;
    /// Says the member lives. `Stop` if another took its place.
    fn heartbeat(&self, membership: &Membership) -> Result<()>;
    fn leave(&self, membership: &Membership) -> Result<()>;
    /// Outputs, offsets, state, keyed rows and tick, all or none. `Stop` if fenced or the offsets are not those committed last.
    fn commit(&self, commit: Commit) -> Result<Vec<Appended>>;
    /// Every group with members, committed offsets and lag, by name.
    fn groups(&self) -> Result<Vec<GroupState>>;
    /// Moves a group and forgets its state, its rows and its tick. `Invalid` while a member lives.
    fn seek(&self, group: &str, positions: &Positions) -> Result<()>;

    /// What a group's last commit left under each of these keys.
    fn rows(&self, group: &str, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>>;
    /// Keys that begin with `prefix` and come after `after`, with what stands under them, by key; at most `most`.
    fn rows_from(&self, group: &str, prefix: &[u8], after: Option<&[u8]>, most: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>>;
    fn row_count(&self, group: &str) -> Result<RowCount>;

    /// Deletes what is past its topic's retention, and rows past their time, in short transactions; how many records went.
    fn retain(&self) -> Result<u64>;
    /// Erases values, keeping offsets and ids; how many had one.
    fn erase(&self, topic: &TopicName, partition: u32, offsets: &[u64]) -> Result<u64>;
}

/// The topics that records go to, each once.
fn topics_of(records: &[NewRecord]) -> Vec<TopicName> {
    let mut topics: Vec<TopicName> = Vec::new();
    for r in records {
        if topics.last() != Some(&r.topic) && !topics.contains(&r.topic) {
            topics.push(r.topic.clone());
        }
    }
    topics
}
