//! What services from outside say and hear as members of consumer groups, over REST and `/ws`.

use serde::{Deserialize, Serialize};

use crate::api::Envelope;

/// A place in a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NextOffset {
    pub topic: String,
    #[serde(default)]
    pub partition: u32,
    /// The first offset that is not yet processed.
    pub next: u64,
}

/// Asking for a place in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinGroup {
    /// 1 to 32; every member of a group reads the same.
    pub topics: Vec<String>,
    /// Where a group that never committed begins: `beginning` (unless told), `end`, or an RFC 3339 time.
    #[serde(default)]
    pub from: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinedGroup {
    pub group: String,
    /// What the member calls itself from here on.
    pub member_id: String,
    /// Else it stands by until the active member is gone.
    pub active: bool,
    /// Where the group stands; none while standing by.
    pub positions: Vec<NextOffset>,
    /// A member that is silent for longer is gone, seconds.
    pub silent_for_at_most_s: f64,
}

/// Records for a member, in order within each partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupRecords {
    /// Else it stands by, and there are none.
    pub active: bool,
    pub records: Vec<Envelope>,
    /// What to commit once these are processed.
    pub positions: Vec<NextOffset>,
    /// As much is on its way as may be: nothing more comes before a commit.
    pub full: bool,
}

/// What was processed; without positions, everything that was handed out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommitGroup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positions: Option<Vec<NextOffset>>,
}

/// Where the group stands now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupCommitted {
    pub positions: Vec<NextOffset>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupMembership {
    /// Else it stands by.
    pub active: bool,
}
