//! `timeline-consumer`: released text becomes lines. Rows and positions go in one transaction, and a record
//! that comes again is known by its id, so nothing is lost or doubled.

use loom_schemas::payload::ReleasedText;

use super::SqliteTimeline;
use super::write::{self, Line};
use crate::bus::{Positions, Record, TopicName, names};
use crate::db::Db;
use crate::env::Time;
use crate::error::{Fault, Result};
use crate::pipeline::{Revision, Sink, Spec};
use crate::privacy::{self, Owner};

/// Writes the timeline.
pub struct TimelineSink {
    db: Db,
    spec: Spec,
    /// Where the runner believes the store stands.
    known: Option<Positions>,
}

impl TimelineSink {
    /// Makes the tables where there are none.
    pub fn open(db: Db) -> Result<Self> {
        SqliteTimeline::open(db.clone())?;
        let spec = Spec {
            group: "timeline-consumer",
            description: "writes the timeline and its search index",
            inputs: vec![TopicName::of(names::RELEASED)],
            outputs: vec![],
            revision: Revision { state: 1, label: "timeline/1".into() },
            ticks: false,
            audio: false,
        };
        Ok(Self { db, spec, known: None })
    }
}

impl Sink for TimelineSink {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn positions(&mut self) -> Result<Positions, Fault> {
        let positions = self.db.read(|c| write::positions(c, &self.spec.inputs))?;
        self.known = Some(positions.clone());
        Ok(positions)
    }

    /// Errors: `Skip` for a record that is no released text, before anything is written; `Retry` where the
    /// timeline was emptied since `positions` was asked.
    fn write(&mut self, rs: &[Record], upto: &Positions) -> Result<(), Fault> {
        let lines = rs.iter().filter_map(|r| line(r).transpose()).collect::<Result<Vec<_>>>()?;
        let (known, upto, inputs) = (self.known.clone(), upto.clone(), self.spec.inputs.clone());
        let reached = self.db.write(move |tx| {
            write::stands(tx, known.as_ref(), &inputs)?;
            for (line, received_at) in &lines {
                write::take(tx, line, *received_at)?;
            }
            write::set_positions(tx, &upto)?;
            write::positions(tx, &inputs)
        })?;
        self.known = Some(reached);
        Ok(())
    }

    fn rebuild(&mut self) -> Result<(), Fault> {
        SqliteTimeline::open(self.db.clone())?.rebuild()
    }
}

/// `None` for a record that was erased: it leaves no line.
fn line(r: &Record) -> Result<Option<(Line, Time)>> {
    if r.value().is_none() {
        return Ok(None);
    }
    let text = privacy::open::<Owner, ReleasedText>(r)?.into_inner();
    let place = Some((r.partition(), r.offset()));
    let line = Line { message_id: r.message_id(), place, recorded_at: r.recorded_at(), device_id: r.device_id(), text };
    Ok(Some((line, r.received_at())))
}
