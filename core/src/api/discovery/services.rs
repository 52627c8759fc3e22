//! Services: whoever reads or writes. There is no registry to fill: they are known by what they do on the log.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::health::{self, Health};
use super::super::problem::Problem;
use super::super::state::State;
use super::Picture;
use crate::bus::{GroupState, TopicName};

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(everything))
        .routes(routes!(healths))
        .routes(routes!(registry))
        .routes(routes!(metrics))
        .routes(routes!(ready))
        .routes(routes!(live))
}

/// Topics, groups, flows, services and how they are, in one answer.
#[utoipa::path(get, path = "/api/kafka/discover/all", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn everything(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    let p = Picture::of(state).await?;
    let s = &p.structure;
    Ok(Json(json!({
        "topics": s.topics, "consumers": s.consumers, "producers": s.producers, "flows": s.flows,
        "services": {"kubernetes": [], "registered": all(&p)}, "health": health_of(&p), "summary": s.stats, "timestamp": p.now,
    })))
}

/// How every service is: `healthy`, `lagging` or `down`; `critical` overall where one of Loom's own is down.
#[utoipa::path(get, path = "/api/kafka/services/health", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn healths(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    Ok(Json(health_of(&Picture::of(state).await?)))
}

/// Every service that reads or writes.
#[utoipa::path(get, path = "/api/kafka/services/registry", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn registry(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    Ok(Json(all(&Picture::of(state).await?)))
}

/// One service's figures.
#[utoipa::path(get, path = "/api/kafka/services/{id}/metrics", tag = "pipeline monitor", params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
async fn metrics(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    described(&Picture::of(state).await?, &id).map(Json)
}

/// Whether the log can be read; 503 with the reason when not.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses((status = 200, body = Health), (status = 503, body = Problem)))]
async fn ready(Extract(state): Extract<Arc<State>>) -> Result<Json<Health>, Problem> {
    health::readiness(state).await
}

/// Whether the process answers.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = Health)))]
async fn live(Extract(state): Extract<Arc<State>>) -> Json<Health> {
    Json(health::alive(&state))
}

fn all(p: &Picture) -> Vec<Value> {
    let producers = p.structure.producers.iter().map(|s| producer(p, &s.id));
    producers.chain(p.groups.iter().map(|g| consumer(p, g))).collect()
}

fn health_of(p: &Picture) -> Value {
    let row = |g: &GroupState| json!({"id": g.group, "status": p.health_of(&g.group), "lag": g.total_lag(), "members": g.members.len()});
    let is = |health: &str| p.groups.iter().any(|g| p.health_of(&g.group) == health);
    let overall = if is("down") {
        "critical"
    } else if is("lagging") {
        "degraded"
    } else {
        "healthy"
    };
    json!({"overall": overall, "services": p.groups.iter().map(row).collect::<Vec<_>>(), "timestamp": p.now})
}

/// A group by its name, with or without `-consumer`, or what writes under a name of its own.
pub fn described(p: &Picture, name: &str) -> Result<Value, Problem> {
    match p.group(name) {
        Ok(g) => Ok(consumer(p, g)),
        Err(_) if p.structure.producers.iter().any(|s| s.id == name) => Ok(producer(p, name)),
        Err(_) => Err(Problem::not_found("no service of that name reads or writes")),
    }
}

fn producer(p: &Picture, id: &str) -> Value {
    let node = p.structure.producers.iter().find(|n| n.id == id);
    let topics: Vec<Value> = node.iter().flat_map(|n| &n.output_topics).map(|t| written(p, t)).collect();
    let newest = p.topics.iter().filter(|t| node.is_some_and(|n| n.output_topics.iter().any(|o| o == t.settings.name.as_str())));
    let last = newest.filter_map(|t| t.last_received_at).max();
    json!({"id": id, "name": node.map(|n| &n.label), "type": "producer", "outputs": topics, "lastMessageTime": last})
}

fn consumer(p: &Picture, g: &GroupState) -> Value {
    let node = p.structure.consumers.iter().find(|n| n.group_id == g.group);
    let outputs: Vec<Value> = node.iter().flat_map(|n| &n.produces_topics).map(|t| written(p, t)).collect();
    let read = |t: &TopicName| {
        let lag: u64 = g.lag.iter().filter(|(at, _)| at.topic == *t).map(|(_, lag)| lag).sum();
        json!({"topic": t, "lag": lag, "arrivingRate": p.producer_rate(t)})
    };
    let mut row = Picture::group_row(g);
    row["id"] = g.group.as_str().into();
    row["name"] = json!(node.map(|n| &n.label));
    row["type"] = "consumer".into();
    row["status"] = p.health_of(&g.group).into();
    row["lastHeartbeat"] = json!(g.members.iter().map(|m| m.last_heartbeat).max());
    row["rate"] = json!(p.group_rate(&g.group));
    row["inputs"] = g.topics.iter().map(read).collect();
    row["outputs"] = outputs.into();
    row
}

/// The rate is of all who write to the topic.
fn written(p: &Picture, topic: &str) -> Value {
    let state = p.topics.iter().find(|t| t.settings.name.as_str() == topic);
    json!({"topic": topic, "rate": state.map(|t| p.producer_rate(&t.settings.name))})
}
