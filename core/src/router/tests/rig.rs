//! A log, a database and rules on it.

use std::sync::Arc;

use loom_schemas::routing::RoutingRule;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bus::memory::Memory;
use crate::bus::{Bus, Headers, NewRecord, Record, TopicName, Trace};
use crate::db::{Db, Key};
use crate::env::{Clock, Seeded, System, Time, message_id};
use crate::pipeline::{Spec, Wiring};
use crate::router::{Replays, Rules};
use crate::rules::Changed;
pub use crate::rules::tests::until;
use crate::rules::tests::wiring;
use crate::schema::Registry;

pub struct Rig {
    pub bus: Arc<dyn Bus>,
    pub rules: Arc<Rules>,
    pub replays: Replays,
    pub db: Db,
    entropy: Arc<Seeded>,
    _dir: tempfile::TempDir,
}

pub fn rig() -> Rig {
    rig_of(&[])
}

pub fn rig_of(stages: &[Spec]) -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("loom.db"), &Key::new([7; 32])).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(System);
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(clock.clone()));
    let entropy = Arc::new(Seeded::new(1));
    let rules = Arc::new(Rules::open(&db, bus.clone(), Arc::new(Registry::open(&db, clock.clone()).unwrap()), stages).unwrap());
    let replays = Replays::open(&db, bus.clone(), clock, entropy.clone(), rules.clone()).unwrap();
    Rig { bus, rules, replays, db, entropy, _dir: dir }
}

impl Rig {
    pub fn wiring(&self) -> Wiring {
        wiring(self.bus.clone(), Arc::new(System))
    }

    pub fn put(&self, topic: &str, data: Value) -> Uuid {
        self.put_with(topic, data, |_| {})
    }

    pub fn put_with(&self, topic: &str, data: Value, more: impl FnOnce(&mut NewRecord)) -> Uuid {
        let topic = TopicName::parse(topic).unwrap();
        let id = message_id(System.now(), &*self.entropy);
        let headers = Headers {
            schema: format!("{topic}.v1"),
            trace: Trace { trace_id: [9; 16], span_id: [1; 8] },
            producer: "test".into(),
            ..Headers::default()
        };
        let mut new = NewRecord::new(topic, id, Uuid::from_u128(5), Time::from_secs(1_770_000_000), headers, data.to_string().into_bytes());
        more(&mut new);
        self.bus.append(vec![new]).unwrap();
        id
    }

    pub fn all(&self, topic: &str) -> Vec<Record> {
        self.bus.read(&TopicName::parse(topic).unwrap(), 0, 0, 100_000, 1 << 30).unwrap()
    }

    pub fn data(&self, topic: &str) -> Vec<Value> {
        self.all(topic).iter().map(|r| r.payload().unwrap()).collect()
    }

    pub fn keep(&self, rule: Value) {
        let changed = self.rules.put(&parsed(rule.clone())).unwrap();
        assert!(matches!(changed, Changed::Kept(_)), "{rule}: {changed:?}");
    }

    /// Pointers and rules of what is wrong.
    pub fn refused(&self, rule: Value) -> Vec<(String, String)> {
        match self.rules.put(&parsed(rule.clone())).unwrap() {
            Changed::Kept(_) => panic!("{rule} was taken"),
            Changed::Refused(wrong) => wrong.into_iter().map(|w| (w.pointer, w.rule)).collect(),
        }
    }

    pub fn group(&self) -> Option<crate::bus::GroupState> {
        self.bus.groups().unwrap().into_iter().find(|g| g.group == crate::router::GROUP)
    }
}

pub fn parsed(rule: Value) -> RoutingRule {
    serde_json::from_value(rule).unwrap()
}

/// A rule of the fields that matter.
pub fn rule(id: &str, inputs: &[&str], condition: &str, outputs: &[&str]) -> Value {
    json!({"id": id, "inputs": inputs, "condition": condition, "outputs": outputs})
}
