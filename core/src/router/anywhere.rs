//! Rules and records from anywhere: what fuzzing and its ordinary twin among the tests drive.

use std::sync::Arc;

use loom_schemas::routing::RoutingRule;
use serde_json::Value;
use uuid::Uuid;

use super::condition::{Condition, Subject, View};
use super::set::RuleSet;
use crate::bus::memory::Memory;
use crate::bus::{Bus, Headers, NewRecord, TopicName};
use crate::env::{ManualClock, Time};

/// Takes bytes for a rule, or a condition alone, and after an empty line a payload, and does with them all that the router
/// would. Whatever they are, it comes back soon and does not panic; how many rules took the payload.
pub fn from_anywhere(bytes: &[u8]) -> usize {
    let Ok(text) = std::str::from_utf8(bytes) else { return 0 };
    let (rule, data) = text.split_once("\n\n").unwrap_or((text, "{}"));
    let Ok(data) = serde_json::from_str::<Value>(data) else { return 0 };
    let clock = Arc::new(ManualClock::at(Time::from_secs(1_770_000_000)));
    let bus = Memory::new(clock.clone());
    let topic = TopicName::of("device.health.steps.raw");
    let (id, value) = (Uuid::from_u128(1), data.to_string().into_bytes());
    let new = NewRecord::new(topic.clone(), id, id, Time::from_secs(1_769_999_999), Headers::default(), value);
    let appended = bus.append(vec![new]).and_then(|_| bus.read(&topic, 0, 0, 1, usize::MAX));
    let Some(record) = appended.ok().and_then(|mut r| r.pop()) else { return 0 };
    match serde_json::from_str::<RoutingRule>(rule) {
        Ok(rule) => match RuleSet::compile(&[RoutingRule { enabled: true, ..rule }]) {
            Ok(set) => set.taken_by(&record, &data, &*clock),
            Err(_) => 0,
        },
        Err(_) => match Condition::read(rule) {
            Ok(c) => usize::from(Subject::with(View { record: &record, data: &data }, |s| c.holds(s)) == Ok(true)),
            Err(_) => 0,
        },
    }
}
