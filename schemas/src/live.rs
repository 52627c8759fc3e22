//! What goes by the keep-latest mailbox and the WebSocket: the microphone, levels, words not yet settled.
//! None of it is on the log; a listener that comes late has missed it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::{Envelope, GroupRow, TimelineRow};
use crate::services::{CommitGroup, GroupCommitted, GroupRecords, JoinGroup, JoinedGroup};

/// What the microphone does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Listening {
    /// It was never opened: switched off, or recordings alone were asked for.
    #[default]
    Off,
    Listening,
    /// By the owner.
    Paused,
    /// The chosen device is gone; it is waited for.
    Lost,
    /// There is no microphone at all; one is waited for.
    None,
    /// The system or another program does not let Loom have it.
    Refused,
    /// The disk is full: nothing is taken in until there is room.
    Full,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaptureState {
    pub state: Listening,
    /// The device in use, or the one that is waited for, as the system calls it.
    pub device: Option<String>,
    /// The id the owner chose; `null` follows the system's default.
    pub chosen: Option<String>,
    /// Since when, RFC 3339.
    pub since: Option<String>,
    /// One sentence for a person where something is wrong: what happened, what is safe, what to do.
    pub message: Option<String>,
}

/// A microphone that can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaptureDevice {
    /// Stays the same as long as the system has it.
    pub id: String,
    pub name: String,
    /// The system's default.
    pub default: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaptureDevices {
    pub devices: Vec<CaptureDevice>,
}

/// How loud it is, ten times a second while a microphone is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Level {
    /// dBFS over the last tenth of a second; −100 for nothing.
    pub rms_db: f32,
    pub peak_db: f32,
    /// Whether the voice detector hears speech.
    pub speech: bool,
}

/// What is being said: a guess, until the line of the same start comes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Partial {
    pub stream_id: String,
    /// Where in the stream speech began.
    pub first_sample: u64,
    /// When it began, RFC 3339.
    pub began_at: String,
    /// Masked as a settled line would be; empty once nothing is being said.
    pub text: String,
}

/// What a listener of `/ws` says. The names without a comment are Loom v2's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WsIn {
    /// Begin hearing of these.
    Subscribe {
        channels: Vec<Channel>,
    },
    Unsubscribe {
        channels: Vec<Channel>,
    },
    SubscribeTopic {
        topic: String,
    },
    UnsubscribeTopic {
        topic: String,
    },
    #[serde(rename_all = "camelCase")]
    StreamLogs {
        topic: String,
        #[serde(default)]
        from_beginning: bool,
        /// Go on at this offset, after a lost connection.
        #[serde(default)]
        from_offset: Option<u64>,
    },
    StopStream {
        topic: String,
    },
    RequestMetrics,
    /// Become a member of a consumer group, one a connection: [`WsOut::JoinedGroup`], then [`WsOut::Records`] as they come.
    JoinGroup {
        group: String,
        #[serde(flatten)]
        wish: JoinGroup,
    },
    /// What was processed: [`WsOut::Committed`]. More records come as there is room for them.
    Commit(CommitGroup),
    /// Give the place up; so does the end of the connection.
    LeaveGroup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// [`WsOut::Capture`]: now, and at each change.
    Capture,
    /// [`WsOut::Level`]: ten times a second.
    Level,
    /// [`WsOut::Partial`].
    Partial,
    /// [`WsOut::Line`] and [`WsOut::LineGone`]: as they come, change and go.
    Lines,
    /// [`WsOut::Flow`]: now, and once a second while something flows.
    Flow,
}

/// What a listener of `/ws` hears, one JSON object a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WsOut {
    Capture(CaptureState),
    Level(Level),
    Partial(Partial),
    /// New, or changed (edited, starred, back from deletion): by `message_id`.
    Line(TimelineRow),
    LineGone {
        message_id: String,
    },
    Flow(Flowing),
    InitialData {
        data: Value,
    },
    MetricsUpdate {
        data: Value,
    },
    SubscriptionConfirmed {
        topic: String,
    },
    UnsubscriptionConfirmed {
        topic: String,
    },
    LogMessage {
        topic: String,
        message: LogMessage,
    },
    StreamStarted {
        topic: String,
    },
    StreamStopped {
        topic: String,
    },
    JoinedGroup(JoinedGroup),
    /// For a member: commit their `positions` once they are processed, or they come again to the next member.
    Records(GroupRecords),
    Committed(GroupCommitted),
    /// It is no member any more.
    LeftGroup {
        group: String,
    },
    /// One sentence for a person.
    Error {
        message: String,
    },
}

/// A record as Loom v2's viewers want it, with the envelope beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogMessage {
    /// The device's id.
    pub key: String,
    /// The payload as JSON text.
    pub value: String,
    /// Milliseconds since 1970, when it was received.
    pub timestamp: String,
    pub offset: String,
    pub partition: u32,
    /// RFC 3339.
    pub formatted_timestamp: String,
    pub envelope: Envelope,
}

/// What flows, for the graph: everything with `next`, so that a listener counts what passed by the difference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Flowing {
    /// RFC 3339.
    pub at: String,
    pub topics: Vec<TopicFlow>,
    pub groups: Vec<GroupRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicFlow {
    pub topic: String,
    pub records: u64,
    /// The next offset, over all partitions.
    pub next: u64,
    /// Records in the last 60 seconds.
    pub per_minute: u64,
}

/// What was asked to be forgotten: out of sight at once, erased when the time for second thoughts is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forgotten {
    /// For undoing it.
    pub forget_id: String,
    /// Until when it can be undone, RFC 3339.
    pub undo_until: String,
    /// Lines that are out of sight now.
    pub lines: u64,
}

/// A recording that was taken in: its lines come as it is listened to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Taken {
    pub stream_id: String,
    /// When its first sample was taken, RFC 3339.
    pub started_at: String,
    /// It was on the timeline before, and nothing of it comes again.
    pub known: bool,
}

/// A change to a line; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starred: Option<bool>,
    /// The owner's wording; the recogniser's is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A day as the cloth shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Day {
    /// Local date, `2026-01-31`.
    pub date: String,
    /// Where the day begins and ends, RFC 3339: not always 24 hours apart.
    pub from: String,
    pub to: String,
    pub lines: u64,
    /// Seconds of speech.
    pub speech_s: f64,
    /// One a source, by name.
    pub rows: Vec<DayRow>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayRow {
    pub source: String,
    /// For each 3 minutes from the day's begin, 0 to 7: √(share of time with speech) × 7.
    pub levels: Vec<u8>,
}

/// One setting, as a page renders it and `PATCH /api/settings` takes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettingField {
    /// As in `settings.toml`.
    pub key: String,
    /// What it stands under on the page.
    pub group: String,
    pub title: String,
    /// One sentence.
    pub about: String,
    pub control: Control,
    pub value: Value,
    pub default: Value,
    /// `default`, `file`, `environment`, `flag`: what comes from the last two cannot be changed here.
    pub from: String,
    /// A change holds from the next start on.
    pub restart: bool,
}

/// What a setting is changed with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Control {
    Switch,
    Text {
        placeholder: String,
    },
    Number {
        min: f64,
        max: f64,
        /// `bytes`, `days`, or nothing.
        unit: String,
    },
    Choice {
        choices: Vec<Choice>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Choice {
    pub value: String,
    pub title: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettingsPage {
    pub fields: Vec<SettingField>,
    /// Something was changed that holds from the next start on.
    pub restart_needed: bool,
}
