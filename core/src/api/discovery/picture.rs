//! The log at one moment, and the rows that several answers share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loom_schemas::api::Structure;
use serde_json::{Value, json};

use super::super::pace::Rates;
use super::super::problem::Problem;
use super::super::state::{State, blocking};
use super::super::structure;
use crate::bus::{Bus, GroupState, TopicName, TopicState};
use crate::env::Time;
use crate::error::Result;

/// What rates are taken over.
const MINUTE_S: f64 = 60.0;

pub struct Picture {
    pub now: Time,
    pub topics: Vec<TopicState>,
    pub groups: Vec<GroupState>,
    pub structure: Structure,
    /// Records received in the last minute.
    pub per_minute: BTreeMap<TopicName, u64>,
    /// Of commits; nothing to compare with yet where absent.
    pub rates: Option<Rates>,
}

impl Picture {
    pub async fn of(state: Arc<State>) -> Result<Self, Problem> {
        blocking(move || Self::take(&state)).await
    }

    pub fn take(state: &State) -> Result<Self> {
        let now = state.clock.now();
        let (topics, groups) = (state.bus.topics()?, state.groups()?);
        let structure = structure::build(state, &topics, &groups)?;
        let per_minute = received_lately(&*state.bus, &topics, now)?;
        let rates = state.pace.rates(&groups, state.clock.monotonic_ns());
        Ok(Self { now, topics, groups, structure, per_minute, rates })
    }

    pub fn topic(&self, name: &str) -> Result<&TopicState, Problem> {
        self.topics.iter().find(|t| t.settings.name.as_str() == name).ok_or_else(|| Problem::not_found("there is no such topic"))
    }

    /// By its name, with or without `-consumer`.
    pub fn group(&self, name: &str) -> Result<&GroupState, Problem> {
        let is = |g: &&GroupState| g.group == name || g.group.strip_suffix("-consumer") == Some(name);
        self.groups.iter().find(is).ok_or_else(|| Problem::not_found("there is no such group"))
    }

    /// Records a second that came to a topic, over the last minute.
    pub fn producer_rate(&self, topic: &TopicName) -> f64 {
        self.per_minute.get(topic).copied().unwrap_or(0) as f64 / MINUTE_S
    }

    /// Records a second that a group committed.
    pub fn group_rate(&self, group: &str) -> Option<f64> {
        self.rates.as_ref().map(|r| r.iter().filter(|((g, _), _)| g == group).map(|(_, rate)| rate).sum())
    }

    /// Records a second that all groups committed of a topic.
    pub fn consumer_rate(&self, topic: &TopicName) -> Option<f64> {
        self.rates.as_ref().map(|r| r.iter().filter(|((_, t), _)| t == topic).map(|(_, rate)| rate).sum())
    }

    pub fn topic_lag(&self, topic: &TopicName) -> u64 {
        self.groups.iter().flat_map(|g| &g.lag).filter(|(p, _)| p.topic == *topic).map(|(_, lag)| lag).sum()
    }

    /// As Loom v2 had it, with the bytes.
    pub fn topic_metrics(&self) -> Vec<Value> {
        let row = |t: &TopicState| {
            let name = &t.settings.name;
            json!({
                "topic": name, "lastMessageTime": t.last_received_at, "messageCount": t.records, "partitionCount": t.bounds.len(),
                "consumerLag": self.topic_lag(name), "producerRate": self.producer_rate(name), "consumerRate": self.consumer_rate(name),
                "isActive": t.last_received_at.is_some_and(|at| at >= self.now.plus(-MINUTE_S)), "bytes": t.bytes,
            })
        };
        self.topics.iter().map(row).collect()
    }

