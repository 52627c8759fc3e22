//! Appending: what can be prepared is prepared by the caller, the writer's thread only stamps and inserts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::{Transaction, params};
use uuid::Uuid;

use super::catalogue::Catalogue;
use super::schema::record_id;
use super::segments::Open;
use super::stamp::{Stamp, Stamps};
use super::{headers, lock, segments};
use crate::bus::record::MOST_LINKS;
use crate::bus::{Appended, Class, Headers, NewRecord};
use crate::env::Time;
use crate::error::Result;

/// A record ready to be inserted.
pub(super) struct Row {
    topic_partition: i64,
    partition: u32,
    message_id: Uuid,
    device_id: Uuid,
    recorded_at: Time,
    headers: Vec<u8>,
    value: Vec<u8>,
    inputs: Inputs,
}

/// What a record was made from.
#[derive(Default)]
struct Inputs {
    /// Topic partitions, first and last offsets.
    ranges: Vec<(i64, u64, u64)>,
    /// Of a range of several, only records of these traces count; of all, where there are none.
    traces: Vec<String>,
}

impl Inputs {
    /// Loom's own account of a record holds none of its words, and stays.
    fn of(catalogue: &Catalogue, h: &Headers, class: Class) -> Result<Self> {
        let mut inputs = Self::default();
        if class == Class::Internal {
            return Ok(inputs);
        }
        for s in &h.sources {
            if let Some(known) = catalogue.find(&s.topic)?
                && let Some(&number) = known.partitions.get(s.partition as usize)
            {
                inputs.ranges.push((number, s.first, s.last));
            }
        }
        inputs.traces = if h.links.len() > MOST_LINKS { Vec::new() } else { h.links.clone() };
        Ok(inputs)
    }

    /// Whether one of them was erased. Asked where nothing else writes, so that nothing slips by: what a stage made of
    /// something while it was erased has nothing left of it.
    fn are_erased(&self, tx: &Transaction) -> Result<bool> {
        for &(number, first, last) in &self.ranges {
            let mut from = first;
            loop {
                let end = if first == last { None } else { segments::end(tx, number, from)?.filter(|end| *end <= last) };
                if self.one_is_erased(tx, number, (from, end.map_or(last, |end| end - 1)), first == last)? {
                    return Ok(true);
                }
                match end {
                    Some(end) => from = end,
                    None => break,
                }
            }
        }
        Ok(false)
    }

