//! Moving pages from the write-ahead log into the file. A thread of its own moves them while writing goes on; what
//! came meanwhile is little, and the writer moves that between two groups, so that the write-ahead log begins anew.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::{Shared, open};
use crate::error::{Error, Result};

/// Pages not yet in the file from which they are moved: about 2 MiB, so that flushing them holds no commit up for long.
const SOME: i64 = 300;
/// So few that moving them holds nobody up.
const FEW: i64 = 200;
/// Pages in the write-ahead log from which it is to begin anew: 32 MiB.
const ENOUGH: i64 = 4000;
/// From here on readers that hold it back are interrupted, and writing waits until pages are moved.
const LONG: i64 = 4 * ENOUGH;

/// Decides after each group of the writer what is moved, and by whom.
pub(super) struct Checkpoints {
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(super) fn start(shared: Arc<Shared>) -> Result<Self> {
        let connection = open::checkpointer(&shared.path, &shared.key)?;
        let (wake, woken) = bounded(1);
        let thread = std::thread::Builder::new()
            .name("loom.db checkpoints".into())
            .spawn(move || run(&connection, &shared, &woken))
            .map_err(|e| Error::stop("the system gives no thread to move pages with").because(e))?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    pub(super) fn after_group(&self, c: &Connection, shared: &Shared) {
        let Ok((pages, moved)) = pragma(c, "NOOP") else { return };
        let left = pages - moved;
        shared.backlog.store(left, Ordering::Relaxed);
        if shared.is_damaged() {
            return;
        }
        if pages > LONG {
            shared.readers.interrupt_old();
        }
        if pages > ENOUGH && (left < FEW || pages > LONG) {
            // The other thread has moved the most, or cannot keep up.
            move_pages(c, shared);
        } else if (left > SOME || pages > ENOUGH)
            && let Some(wake) = &self.wake
        {
            // Full: it is about to look anyway.
            let _ = wake.try_send(());
        }
    }

    /// Ends the thread, which closes its connection.
    pub(super) fn stop(&mut self) {
        self.wake.take();
        if let Some(t) = self.thread.take() {
            // It has nothing to say; pages that were not moved are moved another time.
            drop(t.join());
        }
    }
}

fn run(c: &Connection, shared: &Shared, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        if !shared.is_damaged() {
            move_pages(c, shared);
        }
    }
    if shared.is_damaged() {
        leave_as_it_is(c);
    }
}

fn move_pages(c: &Connection, shared: &Shared) {
    let _moving = shared.moving.lock().unwrap_or_else(|e| e.into_inner());
    match pragma(c, "PASSIVE") {
        Ok((pages, moved)) => {
            shared.backlog.store(pages - moved, Ordering::Relaxed);
            shared.space.take_reserve();
        }
        Err(e) => shared.note(&Error::from(e)),
    }
}

/// Holds tidying back while much is on its way to the file.
pub(super) fn wait_for_room(shared: &Shared) {
    if shared.backlog.load(Ordering::Relaxed) > SOME {
        drop(shared.moving.lock().unwrap_or_else(|e| e.into_inner()));
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
fn pragma(c: &Connection, mode: &str) -> rusqlite::Result<(i64, i64)> {
    c.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?.query_row([], |r| Ok((r.get(1)?, r.get(2)?)))
}

/// Leaves the file as it is when the connection closes.
pub(super) fn leave_as_it_is(c: &Connection) {
    // It fails only where the setting is unknown to SQLite.
    let _ = c.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}
