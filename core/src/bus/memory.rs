//! The log in memory: the same promises without the disk, for simulation and tests.

mod rows;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use uuid::Uuid;

use self::rows::Rows;
use super::group::MEMBER_TIMEOUT_SECONDS;
use super::news::News;
use super::*;
use crate::env::Clock;
use crate::error::{Error, Result};

/// A [`Bus`] that lives as long as the process.
pub struct Memory {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
    news: News,
}

#[derive(Default)]
struct Inner {
    topics: BTreeMap<TopicName, Topic>,
    groups: BTreeMap<String, Group>,
    newest: Time,
}

struct Topic {
    settings: Settings,
    partitions: Vec<Partition>,
}

#[derive(Default)]
struct Partition {
    low: u64,
    records: Vec<Record>,
    ids: HashMap<Uuid, Appended>,
}

#[derive(Default)]
struct Group {
    epoch: u64,
    member: Option<Member>,
    topics: Vec<TopicName>,
    positions: Positions,
    state: Option<(u32, Vec<u8>)>,
    tick: Option<Time>,
    last_commit: Option<Time>,
    rows: Rows,
}

impl Partition {
    fn next(&self) -> u64 {
        self.low + self.records.len() as u64
    }
}

impl Memory {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, inner: Mutex::default(), news: News::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Inner {
    fn make(&mut self, settings: Settings) -> &mut Topic {
        self.topics.entry(settings.name.clone()).or_insert_with(|| {
            let partitions = (0..settings.partitions.max(1)).map(|_| Partition::default()).collect();
            Topic { settings, partitions }
        })
    }

    /// The topic; made as the catalogue has it, or as its stem's dead letters, if it does not exist.
    fn topic(&mut self, name: &TopicName) -> &mut Topic {
        let stem = name.is_dlq().then(|| self.topics.get(&name.stem())).flatten();
        let settings = stem.map_or_else(|| super::topic::catalogued(name), |s| s.settings.dlq());
        self.make(settings)
    }

    fn partition(&self, topic: &TopicName, partition: u32) -> Option<&Partition> {
        self.topics.get(topic)?.partitions.get(partition as usize)
    }

    /// Whether an input of the record was erased: then nothing is left of it either. Loom's own account holds no words.
    fn is_made_of_erased(&self, r: &NewRecord, class: Class) -> bool {
        let erased = |s: &SourceRange| {
            let p = self.partition(&s.topic, s.partition)?;
            let all = p.records.iter().skip(s.first.saturating_sub(p.low) as usize).take_while(|e| e.offset() <= s.last);
            all.into_iter().find(|e| e.value().is_none() && r.headers.counts(s, &e.headers().trace.trace_id))
        };
        class != Class::Internal && r.headers.sources.iter().any(|s| erased(s).is_some())
    }

    /// All or none: what could be refused is checked before anything is changed.
    fn append(&mut self, records: Vec<NewRecord>, now: Time) -> Result<Vec<Appended>> {
        for r in &records {
            let topic = self.topic(&r.topic);
            r.check_wall(topic.settings.class)?;
            if r.partition as usize >= topic.partitions.len() {
                return Err(Error::invalid(format!("{} has {} partitions", r.topic, topic.partitions.len())));
            }
        }
        self.newest = self.newest.max(now);
        let received_at = self.newest;
        let mut landed = Vec::with_capacity(records.len());
        for r in records {
            let class = self.topic(&r.topic).settings.class;
            let erased = self.is_made_of_erased(&r, class);
            let topic = self.topic(&r.topic);
            let p = &mut topic.partitions[r.partition as usize];
            if let Some(first) = p.ids.get(&r.message_id) {
                landed.push(Appended { repeat: true, ..*first });
                continue;
            }
            let at = Appended { partition: r.partition, offset: p.next(), received_at, repeat: false };
            p.ids.insert(r.message_id, at);
            let mut record = Record::landed(r, at, class);
            if erased {
                record.erase();
            }
            p.records.push(record);
            landed.push(at);
        }
        Ok(landed)
    }

    fn member(&mut self, m: &Membership) -> Result<&mut Group> {
        let g = self.groups.get_mut(&m.group).ok_or_else(|| Error::stop("the group is gone"))?;
        if g.epoch != m.epoch {
            return Err(Error::stop(format!("another member of {} took over", m.group)));
        }
        Ok(g)
    }

