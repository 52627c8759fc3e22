//! What each rule has found. Figures are part of the stage's state, so they are exact whatever happens, and outlive Loom.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use loom_schemas::dedup::{DedupFigures, DuplicateKind};
use serde::{Deserialize, Serialize};

use super::first::First;
use super::judge::Outcome;
use super::rule::Compiled;
use crate::env::Time;
use crate::error::{Error, Result};

/// Of one rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Of the rule: a changed one counts anew.
    digest: u64,
    seen: u64,
    unique: u64,
    exact: u64,
    text: u64,
    image: u64,
    without_key: u64,
    late: u64,
    left_out: u64,
    /// When the newest was received, microseconds.
    newest: Option<i64>,
}

/// Of every rule, by id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tallies(BTreeMap<String, Tally>);

impl Tallies {
    pub fn note(&mut self, rule: &Compiled, at: &First, outcome: &Outcome, left_out: u64) {
        if !self.0.contains_key(&rule.rule.id) {
            self.0.insert(rule.rule.id.clone(), Tally::default());
        }
        let Some(t) = self.0.get_mut(&rule.rule.id) else { return };
        if t.digest != rule.index() {
            *t = Tally { digest: rule.index(), ..Tally::default() };
        }
        t.newest = t.newest.max(Some(at.received_at.0));
        t.left_out += left_out;
        let counter = match outcome {
            Outcome::Again => return,
            Outcome::First => &mut t.unique,
            Outcome::WithoutKey => &mut t.without_key,
            Outcome::Repeat { kind: DuplicateKind::Exact, .. } => &mut t.exact,
            Outcome::Repeat { kind: DuplicateKind::Text, .. } => &mut t.text,
            Outcome::Repeat { kind: DuplicateKind::Image, .. } => &mut t.image,
        };
        *counter += 1;
        t.seen += 1;
        t.late += u64::from(rule.window.is_late(at.recorded_at, at.received_at));
    }

    /// Forgets rules that are gone.
    pub fn keep(&mut self, is_there: impl Fn(&str) -> bool) {
        self.0.retain(|id, _| is_there(id));
    }

    pub fn save(&self, to: &mut Vec<u8>) {
        // Numbers always serialise; 200 rules take 40 KiB.
        to.extend(serde_json::to_vec(self).unwrap_or_default());
    }

    pub fn load(from: &[u8]) -> Result<Self> {
        serde_json::from_slice(from).map_err(|e| Error::bug("the figures of deduplication cannot be read").because(e))
    }
}

/// The same for whoever asks.
#[derive(Clone, Debug, Default)]
pub struct Figures(Arc<Mutex<Tallies>>);

impl Figures {
    pub(super) fn show(&self, tallies: &Tallies) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone_from(tallies);
    }

    pub fn of(&self, rule: &Compiled) -> DedupFigures {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let t = all.0.get(&rule.rule.id).filter(|t| t.digest == rule.index()).cloned().unwrap_or_default();
        DedupFigures {
            seen: t.seen,
            unique: t.unique,
            exact: t.exact,
            text: t.text,
            image: t.image,
            without_key: t.without_key,
            late: t.late,
            left_out: t.left_out,
            watermark: t.newest.map(|n| rule.window.watermark(Time(n)).to_string()),
        }
    }
}
