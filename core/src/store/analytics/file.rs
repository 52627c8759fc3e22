//! The file: opening it small and quiet, its tables, and what becomes of a damaged one.

use std::path::{Path, PathBuf};
use std::{fs, io};

use duckdb::{Config, Connection};

use crate::bus::{Position, Positions, TopicName};
use crate::error::{Error, Result};

/// Enough for counts by the minute over years; beyond, DuckDB goes to disk.
const MEMORY: &str = "32MB";

/// No primary key: its index lives in memory, and three million rows, a busy year, did not fit 64 MB of it. Without
/// one they take 7 MB on disk.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS count_minute(minute TIMESTAMP NOT NULL, topic VARCHAR NOT NULL, device_id UUID NOT NULL,
        records BIGINT NOT NULL, words BIGINT NOT NULL, seconds DOUBLE NOT NULL);
    CREATE TABLE IF NOT EXISTS position(topic VARCHAR NOT NULL, part UINTEGER NOT NULL, next UBIGINT NOT NULL);
    CREATE TEMP TABLE fresh(minute BIGINT, topic VARCHAR, device_id VARCHAR, records BIGINT, words BIGINT, seconds DOUBLE);";

/// The open file, and how far the log is counted in it.
pub(super) struct Store {
    pub connection: Connection,
    pub positions: Positions,
}

/// Opens the file, or makes it; a damaged one is moved aside first.
pub(super) fn open(path: &Path) -> Result<Store> {
    match connect(path) {
        Err(e) if is_damage(&e) => {
            set_aside(path)?;
            connect(path)
        }
        result => result,
    }
}

fn connect(path: &Path) -> Result<Store> {
    // One thread does for counts, and none waits in the background; nothing is fetched from anywhere.
    let config = Config::default().enable_autoload_extension(false)?.threads(1)?.max_memory(MEMORY)?;
    let connection = Connection::open_with_flags(path, config)?;
    connection.execute_batch(TABLES)?;
    let positions = positions(&connection)?;
    Ok(Store { connection, positions })
}

fn positions(c: &Connection) -> Result<Positions> {
    let mut statement = c.prepare("SELECT topic, part, next FROM position")?;
    let mut rows = statement.query([])?;
    let mut positions = Positions::new();
    while let Some(r) = rows.next()? {
        let topic = TopicName::parse(&r.get::<_, String>(0)?)?;
        positions.insert(Position { topic, partition: r.get(1)? }, r.get(2)?);
    }
    Ok(positions)
}

/// DuckDB's own log of the last changes.
fn wal(path: &Path) -> PathBuf {
    path.with_added_extension("wal")
}

/// Keeps a damaged file beside the new one, in place of an earlier such.
pub(super) fn set_aside(path: &Path) -> Result<()> {
    let aside = path.with_added_extension("damaged");
    tracing::warn!(
        "the counts in analytics.duckdb were damaged: the file is kept as analytics.duckdb.damaged, the counts are made again from the log"
    );
    for (from, to) in [(wal(path), wal(&aside)), (path.to_path_buf(), aside)] {
        missing_is_fine(fs::rename(from, to))?;
    }
    Ok(())
}

pub(super) fn delete(path: &Path) -> Result<()> {
    for file in [wal(path), path.to_path_buf()] {
        missing_is_fine(fs::remove_file(file))?;
    }
    Ok(())
}

fn missing_is_fine(done: io::Result<()>) -> Result<()> {
    match done {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(Error::stop("analytics.duckdb cannot be moved: check the data folder and its permissions").because(e))
        }
        _ => Ok(()),
    }
}

/// DuckDB tells its errors apart by their text alone.
impl From<duckdb::Error> for Error {
    fn from(e: duckdb::Error) -> Self {
        let text = e.to_string();
        let says = |parts: &[&str]| parts.iter().any(|p| text.contains(p));
        if says(&["Could not set lock"]) {
            Error::stop("analytics.duckdb is open in another program: close it").because(e)
        } else if says(&["Permission denied", "Is a directory", "Cannot open file", "Could not create", "Read-only file system"]) {
            Error::stop("analytics.duckdb cannot be opened: check the data folder and its permissions").because(e)
        } else if says(&["No space left", "Could not write"]) {
            Error::stop("the disk is full: nothing was lost, free some space and Loom goes on by itself").because(e)
        } else if says(DAMAGE) {
            Error::new(crate::error::Kind::Retry, "analytics.duckdb is damaged").because(Damage(e))
        } else {
            Error::bug("DuckDB refused what Loom asked of it").because(e)
        }
    }
}

/// How DuckDB words what a broken file makes it meet.
const DAMAGE: &[&str] = &[
    "not a valid DuckDB database",
    "orrupt",
    "checksum",
    "Serialization Error",
    "deserialize",
    "replaying WAL",
    "INTERNAL Error",
    "FATAL Error",
    "version number",
    "Could not read",
    "Catalog Error",
    "Binder Error",
];

#[derive(Debug)]
struct Damage(duckdb::Error);

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::error::Error for Damage {}

pub(super) fn is_damage(e: &Error) -> bool {
    std::error::Error::source(e).is_some_and(<dyn std::error::Error>::is::<Damage>)
}
