//! Appending: what can be prepared is prepared by the caller, the writer's thread only stamps and inserts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::{Transaction, params};
use uuid::Uuid;

use super::catalogue::Catalogue;
use super::schema::{offset_of, record_id};
use super::stamp::{Stamp, Stamps};
use super::{headers, lock};
use crate::bus::{Appended, NewRecord};
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
}

/// Checks the wall and makes rows. Nothing is appended if one record is refused.
pub(super) fn prepare(catalogue: &Catalogue, records: Vec<NewRecord>) -> Result<Vec<Row>> {
    let mut places = Vec::with_capacity(records.len());
    for r in &records {
        let known = catalogue.get(&r.topic)?;
        r.check_wall(known.settings.class)?;
        places.push(known.partition(r.partition)?);
    }
    let words: Vec<&str> = records.iter().flat_map(|r| headers::words(&r.headers)).collect();
    let numbers = catalogue.words(&words)?;
    let mut numbers = &numbers[..];
    let row = |(r, topic_partition): (NewRecord, i64)| {
        let (mine, rest) = numbers.split_at(2 + r.headers.sources.len());
        numbers = rest;
        Row {
            topic_partition,
            partition: r.partition,
            message_id: r.message_id,
            device_id: r.device_id,
            recorded_at: r.recorded_at,
            headers: headers::encode(&r.headers, mine),
            value: r.value,
        }
    };
    Ok(records.into_iter().zip(places).map(row).collect())
}

/// One row of `head`.
#[derive(Clone, Copy, Debug)]
struct Head {
    next: u64,
    records: u64,
    bytes: u64,
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
        let mut insert = tx.prepare_cached(INSERT)?;
        for row in rows {
            let head = match inner.heads.entry(row.topic_partition) {
                Entry::Occupied(e) => e.into_mut(),
                Entry::Vacant(e) => e.insert(load(tx, row.topic_partition)?),
            };
            let id = record_id(row.topic_partition, head.next);
            let (message, device) = (row.message_id.as_bytes(), row.device_id.as_bytes());
            let new = insert.execute(params![id, stamp.at.0, row.recorded_at.0, message, device, row.headers, row.value])?;
            if new == 0 {
                landed.push(first(tx, &row)?);
                continue;
            }
            landed.push(Appended { partition: row.partition, offset: head.next, received_at: stamp.at, repeat: false });
            head.next += 1;
            head.records += 1;
            head.bytes += row.value.len() as u64;
            if !touched.contains(&row.topic_partition) {
                touched.push(row.topic_partition);
            }
        }
        let mut update =
            tx.prepare_cached("UPDATE head SET next = ?2, records = ?3, bytes = ?4, newest = ?5 WHERE topic_partition = ?1")?;
        for t in touched {
            let h = inner.heads[&t];
            update.execute(params![t, h.next as i64, h.records as i64, h.bytes as i64, stamp.at.0])?;
        }
        Ok((landed, stamp))
    }

    /// Forgets a partition whose head another job changed.
    pub fn forget(&self, topic_partition: i64) {
        lock(&self.inner).heads.remove(&topic_partition);
    }
}

const INSERT: &str = "INSERT INTO record(id, received_at, recorded_at, message_id, key, headers, value)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

fn load(tx: &Transaction, topic_partition: i64) -> Result<Head> {
    let mut s = tx.prepare_cached("SELECT next, records, bytes FROM head WHERE topic_partition = ?1")?;
    let n = |r: &rusqlite::Row, i| r.get::<_, i64>(i).map(|n| n as u64);
    Ok(s.query_row([topic_partition], |r| Ok(Head { next: n(r, 0)?, records: n(r, 1)?, bytes: n(r, 2)? }))?)
}

/// Where the first record of this id is.
fn first(tx: &Transaction, row: &Row) -> Result<Appended> {
    let mut s = tx.prepare_cached("SELECT id, received_at FROM record WHERE message_id = ?1 AND id >> 40 = ?2")?;
    Ok(s.query_row(params![row.message_id.as_bytes(), row.topic_partition], |r| {
        Ok(Appended { partition: row.partition, offset: offset_of(r.get(0)?), received_at: Time(r.get(1)?), repeat: true })
    })?)
}
