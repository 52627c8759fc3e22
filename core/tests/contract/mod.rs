//! What every log must do. `shared` and `groups` hold what is promised everywhere, a real broker included: they look neither
//! at dense offsets nor at an exact lag. `embedded` adds what the logs on this machine promise beyond that.

pub mod embedded;
pub mod groups;
pub mod rows;
pub mod shared;

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use loom_core::Time;
use loom_core::bus::{
    Appended, Bus, Commit, Headers, Join, Membership, NewRecord, Position, Positions, Record, SourceRange, TopicName, Trace,
    memory::Memory, names,
};
use loom_core::env::ManualClock;
use loom_core::pipeline::{Outbox, Stage};
use loom_core::privacy::{Filter, Policy};
use uuid::Uuid;

/// A log under test, and what must live as long as it.
pub struct Rig {
    bus: Box<dyn Bus>,
    _keep: Box<dyn Any>,
}

impl Rig {
    pub fn new(bus: impl Bus + 'static, keep: impl Any) -> Self {
        Self { bus: Box::new(bus), _keep: Box::new(keep) }
    }
}

impl Deref for Rig {
    type Target = dyn Bus;
    fn deref(&self) -> &Self::Target {
        &*self.bus
    }
}

/// Makes an empty log.
pub type Make<'a> = &'a dyn Fn() -> Rig;
/// Makes an empty log that goes by this clock.
pub type MakeAt<'a> = &'a dyn Fn(Arc<ManualClock>) -> Rig;

/// Tests of these names, each a function of a contract's module that takes what makes a log.
#[macro_export]
macro_rules! contract {
    ($module:ident, $make:expr, $($name:ident)*) => { $(
        #[test]
        fn $name() {
            $crate::contract::$module::$name(&$make);
        }
    )* };
}

pub fn topic(name: &str) -> TopicName {
    TopicName::parse(name).unwrap()
}

/// Record `n` of a topic: everything about it follows from its number.
pub fn record(topic: &TopicName, n: u64) -> NewRecord {
    let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n));
    let headers = Headers {
        schema: format!("{topic}.v1"),
        trace: Trace { trace_id: [n as u8 | 1; 16], span_id: [2; 8] },
        producer: "contract".into(),
        ..Headers::default()
    };
    NewRecord::new(topic.clone(), id, Uuid::from_u128(7), Time::from_secs(n as i64), headers, format!("{{\"n\":{n}}}").into_bytes())
}

pub fn records(topic: &TopicName, numbers: std::ops::Range<u64>) -> Vec<NewRecord> {
    numbers.map(|n| record(topic, n)).collect()
}

/// The number of a record made by [`record`].
pub fn number(r: &Record) -> u64 {
    #[derive(serde::Deserialize)]
    struct Payload {
        n: u64,
    }
    r.payload::<Payload>().unwrap().n
}

pub fn all(bus: &dyn Bus, topic: &TopicName) -> Vec<Record> {
    let mut found: Vec<Record> = Vec::new();
    loop {
        let from = found.last().map_or(0, |r| r.offset() + 1);
        let page = bus.read(topic, 0, from, 1000, usize::MAX).unwrap();
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

pub fn numbers(bus: &dyn Bus, topic: &TopicName) -> Vec<u64> {
    all(bus, topic).iter().map(number).collect()
}

pub fn at(topic: &TopicName) -> Position {
    Position { topic: topic.clone(), partition: 0 }
}

pub fn positions(topic: &TopicName, next: u64) -> Positions {
    Positions::from([(at(topic), next)])
}

pub fn join(bus: &dyn Bus, group: &str, member: &str, topic: &TopicName) -> Membership {
    bus.join(&Join { group: group.into(), member: member.into(), host: "here".into(), topics: vec![topic.clone()] }).unwrap()
}

/// A member's step over one input topic.
pub fn step(m: &Membership, topic: &TopicName, from: u64, to: u64, outputs: Vec<NewRecord>) -> Commit {
    Commit {
        group: m.group.clone(),
        epoch: m.epoch,
        from: positions(topic, from),
        to: positions(topic, to),
        outputs,
        state: None,
        tick: None,
        rows: Default::default(),
    }
}

/// A record with the privacy filter's permit, got the way it is got in life: the filter made it.
pub fn permitted(topic: &TopicName) -> NewRecord {
    let schema: serde_json::Value = serde_json::from_str(loom_schemas::catalogue::schema("media.text.enriched.v1").unwrap()).unwrap();
    let log = Memory::new(Arc::new(ManualClock::at(Time::from_secs(1_700_000_000))));
    let mut said = record(&self::topic(names::ENRICHED), 1);
    said.value = schema["examples"][0].to_string().into_bytes();
    log.append(vec![said]).unwrap();
    let mut filter = Filter::new(Policy::owner(), Policy::shared()).unwrap();
    let mut out = Outbox::default();
    let r = all(&log, &self::topic(names::ENRICHED)).remove(0);
    out.begin(&r);
    filter.on_record(&r, &mut out).unwrap();
    let mut made = out.seal(filter.spec(), "").into_iter().find(|n| n.topic.as_str() == names::RELEASED).unwrap();
    made.topic = topic.clone();
    made
}

pub fn landed(a: &[Appended]) -> Vec<(u64, bool)> {
    a.iter().map(|a| (a.offset, a.repeat)).collect()
}
