//! What the HTTP API and `--json` answer.

use serde::{Deserialize, Serialize};

use crate::payload::{Masked, Word};

/// A record as every answer carries it. Times are RFC 3339 in UTC, microseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Envelope {
    pub schema: String,
    pub message_id: String,
    pub device_id: String,
    pub recorded_at: String,
    pub received_at: String,
    pub trace_id: String,
    pub span_id: String,
    /// `null` once erased.
    pub data: serde_json::Value,
    pub topic: String,
    pub partition: u32,
    pub offset: u64,
    pub producer: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicRow {
    pub topic: String,
    pub records: u64,
    pub low: u64,
    pub high: u64,
    pub bytes: u64,
    pub schema: String,
    pub class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_received_at: Option<String>,
}

/// How many records came in each of as many equal spans of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicVolume {
    /// When the oldest that is kept came; none, and no spans, where none is kept.
    pub from: Option<String>,
    /// When the newest came.
    pub to: Option<String>,
    pub bars: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupRow {
    pub group: String,
    /// `Stable`, `Empty`.
    pub state: String,
    pub members: u64,
    pub lag: u64,
    pub topics: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupDetail {
    #[serde(flatten)]
    pub row: GroupRow,
    pub member_list: Vec<MemberRow>,
    pub offsets: Vec<OffsetRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_commit: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberRow {
    pub id: String,
    pub host: String,
    pub joined_at: String,
    pub last_heartbeat: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OffsetRow {
    pub topic: String,
    pub partition: u32,
    pub committed: u64,
    pub end: u64,
    pub lag: u64,
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineRow {
    pub message_id: String,
    pub recorded_at: String,
    pub duration_s: f64,
    pub device_id: String,
    pub source: String,
    pub text: String,
    pub words: Vec<Word>,
    pub masked: Vec<Masked>,
    pub language: String,
    pub audio: Option<AudioLink>,
    #[serde(default)]
    pub starred: bool,
    /// The text is the owner's; the recogniser's is in `original`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
}

/// A search hit, best first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchHit {
    pub message_id: String,
    pub recorded_at: String,
    pub duration_s: f64,
    pub device_id: String,
    pub text: String,
    /// What was found stands between `[` and `]`.
    pub snippet: String,
    pub score: f64,
    pub audio: Option<AudioLink>,
}

/// Where a player finds the sound: WAV, with HTTP ranges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AudioLink {
    pub href: String,
}

/// One line of `loom doctor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    pub check: String,
    /// `ok`, `warn`, `fail`
    pub state: String,
    pub message: String,
    pub fix: Option<String>,
    /// A fix that is safe to press: what the button says, and what is then sent to the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

/// A request that a page's button sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Action {
    pub title: String,
    /// `POST`
    pub method: String,
    pub path: String,
}

/// `/api/kafka/structure` in Loom v2's shape.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Structure {
    pub producers: Vec<ProducerNode>,
    pub topics: Vec<TopicNode>,
    pub consumers: Vec<ConsumerNode>,
    pub flows: Vec<Flow>,
    /// The first words of the topics' names.
    #[serde(default)]
    pub categories: Vec<String>,
    #[serde(default)]
    pub stats: StructureStats,
}

/// How much of each there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StructureStats {
    pub producers: u64,
    pub topics: u64,
    pub consumers: u64,
    pub flows: u64,
    /// Kept, over all topics.
    pub records: u64,
    /// Over all groups.
    pub lag: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProducerNode {
    pub id: String,
    pub label: String,
    pub description: String,
    pub output_topics: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TopicNode {
    pub name: String,
    pub category: String,
    pub data_type: String,
    pub stage: String,
    pub description: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConsumerNode {
    pub group_id: String,
    pub label: String,
    pub description: String,
    pub subscribed_topics: Vec<String>,
    pub produces_topics: Vec<String>,
    pub status: String,
    pub member_count: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Flow {
    pub source: String,
    pub processor: String,
    pub destination: String,
    /// `healthy`, `lagging`, `down`
    pub health: String,
    pub lag: u64,
}

/// Something the privacy filter would cover, as `loom privacy analyze` shows it; places are Unicode scalar values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrivacyFinding {
    pub entity_type: String,
    pub start: u32,
    pub end: u32,
    /// 0 to 1.
    pub score: f32,
    /// For a person; never quotes the text.
    pub why: String,
}

/// How much came in a span of time, of one topic and device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountRow {
    /// Where the span begins.
    pub start: String,
    pub topic: String,
    pub device_id: String,
    pub records: u64,
    /// Of transcripts.
    pub words: u64,
    /// Of sound that the records stand for.
    pub seconds: f64,
}
