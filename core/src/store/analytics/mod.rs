//! How much of what came when: counts a minute by topic and device, in `analytics.duckdb`. Numbers only, never
//! words, since this file is not encrypted. It can be deleted at any time and is made again from the log.

mod file;
mod parquet;
mod query;
mod recount;
mod sink;
mod tally;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use loom_schemas::api::CountRow;

use crate::error::{Error, Result};
use file::Store;

pub use parquet::{Rows, parquet};
pub use query::Which;
pub use sink::AnalyticsSink;

/// `analytics.duckdb`, opened when it is first needed.
pub struct Analytics {
    path: PathBuf,
    store: Mutex<Option<Store>>,
}

impl Analytics {
    /// Opens nothing yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), store: Mutex::new(None) }
    }

    /// Counts by span of time, topic and device, in that order.
    ///
    /// Errors: `Invalid` for buckets that are no whole minutes, or so many rows that nobody reads them; `Stop`
    /// while another program holds the file.
    pub fn counts(&self, which: &Which) -> Result<Vec<CountRow>> {
        which.check()?;
        self.with(|s| query::counts(&s.connection, which))
    }

    /// Deletes everything, so that [`AnalyticsSink`] counts again from the log.
    pub fn rebuild(&self) -> Result<()> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        *store = None;
        file::delete(&self.path)
    }

    /// A file that turns out to be damaged is moved aside, and what was asked can be asked again.
    fn with<T>(&self, f: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match &mut *store {
            Some(open) => open,
            closed => closed.insert(file::open(&self.path)?),
        };
        let result = f(open);
        if result.as_ref().is_err_and(file::is_damage) {
            *store = None;
            file::set_aside(&self.path)?;
            return Err(Error::retry("the counts were damaged and are made again from the log: ask again in a moment"));
        }
        result
    }
}
