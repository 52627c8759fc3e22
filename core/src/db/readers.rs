//! Connections that read, shared by whoever asks.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard};

use rusqlite::{Connection, InterruptHandle};

use super::{Shared, open};
use crate::env::{Clock, System};
use crate::error::Result;

/// Connections at most; who comes later waits for one.
const CONNECTIONS: usize = 6;
/// A read older than this gives way when the write-ahead log is long.
const PATIENCE_NS: u64 = 1_000_000_000;

#[derive(Default)]
pub(super) struct Readers {
    state: Mutex<State>,
    back: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    /// Since when each reads, by turn.
    reading: HashMap<u64, (u64, InterruptHandle)>,
    turns: u64,
}

impl Readers {
    pub(super) fn run<T>(&self, shared: &Shared, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut turn = self.begin(shared)?;
        let connection = turn.connection.take();
        let result = connection.as_ref().map_or_else(|| Err(super::fault::broke_off()), |c| in_transaction(c, f));
        if let Err(e) = &result {
            shared.note(e);
        }
        // A connection that met a damaged page answers nothing any more, and one that was interrupted while it
        // ended its transaction is still in it.
        let sound = !result.as_ref().is_err_and(super::fault::is_damage);
        turn.connection = connection.filter(|c| sound && c.is_autocommit());
        result
    }

    /// Closes what idles, so that the writer's close is the last.
    pub(super) fn close(&self) {
        self.lock().idle.clear();
    }

    /// Ends reads that hold the write-ahead log back.
    pub(super) fn interrupt_old(&self) {
        let now = System.monotonic_ns();
        for (since, handle) in self.lock().reading.values() {
            if now.saturating_sub(*since) > PATIENCE_NS {
                handle.interrupt();
            }
        }
    }

    fn begin(&self, shared: &Shared) -> Result<Turn<'_>> {
        let mut s = self.lock();
        while s.reading.len() >= CONNECTIONS {
            s = self.back.wait(s).unwrap_or_else(|e| e.into_inner());
        }
        let connection = match s.idle.pop() {
            Some(c) => c,
            None => open::reader(&shared.path, &shared.key).inspect_err(|e| shared.note(e))?,
        };
        s.turns += 1;
        let turn = s.turns;
        s.reading.insert(turn, (System.monotonic_ns(), connection.get_interrupt_handle()));
        Ok(Turn { readers: self, turn, connection: Some(connection) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// A connection lent out; it goes back when dropped, also by a panic.
struct Turn<'a> {
    readers: &'a Readers,
    turn: u64,
    connection: Option<Connection>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut s = self.readers.lock();
        s.reading.remove(&self.turn);
        s.idle.extend(self.connection.take());
        self.readers.back.notify_one();
    }
}

/// All of `f` sees one moment of the database.
fn in_transaction<T>(c: &Connection, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let tx = c.unchecked_transaction()?;
    let result = f(&tx)?;
    tx.commit()?;
    Ok(result)
}
