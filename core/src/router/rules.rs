//! The rules as they are kept: in `loom.db`, each checked by itself and against the others before it is written. A change
//! rings a bell, and whoever runs the rules begins anew with the set that is in force then.

mod check;
mod kept;

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loom_schemas::routing::{RoutingRule, RuleRow};

use super::compiled::Compiled;
use super::figures::Figures;
use super::set::RuleSet;
use super::tap::Tap;
use super::{MOST_INPUT_TOPICS, MOST_RULES};
use crate::bus::{Bus, Position, Positions, TopicName};
use crate::db::Db;
use crate::door::Wrong;
use crate::error::Result;
use crate::pipeline::{Probe, Spec};
use crate::schema::Registry;

/// What became of a wish to change the rules.
#[derive(Debug, PartialEq)]
pub enum Changed {
    /// They are kept; the set's new revision.
    Kept(String),
    /// Nothing was changed: everything that is wrong, by place in what was sent.
    Refused(Vec<Wrong>),
}

/// How the rules run, as far as somebody runs them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// Revision of the set at work.
    pub revision: Option<String>,
    pub inputs: Vec<TopicName>,
    /// Why it does not, or not all of it.
    pub trouble: Option<String>,
}

struct Kept {
    rules: BTreeMap<String, Arc<Compiled>>,
    set: Arc<RuleSet>,
    /// Goes up with every change.
    changes: u64,
    /// Asked to stand still for a moment.
    paused: bool,
    running: Running,
    /// Of the stage at work.
    probe: Option<Arc<Probe>>,
    /// Somebody runs the rules.
    supervised: bool,
}

/// The rules of this Loom.
pub struct Rules {
    db: Db,
    bus: Arc<dyn Bus>,
    pub(super) registry: Arc<Registry>,
    /// What Loom's own stages read and write.
    stages: Mutex<Vec<(Vec<TopicName>, Vec<TopicName>)>>,
    kept: Mutex<Kept>,
    bell: Condvar,
    pub figures: Figures,
    pub tap: Tap,
}

impl Rules {
    /// Reads what is kept. A rule that cannot be read any more is left where it is, and said.
    pub fn open(db: &Db, bus: Arc<dyn Bus>, registry: Arc<Registry>, stages: &[Spec]) -> Result<Self> {
        kept::migrate(db)?;
        let mut rules = BTreeMap::new();
        for (id, body) in kept::all(db)? {
            let rule = serde_json::from_str::<RoutingRule>(&body).ok().and_then(|r| Compiled::compile(&r).ok());
            match rule {
                Some(rule) => _ = rules.insert(id, Arc::new(rule)),
                None => tracing::warn!(rule = id, "a routing rule cannot be read any more and rests: write it anew"),
            }
        }
        let set = Arc::new(RuleSet::new(rules.values().cloned()).against(registry.clone()));
        let kept = Kept { rules, set, changes: 0, paused: false, running: Running::default(), probe: None, supervised: false };
        let (figures, tap) = Default::default();
        let this =
            Self { db: db.clone(), bus, registry, stages: Mutex::default(), kept: Mutex::new(kept), bell: Condvar::new(), figures, tap };
        this.know_stages(stages);
        Ok(this)
    }

