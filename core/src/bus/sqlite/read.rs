//! Reading pages of records, and finding an offset for a time.

use rusqlite::{Connection, OptionalExtension, params};

use super::catalogue::{Catalogue, Known};
use super::schema::{OFFSET_BITS, offset_of, record_id, settings};
use super::{headers, segments};
use crate::bus::{Appended, NewRecord, Record, TopicName, TopicState};
use crate::env::Time;
use crate::error::Result;

/// At most this many records in one read transaction, so that none lives long.
const PAGE: usize = 10_000;

/// Records of a partition from an offset on.
pub(super) struct Page {
    pub partition: u32,
    pub from: u64,
    pub max_records: usize,
    pub max_bytes: usize,
}

impl Page {
    pub fn read(&self, c: &Connection, catalogue: &Catalogue, topic: &Known) -> Result<Vec<Record>> {
        let mut found = Vec::new();
        let Some(&number) = topic.partitions.get(self.partition as usize) else { return Ok(found) };
        if self.from >> OFFSET_BITS != 0 {
            return Ok(found);
        }
        let (mut from, mut bytes) = (self.from, 0);
        loop {
            let end = segments::end(c, number, from)?;
            let mut s = segments::holding(c, number, from)?.prepare(
                c,
                "SELECT id, received_at, recorded_at, message_id, key, headers, value FROM {}
                 WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3",
            )?;
            let limit = self.max_records.min(PAGE).saturating_sub(found.len()) as i64;
            let until = end.map_or((number + 1) << OFFSET_BITS, |end| record_id(number, end));
            let mut rows = s.query(params![record_id(number, from), until, limit])?;
            while bytes < self.max_bytes
                && let Some(row) = rows.next()?
            {
                let r = self.record(c, catalogue, topic, row)?;
                bytes += r.value().map_or(0, <[u8]>::len);
                found.push(r);
            }
            match end {
                Some(end) if bytes < self.max_bytes && found.len() < self.max_records.min(PAGE) => from = end,
                _ => return Ok(found),
            }
        }
    }

    fn record(&self, c: &Connection, catalogue: &Catalogue, topic: &Known, row: &rusqlite::Row) -> Result<Record> {
        let blob = |i| row.get_ref(i).and_then(|v| Ok(v.as_blob()?));
        let value: Option<Vec<u8>> = row.get(6)?;
        let erased = value.is_none();
        let new = NewRecord::new(
            topic.settings.name.clone(),
            headers::id(blob(3)?)?,
            headers::id(blob(4)?)?,
            Time(row.get(2)?),
            headers::decode(blob(5)?, |n| Ok(catalogue.text(n, c)?.to_string()))?,
            value.unwrap_or_default(),
        );
        let at = Appended { partition: self.partition, offset: offset_of(row.get(0)?), received_at: Time(row.get(1)?), repeat: false };
        let mut record = Record::landed(new, at, topic.settings.class);
        if erased {
            record.erase();
        }
        Ok(record)
    }
}

/// The first offset of a partition received at or after a time; the end if there is none. Received times never
/// decrease, so it is found by bisection, without an index.
pub(super) fn offset_at(c: &Connection, topic_partition: i64, time: Time) -> Result<u64> {
    let mut head = c.prepare_cached("SELECT low, next FROM head WHERE topic_partition = ?1")?;
    let (mut low, mut high) = head.query_row([topic_partition], |r| Ok((r.get::<_, i64>(0)? as u64, r.get::<_, i64>(1)? as u64)))?;
    // The table in which it is, or at whose end.
    low = low.max(segments::began_before(c, topic_partition, time)?.unwrap_or(0));
    high = segments::end(c, topic_partition, low)?.unwrap_or(high);
    let mut at = segments::holding(c, topic_partition, low)?
        .prepare(c, "SELECT id, received_at FROM {} WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1")?;
    while low < high {
        let middle = low.midpoint(high);
        let range = params![record_id(topic_partition, middle), record_id(topic_partition, high)];
        // Where a record is missing, the next one stands for the gap.
        match at.query_row(range, |r| Ok((offset_of(r.get(0)?), Time(r.get(1)?)))).optional()? {
            Some((offset, received)) if received < time => low = offset + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Topics by name: all, or one.
pub(super) fn topics(c: &Connection, name: Option<&TopicName>) -> Result<Vec<TopicState>> {
    let mut s = c.prepare_cached(
        "SELECT t.name, t.schema, t.class, t.days, t.bytes, t.compression, t.partitions, h.low, h.next, h.records, h.bytes, h.newest
         FROM topic t JOIN topic_partition p ON p.topic = t.name JOIN head h ON h.topic_partition = p.id
         WHERE ?1 IS NULL OR t.name = ?1 ORDER BY t.name, p.partition",
    )?;
    let mut rows = s.query([name.map(TopicName::as_str)])?;
    let mut found: Vec<TopicState> = Vec::new();
    while let Some(r) = rows.next()? {
        let n = |i| r.get::<_, i64>(i).map(|n| n as u64);
        let settings = settings(r)?;
        if found.last().is_none_or(|t| t.settings.name != settings.name) {
            found.push(TopicState { settings, bounds: Vec::new(), records: 0, bytes: 0, last_received_at: None });
        }
        let Some(t) = found.last_mut() else { continue };
        t.bounds.push((n(7)?, n(8)?));
        t.records += n(9)?;
        t.bytes += n(10)?;
        if n(9)? > 0 {
            t.last_received_at = t.last_received_at.max(Some(Time(r.get(11)?)));
        }
    }
    Ok(found)
}
