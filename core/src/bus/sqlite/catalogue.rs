//! What never changes once it is on disk, kept in memory: topics, their partitions' numbers, and words.

use std::collections::HashMap;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rusqlite::{Connection, OptionalExtension};

use super::super::topic::{Settings, TopicName, catalogued};
use super::schema;
use crate::db::Db;
use crate::error::{Error, Result};

/// A topic as the log knows it.
pub(super) struct Known {
    pub settings: Settings,
    /// The number of each partition.
    pub partitions: Vec<i64>,
}

impl Known {
    pub fn partition(&self, partition: u32) -> Result<i64> {
        self.partitions.get(partition as usize).copied().ok_or_else(|| {
            Error::invalid(format!("{} has {} partitions, counted from 0: name one of them", self.settings.name, self.partitions.len()))
        })
    }
}

#[derive(Default)]
struct Inner {
    topics: HashMap<TopicName, Arc<Known>>,
    words: HashMap<Arc<str>, i64>,
    texts: HashMap<i64, Arc<str>>,
}

pub(super) struct Catalogue {
    db: Db,
    inner: RwLock<Inner>,
}

/// Words beyond this many are written out in each record, so that odd senders cannot fill memory.
const WORDS: usize = 20_000;

impl Catalogue {
    pub fn new(db: Db) -> Self {
        Self { db, inner: RwLock::default() }
    }

    /// The topic, if it exists.
    pub fn find(&self, name: &TopicName) -> Result<Option<Arc<Known>>> {
        if let Some(known) = self.lock().topics.get(name) {
            return Ok(Some(known.clone()));
        }
        let Some(known) = self.db.read(|c| load(c, name))? else { return Ok(None) };
        let known = Arc::new(known);
        self.lock_mut().topics.insert(name.clone(), known.clone());
        Ok(Some(known))
    }

    /// The topic; made as the catalogue has it, or as its stem's dead letters, if it does not exist.
    pub fn get(&self, name: &TopicName) -> Result<Arc<Known>> {
        if let Some(known) = self.find(name)? {
            return Ok(known);
        }
        let stem = if name.is_dlq() { self.find(&name.stem())? } else { None };
        self.make(&stem.map_or_else(|| catalogued(name), |s| s.settings.dlq()))?;
        self.find(name)?.ok_or_else(|| Error::bug("a topic that was just made is gone"))
    }

    pub fn make(&self, settings: &Settings) -> Result<()> {
        let settings = settings.clone();
        self.db.write(move |tx| schema::make(tx, &settings))
    }

    /// The numbers of these words, in order, making what is new; 0 for those that are written out.
    pub fn words(&self, texts: &[&str]) -> Result<Vec<i64>> {
        let known = |inner: &Inner| texts.iter().map(|t| inner.words.get(*t).copied()).collect::<Vec<_>>();
        let (numbers, full) = {
            let inner = self.lock();
            (known(&inner), inner.words.len() >= WORDS)
        };
        if full || numbers.iter().all(Option::is_some) {
            return Ok(numbers.into_iter().map(Option::unwrap_or_default).collect());
        }
        let new: Vec<String> = texts.iter().zip(&numbers).filter(|(_, n)| n.is_none()).map(|(t, _)| t.to_string()).collect();
        let made = self.db.write(move |tx| new.into_iter().map(|text| word(tx, &text).map(|n| (text, n))).collect::<Result<Vec<_>>>())?;
        let mut inner = self.lock_mut();
        for (text, n) in made {
            inner.remember(n, text.into());
        }
        Ok(known(&inner).into_iter().map(Option::unwrap_or_default).collect())
    }

    /// The word of a number.
    pub fn text(&self, number: i64, c: &Connection) -> Result<Arc<str>> {
        if let Some(text) = self.lock().texts.get(&number) {
            return Ok(text.clone());
        }
        let text: String = c.prepare_cached("SELECT text FROM word WHERE id = ?1")?.query_row([number], |r| r.get(0))?;
        let text: Arc<str> = text.into();
        self.lock_mut().remember(number, text.clone());
        Ok(text)
    }

    fn lock(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(|e| e.into_inner())
    }
    fn lock_mut(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(|e| e.into_inner())
    }
}

impl Inner {
    fn remember(&mut self, number: i64, text: Arc<str>) {
        self.texts.insert(number, text.clone());
        self.words.insert(text, number);
    }
}

fn load(c: &Connection, name: &TopicName) -> Result<Option<Known>> {
    let mut s = c.prepare_cached(&format!("SELECT {} FROM topic WHERE name = ?1", schema::TOPIC_COLUMNS))?;
    let mut rows = s.query([name.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let settings = schema::settings(row)?;
    let mut s = c.prepare_cached("SELECT id FROM topic_partition WHERE topic = ?1 ORDER BY partition")?;
    let partitions = s.query_map([name.as_str()], |r| r.get(0))?.collect::<Result<_, _>>()?;
    Ok(Some(Known { settings, partitions }))
}

fn word(tx: &Connection, text: &str) -> Result<i64> {
    let found = tx.prepare_cached("SELECT id FROM word WHERE text = ?1")?.query_row([text], |r| r.get(0)).optional()?;
    match found {
        Some(n) => Ok(n),
        None => Ok(tx.prepare_cached("INSERT INTO word(text) VALUES(?1) RETURNING id")?.query_row([text], |r| r.get(0))?),
    }
}
