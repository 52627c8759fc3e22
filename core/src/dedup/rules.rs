//! The rules of deduplication: each checked by itself and against the others before it is kept. A new Loom has the rules it is
//! shipped with (`shipped.json`); they are its owner's to change, and what was taken away does not come back.

mod own;

use std::sync::Arc;

use loom_schemas::dedup::{DedupRule, DedupRuleRow};

use super::MOST_RULES;
use super::figures::Figures;
use super::image::Pictures;
use super::judge::Judge;
use super::rule::Compiled;
use super::salt::Salt;
use super::stage::{Dedup, GROUP};
use crate::bus::{Bus, TopicName, names, wall};
use crate::db::Db;
use crate::door::Wrong;
use crate::env::Entropy;
use crate::error::{Error, Result};
use crate::pipeline::{Node, Wiring, graph};
use crate::rules::{All, Changed, Engine};

const SHIPPED: &str = include_str!("shipped.json");

/// What rules are about when they find repeats.
pub struct Deduplicating {
    salt: Salt,
    pictures: Arc<dyn Pictures>,
    pub figures: Figures,
}

/// The rules of deduplication of this Loom.
pub type Rules = crate::rules::Rules<Deduplicating>;
pub type Supervisor = crate::rules::Supervisor<Deduplicating>;

impl Engine for Deduplicating {
    type Rule = DedupRule;
    type Compiled = Compiled;
    type Set = Judge;
    type Row = DedupRuleRow;

    const WHO: &'static str = "deduplication";
    const GROUP: &'static str = GROUP;
    const TABLES: &'static str = "dedup";

    fn compile(rule: &DedupRule) -> Result<Compiled, Vec<Wrong>> {
        Compiled::compile(rule)
    }
    fn rule(compiled: &Compiled) -> &DedupRule {
        &compiled.rule
    }
    fn row(&self, r: &Compiled) -> DedupRuleRow {
        DedupRuleRow { rule: r.rule.clone(), figures: self.figures.of(r) }
    }
    fn set(&self, rules: &All<Self>) -> Judge {
        Judge::new(rules.values().cloned(), self.salt.clone(), self.pictures.clone())
    }
    fn node(&self, judge: Arc<Judge>, inputs: Vec<TopicName>, _: &Wiring) -> Node {
        graph::deduplication(Dedup::new(judge, inputs, self.figures.clone()))
    }
}

/// The rules that a new Loom has.
pub fn shipped() -> Result<Vec<DedupRule>> {
    serde_json::from_str(SHIPPED).map_err(|e| Error::bug("the shipped rules of deduplication cannot be read").because(e))
}

impl Rules {
    pub fn open(db: &Db, bus: Arc<dyn Bus>, entropy: &dyn Entropy, pictures: Arc<dyn Pictures>) -> Result<Self> {
        own::migrate(db)?;
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        let salt = Salt::new(own::salt(db, secret)?);
        let this = Self::read(db, bus, Deduplicating { salt, pictures, figures: Figures::default() })?;
        if own::is_new(db)? {
            let rules = shipped()?;
            let rules = rules.iter().filter_map(|r| Some((r.id.clone(), Arc::new(Compiled::compile(r).ok()?)))).collect();
            this.change(|_| Ok(Ok(rules)))?;
            // Broken off before this, they are written once more.
            own::is_shipped(db)?;
        }
        Ok(this)
    }

    /// Takes a rule in, in place of one with its id. Durable when it returns.
    pub fn put(&self, rule: &DedupRule) -> Result<Changed> {
        self.change(|mut all| {
            let new = match Compiled::compile(rule) {
                Ok(new) => Arc::new(new),
                Err(wrong) => return Ok(Err(wrong)),
            };
            all.insert(rule.id.clone(), new.clone());
            let wrong = self.objections(&new, &all)?;
            Ok(if wrong.is_empty() { Ok(all) } else { Err(wrong) })
        })
    }

    /// What is wrong with a rule among the others: too many, behind the wall, or feeding themselves.
    fn objections(&self, new: &Compiled, all: &All<Deduplicating>) -> Result<Vec<Wrong>> {
        let mut wrong = Vec::new();
        if all.len() > MOST_RULES {
            wrong.push(Wrong::new("", "maxItems", format!("at most {MOST_RULES} rules: take some out first")));
        }
        if let Some(into) = &new.into {
            wrong.extend(wall::forbids(&*self.bus, into)?.map(|why| Wrong::new("/into", "wall", why)));
            if into.as_str() == names::DUPLICATES || all.values().any(|r| r.topic == *into) {
                wrong.push(Wrong::new("/into", "loop", "a topic that no rule of deduplication reads"));
            }
        }
        if all.values().any(|r| r.into.as_ref() == Some(&new.topic)) {
            wrong.push(Wrong::new("/topic", "loop", "a topic that no rule of deduplication writes"));
        }
        Ok(wrong)
    }
}
