//! The rules as they are kept: in `loom.db`, each checked by itself and against the others before it is written. A change
//! rings a bell, and whoever runs the rules begins anew with those in force then. A new Loom has the rules it is shipped with
//! (`shipped.json`); they are its owner's to change, and what was taken away does not come back.

mod kept;

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loom_schemas::dedup::{DedupRule, DedupRuleRow};
use sha2::{Digest, Sha256};

use super::MOST_RULES;
use super::figures::Figures;
use super::image::Pictures;
use super::judge::Judge;
use super::rule::Compiled;
use super::salt::Salt;
use crate::bus::{Bus, Position, Positions, TopicName, wall};
use crate::db::Db;
use crate::door::Wrong;
use crate::env::Entropy;
use crate::error::{Error, Result};
use crate::pipeline::Probe;

const SHIPPED: &str = include_str!("shipped.json");

/// What became of a wish to change the rules.
#[derive(Debug, PartialEq)]
pub enum Changed {
    /// They are kept; the rules' new revision.
    Kept(String),
    /// Nothing was changed: everything that is wrong, by place in what was sent.
    Refused(Vec<Wrong>),
}

/// How the rules run, as far as somebody runs them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// Of the rules at work.
    pub revision: Option<String>,
    pub inputs: Vec<TopicName>,
    /// Why they are not.
    pub trouble: Option<String>,
}

type All = BTreeMap<String, Arc<Compiled>>;

struct Kept {
    rules: All,
    judge: Arc<Judge>,
    /// Goes up with every change.
    changes: u64,
    running: Running,
    /// Of the stage at work.
    probe: Option<Arc<Probe>>,
}

/// The rules of this Loom.
pub struct Rules {
    db: Db,
    bus: Arc<dyn Bus>,
    salt: Salt,
    pictures: Arc<dyn Pictures>,
    kept: Mutex<Kept>,
    bell: Condvar,
    pub figures: Figures,
}

/// The rules that a new Loom has.
pub fn shipped() -> Result<Vec<DedupRule>> {
    serde_json::from_str(SHIPPED).map_err(|e| Error::bug("the shipped rules of deduplication cannot be read").because(e))
}

