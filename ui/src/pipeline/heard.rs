//! What the page has heard: flow by the socket, and what is asked again where nothing is pushed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use leptos::prelude::*;
use loom_schemas::api::{Envelope, GroupDetail, Structure, TopicRow};
use loom_schemas::live::{CaptureState, Channel, Listening, WsOut};
use loom_ui_model::flow::Flow;
use loom_ui_model::groups::{Fact, State, worst_first};
use loom_ui_model::time::epoch;
use serde::Deserialize;

use crate::api::{Groups, Topics, Trouble, get};
use crate::browser;
use crate::link::{Load, poll, poll_by};
use crate::ws::Ws;

const FLOW_S: f64 = 5.0;
const LETTERS_S: f64 = 10.0;
/// Groups whose oldest waiting record is asked for.
const MOST_WAITING: usize = 8;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct DeadTopic {
    pub topic: String,
    pub records: u64,
    #[serde(default)]
    pub last_received_at: Option<String>,
}
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct DeadTopics {
    pub topics: Vec<DeadTopic>,
}

#[derive(Deserialize)]
pub struct Records {
    pub records: Vec<Envelope>,
}

thread_local! {
    /// What was heard before the page was left: lag and rates go on where they were.
    static KEPT: RefCell<Flow> = RefCell::default();
}

/// Everything the parts of the page share.
#[derive(Clone, Copy)]
pub struct Heard {
    pub flow: RwSignal<Flow>,
    /// Seconds of a clock that only runs forward; moves once a second.
    pub now: RwSignal<f64>,
    pub groups: RwSignal<Load<Groups>>,
    pub topics: RwSignal<Load<Topics>>,
    pub structure: RwSignal<Load<Structure>>,
    pub dead: RwSignal<Load<DeadTopics>>,
    /// Topics that grew just now, by how much.
    pub grew: RwSignal<Vec<(String, u64)>>,
    /// The owner paused the microphone.
    pub paused: RwSignal<bool>,
    /// Worst first.
    pub facts: Memo<Vec<Fact>>,
    pub chosen: RwSignal<Option<String>>,
    pub query: RwSignal<String>,
}

impl Heard {
    pub fn provide() -> Self {
        let (flow, now) = (RwSignal::new(KEPT.take()), RwSignal::new(browser::ticks()));
        on_cleanup(move || {
            if let Some(flow) = flow.try_get_untracked() {
                KEPT.set(flow);
            }
        });
        let (grew, paused) = (RwSignal::new(Vec::new()), RwSignal::new(false));
        Ws::of_page().hear(&[Channel::Flow, Channel::Capture], move |out| match out {
            WsOut::Flow(flowing) => {
                let more = flow.try_update(|f| f.heard(flowing, browser::ticks())).unwrap_or_default();
                if !more.is_empty() {
                    grew.try_set(more);
                }
            }
            WsOut::Capture(CaptureState { state, .. }) => {
                paused.try_set(*state == Listening::Paused);
            }
            _ => {}
        });
        tick(now);
        let oldest = oldest(flow);
        let facts = Memo::new(move |_| {
            let wall = browser::now() as f64;
            let ages = oldest.get().ready().unwrap_or_default();
            let age = |group: &str| ages.get(group).map(|at| (wall - at).max(0.0));
            flow.with(|f| worst_first(f.facts(age, now.get())))
        });
        // It is asked even where flow is pushed: what says nothing may be still, or gone.
        let groups = poll_by(
            || Some(()),
            move |()| async move {
                let groups = get::<Groups>("/api/groups").await?;
                flow.try_update(|f| f.asked(&groups.groups, browser::ticks()));
                Ok(groups)
            },
            FLOW_S,
        );
        let heard = Self {
            flow,
            now,
            groups,
            topics: poll(|| Some("/api/topics".into()), FLOW_S),
            structure: poll(|| Some("/api/kafka/structure".into()), FLOW_S),
            dead: poll(|| Some("/api/dlq".into()), LETTERS_S),
            grew,
            paused,
            facts,
            chosen: RwSignal::new(None),
            query: RwSignal::new(String::new()),
        };
        provide_context(heard);
        heard
    }

