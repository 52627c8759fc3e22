//! What is to be forgotten, on disk before anything else happens: a kill in between changes nothing about it. The same
//! tables tell the timeline which records must not become lines, however late they come.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::scope::{Scope, Span};
use crate::env::Time;
use crate::error::Result;

/// What the steps are counted under.
pub(super) const ROOM: &str = "forget";

/// Written to disk: fixed for ever.
pub(super) const STEPS: &[&str] = &[
    "
    CREATE TABLE forget(
        id BLOB PRIMARY KEY,
        asked_at INTEGER NOT NULL,
        undo_until INTEGER NOT NULL,
        state INTEGER NOT NULL,      -- 0 may be undone, 1 was undone, 2 is being erased, 3 erased
        done_at INTEGER,             -- what the log received up to then has been looked at
        from_at INTEGER, to_at INTEGER, device BLOB   -- a span, else lines
    ) WITHOUT ROWID;
    CREATE TABLE forget_line(message_id BLOB PRIMARY KEY, forget BLOB NOT NULL) WITHOUT ROWID;
    CREATE INDEX forget_lines ON forget_line(forget);
",
    // Every new line is held against spans: only those that end after it are looked at.
    "CREATE INDEX forget_span ON forget(to_at) WHERE from_at IS NOT NULL",
];

/// How far it is with one wish. Written to disk as its number: fixed for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending = 0,
    Undone = 1,
    Erasing = 2,
    Erased = 3,
}

impl State {
    fn of(n: i64) -> Self {
        match n {
            0 => State::Pending,
            1 => State::Undone,
            2 => State::Erasing,
            _ => State::Erased,
        }
    }
}

/// One wish.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Intent {
    pub id: Uuid,
    pub asked_at: Time,
    pub undo_until: Time,
    pub state: State,
    /// Of a span; lines are looked up.
    pub span: Option<Span>,
}

const COLUMNS: &str = "id, asked_at, undo_until, state, from_at, to_at, device";

impl Intent {
    fn of(r: &Row) -> rusqlite::Result<Self> {
        let span = match (r.get(4)?, r.get(5)?) {
            (Some(from), Some(to)) => {
                Some(Span { from: Time(from), to: Time(to), device: r.get::<_, Option<[u8; 16]>>(6)?.map(Uuid::from_bytes) })
            }
            _ => None,
        };
        let id = Uuid::from_bytes(r.get(0)?);
        Ok(Self { id, asked_at: Time(r.get(1)?), undo_until: Time(r.get(2)?), state: State::of(r.get(3)?), span })
    }
}

