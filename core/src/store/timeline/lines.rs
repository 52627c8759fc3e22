//! Lines of the timeline in time order, one line, and what its sound is.

use loom_schemas::api::{AudioLink, TimelineRow};
use loom_schemas::payload::{AudioRef, Word};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::id;
use crate::env::Time;
use crate::error::{Error, Result};
use crate::store::Range;

const COLUMNS: &str =
    "u.message_id, u.recorded_at, u.duration_s, u.device_id, u.source, u.text, u.words, u.masked, u.language, u.stream_id";

pub(super) fn lines(c: &Connection, range: &Range) -> Result<Vec<TimelineRow>> {
    let (from, to) = span(range);
    let order = if range.newest_first { "DESC" } else { "ASC" };
    let limit = i64::try_from(range.limit).unwrap_or(i64::MAX);
    match range.device {
        None => {
            let sql = format!("SELECT {COLUMNS} FROM utterance u WHERE u.id >= ?1 AND u.id < ?2 ORDER BY u.id {order} LIMIT ?3");
            collect(c, &sql, params![from, to, limit])
        }
        // The search index knows a device's rows in order of time, so that a device seldom heard is found at once.
        Some(device) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM (SELECT rowid AS id FROM utterance_text WHERE utterance_text MATCH ?1
                    AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid {order} LIMIT ?4) found
                JOIN utterance u ON u.id = found.id ORDER BY u.id {order}"
            );
            collect(c, &sql, params![format!("{{device_id}} : \"{}\"", device.simple()), from, to, limit])
        }
    }
}

pub(super) fn line(c: &Connection, message_id: Uuid) -> Result<Option<TimelineRow>> {
    let sql = format!("SELECT {COLUMNS} FROM utterance u WHERE u.message_id = ?1");
    Ok(collect(c, &sql, params![message_id.as_bytes()])?.pop())
}

pub(super) fn audio(c: &Connection, message_id: Uuid) -> Result<Option<AudioRef>> {
    let sql = "SELECT stream_id, first_sample, samples, sample_rate FROM utterance WHERE message_id = ?1 AND stream_id IS NOT NULL";
    let found = c.prepare_cached(sql)?.query_row([message_id.as_bytes()], |r| {
        Ok(AudioRef {
            stream_id: r.get(0)?,
            first_sample: r.get::<_, i64>(1)?.unsigned_abs(),
            samples: r.get::<_, i64>(2)?.unsigned_abs(),
            sample_rate: r.get(3)?,
        })
    });
    Ok(found.optional()?)
}

fn collect(c: &Connection, sql: &str, params: &[&dyn rusqlite::ToSql]) -> Result<Vec<TimelineRow>> {
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut lines = Vec::new();
    while let Some(r) = rows.next()? {
        lines.push(read(r)?);
    }
    Ok(lines)
}

fn read(r: &Row) -> Result<TimelineRow> {
    let message_id = uuid_text(r, 0)?;
    let words: Vec<(String, f64, f64, f32)> = from_json(r.get_ref(6)?.as_bytes().unwrap_or_default())?;
    let word = |(text, start_s, end_s, confidence)| Word { text, start_s, end_s, confidence };
    Ok(TimelineRow {
        recorded_at: micros_to_text(r.get(1)?),
        duration_s: r.get(2)?,
        device_id: hyphenated(r.get(3)?),
        source: r.get(4)?,
        text: r.get(5)?,
        words: words.into_iter().map(word).collect(),
        masked: from_json(r.get_ref(7)?.as_bytes().unwrap_or_default())?,
        language: r.get(8)?,
        audio: audio_link(&message_id, r.get(9)?),
        starred: false,
        original: None,
        message_id,
    })
}

fn from_json<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|e| Error::bug("a line of the timeline is not as it was written: rebuild the timeline").because(e))
}

/// Ids of a span of time: the first that counts, and the first that does not.
pub(super) fn span(range: &Range) -> (i64, i64) {
    (range.from.map_or(i64::MIN, id::first), range.to.map_or(i64::MAX, id::first))
}

pub(super) fn micros_to_text(us: i64) -> String {
    Time(us).to_string()
}

pub(super) fn uuid_text(r: &Row, column: usize) -> rusqlite::Result<String> {
    Ok(Uuid::from_bytes(r.get(column)?).to_string())
}

/// As everywhere outside the index.
pub(super) fn hyphenated(device: String) -> String {
    Uuid::try_parse(&device).map_or(device, |d| d.to_string())
}

pub(super) fn audio_link(message_id: &str, stream_id: Option<String>) -> Option<AudioLink> {
    stream_id.map(|_| AudioLink { href: format!("/api/timeline/{message_id}/audio") })
}
