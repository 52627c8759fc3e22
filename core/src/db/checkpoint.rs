//! Moving pages from the write-ahead log into the file, between groups.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::{Shared, open};
use crate::error::{Error, Result};

/// Pages in the write-ahead log from which it is emptied.
const PAGES: i64 = 1000;
/// Pages from which readers that hold it back are interrupted.
const LONG: i64 = 8 * PAGES;

/// Empties the write-ahead log once it is long enough.
pub(super) fn after_group(c: &Connection, shared: &Shared) {
    let pages = run(c, "NOOP").map_or(0, |(pages, _)| pages);
    if pages < PAGES || shared.is_damaged() {
        return;
    }
    if pages > LONG {
        shared.readers.interrupt_old();
    }
    let _moving = shared.moving.lock().unwrap_or_else(|e| e.into_inner());
    match run(c, "PASSIVE") {
        Ok(_) => shared.space.take_reserve(),
        Err(e) => shared.note(&Error::from(e)),
    }
}

/// Empties it whole and cuts it to nothing; writers wait meanwhile.
pub(super) fn truncate(shared: &Shared) -> Result<()> {
    let c = open::checkpointer(&shared.path, &shared.key)?;
    let _moving = shared.moving.lock().unwrap_or_else(|e| e.into_inner());
    let busy: i64 = c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0))?;
    if busy == 0 { Ok(()) } else { Err(Error::retry("a long read holds the log of changes: try again")) }
}

/// Pages in the write-ahead log, and how many of them are in the file too.
fn run(c: &Connection, mode: &str) -> rusqlite::Result<(i64, i64)> {
    c.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?.query_row([], |r| Ok((r.get(1)?, r.get(2)?)))
}

/// Leaves the file as it is when the connection closes.
pub(super) fn none_on_close(c: &Connection) {
    // It fails only where the setting is unknown to SQLite.
    let _ = c.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}
