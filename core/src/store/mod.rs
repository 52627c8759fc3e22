//! What readers of the log keep: the timeline and its search, analytics, and the audio the records refer to.

#[cfg(feature = "analytics")]
pub mod analytics;
pub mod audio;
pub mod blobs;
pub mod timeline;

use std::sync::Arc;

use loom_schemas::api::{SearchHit, TimelineRow};
use loom_schemas::payload::AudioRef;
use uuid::Uuid;

use crate::env::Time;
use crate::error::Result;

/// Which lines of the timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Range {
    /// At or after.
    pub from: Option<Time>,
    /// Before.
    pub to: Option<Time>,
    pub device: Option<Uuid>,
    pub limit: usize,
    /// Newest first, else oldest first.
    pub newest_first: bool,
}

/// Hits, best first, and whether only the newest matches were ranked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub hits: Vec<SearchHit>,
    pub capped: bool,
}

/// Reading the timeline.
pub trait Timeline: Send + Sync {
    /// Words are ANDed, quotes make a phrase; no query is a syntax error.
    fn search(&self, query: &str, range: &Range) -> Result<Found>;
    fn lines(&self, range: &Range) -> Result<Vec<TimelineRow>>;
    fn line(&self, message_id: Uuid) -> Result<Option<TimelineRow>>;
    /// The samples of a line, where it has any.
    fn audio(&self, message_id: Uuid) -> Result<Option<AudioRef>>;
}

/// Reading samples that records refer to.
pub trait Audio: Send + Sync {
    /// `samples` samples of 16 kHz mono in [-1, 1]. `Skip` if they are no longer there.
    fn read(&self, stream_id: &str, first_sample: u64, samples: u64) -> Result<Arc<[f32]>>;
}
