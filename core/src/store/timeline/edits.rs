//! `timeline-edits-consumer`: what the owner changed becomes part of the lines. A change may come before its line, as when
//! both are read again from the log: it is kept, and the line takes it up when it comes.

use loom_schemas::payload::{Masked, ReleasedEdit};
use rusqlite::{OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::SqliteTimeline;
use super::lines::{Original, TimedWord, from_json};
use super::retime::{remask, retime};
use super::write::{self, json};
use crate::bus::{Positions, Record, TopicName, names};
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::forget::{self, Fate};
use crate::pipeline::{Revision, Sink, Spec};
use crate::privacy::{self, Owner};

/// Writes the owner's changes.
pub struct EditSink {
    db: Db,
    spec: Spec,
    /// Where the runner believes the store stands.
    known: Option<Positions>,
}

impl EditSink {
    /// Makes the tables where there are none.
    pub fn open(db: Db) -> Result<Self> {
        SqliteTimeline::open(db.clone())?;
        let spec = Spec {
            group: "timeline-edits-consumer",
            description: "writes the owner's stars and wordings into the timeline",
            inputs: vec![TopicName::of(names::EDITS)],
            outputs: vec![],
            revision: Revision { state: 1, label: "edits/1".into() },
            ticks: false,
            audio: false,
        };
        Ok(Self { db, spec, known: None })
    }
}

impl Sink for EditSink {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn positions(&mut self) -> Result<Positions, Fault> {
        let positions = self.db.read(|c| write::positions(c, &self.spec.inputs))?;
        self.known = Some(positions.clone());
        Ok(positions)
    }

    /// Errors: `Skip` for a record that is no change, before anything is written; `Retry` where the timeline was
    /// emptied since `positions` was asked.
    fn write(&mut self, rs: &[Record], upto: &Positions) -> Result<(), Fault> {
        let edits = rs.iter().filter_map(|r| edit(r).transpose()).collect::<Result<Vec<_>>>()?;
        let (known, upto, inputs) = (self.known.clone(), upto.clone(), self.spec.inputs.clone());
        let reached = self.db.write(move |tx| {
            write::stands(tx, known.as_ref(), &inputs)?;
            for (id, line, edit) in &edits {
                // It was read before it was erased.
                if forget::fate_of_line(tx, *line)? != Some(Fate::Gone) {
                    take(tx, *id, *line, edit)?;
                }
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

/// `None` for a record that was erased.
fn edit(r: &Record) -> Result<Option<(Uuid, Uuid, ReleasedEdit)>> {
    if r.value().is_none() {
        return Ok(None);
    }
    let edit = privacy::open::<Owner, ReleasedEdit>(r)?.into_inner();
    let line = Uuid::try_parse(&edit.line).map_err(|e| Error::skip("the change names no line").because(e))?;
    Ok(Some((r.message_id(), line, edit)))
}

/// Keeps a change beside those before it, and makes it where the line is there.
fn take(tx: &Transaction, id: Uuid, line: Uuid, edit: &ReleasedEdit) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO timeline_edit(line, edit, starred, text, masked) VALUES(?1, ?2, ?3, ?4, ?5)
         ON CONFLICT(line) DO UPDATE SET edit = excluded.edit, starred = coalesce(excluded.starred, starred),
            masked = CASE WHEN excluded.text IS NULL THEN masked ELSE excluded.masked END, text = coalesce(excluded.text, text)",
    )?
    .execute(params![line.as_bytes(), id.as_bytes(), edit.starred, edit.text, json(&edit.masked)?])?;
    apply(tx, line)
}

/// Makes the changes there are to a line, if both are there.
pub(super) fn apply(tx: &Transaction, line: Uuid) -> Result<()> {
    type Change = ([u8; 16], Option<bool>, Option<String>, String);
    let sql = "SELECT edit, starred, text, masked FROM timeline_edit WHERE line = ?1";
    let change = |r: &rusqlite::Row| Ok::<Change, _>((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?));
    let Some((edit, starred, text, found)) = tx.prepare_cached(sql)?.query_row([line.as_bytes()], change).optional()? else {
        return Ok(());
    };
    tx.prepare_cached("UPDATE utterance SET edit = ?2, starred = coalesce(?3, starred) WHERE message_id = ?1")?.execute(params![
        line.as_bytes(),
        edit,
        starred
    ])?;
    let Some(text) = text else { return Ok(()) };
    let sql = "SELECT text, words, masked, original FROM utterance WHERE message_id = ?1";
    type Now = (String, String, String, Option<String>);
    let now = |r: &rusqlite::Row| Ok::<Now, _>((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?));
    let Some((shown, words, masked, original)) = tx.prepare_cached(sql)?.query_row([line.as_bytes()], now).optional()? else {
        return Ok(());
    };
    if text == shown {
        return Ok(());
    }
    let heard: Original = match original {
        Some(original) => from_json(original.as_bytes())?,
        None => (shown, from_json(words.as_bytes())?, from_json(masked.as_bytes())?),
    };
    reword(tx, line, &heard, &text, &from_json::<Vec<Masked>>(found.as_bytes())?)
}

/// The owner's wording, or what was heard where that is what the owner wrote.
fn reword(tx: &Transaction, line: Uuid, heard: &Original, text: &str, found: &[Masked]) -> Result<()> {
    let (words, masked, original): (Vec<TimedWord>, _, _) = match text == heard.0 {
        true => (heard.1.clone(), heard.2.clone(), None),
        false => (retime(&heard.1, text), remask(&heard.0, &heard.2, text, found), Some(json(heard)?)),
    };
    tx.prepare_cached("UPDATE utterance SET text = ?2, words = ?3, masked = ?4, original = ?5 WHERE message_id = ?1")?.execute(params![
        line.as_bytes(),
        text,
        json(&words)?,
        json(&masked)?,
        original
    ])?;
    Ok(())
}
