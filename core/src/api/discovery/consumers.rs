//! `/api/consumers/…` as Loom v2's monitor asked it. The logs of a service are its own: they are not read from here.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::state::{State, blocking};
use super::Picture;
use crate::bus::GroupState;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(groups)).routes(routes!(metrics)).routes(routes!(lag)).routes(routes!(flow)).routes(routes!(status))
}

/// Every group with its members.
#[utoipa::path(get, path = "/api/consumers/groups", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn groups(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    let groups = blocking(move || state.groups()).await?;
    Ok(Json(groups.iter().map(Picture::group_row).collect()))
}

/// Offsets, lag, rate and heartbeat by group and partition.
#[utoipa::path(get, path = "/api/consumers/metrics", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn metrics(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    let p = Picture::of(state).await?;
    Ok(Json(p.consumer_metrics(&p.groups)))
}

/// How far behind each group is.
#[utoipa::path(get, path = "/api/consumers/lag", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn lag(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    let groups = blocking(move || state.groups()).await?;
    let row = |g: &GroupState| {
        let topics: Vec<Value> = g.lag.iter().map(|(at, lag)| json!({"topic": at.topic, "partition": at.partition, "lag": lag})).collect();
        json!({"groupId": g.group, "totalLag": g.total_lag(), "topics": topics})
    };
    Ok(Json(groups.iter().map(row).collect()))
}

/// What each group takes in and gives out, in records a second over the last minute.
#[utoipa::path(get, path = "/api/consumers/flow", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn flow(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    let p = Picture::of(state).await?;
    let row = |g: &GroupState| {
        let arriving: f64 = g.topics.iter().map(|t| p.producer_rate(t)).sum();
        json!({"groupId": g.group, "arrivingRate": arriving, "committedRate": p.group_rate(&g.group), "lag": g.total_lag()})
    };
    Ok(Json(p.groups.iter().map(row).collect()))
}

/// A group by its name, with or without `-consumer`.
#[utoipa::path(get, path = "/api/consumers/{group}/status", tag = "pipeline monitor", params(("group" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
async fn status(Extract(state): Extract<Arc<State>>, Path(group): Path<String>) -> Result<Json<Value>, Problem> {
    let p = Picture::of(state).await?;
    let g = p.group(&group)?;
    let mut row = Picture::group_row(g);
    row["health"] = p.health_of(&g.group).into();
    row["rate"] = json!(p.group_rate(&g.group));
    row["offsets"] = p.consumer_metrics([g]).into();
    Ok(Json(row))
}
