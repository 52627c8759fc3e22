//! How it is kept in `loom.db`.

use rusqlite::{Connection, Transaction, params};

use super::level::{Level, Mode};
use super::state::{Content, Setting, State, Stored, Version};
use crate::env::Time;
use crate::error::{Error, Result};

pub const ROOM: &str = "schema-registry";

/// An id is never given twice, so AUTOINCREMENT. A setting with an empty subject holds for all.
pub const STEPS: &[&str] =
    &["CREATE TABLE registry_schema(id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, text TEXT NOT NULL,
        refers TEXT NOT NULL, extras TEXT NOT NULL);
     CREATE TABLE registry_version(subject TEXT NOT NULL, version INTEGER NOT NULL, schema_id INTEGER NOT NULL, by_path INTEGER NOT NULL,
        deleted INTEGER NOT NULL, registered_at INTEGER NOT NULL, PRIMARY KEY(subject, version)) WITHOUT ROWID;
     CREATE INDEX registry_version_schema ON registry_version(schema_id);
     CREATE TABLE registry_setting(subject TEXT PRIMARY KEY, level TEXT, mode TEXT, normalize INTEGER) WITHOUT ROWID;"];

pub fn load(c: &Connection) -> Result<State> {
    let mut state = State::default();
    let broken = |e: serde_json::Error| Error::bug("a registered schema cannot be read").because(e);
    let mut schemas = c.prepare("SELECT id, hash, text, refers, extras FROM registry_schema")?;
    let mut rows = schemas.query([])?;
    while let Some(r) = rows.next()? {
        let (refers, extras): (String, String) = (r.get(3)?, r.get(4)?);
        let content = Content {
            text: r.get(2)?,
            references: serde_json::from_str(&refers).map_err(broken)?,
            extras: serde_json::from_str(&extras).map_err(broken)?,
        };
        let stored = Stored { id: r.get(0)?, hash: r.get(1)?, content };
        state.by_hash.insert(stored.hash, stored.id);
        state.schemas.insert(stored.id, stored.into());
    }
    let mut versions = c.prepare("SELECT subject, version, schema_id, by_path, deleted, registered_at FROM registry_version")?;
    let mut rows = versions.query([])?;
    while let Some(r) = rows.next()? {
        let version = Version { id: r.get(2)?, by_path: r.get(3)?, deleted: r.get(4)?, registered_at: Time::from_micros(r.get(5)?) };
        state.subjects.entry(r.get(0)?).or_default().insert(r.get(1)?, version);
    }
    let mut settings = c.prepare("SELECT subject, level, mode, normalize FROM registry_setting")?;
    let mut rows = settings.query([])?;
    while let Some(r) = rows.next()? {
        let (level, mode): (Option<String>, Option<String>) = (r.get(1)?, r.get(2)?);
        let level = level.and_then(|l| Level::named(&l).ok());
        let mode = mode.and_then(|m| Mode::named(&m).ok());
        state.settings.insert(r.get(0)?, Setting { level, mode, normalize: r.get(3)? });
    }
    Ok(state)
}

/// The id of a schema, kept if it is new; `wanted` where it comes with an id of its own.
pub fn keep(tx: &Transaction, hash: &[u8; 32], content: &Content, wanted: Option<i64>) -> Result<i64> {
    let refers = serde_json::to_string(&content.references).unwrap_or_else(|_| "[]".into());
    let extras = serde_json::to_string(&content.extras).unwrap_or_else(|_| "{}".into());
    tx.execute(
        "INSERT INTO registry_schema(id, hash, text, refers, extras) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(hash) DO NOTHING",
        params![wanted, hash, content.text, refers, extras],
    )?;
    Ok(tx.query_row("SELECT id FROM registry_schema WHERE hash = ?1", [hash], |r| r.get(0))?)
}

pub fn put_version(tx: &Transaction, subject: &str, number: i64, v: &Version) -> Result<()> {
    tx.execute(
        "INSERT INTO registry_version(subject, version, schema_id, by_path, deleted, registered_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET schema_id = excluded.schema_id, by_path = excluded.by_path, deleted = excluded.deleted",
        params![subject, number, v.id, v.by_path, v.deleted, v.registered_at.micros()],
    )?;
    Ok(())
}

/// Takes versions away for good, and schemas that nothing has any more.
pub fn drop_versions(tx: &Transaction, subject: &str, numbers: &[i64]) -> Result<()> {
    for number in numbers {
        tx.execute("DELETE FROM registry_version WHERE subject = ?1 AND version = ?2", params![subject, number])?;
    }
    tx.execute("DELETE FROM registry_schema WHERE id NOT IN (SELECT schema_id FROM registry_version)", [])?;
    Ok(())
}

pub fn put_setting(tx: &Transaction, subject: &str, setting: &Setting) -> Result<()> {
    tx.execute("DELETE FROM registry_setting WHERE subject = ?1", [subject])?;
    if *setting != Setting::default() {
        let (level, mode) = (setting.level.map(Level::as_str), setting.mode.map(Mode::as_str));
        tx.execute(
            "INSERT INTO registry_setting(subject, level, mode, normalize) VALUES (?1, ?2, ?3, ?4)",
            params![subject, level, mode, setting.normalize],
        )?;
    }
    Ok(())
}
