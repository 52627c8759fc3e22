//! The pipeline as a graph, in the shape Loom v2's monitor had: asked of the log's own groups and producers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::api::{ConsumerNode, Flow, ProducerNode, Structure, StructureStats, TopicNode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::{State, blocking};
use crate::bus::{GroupState, TopicName, TopicState};
use crate::error::Result;
use crate::pipeline::Spec;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(structure))
}

/// How many of a topic's newest records are asked who wrote them.
const RECENT: usize = 64;
const RECENT_BYTES: usize = 1 << 20;
/// A group further behind is lagging.
const LAGGING: u64 = 1000;

/// Who writes what, who reads what, and how well it flows.
#[utoipa::path(get, path = "/api/kafka/structure", tag = "pipeline monitor", responses((status = 200, body = Structure)))]
async fn structure(Extract(state): Extract<Arc<State>>) -> Result<Json<Structure>, Problem> {
    blocking(move || build(&state, &state.bus.topics()?, &state.groups()?)).await.map(Json)
}

/// Topics by who wrote to them lately.
type Written = BTreeMap<String, BTreeSet<TopicName>>;

pub fn build(state: &State, topics: &[TopicState], groups: &[GroupState]) -> Result<Structure> {
    let written = written(state, topics)?;
    let consumers: Vec<(ConsumerNode, &GroupState)> = groups.iter().map(|g| (consumer(g, &state.specs, &written), g)).collect();
    let is_group = |name: &str| groups.iter().any(|g| g.group == name) || state.specs.iter().any(|s| s.group == name);
    let mut found = Structure {
        producers: written.iter().filter(|(name, _)| !is_group(name)).map(|(name, to)| producer(name, to)).collect(),
        topics: topics.iter().map(|t| topic(&t.settings.name)).collect(),
        flows: consumers.iter().flat_map(|(node, g)| flows(node, g)).collect(),
        consumers: consumers.into_iter().map(|(node, _)| node).collect(),
        ..Structure::default()
    };
    found.categories = found.topics.iter().map(|t| t.category.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    found.stats = StructureStats {
        producers: found.producers.len() as u64,
        topics: found.topics.len() as u64,
        consumers: found.consumers.len() as u64,
        flows: found.flows.len() as u64,
        records: topics.iter().map(|t| t.records).sum(),
        lag: groups.iter().map(GroupState::total_lag).sum(),
    };
    Ok(found)
}

fn written(state: &State, topics: &[TopicState]) -> Result<Written> {
    let mut written = Written::new();
    for t in topics {
        for (partition, (low, next)) in (0..).zip(&t.bounds) {
            let from = next.saturating_sub(RECENT as u64).max(*low);
            for r in state.bus.read(&t.settings.name, partition, from, RECENT, RECENT_BYTES)? {
                written.entry(r.headers().producer.clone()).or_default().insert(t.settings.name.clone());
            }
        }
    }
    Ok(written)
}

fn producer(name: &str, to: &BTreeSet<TopicName>) -> ProducerNode {
    ProducerNode {
        id: name.into(),
        label: in_words(name),
        description: format!("Writes to {}", if to.len() == 1 { "one topic".into() } else { format!("{} topics", to.len()) }),
        output_topics: names(to),
    }
}

fn topic(name: &TopicName) -> TopicNode {
    let stem = name.stem();
    let parts: Vec<&str> = stem.as_str().split('.').collect();
    let (category, rest) = parts.split_first().map_or(("", &[][..]), |(c, rest)| (*c, rest));
    // As Loom v2 reads names: of three words the second is the data type, of more the third.
    let data_type = if rest.len() > 2 { rest[1] } else { rest.first().copied().unwrap_or("") };
    TopicNode {
        name: name.to_string(),
        category: category.into(),
        data_type: data_type.into(),
        stage: if name.is_dlq() { "dlq".into() } else { rest.last().copied().unwrap_or("").into() },
        description: rest.iter().map(|p| titled(p)).chain(name.is_dlq().then(|| "dead letters".into())).collect::<Vec<_>>().join(" "),
    }
}

fn consumer(g: &GroupState, specs: &[Spec], written: &Written) -> ConsumerNode {
    let spec = specs.iter().find(|s| s.group == g.group);
    let mut produces: BTreeSet<TopicName> = spec.map(|s| s.outputs.iter().cloned().collect()).unwrap_or_default();
    produces.extend(written.get(&g.group).into_iter().flatten().filter(|t| !t.is_dlq()).cloned());
    ConsumerNode {
        group_id: g.group.clone(),
        label: titled(g.group.strip_suffix("-consumer").unwrap_or(&g.group)),
        description: spec.map_or_else(String::new, |s| s.description.into()),
        subscribed_topics: g.topics.iter().map(ToString::to_string).collect(),
        produces_topics: names(&produces),
        status: g.state().into(),
        member_count: g.members.len() as u64,
    }
}

/// One for each pair of a topic it reads and a topic it writes; what writes to a store flows into the group's own name.
fn flows(node: &ConsumerNode, g: &GroupState) -> Vec<Flow> {
    let to = if node.produces_topics.is_empty() { vec![node.label.clone()] } else { node.produces_topics.clone() };
    let lag = |topic: &str| g.lag.iter().filter(|(p, _)| p.topic.as_str() == topic).map(|(_, lag)| lag).sum::<u64>();
    let health = |lag| match (node.member_count, lag) {
        (0, _) => "down",
        (_, lag) if lag > LAGGING => "lagging",
        _ => "healthy",
    };
    let pair = |from: &String, to: &String| {
        let lag = lag(from);
        Flow { source: from.clone(), processor: node.group_id.clone(), destination: to.clone(), health: health(lag).into(), lag }
    };
    node.subscribed_topics.iter().flat_map(|from| to.iter().map(move |to| pair(from, to))).collect()
}

fn names(topics: &BTreeSet<TopicName>) -> Vec<String> {
    topics.iter().map(ToString::to_string).collect()
}

/// `ingestion-api` as `Ingestion API`.
fn in_words(name: &str) -> String {
    let mut words = name.split(['-', '_', '.']).filter(|w| !w.is_empty()).map(|w| if w == "api" { "API".into() } else { w.to_owned() });
    let first = words.next().map(|w| titled(&w));
    first.into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// `silero-vad` as `Silero Vad`.
fn titled(name: &str) -> String {
    let word = |w: &str| w.chars().take(1).flat_map(char::to_uppercase).chain(w.chars().skip(1)).collect::<String>();
    name.split(['-', '_', '.']).filter(|w| !w.is_empty()).map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_producer_is_called_as_a_sentence_begins() {
        assert_eq!(
            ["ingestion-api", "device-identity", "microphone", ""].map(in_words),
            ["Ingestion API", "Device identity", "Microphone", ""]
        );
    }
}
