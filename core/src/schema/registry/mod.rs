//! What is kept: subjects, their versions, and what is set for them. One lock for whoever writes; who reads waits for nobody
//! who compiles or compares.

mod by_path;
mod hold;
mod judge;
mod level;
mod names;
mod read;
mod refusal;
mod register;
mod remove;
mod settings;
mod state;
mod table;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

pub use hold::{Complaint, Held, Tally};
pub use judge::{Direction, Judgement, Trouble};
pub use level::{Level, Mode};
pub use read::{Named, Wanted};
pub use refusal::{Answer, Refusal};
pub use register::Offer;
pub use state::{Content, Reference, Setting, Stored, Version, Which};

use crate::db::Db;
use crate::env::Clock;
use crate::error::Result;
use state::State;

/// The registry of this install.
pub struct Registry {
    db: Db,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    writing: Mutex<()>,
    holding: hold::Holding,
}

impl Registry {
    /// Reads what is registered, and takes in what comes by path with this Loom.
    pub fn open(db: &Db, clock: Arc<dyn Clock>) -> Result<Self> {
        db.migrate(table::ROOM, table::STEPS)?;
        let mut state = db.read(table::load)?;
        by_path::take_in(db, &mut state, clock.now())?;
        Ok(Self { db: db.clone(), clock, state: RwLock::new(state), writing: Mutex::default(), holding: hold::Holding::default() })
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings what is durable already into memory; validators that were held are found anew.
    fn apply<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
        self.holding.forget();
        done
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
