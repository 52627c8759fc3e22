//! A log, a database, rules on it, and records by the second.

use std::sync::Arc;

use loom_schemas::dedup::{DedupRule, Duplicate};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bus::memory::Memory;
use crate::bus::{Bus, Headers, NewRecord, Record, TopicName, names};
use crate::db::{Db, Key};
use crate::dedup::{Compiled, Dedup, Figures, Judge, NoPictures, Pictures, Rules, Salt};
use crate::env::{ManualClock, Seeded, Time};
use crate::pipeline::{Progress, Step, Wiring, graph};
use crate::rules::Changed;
pub use crate::rules::tests::{until, wiring};

pub const TOPIC: &str = "in.a.x";
/// When the clock begins; records are timed from here.
pub const BEGIN_S: i64 = 1_770_000_000;

pub struct Rig {
    pub bus: Arc<dyn Bus>,
    pub clock: Arc<ManualClock>,
    pub rules: Arc<Rules>,
    pub db: Db,
    _dir: tempfile::TempDir,
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Time::from_secs(BEGIN_S)))
}

pub fn rig() -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("loom.db"), &Key::new([7; 32])).unwrap();
    let clock = clock();
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(clock.clone()));
    let rules = Arc::new(Rules::open(&db, bus.clone(), &Seeded::new(1), Arc::new(NoPictures)).unwrap());
    Rig { bus, clock, rules, db, _dir: dir }
}

impl Rig {
    pub fn wiring(&self) -> Wiring {
        wiring(self.bus.clone(), self.clock.clone())
    }
    pub fn keep(&self, rule: Value) {
        let changed = self.rules.put(&parsed(rule.clone())).unwrap();
        assert!(matches!(changed, Changed::Kept(_)), "{rule}: {changed:?}");
    }
    /// Pointers and rules of what is wrong.
    pub fn refused(&self, rule: Value) -> Vec<String> {
        match self.rules.put(&parsed(rule.clone())).unwrap() {
            Changed::Kept(_) => panic!("{rule} was taken"),
            Changed::Refused(wrong) => wrong.into_iter().map(|w| format!("{} {}", w.pointer, w.rule)).collect(),
        }
    }
    pub fn put(&self, topic: &str, data: Value) -> Uuid {
        put(&*self.bus, topic, BEGIN_S, data)
    }
}

pub fn parsed(rule: Value) -> DedupRule {
    serde_json::from_value(rule).unwrap_or_else(|e| panic!("{e}"))
}

/// A rule over one field `v`, with a window of ten seconds and a lateness of a hundred.
pub fn rule(id: &str) -> Value {
    json!({"id": id, "topic": TOPIC, "match": {"by": "fields", "fields": [{"field": "/v"}]}, "window_s": 10, "lateness_s": 100})
}

pub fn judge_with(rules: &[Value], pictures: Arc<dyn Pictures>) -> Arc<Judge> {
    let compiled = rules.iter().map(|r| Arc::new(Compiled::compile(&parsed(r.clone())).unwrap_or_else(|w| panic!("{r}: {w:?}"))));
    Arc::new(Judge::new(compiled, Salt::new([5; 32]), pictures))
}

pub fn judge(rules: &[Value]) -> Arc<Judge> {
    judge_with(rules, Arc::new(NoPictures))
}

/// The stage over a log.
pub fn step(bus: &Arc<dyn Bus>, clock: &Arc<ManualClock>, judge: &Arc<Judge>, figures: &Figures, most_rows: u64) -> Box<dyn Step> {
    let mut inputs: Vec<TopicName> = judge.topics().cloned().collect();
    inputs.sort();
    let stage = Dedup::new(judge.clone(), inputs, figures.clone()).with_rows(most_rows);
    graph::deduplication(stage).connect(wiring(bus.clone(), clock.clone())).unwrap()
}

pub fn drain(step: &mut dyn Step) {
    while step.step().unwrap() == Progress::Worked {}
}

/// A record of this second; its id counts up with its place in the topic.
pub fn put(bus: &dyn Bus, topic: &str, at_s: i64, data: Value) -> Uuid {
    put_of(bus, topic, 5, Time::from_secs(at_s), data)
}

pub fn put_of(bus: &dyn Bus, topic: &str, device: u128, at: Time, data: Value) -> Uuid {
    put_bytes(bus, topic, device, at, data.to_string().as_bytes())
}

pub fn put_bytes(bus: &dyn Bus, topic: &str, device: u128, at: Time, value: &[u8]) -> Uuid {
    let topic = TopicName::parse(topic).unwrap();
    let n = bus.topic(&topic).unwrap().map_or(0, |t| t.bounds[0].1);
    let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n) + 1);
    let headers = Headers { schema: format!("{topic}.v1"), producer: "test".into(), ..Headers::default() };
    bus.append(vec![NewRecord::new(topic, id, Uuid::from_u128(device), at, headers, value.to_vec())]).unwrap();
    id
}

pub fn all(bus: &dyn Bus, topic: &str) -> Vec<Record> {
    bus.read(&TopicName::parse(topic).unwrap(), 0, 0, 100_000, 1 << 30).unwrap()
}

/// What was said of repeats, in order.
pub fn said(bus: &dyn Bus) -> Vec<Duplicate> {
    all(bus, names::DUPLICATES).iter().map(|r| r.payload().unwrap()).collect()
}

/// The same, as `repeat>first` by offset.
pub fn pairs(bus: &dyn Bus) -> String {
    said(bus).iter().map(|d| format!("{}>{}", d.offset, d.of_offset)).collect::<Vec<_>>().join(" ")
}
