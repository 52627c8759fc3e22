//! Replays in `loom.db`.

use rusqlite::params;

use super::plan::Plan;
use super::{Progress, State};
use crate::db::Db;
use crate::env::Time;
use crate::error::{Error, Result};

const STEPS: &[&str] = &["CREATE TABLE replay(id TEXT PRIMARY KEY, plan TEXT NOT NULL, state TEXT NOT NULL, progress TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) WITHOUT ROWID"];
/// Finished ones beyond this are forgotten, the oldest first.
const MOST_KEPT: usize = 200;

pub type Kept = (String, Plan, State, Progress, Time, Time);

pub fn migrate(db: &Db) -> Result<()> {
    db.migrate("replay", STEPS)
}

pub fn add(db: &Db, id: &str, plan: &Plan, state: State, progress: &Progress, now: Time) -> Result<()> {
    let (id, plan, state, progress) = (id.to_string(), json(plan)?, json(&state)?, json(progress)?);
    db.write(move |tx| {
        tx.execute(
            "INSERT INTO replay(id, plan, state, progress, created_at, updated_at) VALUES(?1, ?2, ?3, ?4, ?5, ?5)",
            params![id, plan, state, progress, now.micros()],
        )?;
        tx.execute(
            "DELETE FROM replay WHERE state != '\"running\"' AND id NOT IN (SELECT id FROM replay ORDER BY id DESC LIMIT ?1)",
            [MOST_KEPT as i64],
        )?;
        Ok(())
    })
}

pub fn set(db: &Db, id: &str, state: State, progress: &Progress, now: Time) -> Result<()> {
    let (id, state, progress) = (id.to_string(), json(&state)?, json(progress)?);
    db.write(move |tx| {
        tx.execute(
            "UPDATE replay SET state = ?2, progress = ?3, updated_at = ?4 WHERE id = ?1",
            params![id, state, progress, now.micros()],
        )?;
        Ok(())
    })
}

pub fn set_state(db: &Db, id: &str, state: State, now: Time) -> Result<()> {
    let (id, state) = (id.to_string(), json(&state)?);
    db.write(move |tx| {
        // One that ended meanwhile stays as it ended.
        tx.execute(
            "UPDATE replay SET state = ?2, updated_at = ?3 WHERE id = ?1 AND state = '\"running\"'",
            params![id, state, now.micros()],
        )?;
        Ok(())
    })
}

/// By id, which is by age.
pub fn all(db: &Db) -> Result<Vec<Kept>> {
    type Texts = (String, String, String, String, i64, i64);
    let rows = db.read(|c| {
        let mut s = c.prepare_cached("SELECT id, plan, state, progress, created_at, updated_at FROM replay ORDER BY id")?;
        let rows = s.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?)))?;
        Ok(rows.collect::<rusqlite::Result<Vec<Texts>>>()?)
    })?;
    let broken = |e| Error::bug("a replay in loom.db cannot be read").because(e);
    let row = |(id, plan, state, progress, created, updated): Texts| {
        let plan = serde_json::from_str(&plan).map_err(broken)?;
        let (state, progress) = (serde_json::from_str(&state).map_err(broken)?, serde_json::from_str(&progress).map_err(broken)?);
        Ok((id, plan, state, progress, Time::from_micros(created), Time::from_micros(updated)))
    };
    rows.into_iter().map(row).collect()
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::bug("a replay does not serialise").because(e))
}
