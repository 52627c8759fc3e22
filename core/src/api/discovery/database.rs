//! `/api/database/…`: where the records lie. Loom v2 had a table a topic; here one table holds them all, so a row is a topic.

use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::state::{State, blocking};
use super::Picture;
use crate::bus::TopicState;

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(metrics))
        .routes(routes!(tables))
        .routes(routes!(health))
        .routes(routes!(flows))
        .routes(routes!(topology))
}

/// Bytes of a file; null where there is none.
fn bytes(folder: &Path, file: &str) -> Option<u64> {
    std::fs::metadata(folder.join(file)).ok().map(|m| m.len())
}

/// Files on disk, and what the log in them holds.
#[utoipa::path(get, path = "/api/database/metrics", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn metrics(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    let answer = blocking(move || {
        let topics = state.bus.topics()?;
        let sum = |f: fn(&TopicState) -> u64| topics.iter().map(f).sum::<u64>();
        Ok(json!({
            "engine": "sqlite", "databaseBytes": bytes(&state.data_dir, "loom.db"), "journalBytes": bytes(&state.data_dir, "loom.db-wal"),
            "analyticsBytes": bytes(&state.data_dir, "analytics.duckdb"), "topics": topics.len(), "records": sum(|t| t.records),
            "valueBytes": sum(|t| t.bytes), "appended": sum(|t| t.bounds.iter().map(|b| b.1).sum()),
        }))
    });
    answer.await.map(Json)
}

/// What is kept of each topic.
#[utoipa::path(get, path = "/api/database/tables", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn tables(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    let topics = blocking(move || state.bus.topics()).await?;
    let row = |t: &TopicState| json!({"table": "record", "topic": t.settings.name, "rows": t.records, "bytes": t.bytes, "newest": t.last_received_at});
    Ok(Json(topics.iter().map(row).collect()))
}

/// Whether the log can be read; 503 with the reason when not.
#[utoipa::path(get, path = "/api/database/health", tag = "pipeline monitor",
    responses((status = 200, body = Value), (status = 503, body = Problem)))]
async fn health(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    match blocking(move || state.bus.topics()).await {
        Ok(topics) => Ok(Json(json!({"status": "healthy", "connected": true, "topics": topics.len()}))),
        Err(p) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, p.detail)),
    }
}

/// Flows that end in a store.
#[utoipa::path(get, path = "/api/database/test-flows", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn flows(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    let p = Picture::of(state).await?;
    Ok(Json(json!({"flows": super::pipelines::into_stores(&p)})))
}

/// The pipeline as nodes and edges.
#[utoipa::path(get, path = "/api/database/test-topology", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn topology(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    Ok(Json(Picture::of(state).await?.topology()))
}
