//! Deleting what is past its time, erasing what must go, giving space back: all in steps short enough to wait for.

use std::sync::Arc;

use rusqlite::{OptionalExtension, Transaction, params};

use super::Sqlite;
use super::append::Heads;
use super::read::offset_at;
use super::schema::{offset_of, record_id};
use super::segments::{self, Closed};
use crate::bus::{Retention, TopicName};
use crate::env::{Clock, System, Time};
use crate::error::Result;

/// Records a transaction, where they go one by one.
const ROWS: usize = 1000;
/// Pages a transaction, when space is given back.
const PAGES: u32 = 64;
/// The same in time.
const GIVING_NS: u64 = 3_000_000;
/// Free pages that stay in the file for what comes next.
const SPARE_PAGES: i64 = 2048;
/// What one page of a long value holds: 8192 less the cipher's reserve and the next page's number, rounded down.
const ZEROS_A_PAGE: i64 = 8000;
const SECONDS_A_DAY: f64 = 86_400.0;

/// Where a partition's retention ends.
#[derive(Clone, Copy)]
struct Limit {
    topic_partition: i64,
    /// Received before is past its time.
    oldest: Option<Time>,
    bytes: Option<u64>,
}

pub(super) fn retain(log: &Sqlite) -> Result<u64> {
    let now = log.clock.now();
    let mut gone = 0;
    for limit in limits(log, now)? {
        let until = match limit.oldest {
            Some(t) => log.db.read(|c| offset_at(c, limit.topic_partition, t))?,
            None => 0,
        };
        gone += delete_all(log, limit, until)?;
    }
    if gone > 0 || log.db.read(|c| Ok(c.query_row("SELECT EXISTS(SELECT 1 FROM spare)", [], |r| r.get(0))?))? {
        give_back(log)?;
        overwrite(log)?;
    }
    Ok(gone)
}

fn limits(log: &Sqlite, now: Time) -> Result<Vec<Limit>> {
    log.db.read(|c| {
        let mut s = c.prepare_cached("SELECT p.id, t.name, t.days, t.bytes FROM topic t JOIN topic_partition p ON p.topic = t.name")?;
        let limit = |r: &rusqlite::Row| {
            let made = Retention { days: r.get(2)?, bytes: r.get::<_, Option<i64>>(3)?.map(|b| b as u64) };
            let kept = TopicName::parse(&r.get::<_, String>(1)?).ok().and_then(|t| log.own_retention(&t)).unwrap_or(made);
            Ok(Limit { topic_partition: r.get(0)?, oldest: kept.days.map(|d| now.plus(-SECONDS_A_DAY * f64::from(d))), bytes: kept.bytes })
        };
        let all = s.query_map([], limit)?.collect::<Result<Vec<_>, _>>()?;
        Ok(all.into_iter().filter(|l| l.oldest.is_some() || l.bytes.is_some()).collect())
    })
}

fn delete_all(log: &Sqlite, limit: Limit, until: u64) -> Result<u64> {
    let mut gone = 0;
    loop {
        let heads = log.heads.clone();
        match log.db.tidy(move |tx| delete(tx, &heads, limit, until))? {
            0 => return Ok(gone),
            n => gone += n,
        }
    }
}

/// Deletes the oldest records past their limit: a whole table of them, or [`ROWS`] at most; how many.
fn delete(tx: &Transaction, heads: &Heads, limit: Limit, until: u64) -> Result<u64> {
    let number = limit.topic_partition;
    let mut head = tx.prepare_cached("SELECT low, next, bytes FROM head WHERE topic_partition = ?1")?;
    let (low, next, kept) =
        head.query_row([number], |r| Ok((r.get::<_, i64>(0)? as u64, r.get::<_, i64>(1)? as u64, r.get::<_, i64>(2)? as u64)))?;
    let table = segments::closed(tx, number, low)?;
    let whole = |t: &Closed| t.end <= until || limit.bytes.is_some_and(|most| kept.saturating_sub(t.bytes) > most);
    let (cut, (rows, bytes)) = match &table {
        Some(t) if whole(t) => (t.end, t.empty(tx, number)?),
        _ => {
            let cut = past(tx, limit, until, (low, next), kept)?;
            let gone = delete_rows(tx, number, low, cut)?;
            if let Some(t) = table.filter(|t| t.end == cut) {
                t.free(tx)?;
            }
            (cut, gone)
        }
    };
    if rows > 0 {
        tx.prepare_cached("UPDATE head SET low = ?2, records = records - ?3, bytes = bytes - ?4 WHERE topic_partition = ?1")?
            .execute(params![number, cut as i64, rows as i64, bytes as i64])?;
        tx.prepare_cached("INSERT INTO spare SELECT x'' WHERE NOT EXISTS(SELECT 1 FROM spare)")?.execute([])?;
        heads.forget(number);
    }
    Ok(rows)
}

