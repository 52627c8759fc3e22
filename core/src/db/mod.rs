//! `loom.db`: one encrypted SQLite file for the log, the timeline and everything else that must survive.
//! One thread writes and commits in groups; a pool of connections reads; rooms bring their own tables.
//!
//! What is fixed for ever once a file exists: the page size, the cipher settings (`open.rs`), `migration`.

mod checkpoint;
mod fault;
mod key;
mod migrate;
mod open;
mod readers;
mod space;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, Transaction};

pub use key::Key;

use crate::error::{Error, Result};
use readers::Readers;
use space::Space;
use writer::{Purpose, Writer};

/// A handle on the database; clones share it. The file is closed when the last one goes.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    writer: Writer,
    shared: Arc<Shared>,
}

/// What the writer, the checkpointer and the readers know together.
struct Shared {
    path: PathBuf,
    key: Key,
    space: Space,
    readers: Readers,
    /// Held while pages move from the write-ahead log to the file.
    moving: Mutex<()>,
    /// Pages in the write-ahead log that are not in the file yet.
    backlog: AtomicI64,
    /// A page failed its check: nothing is written any more, so that the file stays as it is.
    damaged: AtomicBool,
    /// Goes up whenever a change was taken back or made elsewhere: what writers remember is then stale.
    generation: Arc<AtomicU64>,
}

impl Shared {
    /// Draws the consequences of damage and of a disk without any space.
    fn note(&self, e: &Error) {
        if fault::is_full(e) {
            self.space.give_reserve();
        }
        if fault::is_damage(e) {
            self.damaged.store(true, Ordering::SeqCst);
        }
    }
    /// What writers remember of the database holds no more.
    fn stale(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
    fn may_write(&self, intake: bool) -> Result<()> {
        if self.is_damaged() {
            return Err(fault::damaged());
        }
        if intake && !self.space.is_enough() {
            return Err(fault::full());
        }
        Ok(())
    }
    fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::SeqCst)
    }
}

impl Db {
    /// Opens the file, or makes it.
    ///
    /// Errors: `Stop` when the key is wrong, the file is damaged at its start, or the disk does not take it.
    pub fn open(path: &Path, key: &Key) -> Result<Self> {
        let connection = open::writer(path, key)?;
        let shared = Arc::new(Shared {
            path: path.to_path_buf(),
            key: key.clone(),
            space: Space::beside(path),
            readers: Readers::default(),
            moving: Mutex::new(()),
            backlog: AtomicI64::new(0),
            damaged: AtomicBool::new(false),
            generation: Arc::new(AtomicU64::new(1)),
        });
        let writer = Writer::start(connection, shared.clone())?;
        Ok(Self(Arc::new(Inner { writer, shared })))
    }

    /// Brings a room's tables up to date: step `n` is run once, when `n` steps were run before it.
    ///
    /// Errors: `Stop` when the file has been through more steps than there are: a newer Loom wrote it.
    pub fn migrate(&self, room: &str, steps: &'static [&'static str]) -> Result<()> {
        let room = room.to_owned();
        self.maintain(move |tx| migrate::run(tx, &room, steps))
    }

    /// Runs `f` on the writer's thread and answers once it is durable. Jobs that wait are committed
    /// together, each in a savepoint: one that fails takes nothing of the others back.
    ///
    /// Errors: `f`'s own; `Stop` when the disk is full or the file damaged; `Bug` when `f` panicked.
    pub fn write<T: Send + 'static>(&self, f: impl FnOnce(&Transaction) -> Result<T> + Send + 'static) -> Result<T> {
        self.0.writer.run(Purpose::Intake, f)
    }

    /// Like [`Db::write`], but allowed to use the space kept in reserve: for what gives space back.
    pub fn maintain<T: Send + 'static>(&self, f: impl FnOnce(&Transaction) -> Result<T> + Send + 'static) -> Result<T> {
        self.0.writer.run(Purpose::Upkeep, f)
    }

    /// Like [`Db::maintain`], for what is done again where it was lost: it answers before the disk is flushed, and
    /// waits its turn while much is on its way from the write-ahead log to the file. Whole pages it frees are not
    /// overwritten: the caller does that, all at once.
    pub fn tidy<T: Send + 'static>(&self, f: impl FnOnce(&Transaction) -> Result<T> + Send + 'static) -> Result<T> {
        checkpoint::wait_for_room(&self.0.shared);
        self.0.writer.run(Purpose::Tidying, f)
    }

    /// Runs `f` in one read transaction. Keep it short: while it lives the write-ahead log cannot shrink, so
    /// one that is older than a second is interrupted (`Retry`) when the write-ahead log has grown long.
    pub fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.0.shared.readers.run(&self.0.shared, f)
    }

    /// Checks every page against its authentication code. `Stop`, with what to do, when one is not as it was written.
    pub fn check(&self) -> Result<()> {
        let shared = &self.0.shared;
        let moving = shared.moving.lock().unwrap_or_else(|e| e.into_inner());
        let pages = open::broken_pages(&shared.path, &shared.key).inspect_err(|e| shared.note(e))?;
        drop(moving);
        if pages == 0 {
            return Ok(());
        }
        shared.damaged.store(true, Ordering::SeqCst);
        Err(fault::damaged())
    }

    /// A number that changes when something a job did was taken back, or another process wrote. What a writing
    /// job remembers from earlier jobs holds only while this is the same.
    pub(crate) fn generation(&self) -> Arc<AtomicU64> {
        self.0.shared.generation.clone()
    }

    /// Empties the write-ahead log, so that what was overwritten is not in there either.
    pub fn scrub(&self) -> Result<()> {
        checkpoint::truncate(&self.0.shared)
    }

    /// Whether there is room for what other rooms write beside the database. `Stop` while the disk is full.
    pub fn may_grow(&self) -> Result<()> {
        self.0.shared.may_write(true)
    }

    /// How much of the disk stays free: below it, writes stop with a clear error and go on once there is space.
    pub fn keep_free(&self, bytes: u64) {
        self.0.shared.space.keep_free(bytes);
    }

    pub fn path(&self) -> &Path {
        &self.0.shared.path
    }
}
