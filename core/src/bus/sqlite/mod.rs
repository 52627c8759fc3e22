//! The log on disk. A record's id is the topic partition's number and the offset, which name its table too (`segments.rs`);
//! heads say where each partition begins and ends, so that lag and sizes are never counted.

mod append;
mod catalogue;
mod groups;
mod headers;
mod living;
mod read;
mod retention;
mod rows;
mod schema;
mod segments;
mod stamp;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::Transaction;

use super::news::News;
use super::*;
use crate::db::Db;
use crate::env::Clock;
use append::Heads;
use catalogue::Catalogue;
use living::{Living, Pulse};
use stamp::{Stamp, Stamps};

/// A [`Bus`] in `loom.db`.
pub struct Sqlite {
    db: Db,
    clock: Arc<dyn Clock>,
    catalogue: Catalogue,
    stamps: Arc<Stamps>,
    heads: Arc<Heads>,
    living: Living,
    /// The owner's own, in place of what topics were made with.
    retention: BTreeMap<TopicName, Retention>,
    news: News,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

impl Sqlite {
    /// Makes the log's tables where they are missing.
    pub fn open(db: Db, clock: Arc<dyn Clock>) -> Result<Self> {
        db.migrate("log", schema::STEPS)?;
        // Neither a record nor a tick that a stage was told of is newer than what comes.
        let newest = "SELECT max(coalesce((SELECT max(newest) FROM head), 0), coalesce((SELECT max(tick) FROM consumer_group), 0))";
        let newest = db.read(|c| Ok(Time(c.query_row(newest, [], |r| r.get(0))?)))?;
        let stamps = Arc::new(Stamps::since(newest, clock.clone()));
        let heads = Arc::new(Heads::new(stamps.clone(), db.generation()));
        Ok(Self {
            catalogue: Catalogue::new(db.clone()),
            db,
            clock,
            stamps,
            heads,
            living: Living::default(),
            retention: BTreeMap::new(),
            news: News::default(),
        })
    }

    /// The owner's own retention of some topics, and of their dead letters.
    #[must_use]
    pub fn keeping(mut self, retention: BTreeMap<TopicName, Retention>) -> Self {
        self.retention = retention;
        self
    }

    fn own_retention(&self, topic: &TopicName) -> Option<Retention> {
        self.retention.get(topic).or_else(|| self.retention.get(&topic.stem())).copied()
    }

    fn told(&self, mut topics: Vec<TopicState>) -> Vec<TopicState> {
        for t in &mut topics {
            t.settings.retention = self.own_retention(&t.settings.name).unwrap_or(t.settings.retention);
        }
        topics
    }

    fn write_heartbeats(&self, mine: &str, due: Vec<living::Beat>) -> Result<()> {
        let lost = self.db.maintain(move |tx| living::write(tx, &due)).unwrap_or_else(|e| {
            // A member lives whether or not this could be written.
            tracing::warn!(error = %e, "heartbeats could not be written");
            Vec::new()
        });
        for group in &lost {
            self.living.left(group);
        }
        if lost.iter().any(|g| g == mine) { Err(groups::fenced(mine)) } else { Ok(()) }
    }

    /// Runs a job that may add records; where they landed, once durable.
    fn landing(
        &self,
        records: Vec<NewRecord>,
        before: impl FnOnce(&Transaction) -> Result<()> + Send + 'static,
        after: impl FnOnce(&Transaction) -> Result<()> + Send + 'static,
    ) -> Result<Vec<Appended>> {
        let topics = topics_of(&records);
        let rows = append::prepare(&self.catalogue, records)?;
        let heads = self.heads.clone();
        let intake = !rows.is_empty();
        let job = move |tx: &Transaction| -> Result<(Vec<Appended>, Option<Stamp>)> {
            before(tx)?;
            let (landed, stamp) = if rows.is_empty() { (Vec::new(), None) } else { heads.append(tx, rows).map(|(l, s)| (l, Some(s)))? };
            after(tx)?;
            Ok((landed, stamp))
        };
        let (landed, stamp) = if intake { self.db.write(job)? } else { self.db.maintain(job)? };
        // Readers may be told of a later time only now that the records can be read.
        drop(stamp);
        self.news.tell(topics);
        Ok(landed)
    }
}

impl Bus for Sqlite {
    fn create(&self, settings: &Settings) -> Result<()> {
        self.catalogue.make(settings)
    }

