//! Where records lie. The first ones of each topic partition share the table `record`; what comes after fills tables
//! of its own, one by one, so that what is past its time goes a table at a time: SQLite frees the pages of a table
//! that is emptied whole without writing them, but each page that rows are deleted from it seals, logs and moves once
//! more. Tables that were emptied are used again, since every new one makes every connection read all their names.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::env::Time;
use crate::error::Result;

/// What a table takes: so little that all of it goes in one short transaction. Small in tests, which then have many.
const RECORDS: u64 = if cfg!(test) { 32 } else { 4096 };
/// The same in bytes of values, for large ones.
const BYTES: u64 = if cfg!(test) { 4 << 10 } else { 8 << 20 };
/// Tables made at once, at least; an eighth of what there is, where that is more.
const MORE: i64 = 8;

/// A table of records, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment(i64);

/// The table that begins every partition.
const SHARED: Segment = Segment(0);

impl Segment {
    /// A statement in which `{}` stands for the table.
    pub fn prepare<'c>(self, c: &'c Connection, sql: &str) -> Result<CachedStatement<'c>> {
        let table = if self == SHARED { "record".into() } else { format!("segment_{}", self.0) };
        Ok(c.prepare_cached(&sql.replace("{}", &table))?)
    }
}

/// The table of the record at an offset, if there is such a record.
pub(super) fn holding(c: &Connection, topic_partition: i64, offset: u64) -> Result<Segment> {
    let mut s = c.prepare_cached("SELECT number FROM segment WHERE topic_partition = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1")?;
    Ok(s.query_row(params![topic_partition, offset as i64], |r| r.get(0).map(Segment)).optional()?.unwrap_or(SHARED))
}

/// Where the table that holds an offset ends and another goes on, if one does.
pub(super) fn end(c: &Connection, topic_partition: i64, offset: u64) -> Result<Option<u64>> {
    let mut s = c.prepare_cached("SELECT first FROM segment WHERE topic_partition = ?1 AND first > ?2 ORDER BY first LIMIT 1")?;
    Ok(s.query_row(params![topic_partition, offset as i64], |r| r.get::<_, i64>(0)).optional()?.map(|first| first as u64))
}

/// The first offset of the last table that began before a time, if one did.
pub(super) fn began_before(c: &Connection, topic_partition: i64, time: Time) -> Result<Option<u64>> {
    let mut s =
        c.prepare_cached("SELECT first FROM segment WHERE topic_partition = ?1 AND began < ?2 ORDER BY began DESC, first DESC LIMIT 1")?;
    Ok(s.query_row(params![topic_partition, time.0], |r| r.get::<_, i64>(0)).optional()?.map(|first| first as u64))
}

/// The table a partition's next record goes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub segment: Segment,
    first: u64,
    /// Bytes of the values it has taken; those erased since count.
    pub filled: u64,
}

impl Open {
    pub fn load(c: &Connection, topic_partition: i64, filled: u64) -> Result<Self> {
        let mut s = c.prepare_cached("SELECT number, first FROM segment WHERE topic_partition = ?1 ORDER BY first DESC LIMIT 1")?;
        let last = s.query_row([topic_partition], |r| Ok((Segment(r.get(0)?), r.get::<_, i64>(1)? as u64))).optional()?;
        let (segment, first) = last.unwrap_or((SHARED, 0));
        Ok(Self { segment, first, filled })
    }

    pub fn is_full(&self, next: u64) -> bool {
        next - self.first >= RECORDS || self.filled >= BYTES
    }

    /// Closes it and goes on in another.
    pub fn turn(&mut self, tx: &Connection, topic_partition: i64, next: u64, at: Time) -> Result<()> {
        tx.prepare_cached("UPDATE segment SET bytes = ?2 WHERE number = ?1")?.execute([self.segment.0, self.filled as i64])?;
        let number = unused(tx)?;
        tx.prepare_cached("UPDATE segment SET topic_partition = ?2, first = ?3, began = ?4 WHERE number = ?1")?.execute(params![
            number,
            topic_partition,
            next as i64,
            at.0
        ])?;
        *self = Self { segment: Segment(number), first: next, filled: 0 };
        Ok(())
    }
}

fn unused(tx: &Connection) -> Result<i64> {
    let mut s = tx.prepare_cached("SELECT number FROM segment WHERE topic_partition IS NULL ORDER BY number LIMIT 1")?;
    if let Some(number) = s.query_row([], |r| r.get(0)).optional()? {
        return Ok(number);
    }
    let made: i64 = tx.query_row("SELECT coalesce(max(number), 0) FROM segment", [], |r| r.get(0))?;
    for number in made + 1..=made + MORE.max(made / 8) {
        tx.execute("INSERT INTO segment(number) VALUES(?1)", [number])?;
        // As `record`.
        tx.execute_batch(&format!(
            "CREATE TABLE segment_{number}(
                id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, message_id BLOB NOT NULL,
                key BLOB NOT NULL, key_id INTEGER, headers BLOB NOT NULL, value BLOB)"
        ))?;
    }
    Ok(made + 1)
}

/// A table that takes no more and can go whole.
pub(super) struct Closed {
    segment: Segment,
    pub end: u64,
    /// No less than what its values have.
    pub bytes: u64,
}

/// The table that holds an offset, if it takes no more and is no one else's.
pub(super) fn closed(c: &Connection, topic_partition: i64, offset: u64) -> Result<Option<Closed>> {
    let (segment, Some(end)) = (holding(c, topic_partition, offset)?, end(c, topic_partition, offset)?) else { return Ok(None) };
    let mut s = c.prepare_cached("SELECT bytes FROM segment WHERE number = ?1")?;
    let bytes = s.query_row([segment.0], |r| r.get::<_, i64>(0)).optional()?;
    Ok(bytes.map(|bytes| Closed { segment, end, bytes: bytes as u64 }))
}

impl Closed {
    /// Takes every record away; how many there were, and the bytes of their values.
    pub fn empty(&self, tx: &Connection, topic_partition: i64) -> Result<(u64, u64)> {
        let mut all = self.segment.prepare(tx, "SELECT message_id, length(value) FROM {}")?;
        let mut found = all.query([])?;
        let gone = forget(tx, topic_partition, &mut found)?;
        drop(found);
        self.segment.prepare(tx, "DELETE FROM {}")?.execute([])?;
        self.free(tx)?;
        Ok(gone)
    }

    /// Leaves it to whoever needs a table.
    pub fn free(&self, tx: &Connection) -> Result<()> {
        let mut free =
            tx.prepare_cached("UPDATE segment SET topic_partition = NULL, first = NULL, began = NULL, bytes = NULL WHERE number = ?1")?;
        free.execute([self.segment.0])?;
        Ok(())
    }
}

/// Forgets the ids of records, so that they may come again; how many, and the bytes of their values. A row has the id
/// and that length.
pub(super) fn forget(tx: &Connection, topic_partition: i64, records: &mut rusqlite::Rows) -> Result<(u64, u64)> {
    let mut forget = tx.prepare_cached("DELETE FROM once WHERE message_id = ?1 AND topic_partition = ?2")?;
    let (mut count, mut bytes) = (0, 0);
    while let Some(r) = records.next()? {
        forget.execute(params![r.get::<_, [u8; 16]>(0)?, topic_partition])?;
        count += 1;
        bytes += r.get::<_, Option<i64>>(1)?.unwrap_or(0) as u64;
    }
    Ok((count, bytes))
}
