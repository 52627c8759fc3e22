//! `/api/pipelines/…`: what flows through which group, and where a topic's records come from and go.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use loom_schemas::api::Flow;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::query::{Params, Topic};
use super::super::state::State;
use super::Picture;
use crate::bus::Class;
use crate::door::{Entry, PATHS};

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(flows))
        .routes(routes!(flow))
        .routes(routes!(stages))
        .routes(routes!(topics))
        .routes(routes!(topology))
        .routes(routes!(dependencies))
        .routes(routes!(service))
        .routes(routes!(lineage))
}

/// Flows of groups that write to no topic: they fill a store.
pub fn into_stores(p: &Picture) -> Vec<&Flow> {
    let fills = |f: &&Flow| p.structure.consumers.iter().any(|c| c.group_id == f.processor && c.produces_topics.is_empty());
    p.structure.flows.iter().filter(fills).collect()
}

/// One a service: its flows, and the worst of their health.
fn flow_of(p: &Picture, group: &str) -> Value {
    let flows: Vec<&Flow> = p.structure.flows.iter().filter(|f| f.processor == group).collect();
    let name = group.strip_suffix("-consumer").unwrap_or(group);
    json!({"name": name, "processor": group, "health": p.health_of(group), "flows": flows})
}

/// Every service's flows.
#[utoipa::path(get, path = "/api/pipelines/flows", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn flows(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    let p = Picture::of(state).await?;
    Ok(Json(p.groups.iter().map(|g| flow_of(&p, &g.group)).collect()))
}

/// One service's flows.
#[utoipa::path(get, path = "/api/pipelines/flows/{name}", tag = "pipeline monitor", params(("name" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
async fn flow(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let p = Picture::of(state).await?;
    Ok(Json(flow_of(&p, &p.group(&name)?.group)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfFlow {
    /// A service's name; all unless told.
    flow: Option<String>,
}

/// What each group reads and writes, with its lag and rate.
#[utoipa::path(get, path = "/api/pipelines/stages", tag = "pipeline monitor", params(OfFlow),
    responses((status = 200, body = Vec<Value>), (status = 404, body = Problem)))]
async fn stages(Extract(state): Extract<Arc<State>>, Params(of): Params<OfFlow>) -> Result<Json<Vec<Value>>, Problem> {
    let p = Picture::of(state).await?;
    let only = of.flow.map(|f| p.group(&f).map(|g| g.group.clone())).transpose()?;
    let stage = |c: &loom_schemas::api::ConsumerNode| {
        let lag = p.groups.iter().find(|g| g.group == c.group_id).map(crate::bus::GroupState::total_lag);
        json!({
            "name": c.label, "groupId": c.group_id, "description": c.description, "inputTopics": c.subscribed_topics,
            "outputTopics": c.produces_topics, "status": c.status, "health": p.health_of(&c.group_id), "lag": lag,
            "rate": p.group_rate(&c.group_id),
        })
    };
    Ok(Json(p.structure.consumers.iter().filter(|c| only.as_ref().is_none_or(|o| *o == c.group_id)).map(stage).collect()))
}

/// Every topic with who writes and who reads it.
#[utoipa::path(get, path = "/api/pipelines/topics", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn topics(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    let p = Picture::of(state).await?;
    let row = |t: &loom_schemas::api::TopicNode| {
        json!({
            "name": t.name, "category": t.category, "dataType": t.data_type, "stage": t.stage, "description": t.description,
            "producers": p.writers(&t.name), "consumers": p.readers(&t.name),
        })
    };
    Ok(Json(p.structure.topics.iter().map(row).collect()))
}

/// The pipeline as nodes and edges.
#[utoipa::path(get, path = "/api/pipelines/topology", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn topology(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    Ok(Json(Picture::of(state).await?.topology()))
}

/// Which services each group waits for.
#[utoipa::path(get, path = "/api/pipelines/dependencies", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn dependencies(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    Ok(Json(Picture::of(state).await?.dependencies()))
}

/// A service: a group, or what writes under a name of its own.
#[utoipa::path(get, path = "/api/pipelines/services/{name}", tag = "pipeline monitor", params(("name" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
async fn service(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    super::services::described(&Picture::of(state).await?, &name).map(Json)
}

/// Where a topic's records come from, who reads them, by which addresses they come in and where they lie.
#[utoipa::path(get, path = "/api/pipelines/topics/{topic}/lineage", tag = "pipeline monitor", params(("topic" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
async fn lineage(Extract(state): Extract<Arc<State>>, Topic(topic): Topic) -> Result<Json<Value>, Problem> {
    let p = Picture::of(state).await?;
    let class = p.topic(topic.as_str())?.settings.class;
    let leads = |entry: &Entry| matches!(entry, Entry::One(t) | Entry::Many { topic: t, .. } if *t == topic.as_str());
    let mut doors: Vec<String> = PATHS.iter().filter(|(_, e)| leads(e)).map(|(path, _)| format!("POST {path}")).collect();
    if !class.is_walled() && class != Class::Internal && !topic.is_dlq() {
        doors.push(format!("POST /api/topics/{topic}/records"));
    }
    Ok(Json(json!({
        "topic": topic, "producers": p.writers(topic.as_str()), "consumers": p.readers(topic.as_str()), "apiEndpoints": doors,
        "storageTable": "record",
    })))
}