    fn topics(&self) -> Result<Vec<TopicState>> {
        self.db.read(|c| read::topics(c, None)).map(|all| self.told(all))
    }

    fn topic(&self, name: &TopicName) -> Result<Option<TopicState>> {
        Ok(self.told(self.db.read(|c| read::topics(c, Some(name)))?).pop())
    }

    fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Appended>> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        self.landing(records, |_| Ok(()), |_| Ok(()))
    }

    fn read(&self, topic: &TopicName, partition: u32, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<Record>> {
        let Some(known) = self.catalogue.find(topic)? else { return Ok(Vec::new()) };
        let page = read::Page { partition, from, max_records, max_bytes };
        self.db.read(|c| page.read(c, &self.catalogue, &known))
    }

    fn offset_at(&self, topic: &TopicName, partition: u32, time: Time) -> Result<u64> {
        let Some(known) = self.catalogue.find(topic)? else { return Ok(0) };
        let Some(&number) = known.partitions.get(partition as usize) else { return Ok(0) };
        self.db.read(|c| read::offset_at(c, number, time))
    }

    fn watermark(&self) -> Result<Time> {
        Ok(self.stamps.watermark())
    }

    fn wait(&self, seen: u64, timeout: Duration) -> u64 {
        self.news.wait(seen, timeout)
    }
    fn wait_for_records(&self, topics: &[TopicName], seen: u64, timeout: Duration) -> Option<u64> {
        self.news.wait_for_records(topics, seen, timeout)
    }

    fn join(&self, join: &Join) -> Result<Membership> {
        for topic in &join.topics {
            self.catalogue.get(topic)?;
        }
        let (now, join) = (self.clock.now(), join.clone());
        let membership = self.db.maintain(move |tx| groups::join(tx, &join, now))?;
        self.living.joined(&membership, now);
        Ok(membership)
    }

    fn heartbeat(&self, m: &Membership) -> Result<()> {
        let now = self.clock.now();
        match self.living.beat(m, now) {
            Pulse::Alive(due) if due.is_empty() => Ok(()),
            Pulse::Alive(due) => self.write_heartbeats(&m.group, due),
            Pulse::Fenced => Err(groups::fenced(&m.group)),
            Pulse::Unknown => {
                self.db.read(|c| groups::require_epoch(c, &m.group, m.epoch))?;
                self.living.joined(m, now);
                Ok(())
            }
        }
    }

    fn leave(&self, m: &Membership) -> Result<()> {
        let gone = m.clone();
        self.db.maintain(move |tx| groups::leave(tx, &gone))?;
        self.living.left(&m.group);
        Ok(())
    }

    fn commit(&self, mut commit: Commit) -> Result<Vec<Appended>> {
        let outputs = std::mem::take(&mut commit.outputs);
        let now = self.clock.now();
        let commit = Arc::new(commit);
        let compared = commit.clone();
        let after = move |tx: &Transaction| {
            groups::set(tx, &commit, now)?;
            rows::change(tx, &commit.group, &commit.rows)
        };
        self.landing(outputs, move |tx| groups::compare(tx, &compared), after)
    }

    fn groups(&self) -> Result<Vec<GroupState>> {
        let now = self.clock.now();
        let mut stored = self.db.read(groups::all)?;
        for g in &mut stored {
            self.living.bury(g, now);
        }
        Ok(stored.into_iter().map(|g| g.state).collect())
    }

    fn seek(&self, group: &str, positions: &Positions) -> Result<()> {
        if self.groups()?.iter().any(|g| g.group == group && !g.members.is_empty()) {
            return Err(crate::Error::invalid(format!("{group} has a living member: pause or stop it first")));
        }
        let (name, positions) = (group.to_owned(), positions.clone());
        self.db.maintain(move |tx| groups::seek(tx, &name, &positions))?;
        self.living.left(group);
        Ok(())
    }

    fn rows(&self, group: &str, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        self.db.read(|c| rows::get(c, group, keys))
    }

    fn rows_from(&self, group: &str, prefix: &[u8], after: Option<&[u8]>, most: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.db.read(|c| rows::from(c, group, prefix, after, most))
    }

    fn row_count(&self, group: &str) -> Result<RowCount> {
        self.db.read(|c| rows::count(c, group))
    }

    fn retain(&self) -> Result<u64> {
        rows::tidy(self)?;
        retention::retain(self)
    }

    fn erase(&self, topic: &TopicName, partition: u32, offsets: &[u64]) -> Result<u64> {
        retention::erase(self, topic, partition, offsets)
    }
}
