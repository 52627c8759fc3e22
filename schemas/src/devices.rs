//! Devices, and which of them are one person's, as the API answers: plain data.

use serde::{Deserialize, Serialize};

/// A device as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceRow {
    /// UUIDv8, or the UUID it came with.
    pub device_id: String,
    /// The name it came under, where that was no UUID.
    pub alias: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// `mobile_android`, `laptop` …
    pub device_type: Option<String>,
    pub platform: Option<String>,
    pub model: Option<String>,
    /// The family of the program that sends.
    pub agent: Option<String>,
    /// A short mark of what it says of itself, another one on every install; absent where that is too little.
    pub fingerprint: Option<String>,
    /// What the group of one person's devices is called; absent where it is alone.
    pub group_id: Option<String>,
    pub tags: Vec<String>,
    pub first_seen_at: String,
    pub last_seen_at: Option<String>,
    /// It sent something within a day, and may.
    pub is_active: bool,
    /// It may send nothing any more.
    pub revoked_at: Option<String>,
    /// This machine itself.
    pub own: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceRows {
    pub devices: Vec<DeviceRow>,
    pub total: usize,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkRow {
    pub link_id: String,
    /// Two, in the order of their ids.
    pub device_ids: [String; 2],
    pub confidence_score: f64,
    pub evidence: String,
    /// `owner`, or the service that found it.
    pub given_by: String,
    pub note: Option<String>,
    pub changed_at: String,
    /// It was taken back.
    pub removed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkRows {
    pub links: Vec<LinkRow>,
    pub total: usize,
}

/// Two devices that look like one person's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuggestionRow {
    pub device_ids: [String; 2],
    pub confidence_score: f64,
    /// As `POST /link` takes it.
    pub evidence: String,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuggestionRows {
    pub suggestions: Vec<SuggestionRow>,
    pub total: usize,
}