pub(super) fn add(tx: &Transaction, i: &Intent) -> Result<()> {
    let (from, to) = i.span.map(|s| (s.from.micros(), s.to.micros())).unzip();
    let device = i.span.and_then(|s| s.device).map(|d| *d.as_bytes());
    tx.prepare_cached("INSERT INTO forget(id, asked_at, undo_until, state, from_at, to_at, device) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![i.id.as_bytes(), i.asked_at.micros(), i.undo_until.micros(), i.state as i64, from, to, device])?;
    Ok(())
}

pub(super) fn one(c: &Connection, id: Uuid) -> Result<Option<Intent>> {
    let sql = format!("SELECT {COLUMNS} FROM forget WHERE id = ?1");
    Ok(c.prepare_cached(&sql)?.query_row([id.as_bytes()], Intent::of).optional()?)
}

/// Those that are to be erased by `now`, oldest first.
pub(super) fn due(c: &Connection, now: Time) -> Result<Vec<Intent>> {
    let sql = format!("SELECT {COLUMNS} FROM forget WHERE state = 2 OR (state = 0 AND undo_until <= ?1) ORDER BY asked_at, id");
    Ok(c.prepare_cached(&sql)?.query_map([now.micros()], Intent::of)?.collect::<Result<_, _>>()?)
}

/// When the next one is.
pub(super) fn next_due(c: &Connection) -> Result<Option<Time>> {
    let sql = "SELECT min(CASE state WHEN 2 THEN 0 ELSE undo_until END) FROM forget WHERE state IN (0, 2)";
    Ok(c.prepare_cached(sql)?.query_row([], |r| r.get::<_, Option<i64>>(0))?.map(Time))
}

pub(super) fn set_state(tx: &Transaction, id: Uuid, state: State, done_at: Option<Time>) -> Result<()> {
    let sql = "UPDATE forget SET state = ?2, done_at = coalesce(?3, done_at) WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![id.as_bytes(), state as i64, done_at.map(Time::micros)])?;
    Ok(())
}

/// Out of sight, until it is erased or comes back.
pub(super) fn hide(tx: &Transaction, intent: Uuid, scope: &Scope) -> Result<Vec<Uuid>> {
    let hidden = match scope {
        Scope::Lines(ids) => ids.clone(),
        Scope::Span(span) => lines_of(tx, span)?,
    };
    let mut hide = tx.prepare_cached("UPDATE utterance SET forget = ?2 WHERE message_id = ?1 AND forget IS NULL")?;
    let mut gone = Vec::new();
    for id in hidden {
        if hide.execute(params![id.as_bytes(), intent.as_bytes()])? > 0 {
            remember(tx, intent, id)?;
            gone.push(id);
        }
    }
    Ok(gone)
}

/// Lines of which any part lies in a span.
pub(super) fn lines_of(c: &Connection, span: &Span) -> Result<Vec<Uuid>> {
    let mut statement = c.prepare_cached(
        "SELECT message_id, duration_s, recorded_at FROM utterance INDEXED BY utterance_day
         WHERE recorded_at >= ?1 AND recorded_at < ?2 AND forget IS NULL AND (?3 IS NULL OR device_id = ?3)",
    )?;
    let device = span.device.map(|d| d.simple().to_string());
    let mut rows = statement.query(params![span.from.plus(-super::LONGEST_S).micros(), span.to.micros(), device])?;
    let mut found = Vec::new();
    while let Some(r) = rows.next()? {
        if Time(r.get(2)?).plus(r.get(1)?) > span.from {
            found.push(Uuid::from_bytes(r.get(0)?));
        }
    }
    Ok(found)
}

pub(super) fn remember(tx: &Transaction, intent: Uuid, line: Uuid) -> Result<()> {
    tx.prepare_cached("INSERT OR REPLACE INTO forget_line VALUES(?1, ?2)")?.execute(params![line.as_bytes(), intent.as_bytes()])?;
    Ok(())
}

/// Back in sight; which lines.
pub(super) fn show(tx: &Transaction, intent: Uuid) -> Result<Vec<Uuid>> {
    let lines = hidden(tx, intent)?;
    tx.prepare_cached("UPDATE utterance SET forget = NULL WHERE forget = ?1")?.execute([intent.as_bytes()])?;
    tx.prepare_cached("DELETE FROM forget_line WHERE forget = ?1")?.execute([intent.as_bytes()])?;
    Ok(lines)
}

fn hidden(c: &Connection, intent: Uuid) -> Result<Vec<Uuid>> {
    let id = |r: &Row| r.get(0).map(Uuid::from_bytes);
    let mut s = c.prepare_cached("SELECT message_id FROM utterance WHERE forget = ?1")?;
    Ok(s.query_map([intent.as_bytes()], id)?.collect::<Result<_, _>>()?)
}

/// A hidden line as the walk begins at it: where its record is, and its sound.
pub(super) struct Hidden {
    pub place: Option<(u32, u64)>,
    /// Stream, first sample, samples.
    pub audio: Option<(String, u64, u64)>,
}

pub(super) fn hidden_lines(c: &Connection, intent: Uuid) -> Result<Vec<Hidden>> {
    let mut s = c.prepare_cached(&format!("{HIDDEN} WHERE forget = ?1"))?;
    Ok(s.query_map([intent.as_bytes()], Hidden::of)?.collect::<Result<_, _>>()?)
}

/// A line that nobody took out of sight.
pub(super) fn seen_line(c: &Connection, line: Uuid) -> Result<Option<Hidden>> {
    let mut s = c.prepare_cached(&format!("{HIDDEN} WHERE message_id = ?1 AND forget IS NULL"))?;
    Ok(s.query_row([line.as_bytes()], Hidden::of).optional()?)
}

/// Lines that a wish took, those that came later included.
pub(super) fn count_lines(c: &Connection, intent: Uuid) -> Result<u64> {
    let mut s = c.prepare_cached("SELECT count(*) FROM forget_line WHERE forget = ?1")?;
    Ok(s.query_row([intent.as_bytes()], |r| r.get::<_, i64>(0))?.unsigned_abs())
}

const HIDDEN: &str = "SELECT part, record, stream_id, first_sample, samples FROM utterance";

impl Hidden {
    fn of(r: &Row) -> rusqlite::Result<Self> {
        let n = |i| Ok::<_, rusqlite::Error>(r.get::<_, Option<i64>>(i)?.map(i64::unsigned_abs));
        let place = r.get::<_, Option<u32>>(0)?.zip(n(1)?);
        let audio = r.get::<_, Option<String>>(2)?.zip(n(3)?.zip(n(4)?)).map(|(stream, (first, samples))| (stream, first, samples));
        Ok(Self { place, audio })
    }
}

/// Gone from the timeline, with what the owner wrote about them.
pub(super) fn erase_lines(tx: &Transaction, intent: Uuid) -> Result<()> {
    tx.prepare_cached("DELETE FROM timeline_edit WHERE line IN (SELECT message_id FROM forget_line WHERE forget = ?1)")?
        .execute([intent.as_bytes()])?;
    tx.prepare_cached("DELETE FROM utterance WHERE forget = ?1")?.execute([intent.as_bytes()])?;
    Ok(())
}

/// What becomes of a record that is about to be a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Seen,
    /// It waits with the others of this wish.
    Hidden(Uuid),
    /// It was read before it was erased.
    Gone,
}

