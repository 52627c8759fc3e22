//! What was said, in order and searchable: one row an utterance in `loom.db`, an FTS5 index beside it.
//! Everything here is made from `media.text.released` and can be made again from it.

mod day;
mod edits;
mod id;
mod lines;
mod query;
mod rank;
mod retime;
mod schema;
mod search;
mod sink;
mod write;

#[cfg(test)]
mod tests;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use loom_schemas::api::TimelineRow;
use loom_schemas::live::Day;
use loom_schemas::payload::AudioRef;
use uuid::Uuid;

use super::{Days, Found, Place, Range, Timeline};
use crate::db::Db;
use crate::error::Result;
use crate::forget;

pub use day::MOST_DAYS;
pub use edits::EditSink;
pub use sink::TimelineSink;
pub use write::{Line, insert};

/// Matches that are ranked; of more, the newest: a common word in a million rows has half a million.
pub const RANKED_MATCHES: usize = 2000;

/// The timeline in `loom.db`; clones share it.
#[derive(Clone)]
pub struct SqliteTimeline {
    db: Db,
}

impl SqliteTimeline {
    /// Makes the tables where there are none.
    ///
    /// Errors: as [`Db::migrate`].
    pub fn open(db: Db) -> Result<Self> {
        db.migrate(schema::ROOM, schema::STEPS)?;
        forget::migrate(&db)?;
        Ok(Self { db })
    }

    /// Removes lines from the table and their words from the index, overwriting both; how many there were.
    pub fn erase(&self, message_ids: &[Uuid]) -> Result<u64> {
        let mut erased = 0;
        for some in message_ids.chunks(write::ERASED_AT_ONCE) {
            let some = some.to_vec();
            erased += self.db.maintain(move |tx| write::erase(tx, &some))?;
        }
        Ok(erased)
    }

    /// Empties the timeline, its index and its positions, so that [`TimelineSink`] makes it again from the log.
    pub fn rebuild(&self) -> Result<()> {
        self.db.maintain(|tx| Ok(tx.execute_batch(schema::EMPTY)?))
    }

    /// Lines kept.
    pub fn count(&self) -> Result<u64> {
        self.db.read(|c| Ok(c.query_row("SELECT count(*) FROM utterance WHERE forget IS NULL", [], |r| r.get::<_, i64>(0))?.unsigned_abs()))
    }
}

/// Every line in a range that a search would find, however many.
pub(crate) fn matching(c: &rusqlite::Connection, query: &str, range: &Range) -> Result<Vec<Uuid>> {
    search::all(c, query, range)
}

impl Timeline for SqliteTimeline {
    fn search(&self, query: &str, range: &Range) -> Result<Found> {
        self.db.read(|c| search::search(c, query, range))
    }
    fn lines(&self, range: &Range) -> Result<Vec<TimelineRow>> {
        self.db.read(|c| lines::lines(c, range))
    }
    fn line(&self, message_id: Uuid) -> Result<Option<TimelineRow>> {
        self.db.read(|c| lines::line(c, message_id))
    }
    fn audio(&self, message_id: Uuid) -> Result<Option<AudioRef>> {
        self.db.read(|c| lines::audio(c, message_id))
    }
    fn place(&self, message_id: Uuid) -> Result<Option<Place>> {
        self.db.read(|c| lines::place(c, message_id))
    }
    fn day(&self, date: Date, zone: &TimeZone) -> Result<Day> {
        self.db.read(|c| day::day(c, date, zone))
    }
    fn days(&self, from: Date, to: Date, zone: &TimeZone) -> Result<Days> {
        self.db.read(|c| day::days(c, from, to, zone))
    }
}
