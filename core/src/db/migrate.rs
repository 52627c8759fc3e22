//! Each room's own steps, counted in one table.

use rusqlite::{OptionalExtension, Transaction};

use crate::error::{Error, Result};

pub(super) fn run(tx: &Transaction, room: &str, steps: &[&str]) -> Result<()> {
    tx.execute_batch("CREATE TABLE IF NOT EXISTS migration(room TEXT PRIMARY KEY, steps INTEGER NOT NULL) WITHOUT ROWID")?;
    let done: i64 = tx.query_row("SELECT steps FROM migration WHERE room = ?1", [room], |r| r.get(0)).optional()?.unwrap_or(0);
    let known = steps.len() as i64;
    if done > known {
        return Err(Error::stop("loom.db was written by a newer Loom: update Loom, nothing was changed"));
    }
    for step in &steps[done as usize..] {
        tx.execute_batch(step)?;
    }
    if done < known {
        tx.execute(
            "INSERT INTO migration(room, steps) VALUES(?1, ?2) ON CONFLICT(room) DO UPDATE SET steps = excluded.steps",
            (room, known),
        )?;
    }
    Ok(())
}
