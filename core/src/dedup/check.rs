//! Records and fingerprints on trial: whether they would be repeats, and of what. Nothing is kept.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::exact;
use super::first::First;
use super::judge::{Judge, Outcome};
use super::rule::{Compiled, How};
use super::stage::GROUP;
use crate::bus::memory::Memory;
use crate::bus::{Bus, Class, Headers, NewRecord, Settings, TopicName};
use crate::env::{Clock, Time};
use crate::error::{Error, Result};
use crate::pipeline::Kept;

/// A record given for a trial.
#[derive(Clone, Debug)]
pub struct Given {
    pub topic: TopicName,
    pub message_id: Uuid,
    pub device_id: Uuid,
    pub recorded_at: Time,
    pub data: Map<String, Value>,
}

/// What a rule would say of a given record.
#[derive(Clone, Debug)]
pub struct Checked {
    pub rule: String,
    pub outcome: Outcome,
}

/// What would be said of each, after those before it; `Err` with the reason where one cannot be looked at.
pub fn check(judge: &Judge, bus: Arc<dyn Bus>, given: Vec<Given>, clock: Arc<dyn Clock>) -> Result<Vec<Result<Vec<Checked>, String>>> {
    let trial = Memory::new(clock);
    let mut kept = Kept::of(bus, GROUP);
    given.into_iter().map(|g| one(judge, &trial, &mut kept, g)).collect()
}

fn one(judge: &Judge, trial: &Memory, kept: &mut Kept, g: Given) -> Result<Result<Vec<Checked>, String>> {
    // On this log nothing is behind a wall.
    trial.create(&Settings::new(g.topic.clone(), Class::Sensitive))?;
    let headers = Headers { schema: format!("{}.v1", g.topic), producer: "trial".into(), ..Headers::default() };
    let value = Value::Object(g.data).to_string().into_bytes();
    let at = trial.append(vec![NewRecord::new(g.topic.clone(), g.message_id, g.device_id, g.recorded_at, headers, value)])?;
    let offset = at.first().map_or(0, |a| a.offset);
    let Some(record) = trial.read(&g.topic, 0, offset, 1, usize::MAX)?.pop() else { return Ok(Ok(Vec::new())) };
    let looks = match judge.look(&record) {
        Ok(looks) => looks,
        Err(e) => return Ok(Err(e.message().into())),
    };
    let at = First::of(&record);
    let said = looks.into_iter().map(|l| Ok(Checked { rule: l.rule.rule.id.clone(), outcome: l.decide(&at, kept)?.0 }));
    said.collect::<Result<_>>().map(Ok)
}

/// A fingerprint that a device asks about before it sends the record.
#[derive(Clone, Debug)]
pub struct Listed {
    pub fingerprint: [u8; 32],
    /// Without it, any time that is remembered.
    pub recorded_at: Option<Time>,
}

/// The first that each would be a repeat of. `Invalid` for a rule that compares no fields.
pub fn manifest(judge: &Judge, rule: &Compiled, bus: &Arc<dyn Bus>, device: Uuid, listed: &[Listed]) -> Result<Vec<Option<First>>> {
    if !matches!(rule.how, How::Fields(_)) {
        return Err(Error::invalid("this rule compares no fields: there are no fingerprints to ask for"));
    }
    let now = bus.watermark()?;
    let scope = judge.scope(rule, device);
    let mut kept = Kept::of(bus.clone(), GROUP);
    let look = |l: &Listed| {
        let hash = judge.key_of(&scope, &l.fingerprint);
        let Some(recorded_at) = l.recorded_at else { return any(&**bus, rule, &hash, now) };
        let at = First { id: Uuid::max(), recorded_at, received_at: now, partition: 0, offset: 0 };
        exact::find(&mut kept, &hash, &at, rule.window)
    };
    listed.iter().map(look).collect()
}

/// Firsts of one content that are looked at: as many windows as a year has days, and some.
const MOST_FIRSTS: usize = 400;

fn any(bus: &dyn Bus, rule: &Compiled, hash: &[u8; 16], now: Time) -> Result<Option<First>> {
    for (_, value) in bus.rows_from(GROUP, &exact::prefix(hash), None, MOST_FIRSTS)? {
        let (first, _) = First::decode(&value)?;
        if rule.window.expires(first.received_at) >= now {
            return Ok(Some(first));
        }
    }
    Ok(None)
}
