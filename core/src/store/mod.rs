//! What readers of the log keep: the timeline and its search, analytics, and the audio the records refer to.

#[cfg(feature = "analytics")]
pub mod analytics;
pub mod audio;
pub mod blobs;
pub mod timeline;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use loom_schemas::api::{SearchHit, TimelineRow};
use loom_schemas::live::Day;
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
    /// Of this microphone or recording, by name.
    pub source: Option<String>,
    /// Only those with a star.
    pub starred: bool,
    /// Only those in which something is masked.
    pub masked: bool,
    /// Oldest first, only what stands after this line.
    pub after: Option<Uuid>,
    pub limit: usize,
    /// Newest first, else oldest first.
    pub newest_first: bool,
}

/// Hits, best first, and whether only the newest matches were ranked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub hits: Vec<SearchHit>,
    pub capped: bool,
    /// Where nothing was found in a span of time: matches outside of it, [`ELSEWHERE`] at most.
    pub elsewhere: u64,
}

/// Matches on other days are counted so far.
pub const ELSEWHERE: u64 = 1000;

/// Where a line's record is on the log, and the newest change that is in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub partition: u32,
    pub offset: u64,
    pub edit: Option<Uuid>,
}

/// A day that has lines.
#[derive(Clone, Debug, PartialEq)]
pub struct DayCount {
    pub date: Date,
    pub lines: u64,
    /// Seconds of speech.
    pub speech_s: f64,
}

/// Days that have lines, in order, and the nearest that have on either side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Days {
    pub days: Vec<DayCount>,
    pub before: Option<Date>,
    pub after: Option<Date>,
}

/// Reading the timeline.
pub trait Timeline: Send + Sync {
    /// Words are ANDed, quotes make a phrase; no query is a syntax error.
    fn search(&self, query: &str, range: &Range) -> Result<Found>;
    fn lines(&self, range: &Range) -> Result<Vec<TimelineRow>>;
    fn line(&self, message_id: Uuid) -> Result<Option<TimelineRow>>;
    /// The samples of a line, where it has any.
    fn audio(&self, message_id: Uuid) -> Result<Option<AudioRef>>;
    /// Where a line comes from; `None` where there is none.
    fn place(&self, message_id: Uuid) -> Result<Option<Place>>;
    /// A day as it was where the owner is.
    fn day(&self, date: Date, zone: &TimeZone) -> Result<Day>;
    /// Which of these days, both included, have lines. `Invalid` for more than [`timeline::MOST_DAYS`].
    fn days(&self, from: Date, to: Date, zone: &TimeZone) -> Result<Days>;
}

/// Reading samples that records refer to.
pub trait Audio: Send + Sync {
    /// `samples` samples of 16 kHz mono in [-1, 1]. `Skip` if they are no longer there.
    fn read(&self, stream_id: &str, first_sample: u64, samples: u64) -> Result<Arc<[f32]>>;
}
