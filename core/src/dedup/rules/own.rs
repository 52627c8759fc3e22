//! What deduplication has in `loom.db`: tables for its rules, the secret, and whether the shipped rules were written.

use rusqlite::OptionalExtension;

use crate::db::Db;
use crate::error::{Error, Result};

const STEPS: &[&str] = &["CREATE TABLE dedup_rule(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE dedup_since(topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY(topic, partition)) WITHOUT ROWID;
     -- One row. shipped: whether the rules that a new Loom has were written.
     CREATE TABLE dedup_own(id INTEGER PRIMARY KEY CHECK(id = 1), salt BLOB NOT NULL, shipped INTEGER NOT NULL);"];

pub fn migrate(db: &Db) -> Result<()> {
    db.migrate("dedup", STEPS)
}

/// The secret: the one there is, or this one from now on.
pub fn salt(db: &Db, new: [u8; 32]) -> Result<[u8; 32]> {
    db.maintain(move |tx| {
        tx.execute("INSERT OR IGNORE INTO dedup_own(id, salt, shipped) VALUES(1, ?1, 0)", [new.as_slice()])?;
        let salt: Vec<u8> = tx.query_row("SELECT salt FROM dedup_own", [], |r| r.get(0))?;
        salt.try_into().map_err(|_| Error::stop("the secret of deduplication is damaged"))
    })
}

pub fn is_new(db: &Db) -> Result<bool> {
    db.read(|c| Ok(c.query_row("SELECT shipped FROM dedup_own", [], |r| r.get::<_, i64>(0)).optional()?.unwrap_or(0) == 0))
}

pub fn is_shipped(db: &Db) -> Result<()> {
    db.maintain(|tx| Ok(tx.execute("UPDATE dedup_own SET shipped = 1", []).map(drop)?))
}
