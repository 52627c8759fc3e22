//! `deduplication-consumer`: the stage that asks the rules about every record of their topics.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use loom_schemas::dedup::Duplicate;
use serde_json::value::RawValue;

use super::figures::{Figures, Tallies};
use super::first::First;
use super::judge::{Judge, Look, Outcome};
use super::ledger;
use super::rule::Compiled;
use crate::bus::{Record, TopicName, names};
use crate::error::{Error, Fault};
use crate::pipeline::{Outbox, Revision, Spec, Stage};
use crate::rules::{MOST_HOPS, Set};

pub const GROUP: &str = "deduplication-consumer";
const DESCRIPTION: &str = "Finds records that repeat earlier ones, by the owner's rules";
/// Part of every derived id, as is each rule's own digest.
const LABEL: &str = "dedup/1";
/// Records looked at ahead: two batches.
const MOST_READY: usize = 1_024;

type Place = (TopicName, u32, u64);

/// Rules at work on the topics they read.
pub struct Dedup {
    spec: Spec,
    judge: Arc<Judge>,
    tallies: Tallies,
    figures: Figures,
    most_rows: u64,
    /// What was seen of records whose turn comes.
    ready: HashMap<Place, Vec<Look>>,
    duplicates: TopicName,
}

impl Dedup {
    pub fn new(judge: Arc<Judge>, inputs: Vec<TopicName>, figures: Figures) -> Self {
        let firsts: BTreeSet<TopicName> = judge.writes().cloned().collect();
        let duplicates = TopicName::of(names::DUPLICATES);
        let outputs = std::iter::once(duplicates.clone()).chain(firsts).collect();
        let spec = Spec { inputs, outputs, ..Self::blank() };
        Self { spec, judge, tallies: Tallies::default(), figures, most_rows: crate::bus::MOST_ROWS, ready: HashMap::new(), duplicates }
    }

    /// Remembers so many rows at most.
    #[must_use]
    pub fn with_rows(self, most_rows: u64) -> Self {
        Self { most_rows, ..self }
    }

    /// What it is, without rules.
    pub fn blank() -> Spec {
        Spec {
            group: GROUP,
            description: DESCRIPTION,
            inputs: Vec::new(),
            outputs: Vec::new(),
            revision: Revision { state: 1, label: LABEL.into() },
            ticks: false,
            audio: false,
        }
    }

    fn repeat(&self, r: &Record, rule: &Compiled, at: &First, outcome: &Outcome, out: &mut Outbox) -> Result<(), Fault> {
        let Outcome::Repeat { of, kind, similarity } = outcome else { return Ok(()) };
        let said = Duplicate {
            message_id: at.id.to_string(),
            of: of.id.to_string(),
            topic: r.topic().to_string(),
            partition: at.partition,
            offset: at.offset,
            of_partition: of.partition,
            of_offset: of.offset,
            rule: rule.rule.id.clone(),
            kind: *kind,
            similarity: *similarity,
            recorded_at: at.recorded_at.to_string(),
            of_recorded_at: of.recorded_at.to_string(),
        };
        ledger::put(&mut out.kept, at, of, &said)?;
        out.emit_from(&r.origin(), rule.index(), &self.duplicates, r.recorded_at(), &said)
    }

    /// Copies a first to where its rule wants it.
    fn hand_on(r: &Record, rule: &Compiled, out: &mut Outbox) -> Result<(), Fault> {
        let Some(into) = &rule.into else { return Ok(()) };
        if r.headers().hops >= MOST_HOPS {
            let why = format!("rule {}: the record has come through {MOST_HOPS} stages: a rule feeds itself", rule.rule.id);
            out.set_aside(r, Error::skip(why));
            return Ok(());
        }
        let data: Box<RawValue> = r.payload()?;
        out.emit_from(&r.origin(), rule.index(), into, r.recorded_at(), &data)
    }
}

fn place(r: &Record) -> Place {
    (r.topic().clone(), r.partition(), r.offset())
}

impl Stage for Dedup {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn wants(&mut self, r: &Record, keys: &mut Vec<Vec<u8>>) {
        // One that cannot be looked at says so when its turn comes.
        let Ok(looks) = self.judge.look(r) else { return };
        let at = First::of(r);
        looks.iter().for_each(|l| l.keys(&at, keys));
        if self.ready.len() >= MOST_READY {
            self.ready.clear();
        }
        self.ready.insert(place(r), looks);
    }

    fn on_record(&mut self, r: &Record, out: &mut Outbox) -> Result<(), Fault> {
        let looks = match self.ready.remove(&place(r)) {
            Some(looks) => looks,
            None => self.judge.look(r)?,
        };
        out.kept.at_most(self.most_rows);
        let at = First::of(r);
        for look in looks {
            let (outcome, left_out) = look.decide(&at, &mut out.kept)?;
            self.tallies.note(&look.rule, &at, &outcome, left_out);
            match outcome {
                // Made again it has the same id, and the log drops it.
                Outcome::First | Outcome::Again => Self::hand_on(r, &look.rule, out)?,
                Outcome::Repeat { .. } => self.repeat(r, &look.rule, &at, &outcome, out)?,
                // What cannot be compared is nobody's repeat.
                Outcome::WithoutKey => Self::hand_on(r, &look.rule, out)?,
            }
        }
        Ok(())
    }

    fn save(&self, to: &mut Vec<u8>) {
        self.tallies.save(to);
        self.figures.show(&self.tallies);
    }

    fn load(&mut self, _revision: u32, from: &[u8]) -> Result<(), Fault> {
        self.tallies = Tallies::load(from)?;
        let judge = self.judge.clone();
        self.tallies.keep(|id| judge.rules().any(|r| r.rule.id == id));
        self.figures.show(&self.tallies);
        Ok(())
    }
}
