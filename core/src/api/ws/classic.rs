//! What Loom v2's monitor said on its socket: the pipeline at first, figures every five seconds after.

use serde_json::{Value, json};

use super::super::envelope::{group_row, topic_row};
use super::super::state::State;
use crate::error::Result;

/// Topics and groups as they are now.
pub fn initial(state: &State) -> Result<Value> {
    let topics: Vec<_> = state.bus.topics()?.iter().map(topic_row).collect();
    let consumers: Vec<_> = state.groups()?.iter().map(group_row).collect();
    Ok(json!({ "topics": topics, "consumers": consumers }))
}

/// Records and lag, by topic and group.
pub fn metrics(state: &State) -> Result<Value> {
    let groups = state.groups()?;
    let lag =
        |topic: &str| -> u64 { groups.iter().flat_map(|g| &g.lag).filter(|(p, _)| p.topic.as_str() == topic).map(|(_, lag)| lag).sum() };
    let topics: Vec<Value> = state
        .bus
        .topics()?
        .iter()
        .map(|t| {
            json!({
                "topic": t.settings.name, "messageCount": t.records, "partitionCount": t.bounds.len(),
                "lastMessageTime": t.last_received_at, "consumerLag": lag(t.settings.name.as_str()),
            })
        })
        .collect();
    let consumers: Vec<Value> =
        groups.iter().map(|g| json!({"groupId": g.group, "lag": g.total_lag(), "members": g.members.len()})).collect();
    Ok(json!({ "topics": topics, "consumers": consumers }))
}
