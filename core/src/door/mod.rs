//! The door: what comes from outside, in whatever of the known shapes, becomes an [`Offer`] in the one shape its topic has;
//! an offer that names its device, fits its schema and may be written becomes a record. One file a shape.

mod batch;
mod desk;
mod hear;
mod lift;
mod made;
mod pace;
mod paths;
mod sequence;
mod shape;
pub mod sound;
pub mod strict;
mod take;
mod time;

pub use lift::{Lifted, stream_of};
pub use pace::Pace;
pub use paths::{Entry, PATHS, entry};
pub use sequence::Sequences;
pub use shape::{bytes_field, cloud_events, offers, overland, own_tracks, unified};
pub use take::{Door, Outcome, Request, Taken};
pub use time::parse_time;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::bus::TopicName;
use crate::env::Time;

/// One record on offer: in the shape of its topic, not yet held against its schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub topic: TopicName,
    /// A UUID, or the name its owner gave it; `None` where none was said.
    pub device: Option<String>,
    pub recorded_at: Option<Time>,
    pub message_id: Option<Uuid>,
    pub trace_id: Option<[u8; 16]>,
    /// Name and version; the topic's own unless said.
    pub schema: Option<String>,
    pub data: Map<String, Value>,
    /// What came as bytes beside the payload: sound, a picture, a document.
    pub bytes: Option<Vec<u8>>,
    /// A stream's name and this record's number in it: a number that came before is known for ever.
    pub stream: Option<(String, u64)>,
    /// Where `data` lies in what was sent, for complaints: a JSON pointer.
    pub at: String,
}

impl Offer {
    pub fn new(topic: &'static str, data: Map<String, Value>) -> Self {
        Self {
            topic: TopicName::of(topic),
            device: None,
            recorded_at: None,
            message_id: None,
            trace_id: None,
            schema: None,
            data,
            bytes: None,
            stream: None,
            at: String::new(),
        }
    }
}

/// One thing wrong with what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// `required`, `type`, `minimum` …
    pub rule: String,
    pub expected: String,
}

impl Wrong {
    pub fn new(pointer: impl Into<String>, rule: &str, expected: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), rule: rule.into(), expected: expected.into() }
    }
}

/// What a request's body holds: offers, each on its own right or wrong.
pub type Offers = Vec<Result<Offer, Vec<Wrong>>>;

#[cfg(test)]
mod tests;