/// The offset up to which records are past their limit, [`ROWS`] at most and all in one table.
fn past(tx: &Transaction, limit: Limit, until: u64, (low, next): (u64, u64), mut kept: u64) -> Result<u64> {
    let number = limit.topic_partition;
    let end = segments::end(tx, number, low)?.unwrap_or(next);
    let mut oldest = segments::holding(tx, number, low)?
        .prepare(tx, "SELECT id, length(value) FROM {} WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3")?;
    let mut found = oldest.query(params![record_id(number, low), record_id(number, end), ROWS as i64])?;
    let mut cut = low;
    while let Some(r) = found.next()? {
        let offset = offset_of(r.get(0)?);
        if offset >= until && limit.bytes.is_none_or(|b| kept <= b) {
            break;
        }
        kept = kept.saturating_sub(r.get::<_, Option<i64>>(1)?.unwrap_or(0) as u64);
        cut = offset + 1;
    }
    Ok(cut)
}

/// Deletes the records of a table from one offset to another; how many, and the bytes of their values.
fn delete_rows(tx: &Transaction, number: i64, low: u64, cut: u64) -> Result<(u64, u64)> {
    let (segment, range) = (segments::holding(tx, number, low)?, [record_id(number, low), record_id(number, cut)]);
    let mut rows = segment.prepare(tx, "SELECT message_id, length(value) FROM {} WHERE id >= ?1 AND id < ?2")?;
    let gone = segments::forget(tx, number, &mut rows.query(range)?)?;
    segment.prepare(tx, "DELETE FROM {} WHERE id >= ?1 AND id < ?2")?.execute(range)?;
    Ok(gone)
}

/// Gives free pages back to the disk, but for a few.
fn give_back(log: &Sqlite) -> Result<()> {
    let step = |tx: &Transaction| {
        let free: i64 = tx.prepare_cached("PRAGMA freelist_count")?.query_row([], |r| r.get(0))?;
        if free > SPARE_PAGES {
            let (mut s, began) = (tx.prepare_cached(&format!("PRAGMA incremental_vacuum({PAGES})"))?, System.monotonic_ns());
            let mut pages = s.query([])?;
            // A row a page; where many are free, SQLite may look through all of them for the one it needs.
            while pages.next()?.is_some() && System.monotonic_ns() - began < GIVING_NS {}
        }
        Ok(free > SPARE_PAGES)
    };
    while log.db.tidy(step)? {}
    Ok(())
}

/// Fills the free pages that stay with zeros, then frees them again. Each page once, and not each as it is freed: most
/// of them leave with [`give_back`], and overwriting those took most of the time of deleting.
fn overwrite(log: &Sqlite) -> Result<()> {
    while log.db.tidy(fill)? {}
    while log.db.tidy(empty)? {}
    Ok(())
}

/// Takes some free pages for zeros; whether there may be more.
fn fill(tx: &Transaction) -> Result<bool> {
    let free: u32 = tx.prepare_cached("PRAGMA freelist_count")?.query_row([], |r| r.get(0))?;
    if free > 0 {
        let pages = free.min(PAGES).saturating_sub(1).max(1);
        tx.prepare_cached("INSERT INTO spare VALUES(zeroblob(?1))")?.execute([i64::from(pages) * ZEROS_A_PAGE])?;
    }
    Ok(free > 0)
}

