//! What each rule has done since Loom started. Figures outlive a change of the rules.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use loom_schemas::routing::RuleFigures;

use crate::env::Time;

/// What a rule made of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It took the record and made so many.
    Matched { emitted: u64 },
    /// It took the record, or tried to, and could not go on: why.
    Failed { matched: bool, emitted: u64, why: String },
}

#[derive(Clone, Debug, Default)]
struct Tally {
    matched: u64,
    emitted: u64,
    failed: u64,
    last_matched_at: Option<Time>,
    last_failure: Option<String>,
    ns: u64,
}

/// By rule; shared by the stage that writes and whoever asks.
#[derive(Clone, Debug, Default)]
pub struct Figures(Arc<Mutex<BTreeMap<String, Tally>>>);

impl Figures {
    /// One record's outcomes, and how long each rule took. `None` is a rule that looked and passed.
    pub(super) fn note<'a>(&self, now: Time, outcomes: impl IntoIterator<Item = (&'a str, Option<&'a Outcome>, u64)>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (rule, outcome, ns) in outcomes {
            // Most records most rules have nothing to say about: no name is copied for them.
            if !all.contains_key(rule) {
                all.insert(rule.to_string(), Tally::default());
            }
            let Some(t) = all.get_mut(rule) else { continue };
            t.ns += ns;
            let (matched, emitted) = match outcome {
                None => continue,
                Some(Outcome::Matched { emitted }) => (true, *emitted),
                Some(Outcome::Failed { matched, emitted, why }) => {
                    t.failed += 1;
                    t.last_failure = Some(why.clone());
                    (*matched, *emitted)
                }
            };
            t.matched += u64::from(matched);
            t.emitted += emitted;
            if matched {
                t.last_matched_at = Some(now);
            }
        }
    }

    pub fn of(&self, rule: &str) -> RuleFigures {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let t = all.get(rule).cloned().unwrap_or_default();
        RuleFigures {
            matched: t.matched,
            emitted: t.emitted,
            failed: t.failed,
            last_matched_at: t.last_matched_at.map(|t| t.to_string()),
            last_failure: t.last_failure,
            seconds: t.ns as f64 / 1e9,
        }
    }

    /// Forgets rules that are gone.
    pub(super) fn keep(&self, rules: &[&str]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| rules.contains(&id.as_str()));
    }
}
