//! What the page shows of a topic: which records, from where, and what comes live.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::api::Envelope;
use loom_schemas::live::WsOut;
use loom_ui_model::time::rfc3339;

use super::tail::{Records, from, newest};
use crate::api::{Trouble, get};
use crate::link::Load;
use crate::ws::Ws;

const PAGE: usize = 100;
/// Records that a page holds; what is farther away goes first.
const MOST: usize = 1000;

/// Where the list begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// Newest first, and what comes on top of it.
    Newest,
    /// From here on, oldest first.
    Oldest,
    Offset(u64),
    /// Seconds since 1970.
    Time(f64),
}

#[derive(Clone, Copy)]
pub struct Shown {
    pub topic: StoredValue<String>,
    pub start: RwSignal<Start>,
    /// Whether what comes is shown as it comes.
    pub tail: RwSignal<bool>,
    pub rows: RwSignal<Load<Vec<Envelope>>>,
    /// From this offset on, records came while the page was open.
    pub fresh: RwSignal<u64>,
    pub chosen: RwSignal<Option<(u32, u64)>>,
    /// There may be more to show.
    pub more: RwSignal<bool>,
    begins: RwSignal<Option<u64>>,
    round: StoredValue<u32>,
}

impl Shown {
    pub fn new(topic: String) -> Self {
        let shown = Self {
            topic: StoredValue::new(topic.clone()),
            start: RwSignal::new(Start::Newest),
            tail: RwSignal::new(true),
            rows: RwSignal::new(Load::Waiting),
            fresh: RwSignal::new(u64::MAX),
            chosen: RwSignal::new(None),
            more: RwSignal::new(false),
            begins: RwSignal::new(None),
            round: StoredValue::new(0),
        };
        Effect::new(move |_| {
            let start = shown.start.get();
            // Going on means beginning at the newest again; what was missed meanwhile is then among them.
            let tail = shown.tail.get();
            if start == Start::Newest && !tail && matches!(shown.rows.get_untracked(), Load::Ready(_)) {
                shown.begins.set(None);
                return;
            }
            shown.load(start, tail);
        });
        Effect::new(move |_| {
            let Some(from) = shown.begins.get() else { return };
            Ws::of_page().follow(topic.clone(), Some(from), move |out| shown.hear(out));
        });
        provide_context(shown);
        shown
    }

    pub fn of_page() -> Option<Self> {
        use_context()
    }

    fn load(self, start: Start, tail: bool) {
        self.round.update_value(|r| *r += 1);
        let (mine, topic) = (self.round.get_value(), self.topic.get_value());
        self.begins.set(None);
        spawn_local(async move {
            let read = read(&topic, start).await;
            if self.round.try_get_value() != Some(mine) {
                return;
            }
            match read {
                Ok(read) => self.fill(read, start, tail),
                Err(trouble) => {
                    self.rows.try_set(Load::Failed(trouble));
                }
            }
        });
    }

    fn fill(self, mut read: Records, start: Start, tail: bool) {
        let first = read.records.first().map_or(0, |r| r.offset);
        self.more.set(if start == Start::Newest { first > 0 && read.records.len() == PAGE } else { read.next < read.end });
        if start == Start::Newest {
            read.records.reverse();
        }
        self.fresh.set(read.end);
        self.rows.set(Load::Ready(read.records));
        if start == Start::Newest && tail {
            self.begins.set(Some(read.end));
        }
    }

    fn hear(self, out: &WsOut) {
        let WsOut::LogMessage { topic, message } = out else { return };
        if self.topic.try_with_value(|t| t != topic).unwrap_or(true) {
            return;
        }
        self.rows.try_update(|rows| {
            if let Load::Ready(rows) = rows {
                let known = rows.iter().take(200).any(|r| (r.partition, r.offset) == (message.partition, message.envelope.offset));
                if !known {
                    rows.insert(0, message.envelope.clone());
                    rows.truncate(MOST);
                }
            }
        });
    }

    /// Older ones below the newest, or the next ones.
    pub fn go_on(self) {
        let (start, topic) = (self.start.get_untracked(), self.topic.get_value());
        let Some(last) = self.rows.with_untracked(|r| r.ready()).and_then(|r| r.last().map(|r| r.offset)) else { return };
        spawn_local(async move {
            let (at, n) = match start {
                Start::Newest => (last.saturating_sub(PAGE as u64), PAGE.min(last as usize).max(1)),
                _ => (last + 1, PAGE),
            };
            let Ok(mut read) = from(&topic, at, n).await else { return };
            read.records.retain(|r| start != Start::Newest || r.offset < last);
            let left = if start == Start::Newest { !read.records.is_empty() && at > 0 } else { read.next < read.end };
            if start == Start::Newest {
                read.records.reverse();
            }
            self.more.try_set(left);
            self.rows.try_update(|rows| {
                if let Load::Ready(rows) = rows {
                    rows.extend(read.records);
                    let over = rows.len().saturating_sub(MOST);
                    rows.drain(..over);
                }
            });
        });
    }

    pub fn record(self) -> Option<Envelope> {
        let at = self.chosen.get()?;
        self.rows.with(|r| match r {
            Load::Ready(rows) => rows.iter().find(|r| (r.partition, r.offset) == at).cloned(),
            _ => None,
        })
    }
}

async fn read(topic: &str, start: Start) -> Result<Records, Trouble> {
    match start {
        Start::Newest => newest(topic, PAGE).await,
        Start::Oldest => get(&format!("/api/topics/{topic}/records?from_beginning=true&limit={PAGE}")).await,
        Start::Offset(offset) => from(topic, offset, PAGE).await,
        Start::Time(at) => get(&format!("/api/topics/{topic}/records?from_time={}&limit={PAGE}", rfc3339(at as i64))).await,
    }
}
