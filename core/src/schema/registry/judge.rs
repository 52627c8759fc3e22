//! A new version before its judges: the versions before it, as the subject's level asks.

use serde_json::Value;

use super::Registry;
use super::level::Level;
use super::read::Wanted;
use super::refusal::{Answer, Refusal};
use super::state::{Content, Which};
use crate::schema::resolve::Whole;
use crate::schema::{Change, Depth, check, compile};

/// Earlier versions told of, when there are many that a new one does not get on with.
const MOST_TROUBLES: usize = 20;

/// Who reads whose documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The new schema reads what was written by the old one.
    Backward,
    /// The old schema reads what is written by the new one.
    Forward,
}

/// One earlier version that the new one does not get on with.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    pub version: i64,
    pub direction: Direction,
    /// Those that break.
    pub changes: Vec<Change>,
    pub counter_example: Option<Value>,
    /// The earlier version's text.
    pub schema: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub level: Level,
    pub troubles: Vec<Trouble>,
}

impl Judgement {
    pub fn is_compatible(&self) -> bool {
        self.troubles.is_empty()
    }

    /// As Confluent's registry words it, so that its clients show it; and the document.
    pub fn messages(&self) -> Vec<String> {
        let mut messages = Vec::new();
        for trouble in &self.troubles {
            let (reader, writer) = match trouble.direction {
                Direction::Backward => ("new", "old"),
                Direction::Forward => ("old", "new"),
            };
            for change in &trouble.changes {
                let (kind, path) = (change.kind, &change.path);
                let said = format!("at '{path}' the {reader} schema does not read what the {writer} one wrote: {}", kind.sentence());
                messages.push(format!("{{errorType:\"{}\", description:\"{said}\"}}", kind.name()));
            }
            if let Some(document) = &trouble.counter_example {
                messages.push(format!("{{counterExample: '{document}'}}"));
            }
            messages.push(format!("{{oldSchemaVersion: {}}}", trouble.version));
            messages.push(format!("{{oldSchema: '{}'}}", trouble.schema));
        }
        if !self.troubles.is_empty() {
            messages.push(format!("{{compatibility: '{}'}}", self.level.as_str()));
        }
        messages
    }
}

/// A version that counts.
struct Earlier {
    version: i64,
    text: String,
    whole: Whole,
}

impl Registry {
    /// Whether a schema may become the next version of a subject, or is compatible with one version of it.
    ///
    /// Errors: 42201 where it is no schema; 40401, 40402 where the version asked for is not there.
    pub fn judge(&self, subject: &str, content: &Content, against: Option<Wanted>, depth: Depth) -> Answer<Judgement> {
        let whole = self.state().whole(content)?;
        compile(&whole)?;
        self.judged(subject, &whole, against, depth)
    }

    pub(super) fn judged(&self, subject: &str, new: &Whole, against: Option<Wanted>, depth: Depth) -> Answer<Judgement> {
        let (level, earlier) = self.earlier(subject, against)?;
        let mut troubles: Vec<Trouble> = Vec::new();
        for Earlier { version, text, whole: old } in &earlier {
            if troubles.len() >= MOST_TROUBLES {
                break;
            }
            let ways = [(Direction::Backward, level.is_backward()), (Direction::Forward, level.is_forward())];
            for (direction, _) in ways.into_iter().filter(|(_, asked)| *asked) {
                // One document says enough.
                let depth = if troubles.is_empty() { depth } else { Depth::Verdict };
                let report = match direction {
                    Direction::Backward => check(old, new, depth)?,
                    Direction::Forward => check(new, old, depth)?,
                };
                if !report.compatible {
                    let changes = report.changes.into_iter().filter(|c| c.breaks).collect();
                    let (counter_example, schema) = (report.counter_example, text.clone());
                    troubles.push(Trouble { version: *version, direction, changes, counter_example, schema });
                }
            }
        }
        Ok(Judgement { level, troubles })
    }

    /// The versions that count, the last one first.
    fn earlier(&self, subject: &str, against: Option<Wanted>) -> Answer<(Level, Vec<Earlier>)> {
        let state = self.state();
        let level = state.level(subject);
        let living = state.versions(subject, Which::Living).unwrap_or_default();
        let chosen: Vec<i64> = match against {
            Some(Wanted::Number(n)) => vec![
                living
                    .iter()
                    .find(|(v, _)| *v == n)
                    .map(|(v, _)| *v)
                    .ok_or_else(|| if living.is_empty() { Refusal::no_subject(subject) } else { Refusal::no_version(n) })?,
            ],
            None if level.is_transitive() => living.iter().rev().map(|(v, _)| *v).collect(),
            _ => living.last().map(|(v, _)| *v).into_iter().collect(),
        };
        let mut earlier = Vec::with_capacity(chosen.len());
        for number in chosen.into_iter().filter(|_| level != Level::None) {
            let Some((_, version)) = living.iter().find(|(n, _)| *n == number) else { continue };
            let content = &state.schema(version.id)?.content;
            earlier.push(Earlier { version: number, text: content.text.clone(), whole: state.whole(content)? });
        }
        Ok((level, earlier))
    }
}
