//! Consumer groups: who reads what, how far, and with which state.

use std::collections::BTreeMap;

use super::record::NewRecord;
use super::rows::RowChanges;
use super::topic::TopicName;
use crate::env::Time;

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub topic: TopicName,
    pub partition: u32,
}

/// The next offset to read, by partition; what is absent stands at the start.
pub type Positions = BTreeMap<Position, u64>;

/// Asking to be a group's member.
#[derive(Clone, Debug)]
pub struct Join {
    pub group: String,
    /// Unique to this process and stage.
    pub member: String,
    pub host: String,
    pub topics: Vec<TopicName>,
}

/// Being a group's member: the epoch fences whoever was it before.
#[derive(Clone, Debug)]
pub struct Membership {
    pub group: String,
    pub member: String,
    pub epoch: u64,
    pub positions: Positions,
    /// Revision and bytes, as the last commit left them.
    pub state: Option<(u32, Vec<u8>)>,
    /// The last whole second the stage was told of.
    pub tick: Option<Time>,
}

/// One step of a stage.
#[derive(Clone, Debug)]
pub struct Commit {
    pub group: String,
    pub epoch: u64,
    /// Where the group must stand for this to count (compare and set), for each partition moved.
    pub from: Positions,
    pub to: Positions,
    pub outputs: Vec<NewRecord>,
    /// `None` leaves it as it is.
    pub state: Option<(u32, Vec<u8>)>,
    pub tick: Option<Time>,
    /// To the rows that the group keeps by key.
    pub rows: RowChanges,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub id: String,
    pub host: String,
    pub joined_at: Time,
    pub last_heartbeat: Time,
}

/// A group as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupState {
    pub group: String,
    pub members: Vec<Member>,
    pub topics: Vec<TopicName>,
    pub committed: Positions,
    /// Records not yet committed, by partition.
    pub lag: BTreeMap<Position, u64>,
    pub last_commit: Option<Time>,
}

/// A member silent for longer is gone.
pub const MEMBER_TIMEOUT_SECONDS: f64 = 10.0;

impl GroupState {
    /// In Kafka's words: a group with a living member is `Stable`, one without `Empty`.
    pub fn state(&self) -> &'static str {
        if self.members.is_empty() { "Empty" } else { "Stable" }
    }
    pub fn total_lag(&self) -> u64 {
        self.lag.values().sum()
    }
}