    /// The same of a range within one table.
    fn one_is_erased(&self, tx: &Transaction, number: i64, (first, last): (u64, u64), any: bool) -> Result<bool> {
        let mut erased =
            segments::holding(tx, number, first)?.prepare(tx, "SELECT headers FROM {} WHERE id >= ?1 AND id <= ?2 AND value IS NULL")?;
        let mut found = erased.query([record_id(number, first), record_id(number, last)])?;
        while let Some(r) = found.next()? {
            let trace = headers::trace(r.get_ref(0)?.as_blob().unwrap_or_default())?;
            if any || self.traces.is_empty() || self.traces.contains(&hex::encode(trace)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Checks the wall and makes rows. Nothing is appended if one record is refused.
pub(super) fn prepare(catalogue: &Catalogue, records: Vec<NewRecord>) -> Result<Vec<Row>> {
    let mut places = Vec::with_capacity(records.len());
    for r in &records {
        let known = catalogue.get(&r.topic)?;
        r.check_wall(known.settings.class)?;
        places.push((known.partition(r.partition)?, known.settings.class));
    }
    let words: Vec<&str> = records.iter().flat_map(|r| headers::words(&r.headers)).collect();
    let numbers = catalogue.words(&words)?;
    let mut numbers = &numbers[..];
    let row = |(r, (topic_partition, class)): (NewRecord, (i64, Class))| {
        let (mine, rest) = numbers.split_at(2 + r.headers.sources.len());
        numbers = rest;
        Ok(Row {
            inputs: Inputs::of(catalogue, &r.headers, class)?,
            topic_partition,
            partition: r.partition,
            message_id: r.message_id,
            device_id: r.device_id,
            recorded_at: r.recorded_at,
            headers: headers::encode(&r.headers, mine),
            value: r.value,
        })
    };
    records.into_iter().zip(places).map(row).collect()
}

/// One row of `head`.
#[derive(Clone, Copy, Debug)]
struct Head {
    next: u64,
    records: u64,
    bytes: u64,
    open: Open,
}

/// What the writer's thread remembers between jobs.
pub(super) struct Heads {
    inner: Mutex<Inner>,
    stamps: Arc<Stamps>,
    generation: Arc<AtomicU64>,
}

#[derive(Default)]
struct Inner {
    heads: HashMap<i64, Head>,
    /// The database's generation these were read in.
    generation: u64,
}

impl Heads {
    pub fn new(stamps: Arc<Stamps>, generation: Arc<AtomicU64>) -> Self {
        Self { inner: Mutex::default(), stamps, generation }
    }

    /// Inserts rows in order; where each landed. Runs on the writer's thread.
    pub fn append(&self, tx: &Transaction, rows: Vec<Row>) -> Result<(Vec<Appended>, Stamp)> {
        let mut inner = lock(&self.inner);
        let generation = self.generation.load(Ordering::SeqCst);
        if inner.generation != generation {
            inner.heads.clear();
            inner.generation = generation;
        }
        let stamp = self.stamps.stamp();
        let mut touched = Vec::new();
        let mut landed = Vec::with_capacity(rows.len());
        let mut once =
            tx.prepare_cached("INSERT INTO once(message_id, topic_partition, offset) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
        for row in rows {
            let head = match inner.heads.entry(row.topic_partition) {
                Entry::Occupied(e) => e.into_mut(),
                Entry::Vacant(e) => e.insert(load(tx, row.topic_partition)?),
            };
            let id = record_id(row.topic_partition, head.next);
            let (message, device) = (row.message_id.as_bytes(), row.device_id.as_bytes());
            if once.execute(params![message, row.topic_partition, head.next as i64])? == 0 {
                landed.push(first(tx, &row)?);
                continue;
            }
            if head.open.is_full(head.next) {
                head.open.turn(tx, row.topic_partition, head.next, stamp.at)?;
            }
            let value = if row.inputs.are_erased(tx)? { None } else { Some(&row.value) };
            let bytes = value.map_or(0, |v| v.len() as u64);
            let mut insert = head.open.segment.prepare(tx, INSERT)?;
            insert.execute(params![id, stamp.at.0, row.recorded_at.0, message, device, row.headers, value])?;
            landed.push(Appended { partition: row.partition, offset: head.next, received_at: stamp.at, repeat: false });
            head.next += 1;
            head.records += 1;
            head.bytes += bytes;
            head.open.filled += bytes;
            if !touched.contains(&row.topic_partition) {
                touched.push(row.topic_partition);
            }
        }
        let mut update =
            tx.prepare_cached("UPDATE head SET next = ?2, records = ?3, bytes = ?4, newest = ?5, filled = ?6 WHERE topic_partition = ?1")?;
        for t in touched {
            let h = inner.heads[&t];
            update.execute(params![t, h.next as i64, h.records as i64, h.bytes as i64, stamp.at.0, h.open.filled as i64])?;
        }
        Ok((landed, stamp))
    }

    /// Forgets a partition whose head another job changed.
    pub fn forget(&self, topic_partition: i64) {
        lock(&self.inner).heads.remove(&topic_partition);
    }
}

const INSERT: &str = "INSERT INTO {}(id, received_at, recorded_at, message_id, key, headers, value) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";

fn load(tx: &Transaction, topic_partition: i64) -> Result<Head> {
    let mut s = tx.prepare_cached("SELECT next, records, bytes, filled FROM head WHERE topic_partition = ?1")?;
    let n = |r: &rusqlite::Row, i| r.get::<_, i64>(i).map(|n| n as u64);
    let (next, records, bytes, filled) = s.query_row([topic_partition], |r| Ok((n(r, 0)?, n(r, 1)?, n(r, 2)?, n(r, 3)?)))?;
    Ok(Head { next, records, bytes, open: Open::load(tx, topic_partition, filled)? })
}

/// Where the first record of this id is.
fn first(tx: &Transaction, row: &Row) -> Result<Appended> {
    let number = row.topic_partition;
    let mut s = tx.prepare_cached("SELECT offset FROM once WHERE message_id = ?1 AND topic_partition = ?2")?;
    let offset = s.query_row(params![row.message_id.as_bytes(), number], |r| r.get::<_, i64>(0))? as u64;
    let mut s = segments::holding(tx, number, offset)?.prepare(tx, "SELECT received_at FROM {} WHERE id = ?1")?;
    let received_at = s.query_row([record_id(number, offset)], |r| r.get(0).map(Time))?;
    Ok(Appended { partition: row.partition, offset, received_at, repeat: true })
}