    /// One a group and partition, as Loom v2 had it. Who is active comes first among a group's members.
    pub fn consumer_metrics<'a>(&'a self, groups: impl IntoIterator<Item = &'a GroupState>) -> Vec<Value> {
        let mut rows = Vec::new();
        for g in groups {
            let active = g.members.first();
            for (at, lag) in &g.lag {
                let end =
                    self.topics.iter().find(|t| t.settings.name == at.topic).and_then(|t| t.bounds.get(at.partition as usize)).map(|b| b.1);
                rows.push(json!({
                    "groupId": g.group, "topic": at.topic, "partition": at.partition, "currentOffset": g.committed.get(at).copied().unwrap_or(0),
                    "logEndOffset": end, "lag": lag, "consumerId": active.map(|m| &m.id), "host": active.map(|m| &m.host),
                    "lastHeartbeat": active.map(|m| m.last_heartbeat),
                    "rate": self.rates.as_ref().map(|r| r.get(&(g.group.clone(), at.topic.clone())).copied().unwrap_or(0.0)),
                }));
            }
        }
        rows
    }

    pub fn group_row(g: &GroupState) -> Value {
        let member =
            |m: &crate::bus::Member| json!({"memberId": m.id, "host": m.host, "joinedAt": m.joined_at, "lastHeartbeat": m.last_heartbeat});
        json!({
            "groupId": g.group, "state": g.state(), "members": g.members.iter().map(member).collect::<Vec<_>>(), "topics": g.topics,
            "lag": g.total_lag(), "lastCommit": g.last_commit,
        })
    }

    /// Who wrote to a topic lately: producers and groups.
    pub fn writers(&self, topic: &str) -> BTreeSet<&str> {
        let s = &self.structure;
        let producers = s.producers.iter().filter(|p| p.output_topics.iter().any(|t| t == topic)).map(|p| p.id.as_str());
        producers.chain(s.consumers.iter().filter(|c| c.produces_topics.iter().any(|t| t == topic)).map(|c| c.group_id.as_str())).collect()
    }

    pub fn readers(&self, topic: &str) -> BTreeSet<&str> {
        let reads = |g: &&GroupState| g.topics.iter().any(|t| t.as_str() == topic);
        self.groups.iter().filter(reads).map(|g| g.group.as_str()).collect()
    }

    /// `healthy`, `lagging`, `down`: the worst of a group's flows.
    pub fn health_of(&self, group: &str) -> &str {
        let of = |health: &str| self.structure.flows.iter().any(|f| f.processor == group && f.health == health);
        ["down", "lagging"].into_iter().find(|h| of(h)).unwrap_or("healthy")
    }

    /// Nodes and edges: who writes, what, who reads.
    pub fn topology(&self) -> Value {
        let s = &self.structure;
        let mut nodes: Vec<Value> = s.producers.iter().map(|p| json!({"id": p.id, "type": "producer", "label": p.label})).collect();
        nodes.extend(s.topics.iter().map(|t| json!({"id": t.name, "type": "topic", "label": t.description})));
        nodes.extend(s.consumers.iter().map(|c| json!({"id": c.group_id, "type": "consumer", "label": c.label, "status": c.status})));
        let mut edges: Vec<Value> = Vec::new();
        for p in &s.producers {
            edges.extend(p.output_topics.iter().map(|t| json!({"source": p.id, "target": t})));
        }
        for g in &self.groups {
            let lag = |t: &TopicName| g.lag.iter().filter(|(p, _)| p.topic == *t).map(|(_, lag)| lag).sum::<u64>();
            edges.extend(g.topics.iter().map(|t| json!({"source": t, "target": g.group, "lag": lag(t)})));
        }
        for c in &s.consumers {
            edges.extend(c.produces_topics.iter().map(|t| json!({"source": c.group_id, "target": t})));
        }
        json!({"nodes": nodes, "edges": edges})
    }

    /// Which services each group waits for: those who write what it reads.
    pub fn dependencies(&self) -> Vec<Value> {
        let row = |g: &GroupState| {
            let on: BTreeSet<&str> = g.topics.iter().flat_map(|t| self.writers(t.as_str())).filter(|w| *w != g.group).collect();
            json!({"service": g.group, "dependsOn": on, "topics": g.topics})
        };
        self.groups.iter().map(row).collect()
    }
}

/// Records received in the minute before `now`, by topic.
pub fn received_lately(bus: &dyn Bus, topics: &[TopicState], now: Time) -> Result<BTreeMap<TopicName, u64>> {
    topics.iter().map(|t| Ok((t.settings.name.clone(), received(bus, t, now.plus(-MINUTE_S))?))).collect()
}

/// Records received since a time; a topic at rest is not searched.
fn received(bus: &dyn Bus, t: &TopicState, since: Time) -> Result<u64> {
    let mut received = 0;
    let awake = t.last_received_at.is_some_and(|at| at >= since);
    for (partition, (_, next)) in (0..).zip(&t.bounds).filter(|_| awake) {
        received += next.saturating_sub(bus.offset_at(&t.settings.name, partition, since)?);
    }
    Ok(received)
}
