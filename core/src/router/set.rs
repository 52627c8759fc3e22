//! The rules that are in force together: in their order, indexed, and asked about one record after the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use loom_schemas::routing::RoutingRule;
use serde_json::Value;

use super::compiled::{Compiled, Made};
use super::condition::{Subject, View};
use super::index::Index;
use super::pattern::Pattern;
use crate::bus::{Record, TopicName};
use crate::env::Clock;
use crate::error::{Error, Result};
use crate::rules::{self, MOST_HOPS, Set};
use crate::schema::Registry;

/// Enabled rules, the highest priority first.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Arc<Compiled>>,
    index: Index,
    /// What comes out is held against it.
    registry: Option<Arc<Registry>>,
}

/// What a rule made of a record.
#[derive(Debug)]
pub(super) struct Verdict {
    pub rule: Arc<str>,
    /// Whether it took the record.
    pub matched: bool,
    pub made: Vec<Made>,
    /// Why it could not go on.
    pub failure: Option<Failure>,
    /// It took, nanoseconds.
    pub ns: u64,
}

#[derive(Debug)]
pub(super) enum Failure {
    /// Its condition came to no answer, so it did not take the record.
    NoAnswer(String),
    /// It took the record and could not change or write it: the record is parked.
    Parked(String),
}

impl RuleSet {
    /// Of the rules given, those that are enabled.
    pub fn new(rules: impl IntoIterator<Item = Arc<Compiled>>) -> Self {
        let mut rules: Vec<_> = rules.into_iter().filter(|r| r.rule.enabled).collect();
        rules.sort_by(|a, b| b.rule.priority.cmp(&a.rule.priority).then_with(|| a.id.cmp(&b.id)));
        Self { rules, index: Index::default(), registry: None }
    }

    /// The same, with what comes out held against its topic's schema.
    #[must_use]
    pub fn against(self, registry: Arc<Registry>) -> Self {
        Self { registry: Some(registry), ..self }
    }

    /// Compiles rules; everything wrong with them, by place, as `/3/inputs/0`.
    pub fn compile(rules: &[RoutingRule]) -> Result<Self, Vec<crate::door::Wrong>> {
        let mut wrong = Vec::new();
        let mut good = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            match Compiled::compile(rule) {
                Ok(c) => good.push(Arc::new(c)),
                Err(w) => wrong.extend(w.into_iter().map(|w| crate::door::Wrong { pointer: format!("/{i}{}", w.pointer), ..w })),
            }
        }
        if wrong.is_empty() { Ok(Self::new(good)) } else { Err(wrong) }
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
    pub fn len(&self) -> usize {
        self.rules.len()
    }
    fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.rules.iter().flat_map(|r| &r.inputs)
    }

    /// How many rules are asked about a record: the others are passed over by the index.
    pub fn asked(&self, view: &View) -> usize {
        self.index.of(&self.rules, view.record.topic()).candidates(view).len()
    }

    /// Asks the rules that a record can concern, in order, until one stops the rest. Verdicts of all that were asked.
    pub(super) fn judge(&self, view: &View, clock: &dyn Clock) -> Vec<Verdict> {
        let candidates = self.index.of(&self.rules, view.record.topic()).candidates(view);
        if candidates.is_empty() {
            return Vec::new();
        }
        Subject::with(*view, |subject| {
            let mut verdicts = Vec::with_capacity(candidates.len());
            for rule in candidates.into_iter().filter_map(|i| self.rules.get(i)) {
                let began = clock.monotonic_ns();
                let mut verdict = one(rule, subject, self.registry.as_deref());
                verdict.ns = clock.monotonic_ns().saturating_sub(began);
                let stop = verdict.matched && rule.rule.stop;
                verdicts.push(verdict);
                if stop {
                    break;
                }
            }
            verdicts
        })
    }

    /// How many rules take a record: for measuring.
    pub fn taken_by(&self, record: &Record, data: &Value, clock: &dyn Clock) -> usize {
        self.judge(&View { record, data }, clock).iter().filter(|v| v.matched).count()
    }
}

impl Set for RuleSet {
    fn revision(&self) -> String {
        rules::revision(self.rules.iter().map(|r| &r.rule))
    }
    fn reads(&self, topic: &TopicName) -> bool {
        self.rules.iter().any(|r| r.reads(topic))
    }
    /// Those that rules name without a wildcard, there or not, and those there are that wildcards match.
    fn inputs(&self, there: Vec<TopicName>) -> Vec<TopicName> {
        let matched = there.into_iter().filter(|t| self.reads(t));
        let all: BTreeSet<TopicName> = self.patterns().filter_map(Pattern::exact).chain(matched).collect();
        all.into_iter().collect()
    }
    fn may_grow(&self, _: &[TopicName]) -> bool {
        self.patterns().any(|p| p.exact().is_none())
    }
    fn writes(&self) -> impl Iterator<Item = &TopicName> {
        self.rules.iter().flat_map(|r| r.writes().map(|(_, t)| t))
    }
}

fn one(rule: &Compiled, subject: &Subject, registry: Option<&Registry>) -> Verdict {
    let mut verdict = Verdict { rule: rule.id.clone(), matched: false, made: Vec::new(), failure: None, ns: 0 };
    match rule.condition.as_ref().map_or(Ok(true), |c| c.holds(subject)) {
        Ok(matched) => verdict.matched = matched,
        Err(why) => verdict.failure = Some(Failure::NoAnswer(why)),
    }
    if !verdict.matched {
        return verdict;
    }
    if subject.view.record.headers().hops >= MOST_HOPS {
        let why = format!("the record has come through {MOST_HOPS} stages: a rule feeds itself");
        verdict.failure = Some(Failure::Parked(why));
        return verdict;
    }
    match rule.make(subject.view.data) {
        Ok(made) => {
            let mut unfit = Vec::new();
            for m in made {
                match registry.map_or(Ok(()), |r| fits(r, &m.topic, &m.data)) {
                    Ok(()) => verdict.made.push(m),
                    Err(e) => unfit.push(e.message().to_string()),
                }
            }
            verdict.failure = (!unfit.is_empty()).then(|| Failure::Parked(unfit.join("; ")));
        }
        Err(e) => verdict.failure = Some(Failure::Parked(e.message().into())),
    }
    verdict
}

/// Whether a payload is what its topic's schema says: the one place where the router asks.
pub(super) fn fits(registry: &Registry, topic: &TopicName, data: &Value) -> Result<()> {
    let wrong = registry.held(topic, None)?.map_or_else(Vec::new, |held| held.complaints(data));
    match wrong.first() {
        None => Ok(()),
        Some(w) => Err(Error::skip(format!("{topic} does not take what comes out: {} needs {}", w.pointer, w.expected))),
    }
}