/// A record as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Late {
    pub message_id: Uuid,
    pub device_id: Uuid,
    pub recorded_at: Time,
    pub received_at: Time,
    pub duration_s: f64,
}

/// What was asked before decides about what comes now.
pub fn fate(tx: &Transaction, late: &Late) -> Result<Fate> {
    if let Some(known) = fate_of_line(tx, late.message_id)? {
        return Ok(known);
    }
    let mut spans = tx.prepare_cached(
        "SELECT id, state FROM forget WHERE state <> 1 AND from_at < ?2 AND to_at > ?1 AND (device IS NULL OR device = ?3)
            AND (done_at IS NULL OR done_at >= ?4) ORDER BY state LIMIT 1",
    )?;
    let (begins, ends) = (late.recorded_at, late.recorded_at.plus(late.duration_s.max(1e-6)));
    let device = late.device_id.as_bytes();
    let found = spans
        .query_row(params![begins.micros(), ends.micros(), device, late.received_at.micros()], |r| {
            Ok((Uuid::from_bytes(r.get(0)?), State::of(r.get(1)?)))
        })
        .optional()?;
    Ok(match found {
        None => Fate::Seen,
        Some((_, State::Erased)) => Fate::Gone,
        Some((id, _)) => {
            remember(tx, id, late.message_id)?;
            Fate::Hidden(id)
        }
    })
}

/// What was decided about a line itself, if anything.
pub fn fate_of_line(c: &Connection, line: Uuid) -> Result<Option<Fate>> {
    let sql = "SELECT f.id, f.state FROM forget_line l JOIN forget f ON f.id = l.forget WHERE l.message_id = ?1";
    let found =
        c.prepare_cached(sql)?.query_row([line.as_bytes()], |r| Ok((Uuid::from_bytes(r.get(0)?), State::of(r.get(1)?)))).optional()?;
    Ok(found.map(|(id, state)| match state {
        State::Erased => Fate::Gone,
        State::Undone => Fate::Seen,
        State::Pending | State::Erasing => Fate::Hidden(id),
    }))
}
