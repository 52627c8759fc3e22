//! Opening connections: the cipher, the page, the promises about durability.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::Key;
use super::fault;
use crate::error::{Error, Kind, Result};

/// Bytes a page; like the authentication code's algorithm (SHA-256, which processors compute themselves, so it
/// takes half as long as the default) it shapes the file: fixed for ever.
const PAGE_BYTES: u32 = 8192;
/// How long a connection waits for a lock that another process holds.
const BUSY: Duration = Duration::from_secs(5);
const WRITER_CACHE_KIB: u32 = 32 * 1024;
const READER_CACHE_KIB: u32 = 4 * 1024;
/// Statements kept ready: each table of records that is written to has one of its own.
const PREPARED: usize = 256;

fn connect(path: &Path, key: &Key, flags: OpenFlags) -> Result<Connection> {
    let c = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    c.busy_timeout(BUSY)?;
    c.set_prepared_statement_cache_capacity(PREPARED);
    // Answers to PRAGMA key and its like carry nothing.
    c.execute_batch(&key.pragma())?;
    c.execute_batch(&format!(
        "PRAGMA cipher_log_level = NONE; PRAGMA cipher_page_size = {PAGE_BYTES}; PRAGMA cipher_hmac_algorithm = HMAC_SHA256; \
         PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"
    ))?;
    Ok(c)
}

/// The one connection that writes. Makes the file if there is none.
pub(super) fn writer(path: &Path, key: &Key) -> Result<Connection> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|e| Error::stop("the data folder cannot be made: check the disk and its permissions").because(e))?;
    }
    let c = connect(path, key, OpenFlags::SQLITE_OPEN_CREATE)?;
    // Only counts before the first table; on an existing file it changes nothing.
    c.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
    unlocks(&c)?;
    let mode: String = c.query_row("PRAGMA journal_mode = WAL", [], |r| r.get(0))?;
    if mode != "wal" {
        return Err(Error::stop("this disk cannot hold loom.db: choose a folder on a local disk"));
    }
    c.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -{WRITER_CACHE_KIB};"
    ))?;
    Ok(c)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path, key: &Key) -> Result<Connection> {
    let c = connect(path, key, OpenFlags::empty())?;
    c.execute_batch(&format!("PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -{READER_CACHE_KIB};"))?;
    unlocks(&c)?;
    Ok(c)
}

/// A connection that moves pages from the write-ahead log to the file.
pub(super) fn checkpointer(path: &Path, key: &Key) -> Result<Connection> {
    let c = connect(path, key, OpenFlags::empty())?;
    c.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    unlocks(&c)?;
    Ok(c)
}

/// Reads the first page: it opens with the right key alone.
fn unlocks(c: &Connection) -> Result<()> {
    match c.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0)) {
        Ok(_) => Ok(()),
        Err(e) => {
            let e = Error::from(e);
            Err(if e.kind == Kind::Bug { fault::locked_out().because(e) } else { e })
        }
    }
}

/// How many pages of the file do not match their authentication code. Checkpoints must wait meanwhile.
pub(super) fn broken_pages(path: &Path, key: &Key) -> Result<usize> {
    let c = connect(path, key, OpenFlags::empty())?;
    unlocks(&c)?;
    let mut s = c.prepare("PRAGMA cipher_integrity_check")?;
    let mut rows = s.query([])?;
    let mut broken = 0;
    while rows.next()?.is_some() {
        broken += 1;
    }
    Ok(broken)
}
