//! Rules and records from anywhere: what fuzzing and its ordinary twin among the tests drive.

use std::sync::Arc;

use loom_schemas::dedup::DedupRule;
use serde_json::Value;
use uuid::Uuid;

use super::check::{Given, check};
use super::image::NoPictures;
use super::judge::Judge;
use super::rule::Compiled;
use super::salt::Salt;
use crate::bus::TopicName;
use crate::bus::memory::Memory;
use crate::env::{ManualClock, Time};

/// Takes bytes for a rule and, after an empty line, a payload, and asks it about two such records. Whatever they are, it
/// comes back soon and does not panic; how many things were said.
pub fn from_anywhere(bytes: &[u8]) -> usize {
    let Ok(text) = std::str::from_utf8(bytes) else { return 0 };
    let (rule, data) = text.split_once("\n\n").unwrap_or((text, "{}"));
    let Ok(rule) = serde_json::from_str::<DedupRule>(rule) else { return 0 };
    let Ok(rule) = Compiled::compile(&DedupRule { enabled: true, ..rule }) else { return 0 };
    let Ok(Value::Object(data)) = serde_json::from_str(data) else { return 0 };
    let topic = TopicName::parse(&rule.rule.topic);
    let clock = Arc::new(ManualClock::at(Time::from_secs(1_770_000_000)));
    let judge = Judge::new([Arc::new(rule)], Salt::new([1; 32]), Arc::new(NoPictures));
    let Ok(topic) = topic else { return 0 };
    let given = |n: u128| Given {
        topic: topic.clone(),
        message_id: Uuid::from_u128(n),
        device_id: Uuid::nil(),
        recorded_at: Time::from_secs(1_769_999_999),
        data: data.clone(),
    };
    let said = check(&judge, Arc::new(Memory::new(clock.clone())), vec![given(1), given(2)], clock);
    said.map_or(0, |said| said.into_iter().flatten().map(|s| s.len()).sum())
}
