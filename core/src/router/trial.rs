//! A rule tried on records before it goes live: what it would take, what would come out, what would fail. Nothing is written.

use std::sync::Arc;

use loom_schemas::routing::RoutingRule;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::compiled::Compiled;
use super::condition::View;
use super::set::{Failure, RuleSet};
use crate::bus::memory::Memory;
use crate::bus::{Bus, Class, Headers, NewRecord, Record, Settings, TopicName};
use crate::door::Wrong;
use crate::env::{Clock, Time};
use crate::error::Result;
use crate::schema::Registry;

/// Topics whose newest records are looked at.
const MOST_TOPICS: usize = 32;
/// Records looked at, all topics together.
pub const MOST_RECORDS: usize = 1_000;
const BYTES: usize = 8 << 20;

/// A record given for a trial.
#[derive(Clone, Debug)]
pub struct Given {
    pub topic: TopicName,
    pub device_id: Uuid,
    pub recorded_at: Time,
    pub data: Map<String, Value>,
}

/// A rule and what to try it on.
pub struct Trial {
    compiled: Compiled,
}

/// What would become of one record.
#[derive(Clone, Debug)]
pub struct TrialRow {
    pub record: Record,
    pub matched: bool,
    pub outputs: Vec<(TopicName, Arc<Value>)>,
    pub failure: Option<String>,
    /// The failure would set the record aside.
    pub parked: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrialSummary {
    pub looked_at: u64,
    pub matched: u64,
    pub would_emit: u64,
    pub would_fail: u64,
}

impl Trial {
    /// Everything wrong with the rule by itself.
    pub fn of(rule: &RoutingRule) -> Result<Self, Vec<Wrong>> {
        let compiled = Compiled::compile(&RoutingRule { enabled: true, ..rule.clone() })?;
        Ok(Self { compiled })
    }

    /// The newest records of the topics it reads, `limit` of them in all, in the order of their topics.
    pub fn recent(&self, bus: &dyn Bus, limit: usize) -> Result<Vec<Record>> {
        let topics: Vec<_> =
            bus.topics()?.into_iter().filter(|t| t.records > 0 && self.compiled.reads(&t.settings.name)).take(MOST_TOPICS).collect();
        let each = limit.min(MOST_RECORDS).div_ceil(topics.len().max(1));
        let mut found = Vec::new();
        for t in topics {
            for (partition, (low, next)) in (0..).zip(&t.bounds) {
                let from = next.saturating_sub(each as u64).max(*low);
                found.extend(bus.read(&t.settings.name, partition, from, each, BYTES)?);
            }
        }
        found.truncate(limit.min(MOST_RECORDS));
        Ok(found)
    }

    /// Given records as if they had come in, on a log of their own.
    pub fn given(&self, records: Vec<Given>, clock: Arc<dyn Clock>) -> Result<Vec<Record>> {
        let bus = Memory::new(clock);
        let mut found = Vec::new();
        for (i, g) in records.into_iter().enumerate() {
            // On this log nothing is behind a wall.
            bus.create(&Settings::new(g.topic.clone(), Class::Sensitive))?;
            let headers = Headers { schema: format!("{}.v1", g.topic), producer: "trial".into(), ..Headers::default() };
            let value = Value::Object(g.data).to_string().into_bytes();
            let at = bus.append(vec![NewRecord::new(
                g.topic.clone(),
                Uuid::from_u128(i as u128 + 1),
                g.device_id,
                g.recorded_at,
                headers,
                value,
            )])?;
            let offset = at.first().map_or(0, |a| a.offset);
            found.extend(bus.read(&g.topic, 0, offset, 1, BYTES)?);
        }
        Ok(found)
    }

    /// What would become of these records.
    pub fn run(self, records: Vec<Record>, registry: Arc<Registry>, clock: &dyn Clock) -> (TrialSummary, Vec<TrialRow>) {
        let set = RuleSet::new([Arc::new(self.compiled)]).against(registry);
        let rows: Vec<TrialRow> = records.into_iter().map(|r| row(&set, r, clock)).collect();
        let count = |f: fn(&TrialRow) -> u64| rows.iter().map(f).sum();
        let summary = TrialSummary {
            looked_at: rows.len() as u64,
            matched: count(|r| u64::from(r.matched)),
            would_emit: count(|r| r.outputs.len() as u64),
            would_fail: count(|r| u64::from(r.failure.is_some())),
        };
        (summary, rows)
    }
}

fn row(set: &RuleSet, record: Record, clock: &dyn Clock) -> TrialRow {
    let mut row = TrialRow { record, matched: false, outputs: Vec::new(), failure: None, parked: false };
    let data: Value = match row.record.payload() {
        Ok(data) => data,
        Err(e) => {
            row.failure = Some(e.message().into());
            return row;
        }
    };
    for v in set.judge(&View { record: &row.record, data: &data }, clock) {
        row.matched |= v.matched;
        row.outputs.extend(v.made.into_iter().map(|m| (m.topic, m.data)));
        row.parked = matches!(v.failure, Some(Failure::Parked(_)));
        row.failure = v.failure.map(|f| match f {
            Failure::NoAnswer(why) | Failure::Parked(why) => why,
        });
    }
    row
}