/// Frees some of them again; whether there were any.
fn empty(tx: &Transaction) -> Result<bool> {
    Ok(tx.prepare_cached("DELETE FROM spare WHERE rowid = (SELECT max(rowid) FROM spare)")?.execute([])? > 0)
}

pub(super) fn erase(log: &Sqlite, topic: &TopicName, partition: u32, offsets: &[u64]) -> Result<u64> {
    let Some(known) = log.catalogue.find(topic)? else { return Ok(0) };
    let Some(&number) = known.partitions.get(partition as usize) else { return Ok(0) };
    let mut erased = 0;
    for some in offsets.chunks(ROWS) {
        let (some, heads): (Vec<u64>, Arc<Heads>) = (some.to_vec(), log.heads.clone());
        erased += log.db.maintain(move |tx| blank(tx, &heads, number, &some))?;
    }
    // The values are gone already; what the write-ahead log still holds is overwritten by and by.
    if erased > 0
        && let Err(e) = log.db.scrub()
    {
        tracing::warn!(error = %e, "the write-ahead log could not be emptied after an erasure");
    }
    Ok(erased)
}

/// Takes the values of some records away; how many had one.
fn blank(tx: &Transaction, heads: &Heads, number: i64, offsets: &[u64]) -> Result<u64> {
    let (mut erased, mut bytes) = (0, 0);
    for offset in offsets {
        let (segment, id) = (segments::holding(tx, number, *offset)?, record_id(number, *offset));
        let mut length = segment.prepare(tx, "SELECT length(value) FROM {} WHERE id = ?1")?;
        if let Some(n) = length.query_row([id], |r| r.get::<_, Option<i64>>(0)).optional()?.flatten() {
            segment.prepare(tx, "UPDATE {} SET value = NULL WHERE id = ?1")?.execute([id])?;
            (erased, bytes) = (erased + 1, bytes + n);
        }
    }
    tx.prepare_cached("UPDATE head SET bytes = bytes - ?2 WHERE topic_partition = ?1")?.execute([number, bytes])?;
    heads.forget(number);
    Ok(erased)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// On a file without a cipher, so that what is left on its pages can be looked for.
    fn left_on_pages(records: i64, delete: &str, kept: i64) -> usize {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plain.db");
        let c = Connection::open(&path).unwrap();
        c.execute_batch(
            "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA secure_delete = FAST;
             CREATE TABLE spare(zeros BLOB NOT NULL); CREATE TABLE record(id INTEGER PRIMARY KEY, value TEXT);",
        )
        .unwrap();
        for n in 0..records {
            c.execute("INSERT INTO record VALUES(?1, ?2)", params![n, "tell nobody ".repeat(85)]).unwrap();
        }
        c.execute_batch(&format!("PRAGMA wal_checkpoint(TRUNCATE); {delete}; PRAGMA wal_checkpoint(TRUNCATE)")).unwrap();
        let pages = || {
            let bytes = std::fs::read(&path).unwrap();
            bytes.chunks(8192).filter(|page| page.windows(11).any(|w| w == b"tell nobody")).count()
        };
        assert!(pages() as i64 >= records / 10, "freed pages are not overwritten as they are freed");
        for step in [fill, empty] {
            while {
                let tx = c.unchecked_transaction().unwrap();
                let more = step(&tx).unwrap();
                tx.commit().unwrap();
                more
            } {}
        }
        c.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        assert_eq!(c.query_row("SELECT count(*) FROM record", [], |r| r.get::<_, i64>(0)).unwrap(), kept, "what is kept stays");
        assert!(!c.query_row("SELECT EXISTS(SELECT 1 FROM spare)", [], |r| r.get::<_, bool>(0)).unwrap());
        pages()
    }

    #[test]
    fn nothing_of_what_was_deleted_is_left_on_free_pages() {
        assert!((1..=3).contains(&left_on_pages(3000, "DELETE FROM record WHERE id < 2990", 10)), "what is kept, and nothing else");
        assert_eq!(left_on_pages(3000, "DELETE FROM record", 0), 0, "nor of a table that was emptied whole");
        assert_eq!(left_on_pages(3, "DELETE FROM record", 0), 0, "nor on the one page that it keeps");
    }
}
