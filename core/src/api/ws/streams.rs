//! Topics as one listener reads them: page by page from the log, the next page when the last one is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use loom_schemas::live::{LogMessage, WsOut};
use tokio::sync::watch;

use super::super::envelope::envelope;
use super::super::problem::Problem;
use super::super::state::{State, blocking};
use super::super::topics::existing;
use crate::bus::{Bus, Record, TopicName};
use crate::error::Result;

/// Topics that one listener may follow.
pub const MOST: usize = 32;
/// One page of one topic.
const RECORDS: usize = 64;
const BYTES: usize = 256 << 10;

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Beginning,
    Now,
    /// In every partition, or the oldest that is kept there.
    Offset(u64),
}

struct Stream {
    /// The next offset of each partition.
    next: Vec<u64>,
    /// Something may be there to read.
    behind: bool,
}

#[derive(Default)]
pub struct Streams {
    open: BTreeMap<TopicName, Stream>,
    /// Whose turn it was last, so that a long topic holds up no other.
    last: Option<TopicName>,
}

impl Streams {
    /// Begins to follow a topic, or goes on elsewhere in one that is followed.
    pub async fn open(&mut self, state: &Arc<State>, topic: TopicName, from: From) -> Result<(), Problem> {
        if self.open.len() >= MOST && !self.open.contains_key(&topic) {
            return Err(Problem::conflict(format!("one connection follows {MOST} topics at most: stop one of them, or connect again")));
        }
        let bounds = existing(state, topic.clone()).await?.bounds;
        let start = |(low, next): &(u64, u64)| match from {
            From::Beginning => *low,
            From::Now => *next,
            // Beyond the end it is another log's offset.
            From::Offset(at) => at.clamp(*low, *next),
        };
        self.open.insert(topic, Stream { next: bounds.iter().map(start).collect(), behind: true });
        Ok(())
    }

    pub fn close(&mut self, topic: &TopicName) {
        self.open.remove(topic);
    }

    /// The next page, as soon as there is one. What is not taken is read again.
    pub async fn next(&mut self, state: &Arc<State>, pulse: &mut watch::Receiver<u64>) -> Result<Vec<WsOut>, Problem> {
        loop {
            let Some(topic) = self.turn() else {
                if self.open.is_empty() || pulse.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                self.open.values_mut().for_each(|s| s.behind = true);
                continue;
            };
            // Marked before it is read: what comes meanwhile shows as a change.
            pulse.mark_unchanged();
            let Some(stream) = self.open.get(&topic) else { continue };
            let (state, read, next) = (state.clone(), topic.clone(), stream.next.clone());
            let (page, next) = blocking(move || page(&*state.bus, &read, next)).await?;
            if let Some(stream) = self.open.get_mut(&topic) {
                *stream = Stream { next, behind: !page.is_empty() };
            }
            self.last = Some(topic);
            if !page.is_empty() {
                return Ok(page);
            }
        }
    }

    /// The next one that may have something, after the last.
    fn turn(&self) -> Option<TopicName> {
        let behind = |(t, s): (&TopicName, &Stream)| s.behind.then(|| t.clone());
        let after = self.last.as_ref().and_then(|last| self.open.range(last.clone()..).filter(|(t, _)| *t != last).find_map(behind));
        after.or_else(|| self.open.iter().find_map(behind))
    }
}

/// Records of every partition from `next` on, and where to go on.
fn page(bus: &dyn Bus, topic: &TopicName, mut next: Vec<u64>) -> Result<(Vec<WsOut>, Vec<u64>)> {
    let mut out = Vec::new();
    for (partition, next) in next.iter_mut().enumerate() {
        for r in bus.read(topic, partition as u32, *next, RECORDS, BYTES)? {
            *next = r.offset() + 1;
            out.push(WsOut::LogMessage { topic: topic.to_string(), message: message(&r)? });
        }
    }
    Ok((out, next))
}

pub fn message(r: &Record) -> Result<LogMessage> {
    Ok(LogMessage {
        key: r.device_id().to_string(),
        value: r.value().map_or_else(String::new, |v| String::from_utf8_lossy(v).into_owned()),
        timestamp: r.received_at().millis().to_string(),
        offset: r.offset().to_string(),
        partition: r.partition(),
        formatted_timestamp: r.received_at().to_string(),
        envelope: envelope(r)?,
    })
}
