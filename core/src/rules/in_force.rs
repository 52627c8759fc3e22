//! The rules of a room as they are kept, and what is in force of them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{All, Engine, MOST_INPUT_TOPICS, Running, Set, kept};
use crate::bus::{Bus, Position, Positions, TopicName};
use crate::db::Db;
use crate::door::Wrong;
use crate::error::Result;
use crate::pipeline::Probe;

/// What became of a wish to change the rules.
#[derive(Debug, PartialEq)]
pub enum Changed {
    /// They are kept; the set's new revision.
    Kept(String),
    /// Nothing was changed: everything that is wrong, by place in what was sent.
    Refused(Vec<Wrong>),
}

pub(super) struct Kept<E: Engine> {
    rules: All<E>,
    pub(super) set: Arc<E::Set>,
    /// Asked to stand still for a moment.
    pub(super) paused: bool,
    /// Goes up with whatever makes another set run, or none.
    pub(super) changes: u64,
    pub(super) running: Running,
    /// Of the stage at work.
    pub(super) probe: Option<Arc<Probe>>,
}

/// The rules of a room.
pub struct Rules<E: Engine> {
    db: Db,
    pub(crate) bus: Arc<dyn Bus>,
    pub engine: E,
    kept: Mutex<Kept<E>>,
    pub(super) bell: Condvar,
}

impl<E: Engine> Rules<E> {
    /// Reads what is kept; the tables are there. A rule that cannot be read any more is left where it is, and said.
    pub fn read(db: &Db, bus: Arc<dyn Bus>, engine: E) -> Result<Self> {
        let mut rules = All::<E>::new();
        for (id, body) in kept::all::<E>(db)? {
            let rule = serde_json::from_str(&body).ok().and_then(|r| E::compile(&r).ok());
            match rule {
                Some(rule) => _ = rules.insert(id, Arc::new(rule)),
                None => tracing::warn!(rule = id, "a rule of {} cannot be read any more and rests: write it anew", E::WHO),
            }
        }
        let set = Arc::new(engine.set(&rules));
        let kept = Kept { rules, set, paused: false, changes: 0, running: Running::default(), probe: None };
        Ok(Self { db: db.clone(), bus, engine, kept: Mutex::new(kept), bell: Condvar::new() })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Kept<E>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The enabled rules as they are now.
    pub fn set(&self) -> Arc<E::Set> {
        self.lock().set.clone()
    }
    pub fn revision(&self) -> String {
        self.set().revision()
    }
    pub fn all(&self) -> All<E> {
        self.lock().rules.clone()
    }
    pub fn list(&self) -> Vec<E::Row> {
        self.all().values().map(|r| self.engine.row(r)).collect()
    }
    pub fn get(&self, id: &str) -> Option<E::Row> {
        self.compiled(id).map(|r| self.engine.row(&r))
    }
    pub fn compiled(&self, id: &str) -> Option<Arc<E::Compiled>> {
        self.lock().rules.get(id).cloned()
    }

    /// Puts those in force that `joined` makes of the rules there are, unless something is wrong. Durable when it returns.
    pub fn change(&self, joined: impl FnOnce(All<E>) -> Result<Result<All<E>, Vec<Wrong>>>) -> Result<Changed> {
        let mut kept = self.lock();
        match joined(kept.rules.clone())? {
            Err(wrong) => Ok(Changed::Refused(wrong)),
            Ok(rules) => self.put_in_force(&mut kept, rules).map(Changed::Kept),
        }
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

    /// A topic that is read from now on is read from its present end.
    fn put_in_force(&self, kept: &mut Kept<E>, rules: All<E>) -> Result<String> {
        let set = self.engine.set(&rules);
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
        kept::write::<E>(&self.db, &rules, since, unread)?;
        self.engine.changed(&rules);
        (kept.rules, kept.set) = (rules, Arc::new(set));
        self.another(kept);
        Ok(kept.set.revision())
    }

    pub(super) fn another(&self, kept: &mut Kept<E>) {
        kept.changes += 1;
        self.bell.notify_all();
    }

    /// Topics that a set reads now, by name: at most so many; and how many are left out.
    pub(super) fn inputs(&self, set: &E::Set) -> Result<(Vec<TopicName>, usize)> {
        let mut inputs = set.inputs(self.bus.topics()?.into_iter().map(|t| t.settings.name).collect());
        let left_out = inputs.len().saturating_sub(MOST_INPUT_TOPICS);
        inputs.truncate(MOST_INPUT_TOPICS);
        Ok((inputs, left_out))
    }

    /// Where topics are read from that are newly read.
    pub(super) fn since(&self) -> Result<Positions> {
        kept::since::<E>(&self.db)
    }
    /// The group stands there: it need not be told again.
    pub fn since_is_set(&self, topics: &[TopicName]) -> Result<()> {
        kept::forget_since::<E>(&self.db, topics)
    }
}