    pub fn of_page() -> Self {
        use_context().unwrap_or_else(Self::provide)
    }

    pub fn fact(self, group: &str) -> Option<Fact> {
        self.facts.with(|all| all.iter().find(|f| f.group == group).cloned())
    }

    /// The worst of these groups: its state, and how long its oldest record waits.
    pub fn worst(self, groups: &[String]) -> Option<(State, Option<f64>)> {
        self.facts.with(|all| all.iter().find(|f| groups.contains(&f.group)).map(|f| (f.state, f.oldest_s)))
    }

    pub fn per_minute(self, topic: &str) -> Option<f64> {
        self.flow.with(|f| f.per_minute(topic, self.now.get()))
    }

    pub fn row(self, topic: &str) -> Option<TopicRow> {
        self.topics.with(|t| match t {
            Load::Ready(t) => t.topics.iter().find(|r| r.topic == topic).cloned().map(|r| {
                // What is pushed is newer than what was asked for.
                let records = self.flow.with(|f| f.topic(topic).map_or(r.records, |f| f.records));
                TopicRow { records, ..r }
            }),
            _ => None,
        })
    }

    /// Chooses a group or topic, or nothing; the address says which, so that it can be kept and sent.
    pub fn choose(self, name: Option<String>) {
        browser::show_in_address(&format!("#pipeline{}", name.as_ref().map(|n| format!("/{n}")).unwrap_or_default()));
        self.chosen.set(name);
    }

    /// Lag of a group on one of its topics: live where it reads but one, as last asked elsewhere.
    pub fn lag(self, group: &str, topic: &str) -> u64 {
        let alone = self.facts.with(|all| {
            let fact = all.iter().find(|f| f.group == group)?;
            (fact.topics.iter().filter(|t| !t.ends_with(".dlq")).count() == 1).then_some(fact.lag)
        });
        if let Some(lag) = alone {
            return lag;
        }
        self.structure.with(|s| match s {
            Load::Ready(s) => s.flows.iter().filter(|f| f.processor == group && f.source == topic).map(|f| f.lag).max().unwrap_or(0),
            _ => 0,
        })
    }

    /// Dead letters of a topic.
    pub fn letters(self, topic: &str) -> u64 {
        self.dead.with(|d| match d {
            Load::Ready(d) => d.topics.iter().filter(|t| t.topic.strip_suffix(".dlq") == Some(topic)).map(|t| t.records).sum(),
            _ => 0,
        })
    }
}

/// The class of a source's dye.
pub fn dyes(source: &str) -> String {
    super::keep::dyes(&[source.to_string()]).dye(source).class()
}

fn tick(now: RwSignal<f64>) {
    leptos::task::spawn_local(async move {
        while now.try_set(browser::ticks()).is_none() {
            browser::sleep(1.0).await;
        }
    });
}

/// When the oldest record came that waits for each group that is behind, seconds since 1970.
fn oldest(flow: RwSignal<Flow>) -> RwSignal<Load<BTreeMap<String, f64>>> {
    let waiting = move || {
        let mut groups = flow.with(|f| f.waiting());
        groups.truncate(MOST_WAITING);
        groups.sort();
        (!groups.is_empty()).then_some(groups)
    };
    let ask = |groups: Vec<String>| async move {
        let mut ages = BTreeMap::new();
        for group in groups {
            match waits_since(&group).await {
                Ok(Some(at)) => ages.insert(group, at),
                Err(Trouble::Lost) => return Err(Trouble::Lost),
                _ => None,
            };
        }
        Ok(ages)
    };
    poll_by(waiting, ask, FLOW_S)
}

async fn waits_since(group: &str) -> Result<Option<f64>, Trouble> {
    let detail: GroupDetail = get(&format!("/api/groups/{}", browser::encoded(group))).await?;
    let mut first: Option<f64> = None;
    for o in detail.offsets.iter().filter(|o| o.lag > 0 && !o.topic.ends_with(".dlq")) {
        let path = format!("/api/topics/{}/records?from={}&limit=1&partition={}", o.topic, o.committed, o.partition);
        let at = get::<Records>(&path).await?.records.first().and_then(|r| epoch(&r.received_at)).map(|at| at as f64);
        first = match (first, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    Ok(first)
}