    fn state(&self, t: &Topic) -> TopicState {
        let all = || t.partitions.iter().flat_map(|p| &p.records);
        TopicState {
            settings: t.settings.clone(),
            bounds: t.partitions.iter().map(|p| (p.low, p.next())).collect(),
            records: all().count() as u64,
            bytes: all().filter_map(|r| r.value()).map(|v| v.len() as u64).sum(),
            last_received_at: all().map(Record::received_at).max(),
        }
    }
}

impl Bus for Memory {
    fn create(&self, settings: &Settings) -> Result<()> {
        self.lock().make(settings.clone());
        Ok(())
    }

    fn topics(&self) -> Result<Vec<TopicState>> {
        let inner = self.lock();
        Ok(inner.topics.values().map(|t| inner.state(t)).collect())
    }

    fn topic(&self, name: &TopicName) -> Result<Option<TopicState>> {
        let inner = self.lock();
        Ok(inner.topics.get(name).map(|t| inner.state(t)))
    }

    fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Appended>> {
        let topics = topics_of(&records);
        let landed = self.lock().append(records, self.clock.now())?;
        self.news.tell(topics);
        Ok(landed)
    }

    fn read(&self, topic: &TopicName, partition: u32, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<Record>> {
        let inner = self.lock();
        let Some(p) = inner.partition(topic, partition) else { return Ok(Vec::new()) };
        let skip = from.saturating_sub(p.low) as usize;
        let mut bytes = 0;
        let fits = |r: &&Record| {
            let before = bytes;
            bytes += r.value().map_or(0, <[u8]>::len);
            before < max_bytes
        };
        Ok(p.records.iter().skip(skip).take(max_records).take_while(fits).cloned().collect())
    }

    fn offset_at(&self, topic: &TopicName, partition: u32, time: Time) -> Result<u64> {
        let inner = self.lock();
        Ok(inner.partition(topic, partition).map_or(0, |p| p.low + p.records.partition_point(|r| r.received_at() < time) as u64))
    }

    fn watermark(&self) -> Result<Time> {
        let mut inner = self.lock();
        inner.newest = inner.newest.max(self.clock.now());
        Ok(inner.newest)
    }

    fn wait(&self, seen: u64, timeout: Duration) -> u64 {
        self.news.wait(seen, timeout)
    }
    fn wait_for_records(&self, topics: &[TopicName], seen: u64, timeout: Duration) -> Option<u64> {
        self.news.wait_for_records(topics, seen, timeout)
    }

    fn join(&self, join: &Join) -> Result<Membership> {
        let now = self.clock.now();
        let mut inner = self.lock();
        for t in &join.topics {
            inner.topic(t);
        }
        let g = inner.groups.entry(join.group.clone()).or_default();
        g.epoch += 1;
        g.topics.clone_from(&join.topics);
        g.member = Some(Member { id: join.member.clone(), host: join.host.clone(), joined_at: now, last_heartbeat: now });
        Ok(Membership {
            group: join.group.clone(),
            member: join.member.clone(),
            epoch: g.epoch,
            positions: g.positions.clone(),
            state: g.state.clone(),
            tick: g.tick,
        })
    }

    fn heartbeat(&self, m: &Membership) -> Result<()> {
        let now = self.clock.now();
        if let Some(member) = &mut self.lock().member(m)?.member {
            member.last_heartbeat = now;
        }
        Ok(())
    }

    fn leave(&self, m: &Membership) -> Result<()> {
        self.lock().member(m)?.member = None;
        Ok(())
    }

    fn commit(&self, c: Commit) -> Result<Vec<Appended>> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let g = inner.groups.get(&c.group).ok_or_else(|| Error::stop("the group is gone"))?;
        let stands = |(p, from): (&Position, &u64)| g.positions.get(p).copied().unwrap_or(0) == *from;
        if g.epoch != c.epoch || !c.from.iter().all(stands) {
            return Err(Error::stop(format!("another member of {} took over", c.group)));
        }
        let topics = topics_of(&c.outputs);
        let landed = inner.append(c.outputs, now)?;
        if let Some(g) = inner.groups.get_mut(&c.group) {
            g.positions.extend(c.to);
            g.state = c.state.or(g.state.take());
            g.tick = c.tick.or(g.tick);
            g.last_commit = Some(now);
            g.rows.change(&c.group, c.rows);
        }
        drop(inner);
        self.news.tell(topics);
        Ok(landed)
    }

