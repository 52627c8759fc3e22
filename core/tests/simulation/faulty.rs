//! A log whose process dies: before a write, or after it but before the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use loom_core::bus::memory::Memory;
use loom_core::bus::*;
use loom_core::env::Seeded;
use loom_core::{Error, Result, Time};

pub struct Faulty {
    log: Arc<Memory>,
    chance: Seeded,
    dead: AtomicBool,
    pub crashes: AtomicU32,
    most: u32,
}

impl Faulty {
    /// Dies at most `most` times, about once in six writes.
    pub fn new(log: Arc<Memory>, seed: u64, most: u32) -> Self {
        Self { log, chance: Seeded::new(seed), dead: AtomicBool::new(false), crashes: AtomicU32::new(0), most }
    }
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }
    pub fn revive(&self) {
        self.dead.store(false, Ordering::SeqCst);
    }
    fn alive(&self) -> Result<()> {
        if self.is_dead() { Err(Error::stop("the process is dead")) } else { Ok(()) }
    }
    fn die(&self) -> Error {
        self.dead.store(true, Ordering::SeqCst);
        self.crashes.fetch_add(1, Ordering::SeqCst);
        Error::stop("the process died")
    }
    fn write<T>(&self, write: impl FnOnce() -> Result<T>) -> Result<T> {
        self.alive()?;
        let may_die = self.crashes.load(Ordering::SeqCst) < self.most;
        match self.chance.below(12) {
            0 if may_die => Err(self.die()),
            1 if may_die => {
                write()?;
                Err(self.die())
            }
            _ => write(),
        }
    }
}

impl Bus for Faulty {
    fn create(&self, settings: &Settings) -> Result<()> {
        self.log.create(settings)
    }
    fn topics(&self) -> Result<Vec<TopicState>> {
        self.log.topics()
    }
    fn topic(&self, name: &TopicName) -> Result<Option<TopicState>> {
        self.log.topic(name)
    }
    fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Appended>> {
        self.write(|| self.log.append(records))
    }
    fn read(&self, topic: &TopicName, partition: u32, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<Record>> {
        self.alive()?;
        self.log.read(topic, partition, from, max_records, max_bytes)
    }
    fn offset_at(&self, topic: &TopicName, partition: u32, time: Time) -> Result<u64> {
        self.log.offset_at(topic, partition, time)
    }
    fn watermark(&self) -> Result<Time> {
        self.log.watermark()
    }
    fn wait(&self, seen: u64, timeout: Duration) -> u64 {
        self.log.wait(seen, timeout)
    }
    fn join(&self, join: &Join) -> Result<Membership> {
        self.log.join(join)
    }
    fn heartbeat(&self, membership: &Membership) -> Result<()> {
        self.log.heartbeat(membership)
    }
    fn leave(&self, membership: &Membership) -> Result<()> {
        self.log.leave(membership)
    }
    fn commit(&self, commit: Commit) -> Result<Vec<Appended>> {
        self.write(|| self.log.commit(commit))
    }
    fn groups(&self) -> Result<Vec<GroupState>> {
        self.log.groups()
    }
    fn seek(&self, group: &str, positions: &Positions) -> Result<()> {
        self.log.seek(group, positions)
    }
    fn rows(&self, g: &str, k: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        self.log.rows(g, k)
    }
    fn rows_from(&self, g: &str, p: &[u8], a: Option<&[u8]>, n: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.log.rows_from(g, p, a, n)
    }
    fn row_count(&self, g: &str) -> Result<RowCount> {
        self.log.row_count(g)
    }
    fn retain(&self) -> Result<u64> {
        self.log.retain()
    }
    fn erase(&self, topic: &TopicName, partition: u32, offsets: &[u64]) -> Result<u64> {
        self.log.erase(topic, partition, offsets)
    }
}
