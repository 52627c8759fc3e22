//! When a recording was made, as its tags say it: only what is precise to the second counts.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use symphonia::core::formats::FormatReader;
use symphonia::core::meta::{MetadataRevision, StandardTag};

use crate::env::Time;

/// A time as a file carries it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TakenAt {
    Exact(Time),
    /// Without an offset: on the clock of wherever the recorder was.
    Local(DateTime),
}

/// A clock that was never set tells a time before this.
const EARLIEST: Time = Time::from_secs(631_152_000);

impl TakenAt {
    /// RFC 3339, or a date and time of day without offset.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(t) = Time::parse(text) {
            return Some(Self::Exact(t));
        }
        let precise = text.len() >= 19 && text.bytes().filter(|b| *b == b':').count() == 2;
        precise.then(|| text.parse().ok()).flatten().map(Self::Local)
    }

    /// In the zone where no offset is written; nothing from a clock that was never set.
    pub fn resolve(self, zone: &TimeZone) -> Option<Time> {
        let time = match self {
            Self::Exact(t) => t,
            Self::Local(d) => Time(zone.to_timestamp(d).ok()?.as_microsecond()),
        };
        (time >= EARLIEST).then_some(time)
    }
}

/// The recording date among the tags.
pub fn tagged(format: &mut dyn FormatReader) -> Option<TakenAt> {
    let mut log = format.metadata();
    let mut found = None;
    while let Some(revision) = log.pop() {
        found = found.or_else(|| in_revision(&revision));
    }
    found.or_else(|| log.current().and_then(in_revision))
}

fn in_revision(revision: &MetadataRevision) -> Option<TakenAt> {
    let tracks = revision.per_track.iter().flat_map(|t| &t.metadata.tags);
    revision.media.tags.iter().chain(tracks).find_map(|tag| {
        let text = match tag.std.as_ref()? {
            StandardTag::RecordingDate(t) | StandardTag::OriginalRecordingDate(t) | StandardTag::ReleaseDate(t) => t,
            _ => return None,
        };
        match TakenAt::parse(text)? {
            // ID3v2.4 times are UTC (its structure document, section 4).
            TakenAt::Local(d) if tag.raw.key == "TDRC" => Some(TakenAt::Exact(Time(TimeZone::UTC.to_timestamp(d).ok()?.as_microsecond()))),
            t => Some(t),
        }
    })
}
