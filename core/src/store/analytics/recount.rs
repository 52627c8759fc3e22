//! Counts after an erasure: the minutes that it touched are counted anew, from what the log still holds of them. Done twice it comes to
//! the same, so a kill in between changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use duckdb::{Connection, params};

use super::Analytics;
use super::sink::{SAME, add_cells, fill};
use super::tally::{Cell, Count, tally};
use crate::bus::{Bus, Positions};
use crate::env::Time;
use crate::error::Result;
use crate::forget::{Minute, Recount};

/// Records read at once.
const PAGE_RECORDS: usize = 1000;
const PAGE_BYTES: usize = 4 << 20;
/// A sender's clock may be ahead of this machine's by so much, in seconds.
const AHEAD_S: f64 = 600.0;

impl Recount for Analytics {
    /// Errors: `Stop` while another program holds the file.
    fn recount(&self, bus: &dyn Bus, minutes: &BTreeSet<Minute>) -> Result<()> {
        self.with(|s| {
            let inputs: BTreeSet<_> = s.positions.keys().map(|p| p.topic.clone()).collect();
            let mut cells: BTreeMap<Cell, Count> = BTreeMap::new();
            for m in minutes.iter().filter(|m| inputs.contains(&m.topic)) {
                cells.insert(Cell { minute: m.at, topic: m.topic.clone(), device: m.device }, Count::default());
            }
            if cells.is_empty() {
                return Ok(());
            }
            count(bus, &s.positions, &mut cells)?;
            let tx = s.connection.transaction()?;
            replace(&tx, &cells)?;
            Ok(tx.commit()?)
        })
    }
}

/// What the log holds of these cells, up to where it was counted.
fn count(bus: &dyn Bus, counted: &Positions, cells: &mut BTreeMap<Cell, Count>) -> Result<()> {
    for (at, next) in counted {
        let first = cells.keys().filter(|c| c.topic == at.topic).map(|c| c.minute).min();
        let Some(since) = first.map(|minute| Time::from_micros(minute).plus(-AHEAD_S)) else { continue };
        let mut from = bus.offset_at(&at.topic, at.partition, since)?;
        while from < *next {
            let mut page = bus.read(&at.topic, at.partition, from, PAGE_RECORDS, PAGE_BYTES)?;
            let Some(last) = page.last() else { break };
            from = last.offset() + 1;
            page.retain(|r| r.offset() < *next);
            for (cell, n) in tally(&page, &Positions::new()) {
                if let Some(sum) = cells.get_mut(&cell) {
                    sum.add(&n);
                }
            }
        }
    }
    Ok(())
}

/// In place of what was counted.
fn replace(tx: &Connection, cells: &BTreeMap<Cell, Count>) -> Result<()> {
    let (Some((first, _)), Some((last, _))) = (cells.first_key_value(), cells.last_key_value()) else { return Ok(()) };
    fill(tx, cells)?;
    tx.prepare_cached(&format!("DELETE FROM count_minute c USING fresh f WHERE {SAME}"))?.execute(params![first.minute, last.minute])?;
    tx.execute("DELETE FROM fresh", [])?;
    let left = cells.iter().filter(|(_, n)| n.records > 0).map(|(cell, n)| (cell.clone(), *n)).collect();
    add_cells(tx, &left)
}
