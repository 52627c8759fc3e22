//! Rules of deduplication as they are written, kept and answered, and what is said of a duplicate: plain data.

use serde::{Deserialize, Serialize};

/// What makes a record of a topic the repeat of an earlier one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DedupRule {
    /// 1 to 64 of a-z, 0-9, `-`, `_` and `.`
    pub id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Repeats are looked for among the records of this topic.
    pub topic: String,
    #[serde(rename = "match")]
    pub by: Match,
    /// Seconds between a first and its repeats, by `recorded_at`, before or after; a repeat does not make it longer.
    pub window_s: u64,
    /// Seconds that a record may come after it was recorded and still find its first.
    #[serde(default = "a_day")]
    pub lateness_s: u64,
    /// What another device sends may be a repeat too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub across_devices: bool,
    /// A topic that gets the firsts and none of their repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
}

fn yes() -> bool {
    true
}
fn a_day() -> u64 {
    86_400
}

/// How two records are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Match {
    /// By message id: the log itself knows an id only while its record is kept.
    Id {},
    /// Every one of these fields says the same.
    Fields { fields: Vec<Field> },
    /// A text says nearly the same.
    Text {
        /// Pointers to texts, taken as one.
        fields: Vec<String>,
        /// Of the sets of their runs of four characters, from 0.5 to 1: those in both, of those in either.
        #[serde(default = "four_fifths")]
        similarity: f64,
    },
    /// A picture looks nearly the same.
    Image {
        /// Pointer to the id of a file.
        #[serde(default = "file_id")]
        field: String,
        /// Of 64 places where a picture gets brighter or darker, how many may differ, 0 to 7.
        #[serde(default = "four")]
        distance: u32,
    },
}

fn four_fifths() -> f64 {
    0.8
}
fn file_id() -> String {
    "/file_id".into()
}
fn four() -> u32 {
    4
}

/// A field, and what of it is compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// JSON pointer (RFC 6901) into `data`, or `recorded_at`.
    pub field: String,
    #[serde(default, rename = "as", skip_serializing_if = "Normal::is_as_is")]
    pub normal: Normal,
    /// Of a number, places after the point: 0 to 12; 6 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    /// Of a time, seconds it is rounded down to: 1 to 86,400; 1 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_s: Option<u32>,
}

/// What of a field is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Normal {
    /// All of it.
    #[default]
    AsIs,
    /// Letters without case, any run of white space as one space.
    Text,
    /// The digits, and a plus before them; as text where there are none.
    Digits,
    /// Rounded to `decimals`.
    Number,
    /// Rounded down to `every_s`.
    Time,
}

impl Normal {
    pub fn is_as_is(&self) -> bool {
        *self == Normal::AsIs
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DuplicateKind {
    Exact,
    Text,
    Image,
}

/// `internal.dedup.duplicates` v1: what was a duplicate of what. Ids, places and times, and nothing of what they say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Duplicate {
    /// The repeat.
    pub message_id: String,
    /// The first: of the two, the one that came first.
    pub of: String,
    pub topic: String,
    /// Of the repeat.
    pub partition: u32,
    pub offset: u64,
    /// Of the first.
    pub of_partition: u32,
    pub of_offset: u64,
    pub rule: String,
    pub kind: DuplicateKind,
    /// 1 is the same.
    pub similarity: f64,
    /// RFC 3339, of the repeat.
    pub recorded_at: String,
    pub of_recorded_at: String,
}

/// What a rule has found, since it was made as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DedupFigures {
    /// Records it was asked about.
    pub seen: u64,
    /// Firsts.
    pub unique: u64,
    /// Repeats, by kind.
    pub exact: u64,
    pub text: u64,
    pub image: u64,
    /// Records with nothing in the fields that it compares: neither firsts nor repeats.
    pub without_key: u64,
    /// Records that came later than its lateness allows: their first may have been forgotten.
    pub late: u64,
    /// Candidates that were left out because too many looked alike.
    pub left_out: u64,
    /// Records recorded before this are late, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<String>,
}

impl DedupFigures {
    pub fn duplicates(&self) -> u64 {
        self.exact + self.text + self.image
    }
}

/// A rule as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DedupRuleRow {
    #[serde(flatten)]
    pub rule: DedupRule,
    pub figures: DedupFigures,
}
