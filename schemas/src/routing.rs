//! Routing rules as they are written, kept and answered: plain data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is done with records of some topics: a condition, changes, and where the result goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RoutingRule {
    /// 1 to 64 of a-z, 0-9, `-`, `_` and `.`
    pub id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Higher is tried first; rules of one priority in the order of their ids.
    #[serde(default)]
    pub priority: i32,
    /// Topics, with `*` for any one part and a last `**` for one or more: `device.health.*.raw`.
    pub inputs: Vec<String>,
    /// CEL; without one, every record. It knows `topic`, `schema`, `producer`, `device_id`, `message_id`, `trace_id`,
    /// `recorded_at`, `received_at` (RFC 3339), `partition`, `offset`, `hops` and `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Done in order, to a copy of `data`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<Transform>,
    /// Every one of these topics gets the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    /// One more, chosen by what a field holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// No rule after this one sees a record that this one matched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop: bool,
}

fn yes() -> bool {
    true
}

/// A topic chosen from a closed table by a field's value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// JSON pointer (RFC 6901) into the transformed `data`; texts, numbers and booleans are looked up as they are written.
    pub field: String,
    /// Value to topic.
    pub table: BTreeMap<String, String>,
    /// Where everything else goes; without it, nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
}

/// One change to `data`. Fields are named by JSON pointers; a field that is not there is left alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transform {
    /// Moves a field; objects on the way to `to` are made.
    Rename { from: String, to: String },
    /// Leaves fields out.
    Drop { fields: Vec<String> },
    /// Writes a fixed value.
    Set {
        field: String,
        #[cfg_attr(feature = "openapi", schema(value_type = Object))]
        value: Value,
    },
    /// Covers texts, numbers and everything below the field: with `text`, keeping the last few characters, or by what the
    /// privacy filter's policy finds.
    Mask {
        field: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<String>,
        #[serde(default, skip_serializing_if = "is_zero")]
        keep_last: u8,
        /// `owner` or `shared`: only what that policy finds is covered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<String>,
    },
    /// Another type; a value that cannot be one fails the rule.
    Cast { field: String, to: CastTo },
    /// Objects inside become fields beside: `{"a": {"b": 1}}` is `{"a_b": 1}`.
    Flatten {
        /// The whole payload unless told.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        field: String,
        #[serde(default = "underscore")]
        separator: String,
    },
    /// A time written another way.
    Timestamp {
        field: String,
        from: TimeForm,
        to: TimeForm,
        /// Where it goes; its own place unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        into: Option<String>,
    },
    /// What a regular expression finds in a text: its named groups become fields of `into`.
    Extract { field: String, pattern: String, into: String },
    /// Every match of a regular expression replaced; `$name` stands for a group.
    Replace { field: String, pattern: String, with: String },
}

fn is_zero(n: &u8) -> bool {
    *n == 0
}
fn underscore() -> String {
    "_".into()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CastTo {
    Text,
    Integer,
    Number,
    Boolean,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimeForm {
    Rfc3339,
    UnixSeconds,
    UnixMilliseconds,
    UnixMicroseconds,
}

/// What a rule has done since Loom started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleFigures {
    /// Records it took.
    pub matched: u64,
    /// Records it made.
    pub emitted: u64,
    /// Records it could not be tried on, change, or write: parked, or its condition did not come to an answer.
    pub failed: u64,
    /// When it last took one, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_matched_at: Option<String>,
    /// Why it last failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// Spent on its condition and changes, seconds.
    pub seconds: f64,
}

/// A rule as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleRow {
    #[serde(flatten)]
    pub rule: RoutingRule,
    pub figures: RuleFigures,
}
