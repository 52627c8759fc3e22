//! Where a rule may write: sensitive topics, and nothing else. What comes from behind the wall may go back to where it is
//! sensitive; nothing goes the other way but through the privacy filter.

use super::{Bus, Class, TopicName, catalogued};
use crate::error::{Error, Result};

/// Why no rule and no replay writes to a topic, with what to do; `None` where they may.
pub fn forbids(bus: &dyn Bus, topic: &TopicName) -> Result<Option<String>> {
    let class = match bus.topic(topic)? {
        Some(known) => known.settings.class,
        None => catalogued(topic).class,
    };
    let why = match class {
        _ if topic.is_dlq() => "holds dead letters, which the stages alone write",
        Class::Released | Class::Shared => "is behind the privacy wall, where the privacy filter alone writes",
        Class::Internal => "is Loom's own account of its workings, which nobody else writes to",
        Class::Sensitive => return Ok(None),
    };
    Ok(Some(format!("{topic} {why}: choose a topic of your own")))
}

/// `Invalid`, with the reason, for a topic that no rule and no replay writes to.
pub fn may_write(bus: &dyn Bus, topic: &TopicName) -> Result<()> {
    forbids(bus, topic)?.map_or(Ok(()), |why| Err(Error::invalid(why)))
}
