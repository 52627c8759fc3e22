//! What flows: every topic with its rate, every group with its lag.

use loom_schemas::live::{Flowing, TopicFlow};

use super::super::envelope::group_row;
use super::super::state::State;
use crate::bus::{Bus, TopicState};
use crate::env::Time;
use crate::error::Result;

const MINUTE_S: f64 = 60.0;

pub fn now(state: &State) -> Result<Flowing> {
    let now = state.clock.now();
    let topics = state.bus.topics()?;
    Ok(Flowing {
        at: now.to_string(),
        topics: topics.iter().map(|t| topic(&*state.bus, t, now.plus(-MINUTE_S))).collect::<Result<_>>()?,
        groups: state.groups()?.iter().map(group_row).collect(),
    })
}

fn topic(bus: &dyn Bus, t: &TopicState, since: Time) -> Result<TopicFlow> {
    // A topic at rest need not be searched.
    let awake = t.last_received_at.is_some_and(|at| at >= since);
    let mut per_minute = 0;
    for (partition, (_, next)) in (0..).zip(&t.bounds).filter(|_| awake) {
        per_minute += next.saturating_sub(bus.offset_at(&t.settings.name, partition, since)?);
    }
    let next = t.bounds.iter().map(|b| b.1).sum();
    Ok(TopicFlow { topic: t.settings.name.to_string(), records: t.records, next, per_minute })
}

/// Whether a listener would see a difference.
pub fn moved(before: &Flowing, after: &Flowing) -> bool {
    before.topics != after.topics || before.groups != after.groups
}
