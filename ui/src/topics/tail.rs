//! The newest records of a topic, live.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::api::Envelope;
use loom_schemas::live::WsOut;
use serde::Deserialize;

use crate::api::{Trouble, get};
use crate::ws::Ws;

#[derive(Clone, Debug, Deserialize)]
pub struct Records {
    pub records: Vec<Envelope>,
    pub next: u64,
    pub end: u64,
}

pub async fn newest(topic: &str, limit: usize) -> Result<Records, Trouble> {
    get(&format!("/api/topics/{topic}/records?limit={limit}")).await
}
pub async fn from(topic: &str, offset: u64, limit: usize) -> Result<Records, Trouble> {
    get(&format!("/api/topics/{topic}/records?from={offset}&limit={limit}")).await
}

/// A few of the newest, newest first.
#[derive(Clone, Copy)]
pub struct Tail {
    pub on: RwSignal<bool>,
    pub newest: RwSignal<Vec<Envelope>>,
}

impl Tail {
    /// Goes on for as long as the component that asks lives.
    pub fn new(topic: String, most: usize) -> Self {
        let tail = Self { on: RwSignal::new(true), newest: RwSignal::new(Vec::new()) };
        let begins = RwSignal::new(None::<u64>);
        let name = topic.clone();
        Effect::new(move |_| {
            if !tail.on.get() {
                begins.set(None);
                return;
            }
            let name = name.clone();
            spawn_local(async move {
                let Ok(read) = newest(&name, most).await else { return };
                tail.newest.try_set(read.records.into_iter().rev().collect());
                begins.try_set(Some(read.end));
            });
        });
        Effect::new(move |_| {
            let Some(from) = begins.get() else { return };
            Ws::of_page().follow(topic.clone(), Some(from), move |out| {
                if let Some(record) = of_topic(out, &tail.newest, most) {
                    tail.newest.try_set(record);
                }
            });
        });
        tail
    }
}

/// The list with one more record, where the message is one that it has not.
fn of_topic(out: &WsOut, known: &RwSignal<Vec<Envelope>>, most: usize) -> Option<Vec<Envelope>> {
    let WsOut::LogMessage { message, topic } = out else { return None };
    let mut all = known.try_get_untracked()?;
    let mine = message.envelope.topic == *topic && all.first().is_none_or(|r| r.topic == *topic);
    if !mine || all.iter().any(|r| r.offset == message.envelope.offset && r.partition == message.envelope.partition) {
        return None;
    }
    all.insert(0, message.envelope.clone());
    all.truncate(most);
    Some(all)
}