impl Rules {
    /// Reads what is kept. A rule that cannot be read any more is left where it is, and said.
    pub fn open(db: &Db, bus: Arc<dyn Bus>, entropy: &dyn Entropy, pictures: Arc<dyn Pictures>) -> Result<Self> {
        kept::migrate(db)?;
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        let salt = Salt::new(kept::salt(db, secret)?);
        if kept::is_new(db)? {
            let rules = shipped()?;
            let topics: Vec<TopicName> = rules.iter().map(|r| TopicName::parse(&r.topic)).collect::<Result<_>>()?;
            kept::write(db, rules.iter(), &ends(&*bus, |t| topics.contains(t))?, &[])?;
        }
        let mut rules = All::new();
        for (id, body) in kept::all(db)? {
            let rule = serde_json::from_str::<DedupRule>(&body).ok().and_then(|r| Compiled::compile(&r).ok());
            match rule {
                Some(rule) => _ = rules.insert(id, Arc::new(rule)),
                None => tracing::warn!(rule = id, "a rule of deduplication cannot be read any more and rests: write it anew"),
            }
        }
        let judge = Arc::new(Judge::new(rules.values().cloned(), salt.clone(), pictures.clone()));
        let kept = Kept { rules, judge, changes: 0, running: Running::default(), probe: None };
        Ok(Self { db: db.clone(), bus, salt, pictures, kept: Mutex::new(kept), bell: Condvar::new(), figures: Figures::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The enabled rules as they are now.
    pub fn judge(&self) -> Arc<Judge> {
        self.lock().judge.clone()
    }
    /// Changes with anything that the rules say.
    pub fn revision(&self) -> String {
        revision(&self.lock().rules)
    }
    pub fn running(&self) -> Running {
        let kept = self.lock();
        let waits = kept.probe.as_ref().and_then(|p| p.seen().trouble);
        Running { trouble: kept.running.trouble.clone().or(waits), ..kept.running.clone() }
    }
    pub fn list(&self) -> Vec<DedupRuleRow> {
        let rules: Vec<_> = self.lock().rules.values().cloned().collect();
        rules.iter().map(|r| self.row(r)).collect()
    }
    pub fn get(&self, id: &str) -> Option<DedupRuleRow> {
        let rule = self.lock().rules.get(id).cloned();
        rule.map(|r| self.row(&r))
    }
    /// A rule, ready to be asked.
    pub fn compiled(&self, id: &str) -> Option<Arc<Compiled>> {
        self.lock().rules.get(id).cloned()
    }
    fn row(&self, r: &Compiled) -> DedupRuleRow {
        DedupRuleRow { rule: r.rule.clone(), figures: self.figures.of(r) }
    }

    /// Takes a rule in, in place of one with its id. Durable when it returns.
    pub fn put(&self, rule: &DedupRule) -> Result<Changed> {
        let mut kept = self.lock();
        let new = match Compiled::compile(rule) {
            Ok(new) => Arc::new(new),
            Err(wrong) => return Ok(Changed::Refused(wrong)),
        };
        let mut rules = kept.rules.clone();
        rules.insert(rule.id.clone(), new.clone());
        let wrong = self.objections(&new, &rules)?;
        if !wrong.is_empty() {
            return Ok(Changed::Refused(wrong));
        }
        self.put_in_force(&mut kept, rules).map(Changed::Kept)
    }

    /// Whether there was one. Durable when it returns.
    pub fn remove(&self, id: &str) -> Result<bool> {
        let mut kept = self.lock();
        let mut rules = kept.rules.clone();
        if rules.remove(id).is_none() {
            return Ok(false);
        }
        self.put_in_force(&mut kept, rules)?;
        Ok(true)
    }

    /// What is wrong with a rule among the others: too many, behind the wall, or feeding themselves.
    fn objections(&self, new: &Compiled, all: &All) -> Result<Vec<Wrong>> {
        let mut wrong = Vec::new();
        if all.len() > MOST_RULES {
            wrong.push(Wrong::new("", "maxItems", format!("at most {MOST_RULES} rules: take some out first")));
        }
        if let Some(into) = &new.into {
            wrong.extend(wall::forbids(&*self.bus, into)?.map(|why| Wrong::new("/into", "wall", why)));
            if into.as_str() == crate::bus::names::DUPLICATES || all.values().any(|r| r.topic == *into) {
                wrong.push(Wrong::new("/into", "loop", "a topic that no rule of deduplication reads"));
            }
        }
        if all.values().any(|r| r.into.as_ref() == Some(&new.topic)) {
            wrong.push(Wrong::new("/topic", "loop", "a topic that no rule of deduplication writes"));
        }
        Ok(wrong)
    }

    /// A topic that is read from now on is read from its present end.
    fn put_in_force(&self, kept: &mut Kept, rules: All) -> Result<String> {
        let judge = Arc::new(Judge::new(rules.values().cloned(), self.salt.clone(), self.pictures.clone()));
        let reads = |j: &Judge, t: &TopicName| j.topics().any(|r| r == t);
        let since = ends(&*self.bus, |t| reads(&judge, t) && !reads(&kept.judge, t))?;
        let unread: Vec<TopicName> = kept.judge.topics().filter(|t| !reads(&judge, t)).cloned().collect();
        kept::write(&self.db, rules.values().map(|r| &r.rule), &since, &unread)?;
        (kept.rules, kept.judge) = (rules, judge);
        kept.changes += 1;
        self.bell.notify_all();
        Ok(revision(&kept.rules))
    }

    /// Topics that are read now, by name: those of the rules that there are. None is made by being read.
    pub(super) fn inputs(&self) -> Result<Vec<TopicName>> {
        let judge = self.judge();
        let there = self.bus.topics()?.into_iter().map(|t| t.settings.name);
        Ok(there.filter(|t| judge.topics().any(|r| r == t)).collect())
    }

    /// Where topics are read from that are newly read.
    pub(super) fn since(&self) -> Result<Positions> {
        kept::since(&self.db)
    }
    /// The group stands there: it need not be told again.
    pub(super) fn since_is_set(&self, topics: &[TopicName]) -> Result<()> {
        kept::forget_since(&self.db, topics)
    }

    /// Waits until the rules changed since `seen`, or `wake` says so; gives the changes.
    pub(super) fn wait(&self, seen: u64, timeout: Duration, wake: impl Fn() -> bool) -> u64 {
        let kept = self.lock();
        let same = |k: &mut Kept| k.changes == seen && !wake();
        self.bell.wait_timeout_while(kept, timeout, same).unwrap_or_else(PoisonError::into_inner).0.changes
    }
    pub(super) fn ring(&self) {
        // Taken so that whoever is about to wait hears it.
        drop(self.lock());
        self.bell.notify_all();
    }
    pub(super) fn note_running(&self, running: Running, probe: Option<Arc<Probe>>) {
        let mut kept = self.lock();
        (kept.running, kept.probe) = (running, probe);
    }
}

/// Where the topics end that are chosen.
fn ends(bus: &dyn Bus, chosen: impl Fn(&TopicName) -> bool) -> Result<Positions> {
    let mut ends = Positions::new();
    for t in bus.topics()?.into_iter().filter(|t| chosen(&t.settings.name)) {
        let of = |(partition, (_, next)): (u32, &(u64, u64))| (Position { topic: t.settings.name.clone(), partition }, *next);
        ends.extend((0..).zip(&t.bounds).map(of));
    }
    Ok(ends)
}

fn revision(rules: &All) -> String {
    let mut h = Sha256::new();
    for r in rules.values().filter(|r| r.rule.enabled) {
        // Rules are plain data, which always serialises.
        h.update(serde_json::to_vec(&r.rule).unwrap_or_default());
    }
    hex::encode(&h.finalize()[..6])
}
