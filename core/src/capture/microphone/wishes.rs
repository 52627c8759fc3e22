//! What the owner wishes of the microphone: paused or not, and which one. It holds over restarts.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use crate::db::Db;
use crate::error::Result;

/// Written to disk: fixed for ever. One row.
const STEPS: &[&str] = &["CREATE TABLE microphone(
        id INTEGER PRIMARY KEY CHECK(id = 0),
        paused INTEGER NOT NULL,
        chosen TEXT,                 -- the sound system's id
        name TEXT                    -- and what it called it, for when it is gone
    )"];
/// How long a wish waits to be seen to.
const PATIENCE: Duration = Duration::from_secs(2);

/// A device that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub id: String,
    pub name: String,
}

/// As things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub paused: bool,
    pub chosen: Option<Chosen>,
    /// Goes up where the stream at hand is to end and another to begin; not kept.
    pub streams: u64,
}

#[derive(Default)]
struct Inner {
    wish: Wish,
    /// Counts changes, and which of them were seen to.
    turn: u64,
    done: u64,
    stop: bool,
    /// Who sees to them, while someone does.
    ear: Option<Thread>,
}

pub struct Wishes {
    db: Db,
    inner: Mutex<Inner>,
    seen_to: Condvar,
}

impl Wishes {
    /// As they were left.
    pub fn load(db: &Db) -> Result<Self> {
        db.migrate("microphone", STEPS)?;
        let row = db.read(|c| {
            let fields = |r: &rusqlite::Row| Ok((r.get(0)?, r.get::<_, Option<String>>(1)?, r.get::<_, Option<String>>(2)?));
            Ok(c.query_row("SELECT paused, chosen, name FROM microphone", [], fields).optional()?)
        })?;
        let wish = row.map(|(paused, id, name)| Wish { paused, chosen: id.zip(name).map(|(id, name)| Chosen { id, name }), streams: 0 });
        let inner = Mutex::new(Inner { wish: wish.unwrap_or_default(), ..Inner::default() });
        Ok(Self { db: db.clone(), inner, seen_to: Condvar::new() })
    }

    /// Changes them, durably, and returns once that was seen to, or the listener is slow about it.
    ///
    /// Errors: `Stop` when the disk is full: then the wish holds until the end of the program.
    pub fn change(&self, change: impl FnOnce(&mut Wish)) -> Result<()> {
        let mut inner = self.lock();
        change(&mut inner.wish);
        inner.turn += 1;
        let (turn, wish) = (inner.turn, inner.wish.clone());
        if let Some(ear) = &inner.ear {
            ear.unpark();
            let late = |i: &mut Inner| i.done < turn && i.ear.is_some();
            drop(self.seen_to.wait_timeout_while(inner, PATIENCE, late).unwrap_or_else(PoisonError::into_inner));
        } else {
            drop(inner);
        }
        self.keep(wish)
    }

    fn keep(&self, wish: Wish) -> Result<()> {
        let (id, name) = wish.chosen.map(|c| (c.id, c.name)).unzip();
        // A few bytes that the owner asked for: they may use the reserve.
        self.db.maintain(move |tx| {
            tx.execute("INSERT OR REPLACE INTO microphone VALUES(0, ?1, ?2, ?3)", params![wish.paused, id, name])?;
            Ok(())
        })
    }

    /// What is wished, its turn for [`done`](Self::done), and whether to end.
    pub fn now(&self) -> (Wish, u64, bool) {
        let inner = self.lock();
        (inner.wish.clone(), inner.turn, inner.stop)
    }

    pub fn done(&self, turn: u64) {
        let mut inner = self.lock();
        if inner.done != turn {
            inner.done = turn;
            self.seen_to.notify_all();
        }
    }

    /// Someone listens from now on, or no longer.
    pub fn attend(&self, ear: Option<Thread>) {
        let mut inner = self.lock();
        inner.ear = ear;
        self.seen_to.notify_all();
    }

    /// Forgets that it was asked to stop: someone is about to listen.
    pub fn begin(&self) {
        self.lock().stop = false;
    }

    pub fn stop(&self) {
        let mut inner = self.lock();
        inner.stop = true;
        inner.ear.iter().for_each(Thread::unpark);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Key;

    #[test]
    fn wishes_hold_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Db::open(&folder.path().join("loom.db"), &Key::new([1; 32])).unwrap();
        let chosen = Some(Chosen { id: "pulseaudio:desk".into(), name: "Desk «ü» 日本".into() });
        let wishes = Wishes::load(&open()).unwrap();
        assert_eq!(wishes.now().0, Wish::default());
        wishes.change(|w| *w = Wish { paused: true, chosen: chosen.clone(), streams: 0 }).unwrap();
        drop(wishes);
        let wishes = Wishes::load(&open()).unwrap();
        assert_eq!(wishes.now().0, Wish { paused: true, chosen, streams: 0 });
        wishes.change(|w| *w = Wish::default()).unwrap();
        drop(wishes);
        assert_eq!(Wishes::load(&open()).unwrap().now().0, Wish::default());
    }
}
