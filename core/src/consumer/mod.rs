//! Services from outside as consumers: join, poll, commit, heartbeat, leave; whichever wire they come by. A member's place
//! is here, in memory; how far its group has read is on the log, so nothing is lost with either. At least once: what was
//! handed out and not committed comes again, to the next member.
//!
//! One member of a group is active, the others stand by; the first of them that asks after the active one is gone takes
//! over, and whoever was active before is fenced. A member that says nothing for [`MEMBER_TIMEOUT_SECONDS`] is gone.

mod name;
mod roster;
mod seat;
mod session;

pub use name::{is_service, parse_group};
pub use roster::Consumers;
pub use seat::Seen;
pub use session::Page;

use crate::bus::{Class, MEMBER_TIMEOUT_SECONDS, Positions, TopicName};
use crate::env::Time;
use crate::error::{Error, Kind};
use crate::privacy::{Destination, Plugin};

/// Handed out and not committed, over all topics of a member.
pub const IN_FLIGHT_RECORDS: usize = 1000;
pub const IN_FLIGHT_BYTES: usize = 8 << 20;
/// In one page.
pub const PAGE_RECORDS: usize = 500;
pub const TOPICS: usize = 32;
/// Of one group, the active one included; and of all groups.
pub const GROUP_MEMBERS: usize = 16;
pub const MEMBERS: usize = 128;
/// Who holds records for so long and commits none of them is gone: it hangs, and another may not.
pub const STALLED_SECONDS: f64 = 300.0;
/// Between two heartbeats, for those who hold a connection open.
pub const BEAT_SECONDS: f64 = MEMBER_TIMEOUT_SECONDS / 3.0;

/// Where a group begins in a partition in which it never committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    #[default]
    Beginning,
    End,
    At(Time),
}

impl From {
    /// `beginning`, `end`, or an RFC 3339 time.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "" | "beginning" => Ok(Self::Beginning),
            "end" => Ok(Self::End),
            time => Time::parse(time).map(Self::At).map_err(|_| Refusal::Wrong("from is `beginning`, `end` or an RFC 3339 time".into())),
        }
    }
}

/// On whose behalf a consumer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// It holds the owner's token, on this machine.
    Owner,
    /// It was let in without: it gets what may leave.
    Plugin,
}

impl Reader {
    pub fn may_read(self, class: Class) -> bool {
        self == Self::Owner || Plugin::may_read(class)
    }
}

/// Asking for a place in a group.
#[derive(Clone, Debug)]
pub struct Ask {
    pub group: String,
    pub topics: Vec<TopicName>,
    pub from: From,
    pub reader: Reader,
    /// Where it runs, for a person.
    pub host: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    pub member: String,
    /// Else it stands by.
    pub active: bool,
    pub positions: Positions,
}

/// Why a consumer does not get what it asked for.
#[derive(Debug)]
pub enum Refusal {
    /// It asked wrongly: a sentence.
    Wrong(String),
    NotFound(String),
    /// The wall.
    Forbidden(String),
    /// As things are now: somebody else's group, or turn.
    Conflict(String),
    /// It is no member any more: it has to join again.
    Gone(&'static str),
    /// A bound was hit.
    Full(&'static str),
    Failed(Error),
}

impl std::convert::From<Error> for Refusal {
    fn from(e: Error) -> Self {
        match e.kind {
            Kind::Invalid => Self::Wrong(e.message().into()),
            _ => Self::Failed(e),
        }
    }
}

pub type Result<T> = std::result::Result<T, Refusal>;

#[cfg(test)]
mod tests;
