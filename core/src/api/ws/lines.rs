//! New lines of the timeline for one listener: those whose records the timeline has read, from where this listener is.

use std::sync::Arc;

use loom_schemas::live::WsOut;

use super::super::state::State;
use crate::bus::{Bus, Position, TopicName, names};
use crate::error::Result;
use crate::live::LineNews;

/// The group that writes the timeline.
const TIMELINE: &str = "timeline-consumer";
/// Lines read at once, for a listener that is behind.
const LINES: usize = 32;
const BYTES: usize = 1 << 20;

/// The next offset of what was released, by partition.
pub fn released(bus: &dyn Bus) -> Result<Vec<u64>> {
    let topic = bus.topic(&TopicName::of(names::RELEASED))?;
    Ok(topic.map_or_else(Vec::new, |t| t.bounds.iter().map(|b| b.1).collect()))
}

/// How far the timeline has read that, by partition.
pub fn reached(bus: &dyn Bus) -> Result<Vec<u64>> {
    let topic = TopicName::of(names::RELEASED);
    let group = bus.groups()?.into_iter().find(|g| g.group == TIMELINE);
    let at = |partition| group.as_ref().and_then(|g| g.committed.get(&Position { topic: topic.clone(), partition })).copied();
    Ok((0..).zip(released(bus)?).map(|(partition, _)| at(partition).unwrap_or(0)).collect())
}

/// Where one listener is.
#[derive(Clone)]
pub struct Lines(Vec<u64>);

impl Lines {
    /// From here on.
    pub fn from(reached: Vec<u64>) -> Self {
        Self(reached)
    }

    pub fn are_behind(&self, reached: &[u64]) -> bool {
        reached.iter().enumerate().any(|(p, r)| self.at(p) < *r)
    }

    fn at(&self, partition: usize) -> u64 {
        self.0.get(partition).copied().unwrap_or(0)
    }

    /// The next lines up to where the timeline is, and where this listener is then. What has no line (it was erased, or is
    /// out of sight) is passed over.
    pub fn next(&self, state: &State, reached: &[u64]) -> Result<(Vec<WsOut>, Self)> {
        let topic = TopicName::of(names::RELEASED);
        let (mut out, mut at) = (Vec::new(), self.0.clone());
        at.resize(at.len().max(reached.len()), 0);
        for (partition, upto) in reached.iter().enumerate() {
            let records = state.bus.read(&topic, partition as u32, at[partition], LINES, BYTES)?;
            let read = records.iter().take_while(|r| r.offset() < *upto);
            let mut last = None;
            for r in read {
                out.extend(state.timeline.line(r.message_id())?.map(WsOut::Line));
                last = Some(r.offset() + 1);
            }
            // With nothing to read before it, the rest of the way is empty.
            at[partition] = last.unwrap_or_else(|| at[partition].max(*upto));
        }
        Ok((out, Self(at)))
    }
}

/// What became of a line.
pub fn changed(state: &Arc<State>, news: LineNews) -> Result<WsOut> {
    let gone = |id: uuid::Uuid| WsOut::LineGone { message_id: id.to_string() };
    match news {
        LineNews::Gone(id) => Ok(gone(id)),
        LineNews::Changed(id) => Ok(state.timeline.line(id)?.map_or_else(|| gone(id), WsOut::Line)),
    }
}
