//! `/api/pipeline-definitions/…`: the pipeline as Loom itself declares it, running or not.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::state::State;
use crate::pipeline::Spec;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(all)).routes(routes!(flow)).routes(routes!(graph))
}

fn defined(s: &Spec) -> Value {
    json!({
        "name": s.group.strip_suffix("-consumer").unwrap_or(s.group), "groupId": s.group, "description": s.description,
        "inputTopics": s.inputs, "outputTopics": s.outputs, "revision": s.revision.label,
    })
}

/// Every stage, in the order of the road.
#[utoipa::path(get, path = "/api/pipeline-definitions", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn all(Extract(state): Extract<Arc<State>>) -> Json<Vec<Value>> {
    Json(state.specs.iter().map(defined).collect())
}

/// One stage.
#[utoipa::path(get, path = "/api/pipeline-definitions/flows/{name}", tag = "pipeline monitor", params(("name" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
async fn flow(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let found = state.specs.iter().find(|s| s.group == name || s.group.strip_suffix("-consumer") == Some(&name));
    found.map(|s| Json(defined(s))).ok_or_else(|| Problem::not_found("no stage of that name is defined"))
}

/// Stages and topics as nodes and edges.
#[utoipa::path(get, path = "/api/pipeline-definitions/graph", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn graph(Extract(state): Extract<Arc<State>>) -> Json<Value> {
    let topics: std::collections::BTreeSet<_> = state.specs.iter().flat_map(|s| s.inputs.iter().chain(&s.outputs)).collect();
    let mut nodes: Vec<Value> = topics.into_iter().map(|t| json!({"id": t, "type": "topic"})).collect();
    nodes.extend(state.specs.iter().map(|s| json!({"id": s.group, "type": "consumer", "label": s.description})));
    let edges = state.specs.iter().flat_map(|s| {
        let reads = s.inputs.iter().map(move |t| json!({"source": t, "target": s.group}));
        reads.chain(s.outputs.iter().map(move |t| json!({"source": s.group, "target": t})))
    });
    Json(json!({"nodes": nodes, "edges": edges.collect::<Vec<_>>()}))
}