    /// What Loom's own stages read and write: a rule may feed itself through them.
    pub fn know_stages(&self, stages: &[Spec]) {
        let edges = stages.iter().map(|s| (s.inputs.clone(), s.outputs.clone())).collect();
        *self.stages.lock().unwrap_or_else(PoisonError::into_inner) = edges;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The enabled rules as they are now.
    pub fn set(&self) -> Arc<RuleSet> {
        self.lock().set.clone()
    }
    pub fn running(&self) -> Running {
        let kept = self.lock();
        let waits = kept.probe.as_ref().and_then(|p| p.seen().trouble);
        Running { trouble: kept.running.trouble.clone().or(waits), ..kept.running.clone() }
    }
    pub fn list(&self) -> Vec<RuleRow> {
        let rules: Vec<_> = self.lock().rules.values().cloned().collect();
        rules.iter().map(|r| self.row(r)).collect()
    }
    pub fn get(&self, id: &str) -> Option<RuleRow> {
        let rule = self.lock().rules.get(id).cloned();
        rule.map(|r| self.row(&r))
    }
    fn row(&self, r: &Compiled) -> RuleRow {
        RuleRow { rule: r.rule.clone(), figures: self.figures.of(&r.id) }
    }

    /// Everything that would keep a rule from being taken.
    pub fn check(&self, rule: &RoutingRule) -> Result<Vec<Wrong>> {
        let known = self.lock().rules.clone();
        Ok(check::joined(self, known, std::slice::from_ref(rule), |_| String::new())?.err().unwrap_or_default())
    }

    /// Takes a rule in, in place of one with its id. Durable when it returns.
    pub fn put(&self, rule: &RoutingRule) -> Result<Changed> {
        self.change(std::slice::from_ref(rule), |rules| rules, |_| String::new())
    }

    /// These rules and no others.
    pub fn replace(&self, rules: &[RoutingRule]) -> Result<Changed> {
        self.change(rules, |_| BTreeMap::new(), |i| format!("/{i}"))
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

    fn change(
        &self,
        new: &[RoutingRule],
        rest: impl FnOnce(BTreeMap<String, Arc<Compiled>>) -> BTreeMap<String, Arc<Compiled>>,
        at: impl Fn(usize) -> String,
    ) -> Result<Changed> {
        if new.len() > MOST_RULES {
            let wrong = Wrong::new("", "maxItems", format!("at most {MOST_RULES} rules"));
            return Ok(Changed::Refused(vec![wrong]));
        }
        let mut kept = self.lock();
        match check::joined(self, rest(kept.rules.clone()), new, at)? {
            Err(wrong) => Ok(Changed::Refused(wrong)),
            Ok(rules) => self.put_in_force(&mut kept, rules).map(Changed::Kept),
        }
    }

    /// A topic that is read from now on is read from its present end; replay brings what came before.
    fn put_in_force(&self, kept: &mut Kept, rules: BTreeMap<String, Arc<Compiled>>) -> Result<String> {
        let set = RuleSet::new(rules.values().cloned()).against(self.registry.clone());
        let mut since = Positions::new();
        let mut unread = Vec::new();
        for t in self.bus.topics()? {
            let name = &t.settings.name;
            match (kept.set.reads(name), set.reads(name)) {
                (false, true) => {
                    let ends = (0..).zip(&t.bounds).map(|(partition, (_, next))| (Position { topic: name.clone(), partition }, *next));
                    since.extend(ends);
                }
                (true, false) => unread.push(name.clone()),
                _ => {}
            }
        }
        kept::write(&self.db, rules.values().map(|r| &r.rule), &since, &unread)?;
        self.figures.keep(&rules.keys().map(String::as_str).collect::<Vec<_>>());
        (kept.rules, kept.set) = (rules, Arc::new(set));
        kept.changes += 1;
        self.bell.notify_all();
        Ok(kept.set.revision())
    }

    /// Topics that the rules read now, by name: those they name, and those there are that wildcards match. At most so many.
    pub(super) fn inputs(&self) -> Result<Vec<TopicName>> {
        let set = self.set();
        let mut inputs: Vec<TopicName> = set.named().collect();
        if set.has_wildcards() {
            inputs.extend(self.bus.topics()?.into_iter().map(|t| t.settings.name).filter(|t| set.reads(t)));
        }
        inputs.sort();
        inputs.dedup();
        Ok(inputs)
    }

    /// Where topics are read from that are newly read.
    pub(super) fn since(&self) -> Result<Positions> {
        kept::since(&self.db)
    }
    /// The group stands there: it need not be told again.
    pub(super) fn since_is_set(&self, topics: &[TopicName]) -> Result<()> {
        kept::forget_since(&self.db, topics)
    }

    /// Runs `f` while nobody runs the rules; those who do begin again after it.
    pub(super) fn while_paused<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut kept = self.lock();
        kept.paused = true;
        self.bell.notify_all();
        let at_work = |k: &mut Kept| k.supervised && k.running.revision.is_some();
        let waited = self.bell.wait_timeout_while(kept, PAUSE, at_work).unwrap_or_else(PoisonError::into_inner);
        let stands = !waited.1.timed_out();
        drop(waited);
        let done = if stands { f() } else { Err(crate::Error::retry("the event router is busy: try again")) };
        self.lock().paused = false;
        self.bell.notify_all();
        done
    }

    /// Waits until the rules changed since `seen`, or are to stand still or go on, or `wake` says so; gives the changes and
    /// whether to stand still.
    pub(super) fn wait(&self, seen: (u64, bool), timeout: Duration, wake: impl Fn() -> bool) -> (u64, bool) {
        let kept = self.lock();
        let same = |k: &mut Kept| (k.changes, k.paused) == seen && !wake();
        let (kept, _) = self.bell.wait_timeout_while(kept, timeout, same).unwrap_or_else(PoisonError::into_inner);
        (kept.changes, kept.paused)
    }
    pub(super) fn ring(&self) {
        // Taken so that whoever is about to wait hears it.
        drop(self.lock());
        self.bell.notify_all();
    }
    pub(super) fn note_running(&self, supervised: bool, running: Running, probe: Option<Arc<Probe>>) {
        let mut kept = self.lock();
        (kept.supervised, kept.running, kept.probe) = (supervised, running, probe);
        self.bell.notify_all();
    }
}

/// The longest wait for the rules to stand still.
const PAUSE: Duration = Duration::from_secs(10);
