//! `event-router-consumer`: the stage that runs a set of rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::condition::View;
use super::figures::{Figures, Outcome};
use super::set::{Failure, RuleSet, Verdict};
use super::tap::{Tap, Took};
use crate::bus::{Record, TopicName};
use crate::env::Clock;
use crate::error::{Error, Fault};
use crate::pipeline::{Outbox, Revision, Spec, Stage};
use crate::rules::Set;

pub const GROUP: &str = "event-router-consumer";
const DESCRIPTION: &str = "Routes records by the owner's rules";
/// Part of every derived id. Each rule's own revision is too, in the index of what it makes: a rule that did not change makes
/// the same ids again, whatever became of the others.
const LABEL: &str = "rules/1";

/// A set of rules at work on the topics it reads.
pub struct Router {
    spec: Spec,
    set: Arc<RuleSet>,
    figures: Figures,
    tap: Tap,
    clock: Arc<dyn Clock>,
}

impl Router {
    pub fn new(set: Arc<RuleSet>, inputs: Vec<TopicName>, figures: Figures, tap: Tap, clock: Arc<dyn Clock>) -> Self {
        let outputs: BTreeSet<TopicName> = set.writes().cloned().collect();
        Self { spec: Spec { inputs, outputs: outputs.into_iter().collect(), ..Self::blank() }, set, figures, tap, clock }
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

    fn account(&self, r: &Record, verdicts: &[Verdict]) {
        let outcomes: Vec<_> = verdicts.iter().map(|v| (v, outcome(v))).collect();
        let rows = outcomes.iter().map(|(v, o)| (&*v.rule, o.as_ref(), v.ns));
        self.figures.note(self.clock.now(), rows);
        if self.tap.is_listened_to() {
            let took = outcomes.into_iter().filter_map(|(v, o)| {
                Some(Took { rule: v.rule.clone(), outcome: o?, outputs: v.made.iter().map(|m| m.topic.clone()).collect() })
            });
            self.tap.passed(r, took.collect());
        }
    }
}

impl Stage for Router {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn on_record(&mut self, r: &Record, out: &mut Outbox) -> Result<(), Fault> {
        if r.value().is_none() {
            out.drop_because("erased");
            return Ok(());
        }
        let data: Value = r.payload()?;
        let verdicts = self.set.judge(&View { record: r, data: &data }, &*self.clock);
        let origin = r.origin();
        for m in verdicts.iter().flat_map(|v| &v.made) {
            out.emit_from(&origin, m.index, &m.topic, r.recorded_at(), &*m.data)?;
        }
        let parked = verdicts.iter().filter_map(|v| match &v.failure {
            Some(Failure::Parked(why)) => Some(format!("rule {}: {why}", v.rule)),
            _ => None,
        });
        let parked: Vec<String> = parked.collect();
        if !parked.is_empty() {
            // What other rules made of it stands.
            out.set_aside(r, Error::skip(parked.join("; ")));
        }
        self.account(r, &verdicts);
        Ok(())
    }
}

/// `None` where the rule looked and passed.
pub(super) fn outcome(v: &Verdict) -> Option<Outcome> {
    let emitted = v.made.len() as u64;
    match &v.failure {
        Some(Failure::NoAnswer(why) | Failure::Parked(why)) => Some(Outcome::Failed { matched: v.matched, emitted, why: why.clone() }),
        None => v.matched.then_some(Outcome::Matched { emitted }),
    }
}
