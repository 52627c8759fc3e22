//! Lines of the timeline in time order, one line, and what its sound is.

use loom_schemas::api::{AudioLink, TimelineRow};
use loom_schemas::payload::{AudioRef, Masked, Word};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Params, Row, params_from_iter};
use uuid::Uuid;

use super::id;
use crate::env::Time;
use crate::error::{Error, Result};
use crate::store::{Place, Range};

const COLUMNS: &str =
    "u.message_id, u.recorded_at, u.duration_s, u.device_id, u.source, u.text, u.words, u.masked, u.language, u.stream_id,
     u.starred, u.original";

/// Text, words and masked places as the recogniser had them.
pub(super) type Original = (String, Vec<TimedWord>, Vec<Masked>);
/// A word as the table has it: text, start, end, confidence.
pub(super) type TimedWord = (String, f64, f64, f32);

pub(super) fn lines(c: &Connection, range: &Range) -> Result<Vec<TimelineRow>> {
    let (mut from, to) = span(range);
    if let Some(line) = range.after {
        from = from.max(after(c, line)?);
    }
    let mut values: Vec<Value> = vec![from.into(), to.into(), i64::try_from(range.limit).unwrap_or(i64::MAX).into()];
    let kept = kept(range, &mut values);
    // What narrows most names the rows, each by an index that is in order of time, so that what is seldom is found at once.
    let (rows, id, by) = match range {
        Range { device: Some(_), .. } => {
            ("utterance_text CROSS JOIN utterance u ON u.id = utterance_text.rowid", "utterance_text.rowid", "utterance_text.rowid")
        }
        Range { starred: true, .. } => ("utterance u INDEXED BY utterance_starred", "u.id", "u.id"),
        Range { masked: true, .. } => ("utterance u INDEXED BY utterance_masked", "u.id", "u.id"),
        Range { source: Some(_), .. } => ("utterance u INDEXED BY utterance_day", "u.id", "u.recorded_at"),
        _ => ("utterance u", "u.id", "u.id"),
    };
    let order = if range.newest_first { "DESC" } else { "ASC" };
    let mut device = String::new();
    if let Some(d) = range.device {
        values.push(format!("{{device_id}} : \"{}\"", d.simple()).into());
        device = format!("utterance_text MATCH ?{} AND", values.len());
    }
    let sql = format!("SELECT {COLUMNS} FROM {rows} WHERE {device} {id} >= ?1 AND {id} < ?2 AND {kept} ORDER BY {by} {order} LIMIT ?3");
    collect(c, &sql, params_from_iter(values))
}

/// The first id behind a line's. `Retry` where the line is gone.
fn after(c: &Connection, line: Uuid) -> Result<i64> {
    let id = |r: &Row| r.get::<_, i64>(0);
    let found = c.prepare_cached("SELECT id FROM utterance WHERE message_id = ?1")?.query_row([line.as_bytes()], id).optional()?;
    found.map(|id| id.saturating_add(1)).ok_or_else(|| Error::retry("the line to go on after is gone: begin again"))
}

/// What of a range is neither span nor device, as a condition on `u`; its values are added to those there are.
pub(super) fn kept(range: &Range, values: &mut Vec<Value>) -> String {
    let mut all = String::from("u.forget IS NULL");
    if range.starred {
        all += " AND u.starred = 1";
    }
    if range.masked {
        all += " AND u.masked <> '[]'";
    }
    if let Some(source) = &range.source {
        values.push(source.clone().into());
        all += &format!(" AND u.source = ?{}", values.len());
    }
    if let (Some(_), Some(from)) = (&range.source, range.from) {
        values.push(from.micros().into());
        all += &format!(" AND u.recorded_at >= ?{}", values.len());
    }
    if let (Some(_), Some(to)) = (&range.source, range.to) {
        values.push(to.micros().into());
        all += &format!(" AND u.recorded_at < ?{}", values.len());
    }
    all
}

pub(super) fn line(c: &Connection, message_id: Uuid) -> Result<Option<TimelineRow>> {
    let sql = format!("SELECT {COLUMNS} FROM utterance u WHERE u.message_id = ?1 AND u.forget IS NULL");
    Ok(collect(c, &sql, [message_id.as_bytes()])?.pop())
}

/// `None` for a line that is not there, or was written before lines knew their place.
pub(super) fn place(c: &Connection, message_id: Uuid) -> Result<Option<Place>> {
    let sql = "SELECT part, record, edit FROM utterance WHERE message_id = ?1 AND forget IS NULL AND part IS NOT NULL";
    let place = |r: &Row| {
        let edit = r.get::<_, Option<[u8; 16]>>(2)?.map(Uuid::from_bytes);
        Ok(Place { partition: r.get(0)?, offset: r.get::<_, i64>(1)?.unsigned_abs(), edit })
    };
    Ok(c.prepare_cached(sql)?.query_row([message_id.as_bytes()], place).optional()?)
}

pub(super) fn audio(c: &Connection, message_id: Uuid) -> Result<Option<AudioRef>> {
    let sql = "SELECT stream_id, first_sample, samples, sample_rate FROM utterance
               WHERE message_id = ?1 AND forget IS NULL AND stream_id IS NOT NULL";
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

fn collect(c: &Connection, sql: &str, params: impl Params) -> Result<Vec<TimelineRow>> {
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
    let words: Vec<TimedWord> = from_json(r.get_ref(6)?.as_bytes().unwrap_or_default())?;
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
        starred: r.get(10)?,
        original: original(r)?,
        message_id,
    })
}

/// What the recogniser had heard, where the wording is the owner's.
fn original(r: &Row) -> Result<Option<String>> {
    match r.get_ref(11)?.as_bytes_or_null().unwrap_or_default() {
        None => Ok(None),
        Some(json) => from_json::<Original>(json).map(|o| Some(o.0)),
    }
}

pub(super) fn from_json<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
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
