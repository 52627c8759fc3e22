//! `analytics-consumer`: counts and positions go in one transaction. DuckDB takes milliseconds to commit, so it
//! is fed in batches as large as the runner has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use duckdb::{Connection, params};

use super::Analytics;
use super::file::Store;
use super::tally::{Cell, Count, tally};
use crate::bus::{Positions, Record, TopicName, names};
use crate::error::{Error, Fault, Result};
use crate::pipeline::{Revision, Sink, Spec};

/// Counts the main road.
pub struct AnalyticsSink {
    analytics: Arc<Analytics>,
    spec: Spec,
    /// Where the runner believes the store stands.
    known: Option<Positions>,
}

impl AnalyticsSink {
    /// Opens nothing yet.
    pub fn new(analytics: Arc<Analytics>) -> Self {
        let road = [names::AUDIO_RAW, names::VAD_FILTERED, names::TRANSCRIBED, names::ENRICHED, names::RELEASED, names::SHARED];
        let spec = Spec {
            group: "analytics-consumer",
            description: "counts records, words and sound by the minute",
            inputs: road.into_iter().map(TopicName::of).collect(),
            outputs: vec![],
            revision: Revision { state: 1, label: "analytics/1".into() },
            ticks: false,
            audio: false,
        };
        Self { analytics, spec, known: None }
    }
}

impl Sink for AnalyticsSink {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn positions(&mut self) -> Result<Positions, Fault> {
        let positions = self.analytics.with(|s| Ok(s.positions.clone()))?;
        self.known = Some(positions.clone());
        Ok(positions)
    }

    /// Errors: `Retry` where the counts were emptied since `positions` was asked, or were damaged; `Stop` while another
    /// program holds the file.
    fn write(&mut self, rs: &[Record], upto: &Positions) -> Result<(), Fault> {
        let known = self.known.clone();
        let reached = self.analytics.with(|s| {
            if known.is_some_and(|k| k != s.positions) {
                return Err(Error::retry("the counts were emptied: they are made again from the log"));
            }
            s.add(rs, upto)?;
            Ok(s.positions.clone())
        })?;
        self.known = Some(reached);
        Ok(())
    }

    fn rebuild(&mut self) -> Result<(), Fault> {
        self.analytics.rebuild()
    }

    /// A write takes about 5 ms of CPU, and a microphone adds a record each second. Below the 5 s that a page calls slow.
    fn between_writes(&self) -> Duration {
        Duration::from_secs(4)
    }
}

impl Store {
    fn add(&mut self, records: &[Record], upto: &Positions) -> Result<()> {
        let mut positions = self.positions.clone();
        positions.extend(upto.iter().map(|(p, next)| (p.clone(), *next)));
        let cells = tally(records, &self.positions);
        let tx = self.connection.transaction()?;
        add_cells(&tx, &cells)?;
        let mut known = tx.prepare_cached("UPDATE position SET next = ? WHERE topic = ? AND part = ?")?;
        let mut new = tx.prepare_cached("INSERT INTO position VALUES(?, ?, ?)")?;
        for (p, next) in positions.iter().filter(|(p, next)| self.positions.get(p) != Some(next)) {
            if known.execute(params![next, p.topic.as_str(), p.partition])? == 0 {
                new.execute(params![p.topic.as_str(), p.partition, next])?;
            }
        }
        drop((known, new));
        tx.commit()?;
        self.positions = positions;
        Ok(())
    }
}

/// The same minute, topic and device; the span of minutes spares reading the years around it.
pub(super) const SAME: &str = "c.minute BETWEEN make_timestamp(?) AND make_timestamp(?)
    AND c.minute = make_timestamp(f.minute) AND c.topic = f.topic AND c.device_id = f.device_id::UUID";

/// So many cells go in one by one, at 0.7 ms each; the joins by way of `fresh` take 6 ms for one cell, and little more for a thousand.
const FEW: usize = 4;

pub(super) fn add_cells(tx: &Connection, cells: &BTreeMap<Cell, Count>) -> Result<()> {
    if cells.len() <= FEW { add_each(tx, cells) } else { add_all(tx, cells) }
}

fn add_each(tx: &Connection, cells: &BTreeMap<Cell, Count>) -> Result<()> {
    let mut known = tx.prepare_cached(
        "UPDATE count_minute SET records = records + ?, words = words + ?, seconds = seconds + ?
        WHERE minute = make_timestamp(?) AND topic = ? AND device_id = ?::UUID",
    )?;
    let mut new = tx.prepare_cached("INSERT INTO count_minute VALUES(make_timestamp(?4), ?5, ?6::UUID, ?1, ?2, ?3)")?;
    for (cell, n) in cells {
        let row = params![n.records, n.words, n.seconds, cell.minute, cell.topic.as_str(), cell.device.to_string()];
        if known.execute(row)? == 0 {
            new.execute(row)?;
        }
    }
    Ok(())
}

/// A statement a cell took an hour for a million lines.
fn add_all(tx: &Connection, cells: &BTreeMap<Cell, Count>) -> Result<()> {
    let (Some((first, _)), Some((last, _))) = (cells.first_key_value(), cells.last_key_value()) else {
        return Ok(());
    };
    fill(tx, cells)?;
    let span = params![first.minute, last.minute];
    tx.prepare_cached(&format!(
        "UPDATE count_minute c SET records = c.records + f.records, words = c.words + f.words, seconds = c.seconds + f.seconds
        FROM fresh f WHERE {SAME}"
    ))?
    .execute(span)?;
    tx.prepare_cached(&format!(
        "INSERT INTO count_minute SELECT make_timestamp(f.minute), f.topic, f.device_id::UUID, f.records, f.words, f.seconds
        FROM fresh f WHERE NOT EXISTS (SELECT 1 FROM count_minute c WHERE {SAME}) ORDER BY f.minute"
    ))?
    .execute(span)?;
    tx.execute("DELETE FROM fresh", [])?;
    Ok(())
}

pub(super) fn fill(tx: &Connection, cells: &BTreeMap<Cell, Count>) -> Result<()> {
    let mut fresh = tx.appender("fresh")?;
    for (cell, n) in cells {
        fresh.append_row(params![cell.minute, cell.topic.as_str(), cell.device.to_string(), n.records, n.words, n.seconds])?;
    }
    Ok(fresh.flush()?)
}
