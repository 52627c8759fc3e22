//! The table of links.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::{Evidence, Link};
use crate::env::Time;
use crate::error::Result;

const SELECT: &str = "SELECT id, a, b, kind, confidence, given_by, note, changed_at, removed FROM device_link";

fn link(r: &Row) -> rusqlite::Result<Link> {
    Ok(Link {
        id: Uuid::from_bytes(r.get(0)?),
        a: Uuid::from_bytes(r.get(1)?),
        b: Uuid::from_bytes(r.get(2)?),
        // A kind that a newer Loom wrote does not get here: its steps are refused.
        kind: Evidence::parse(&r.get::<_, String>(3)?).unwrap_or(Evidence::Declared),
        confidence: r.get(4)?,
        given_by: r.get(5)?,
        note: r.get(6)?,
        changed_at: Time::from_micros(r.get(7)?),
        removed: r.get(8)?,
    })
}

/// Keeps a link. One that says nothing new stays as it was, its time too.
pub fn give(tx: &Transaction, new: Link) -> Result<Link> {
    if let Some(old) = one(tx, new.id)? {
        let note = new.note.clone().or_else(|| old.note.clone());
        if !old.removed && old.confidence == new.confidence && old.note == note {
            return Ok(old);
        }
    }
    tx.prepare_cached(
        "INSERT INTO device_link(id, a, b, kind, confidence, given_by, note, changed_at, removed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0)
         ON CONFLICT(id) DO UPDATE SET confidence = excluded.confidence, note = coalesce(excluded.note, note),
            changed_at = excluded.changed_at, removed = 0",
    )?
    .execute(params![
        new.id.as_bytes(),
        new.a.as_bytes(),
        new.b.as_bytes(),
        new.kind.as_str(),
        new.confidence,
        new.given_by,
        new.note,
        new.changed_at.micros()
    ])?;
    Ok(one(tx, new.id)?.unwrap_or(new))
}

pub fn remove(tx: &Transaction, id: Uuid, now: Time) -> Result<()> {
    let sql = "UPDATE device_link SET removed = 1, changed_at = ?2 WHERE id = ?1 AND removed = 0";
    tx.prepare_cached(sql)?.execute(params![id.as_bytes(), now.micros()])?;
    Ok(())
}

pub fn one(c: &Connection, id: Uuid) -> Result<Option<Link>> {
    Ok(c.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?.query_row([id.as_bytes()], link).optional()?)
}

pub fn of(c: &Connection, device: Option<Uuid>, removed: bool) -> Result<Vec<Link>> {
    let device = device.map(Uuid::into_bytes);
    let living = if removed { "" } else { " AND removed = 0" };
    let which = if device.is_some() { "(a = ?1 OR b = ?1)" } else { "?1 IS NULL" };
    let mut rows = c.prepare_cached(&format!("{SELECT} WHERE {which}{living} ORDER BY a, b, kind, given_by"))?;
    Ok(rows.query_map([device], link)?.collect::<rusqlite::Result<_>>()?)
}

pub fn count(c: &Connection) -> Result<i64> {
    Ok(c.query_row("SELECT count(*) FROM device_link", [], |r| r.get(0))?)
}

/// Everything that was ever said about a device and others, and what it said of itself; its id and its owner's names for it stay.
pub fn forget(tx: &Transaction, device: Uuid) -> Result<()> {
    let device = device.as_bytes();
    tx.execute("DELETE FROM device_link WHERE a = ?1 OR b = ?1", [device])?;
    tx.execute("UPDATE device SET kind = NULL, platform = NULL, model = NULL, agent = NULL, last_seen = NULL WHERE id = ?1", [device])?;
    Ok(())
}
