//! Rows in and out, and how far the log was read: always in the caller's transaction.

use loom_schemas::payload::ReleasedText;
use rusqlite::{Transaction, params};
use uuid::Uuid;

use super::{edits, id};
use crate::bus::{Position, Positions, TopicName};
use crate::env::Time;
use crate::error::{Error, Result};
use crate::forget::{self, Fate, Late};

/// Lines erased in one transaction, so that writers never wait long.
pub(super) const ERASED_AT_ONCE: usize = 200;

/// A row to be.
#[derive(Clone, Debug)]
pub struct Line {
    pub message_id: Uuid,
    /// Partition and offset of its record on the log, where it has one.
    pub place: Option<(u32, u64)>,
    pub recorded_at: Time,
    pub device_id: Uuid,
    pub text: ReleasedText,
}

/// Adds a line; `false` if it is there already.
pub fn insert(tx: &Transaction, line: &Line) -> Result<bool> {
    insert_for(tx, line, None)
}

/// Adds a line, unless it was taken back meanwhile: then it waits out of sight with the others, or is none.
pub(super) fn take(tx: &Transaction, line: &Line, received_at: Time) -> Result<()> {
    let Line { message_id, device_id, recorded_at, .. } = *line;
    match forget::fate(tx, &Late { message_id, device_id, recorded_at, received_at, duration_s: line.text.duration_s })? {
        Fate::Seen => insert_for(tx, line, None)?,
        Fate::Hidden(wish) => insert_for(tx, line, Some(wish))?,
        Fate::Gone => return Ok(()),
    };
    edits::apply(tx, message_id)
}

fn insert_for(tx: &Transaction, line: &Line, forget: Option<Uuid>) -> Result<bool> {
    let known = tx.prepare_cached("SELECT 1 FROM utterance WHERE message_id = ?1")?.exists([line.message_id.as_bytes()])?;
    let (part, record) = (line.place.map(|p| p.0), line.place.map(|p| signed(p.1)).transpose()?);
    if known {
        tx.prepare_cached("UPDATE utterance SET part = ?2, record = ?3 WHERE message_id = ?1 AND part IS NULL AND ?2 IS NOT NULL")?
            .execute(params![line.message_id.as_bytes(), part, record])?;
        return Ok(false);
    }
    let t = &line.text;
    let words: Vec<_> = t.words.iter().map(|w| (&w.text, w.start_s, w.end_s, w.confidence)).collect();
    let audio = t.audio.as_ref();
    tx.prepare_cached(INSERT)?.execute(params![
        free_id(tx, line)?,
        line.message_id.as_bytes(),
        line.recorded_at.micros(),
        t.duration_s,
        line.device_id.simple().to_string(),
        t.source.name,
        t.text,
        json(&words)?,
        json(&t.masked)?,
        t.language,
        audio.map(|a| a.stream_id.as_str()),
        audio.map(|a| signed(a.first_sample)).transpose()?,
        audio.map(|a| signed(a.samples)).transpose()?,
        audio.map(|a| a.sample_rate),
        part,
        record,
        forget.as_ref().map(Uuid::as_bytes),
    ])?;
    Ok(true)
}

const INSERT: &str = "INSERT INTO utterance(id, message_id, recorded_at, duration_s, device_id, source, text, words, masked, language,
        stream_id, first_sample, samples, sample_rate, part, record, forget)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

/// The id of its time and length, or the next that is free.
fn free_id(tx: &Transaction, line: &Line) -> Result<i64> {
    let mut taken = tx.prepare_cached("SELECT 1 FROM utterance WHERE id = ?1")?;
    let mut free = id::of(line.recorded_at, line.text.text.split_whitespace().count());
    while taken.exists([free])? {
        free = id::next(free);
    }
    Ok(free)
}

/// Removes lines and, by the table's trigger, their words from the index.
pub(super) fn erase(tx: &Transaction, message_ids: &[Uuid]) -> Result<u64> {
    let mut statement = tx.prepare_cached("DELETE FROM utterance WHERE message_id = ?1")?;
    let mut erased = 0;
    for id in message_ids {
        erased += statement.execute([id.as_bytes()])? as u64;
    }
    Ok(erased)
}

/// Where a reader of these topics stands.
pub(super) fn positions(c: &rusqlite::Connection, topics: &[TopicName]) -> Result<Positions> {
    let mut statement = c.prepare_cached("SELECT topic, part, next FROM timeline_position")?;
    let mut rows = statement.query([])?;
    let mut positions = Positions::new();
    while let Some(r) = rows.next()? {
        let topic = TopicName::parse(r.get_ref(0)?.as_str().unwrap_or_default())?;
        if topics.contains(&topic) {
            positions.insert(Position { topic, partition: r.get(1)? }, r.get::<_, i64>(2)?.unsigned_abs());
        }
    }
    Ok(positions)
}

/// `Retry` where the timeline stands elsewhere than its reader knows: it was emptied.
pub(super) fn stands(tx: &Transaction, known: Option<&Positions>, topics: &[TopicName]) -> Result<()> {
    match known {
        Some(known) if positions(tx, topics).is_ok_and(|now| now != *known) => {
            Err(Error::retry("the timeline was emptied: it is made again from the log"))
        }
        _ => Ok(()),
    }
}

pub(super) fn set_positions(tx: &Transaction, positions: &Positions) -> Result<()> {
    let mut statement = tx.prepare_cached("INSERT OR REPLACE INTO timeline_position VALUES(?1, ?2, ?3)")?;
    for (p, next) in positions {
        statement.execute(params![p.topic.as_str(), p.partition, signed(*next)?])?;
    }
    Ok(())
}

fn signed(n: u64) -> Result<i64> {
    i64::try_from(n).map_err(|e| Error::skip("the record names a place no recording has").because(e))
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::bug("a line of the timeline does not serialise").because(e))
}