    fn groups(&self) -> Result<Vec<GroupState>> {
        let now = self.clock.now();
        let inner = self.lock();
        let state = |(name, g): (&String, &Group)| {
            let mut lag = BTreeMap::new();
            for t in &g.topics {
                let partitions = inner.topics.get(t).map_or(&[][..], |t| &t.partitions);
                for (i, p) in partitions.iter().enumerate() {
                    let at = Position { topic: t.clone(), partition: i as u32 };
                    let committed = g.positions.get(&at).copied().unwrap_or(0).max(p.low);
                    lag.insert(at, p.next().saturating_sub(committed));
                }
            }
            let alive = |m: &&Member| m.last_heartbeat.plus(MEMBER_TIMEOUT_SECONDS) > now;
            GroupState {
                group: name.clone(),
                members: g.member.iter().filter(alive).cloned().collect(),
                topics: g.topics.clone(),
                committed: g.positions.clone(),
                lag,
                last_commit: g.last_commit,
            }
        };
        Ok(inner.groups.iter().map(state).collect())
    }

    fn seek(&self, group: &str, positions: &Positions) -> Result<()> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let g = inner.groups.get_mut(group).ok_or_else(|| Error::invalid("there is no such group"))?;
        if g.member.as_ref().is_some_and(|m| m.last_heartbeat.plus(MEMBER_TIMEOUT_SECONDS) > now) {
            return Err(Error::invalid(format!("{group} has a living member: pause or stop it first")));
        }
        // Whoever still holds the old positions is fenced.
        g.epoch += 1;
        g.positions.extend(positions.clone());
        (g.state, g.tick, g.rows) = (None, None, Rows::default());
        Ok(())
    }

    fn rows(&self, group: &str, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        let inner = self.lock();
        let of = inner.groups.get(group).map(|g| &g.rows);
        Ok(keys.iter().map(|key| of?.get(key)).collect())
    }

    fn rows_from(&self, group: &str, prefix: &[u8], after: Option<&[u8]>, most: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        Ok(self.lock().groups.get(group).map_or_else(Vec::new, |g| g.rows.from(prefix, after, most)))
    }

    fn row_count(&self, group: &str) -> Result<RowCount> {
        Ok(self.lock().groups.get(group).map_or_else(RowCount::default, |g| g.rows.count))
    }

    fn retain(&self) -> Result<u64> {
        let now = self.clock.now();
        let watermark = self.watermark()?;
        let idle = self.groups()?.into_iter().filter(|g| g.total_lag() == 0).map(|g| g.group);
        for g in idle {
            if let Some(g) = self.lock().groups.get_mut(&g) {
                g.rows.count.expired += g.rows.expire(usize::MAX, |t, _| t < watermark);
            }
        }
        let mut gone = 0;
        for t in self.lock().topics.values_mut() {
            let Retention { days, bytes } = t.settings.retention;
            for p in &mut t.partitions {
                let oldest = days.map_or(Time(i64::MIN), |d| now.plus(-86_400.0 * f64::from(d)));
                let mut kept: u64 = p.records.iter().filter_map(Record::value).map(|v| v.len() as u64).sum();
                let mut n = 0;
                for r in &p.records {
                    if r.received_at() >= oldest && bytes.is_none_or(|b| kept <= b) {
                        break;
                    }
                    kept -= r.value().map_or(0, |v| v.len() as u64);
                    n += 1;
                }
                for r in p.records.drain(..n) {
                    p.ids.remove(&r.message_id());
                }
                p.low += n as u64;
                gone += n as u64;
            }
        }
        Ok(gone)
    }

    fn erase(&self, topic: &TopicName, partition: u32, offsets: &[u64]) -> Result<u64> {
        let mut inner = self.lock();
        let Some(p) = inner.topics.get_mut(topic).and_then(|t| t.partitions.get_mut(partition as usize)) else { return Ok(0) };
        let mut erased = 0;
        for o in offsets {
            let at = o.checked_sub(p.low).and_then(|i| p.records.get_mut(i as usize));
            erased += u64::from(at.is_some_and(Record::erase));
        }
        Ok(erased)
    }
}
