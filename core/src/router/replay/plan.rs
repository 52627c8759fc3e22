//! A wish, checked and made fixed: which offsets, and where to.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Into, MOST_RATE, Replay};
use crate::bus::{Bus, TopicName, wall};
use crate::door::Wrong;
use crate::error::Result;
use crate::router::GROUP;

/// A replay as it was begun: fixed for its life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub topic: TopicName,
    /// Per partition: first offset, and the first not wanted.
    pub range: Vec<(u64, u64)>,
    pub device_id: Option<Uuid>,
    pub into: Into,
    pub rate: u32,
}

/// `Err` inside: everything wrong with the wish.
pub fn plan(bus: &dyn Bus, wish: &Replay) -> Result<Result<Plan, Vec<Wrong>>> {
    let mut wrong = Vec::new();
    let topic = bus.topic(&wish.topic)?;
    let bounds = topic.map(|t| t.bounds).unwrap_or_default();
    if bounds.is_empty() {
        wrong.push(Wrong::new("/topic", "exists", "a topic that there is"));
    }
    if wish.topic.is_dlq() {
        wrong.push(Wrong::new("/topic", "dlq", "a topic itself: dead letters are given back with redrive"));
    }
    if wish.rate == 0 || wish.rate > MOST_RATE {
        wrong.push(Wrong::new("/rate", "maximum", format!("1 to {MOST_RATE} records a second")));
    }
    match &wish.into {
        Into::Topic(into) => wrong.extend(wall::forbids(bus, into)?.map(|why| Wrong::new("/into", "wall", why))),
        Into::Group(group) => wrong.extend(group_wrongs(bus, group, wish)?),
    }
    if !wrong.is_empty() {
        return Ok(Err(wrong));
    }
    let mut range = Vec::with_capacity(bounds.len());
    for (partition, (low, next)) in (0..).zip(bounds) {
        let at = |t| bus.offset_at(&wish.topic, partition, t);
        let first = wish.from.map(at).transpose()?.unwrap_or(low).max(wish.offset_from.unwrap_or(0)).clamp(low, next);
        let end = wish.to.map(at).transpose()?.unwrap_or(next).min(wish.offset_to.unwrap_or(next)).clamp(first, next);
        range.push((first, end));
    }
    let plan = Plan { topic: wish.topic.clone(), range, device_id: wish.device_id, into: wish.into.clone(), rate: wish.rate };
    Ok(Ok(plan))
}

fn group_wrongs(bus: &dyn Bus, group: &str, wish: &Replay) -> Result<Vec<Wrong>> {
    let mut wrong = Vec::new();
    let groups = bus.groups()?;
    match groups.iter().find(|g| g.group == group) {
        None => wrong.push(Wrong::new("/into", "exists", "a topic's name, or a group that there is")),
        Some(g) if !g.topics.contains(&wish.topic) => {
            wrong.push(Wrong::new("/into", "reads", format!("a group that reads {}", wish.topic)));
        }
        Some(g) if group != GROUP && !g.members.is_empty() => {
            wrong.push(Wrong::new("/into", "stopped", "a group that nobody runs at the moment: stop Loom first, then replay into it"));
        }
        Some(_) => {}
    }
    if wish.to.is_some() || wish.offset_to.is_some() || wish.device_id.is_some() {
        wrong.push(Wrong::new("/to", "group", "no end and no device: a group reads on to the end, everything there is"));
    }
    Ok(wrong)
}
