//! The router's rules: each checked by itself and against the others before it is kept.

mod check;

use std::slice::from_ref;
use std::sync::{Arc, Mutex, PoisonError};

use loom_schemas::routing::{RoutingRule, RuleRow};

use super::MOST_RULES;
use super::compiled::Compiled;
use super::figures::Figures;
use super::set::RuleSet;
use super::stage::{GROUP, Router};
use super::tap::Tap;
use crate::bus::{Bus, TopicName};
use crate::db::Db;
use crate::door::Wrong;
use crate::error::Result;
use crate::pipeline::{Node, Spec, Wiring, graph};
use crate::rules::{All, Changed, Engine};
use crate::schema::Registry;

const STEPS: &[&str] = &["CREATE TABLE routing_rule(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE routing_since(topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY(topic, partition)) WITHOUT ROWID;"];

/// What rules are about when they route.
pub struct Routing {
    pub(super) registry: Arc<Registry>,
    /// What Loom's own stages read and write.
    stages: Mutex<Vec<(Vec<TopicName>, Vec<TopicName>)>>,
    pub figures: Figures,
    pub tap: Tap,
}

/// The routing rules of this Loom.
pub type Rules = crate::rules::Rules<Routing>;
pub type Supervisor = crate::rules::Supervisor<Routing>;

impl Engine for Routing {
    type Rule = RoutingRule;
    type Compiled = Compiled;
    type Set = RuleSet;
    type Row = RuleRow;

    const WHO: &'static str = "the event router";
    const GROUP: &'static str = GROUP;
    const TABLES: &'static str = "routing";

    fn compile(rule: &RoutingRule) -> Result<Compiled, Vec<Wrong>> {
        Compiled::compile(rule)
    }
    fn rule(compiled: &Compiled) -> &RoutingRule {
        &compiled.rule
    }
    fn row(&self, r: &Compiled) -> RuleRow {
        RuleRow { rule: r.rule.clone(), figures: self.figures.of(&r.id) }
    }
    fn set(&self, rules: &All<Self>) -> RuleSet {
        RuleSet::new(rules.values().cloned()).against(self.registry.clone())
    }
    fn node(&self, set: Arc<RuleSet>, inputs: Vec<TopicName>, wiring: &Wiring) -> Node {
        graph::routing(Router::new(set, inputs, self.figures.clone(), self.tap.clone(), wiring.clock.clone()))
    }
    fn changed(&self, rules: &All<Self>) {
        self.figures.keep(&rules.keys().map(String::as_str).collect::<Vec<_>>());
    }
}

impl Rules {
    pub fn open(db: &Db, bus: Arc<dyn Bus>, registry: Arc<Registry>, stages: &[Spec]) -> Result<Self> {
        db.migrate("router", STEPS)?;
        let (figures, tap) = Default::default();
        let this = Self::read(db, bus, Routing { registry, stages: Mutex::default(), figures, tap })?;
        this.know_stages(stages);
        Ok(this)
    }

    /// What Loom's own stages read and write: a rule may feed itself through them.
    pub fn know_stages(&self, stages: &[Spec]) {
        let edges = stages.iter().map(|s| (s.inputs.clone(), s.outputs.clone())).collect();
        *self.engine.stages.lock().unwrap_or_else(PoisonError::into_inner) = edges;
    }

    /// Everything that would keep a rule from being taken.
    pub fn check(&self, rule: &RoutingRule) -> Result<Vec<Wrong>> {
        Ok(check::joined(self, self.all(), from_ref(rule), |_| String::new())?.err().unwrap_or_default())
    }

    /// Takes a rule in, in place of one with its id; replay brings what came before. Durable when it returns.
    pub fn put(&self, rule: &RoutingRule) -> Result<Changed> {
        self.change(|all| check::joined(self, all, from_ref(rule), |_| String::new()))
    }

    /// These rules and no others.
    pub fn replace(&self, rules: &[RoutingRule]) -> Result<Changed> {
        if rules.len() > MOST_RULES {
            let wrong = Wrong::new("", "maxItems", format!("at most {MOST_RULES} rules"));
            return Ok(Changed::Refused(vec![wrong]));
        }
        self.change(|_| check::joined(self, All::<Routing>::new(), rules, |i| format!("/{i}")))
    }
}
