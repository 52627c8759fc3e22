//! `/api/kafka/…`: topics, groups and the pipeline as Loom v2's monitor named them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use loom_schemas::live::LogMessage;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::query::{Params, Topic};
use super::super::state::{State, blocking};
use super::super::topics::existing;
use super::super::ws::log_message;
use super::Picture;
use crate::bus::{Record, TopicName};

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(topics))
        .routes(routes!(topic_metrics))
        .routes(routes!(latest))
        .routes(routes!(metadata))
        .routes(routes!(groups))
        .routes(routes!(group_metrics))
        .routes(routes!(offsets))
        .routes(routes!(pipeline))
        .routes(routes!(topology))
        .routes(routes!(dependencies))
        .routes(routes!(stores))
        .routes(routes!(clear_cache))
}

/// The names of all topics.
#[utoipa::path(get, path = "/api/kafka/topics", tag = "pipeline monitor", responses((status = 200, body = Vec<String>)))]
async fn topics(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<TopicName>>, Problem> {
    let topics = blocking(move || state.bus.topics()).await?;
    Ok(Json(topics.into_iter().map(|t| t.settings.name).collect()))
}

/// Every topic with counts, lag over all groups, and rates in records a second over the last minute; `consumerRate` is null
/// until there is an earlier question to compare with.
#[utoipa::path(get, path = "/api/kafka/topics/metrics", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn topic_metrics(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    Ok(Json(Picture::of(state).await?.topic_metrics()))
}

/// The newest record of a topic. Reading it joins no group.
#[utoipa::path(get, path = "/api/kafka/topics/{topic}/latest", tag = "pipeline monitor", params(("topic" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
async fn latest(Extract(state): Extract<Arc<State>>, Topic(topic): Topic) -> Result<Json<LogMessage>, Problem> {
    let known = existing(&state, topic.clone()).await?;
    let newest = blocking(move || {
        let mut newest: Option<Record> = None;
        for (partition, (low, next)) in (0..).zip(known.bounds) {
            let found = if next > low { state.bus.read(&topic, partition, next - 1, 1, 1)?.pop() } else { None };
            newest = newest.into_iter().chain(found).max_by_key(Record::received_at);
        }
        newest.as_ref().map(log_message).transpose()
    });
    newest.await?.map(Json).ok_or_else(|| Problem::not_found("nothing is on this topic"))
}

/// A topic's settings, partitions, writers and readers.
#[utoipa::path(get, path = "/api/kafka/topics/{topic}/metadata", tag = "pipeline monitor", params(("topic" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
async fn metadata(Extract(state): Extract<Arc<State>>, Topic(topic): Topic) -> Result<Json<Value>, Problem> {
    let picture = Picture::of(state).await?;
    let t = picture.topic(topic.as_str())?;
    let partitions: Vec<Value> =
        (0..).zip(&t.bounds).map(|(id, (low, high)): (u32, _)| json!({"partitionId": id, "low": low, "high": high})).collect();
    let s = &t.settings;
    Ok(Json(json!({
        "name": s.name, "partitions": partitions, "schema": s.schema, "class": s.class, "retentionDays": s.retention.days,
        "retentionBytes": s.retention.bytes, "compression": s.compression, "messageCount": t.records, "bytes": t.bytes,
        "lastMessageTime": t.last_received_at, "producers": picture.writers(topic.as_str()), "consumers": picture.readers(topic.as_str()),
    })))
}

/// Every group with its members.
#[utoipa::path(get, path = "/api/kafka/consumers", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn groups(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    let groups = blocking(move || state.groups()).await?;
    Ok(Json(groups.iter().map(Picture::group_row).collect()))
}

/// Offsets, lag, rate and the last heartbeat, one row a group and partition; null where no member lives.
#[utoipa::path(get, path = "/api/kafka/consumers/metrics", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn group_metrics(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    let picture = Picture::of(state).await?;
    Ok(Json(picture.consumer_metrics(&picture.groups)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Names with commas between; all unless told.
    topics: Option<String>,
}

/// Where a group stands.
#[utoipa::path(get, path = "/api/kafka/consumers/{group}/offsets", tag = "pipeline monitor", params(("group" = String, Path), Which),
    responses((status = 200, body = Vec<Value>), (status = 404, body = Problem)))]
async fn offsets(
    Extract(state): Extract<Arc<State>>,
    Path(group): Path<String>,
    Params(which): Params<Which>,
) -> Result<Json<Vec<Value>>, Problem> {
    let picture = Picture::of(state).await?;
    let g = picture.group(&group)?;
    let wanted = |t: &&TopicName| which.topics.as_ref().is_none_or(|w| w.split(',').any(|w| w.trim() == t.as_str()));
    let row = |t: &TopicName| {
        let partition = |(at, lag): (&crate::bus::Position, &u64)| {
            let offset = g.committed.get(at).copied();
            json!({"partition": at.partition, "offset": offset.unwrap_or(0), "lag": lag})
        };
        json!({"topic": t, "partitions": g.lag.iter().filter(|(at, _)| at.topic == *t).map(partition).collect::<Vec<_>>()})
    };
    Ok(Json(g.topics.iter().filter(wanted).map(row).collect()))
}

/// Topics, groups and flows, each with its figures.
#[utoipa::path(get, path = "/api/kafka/pipeline", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn pipeline(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    let p = Picture::of(state).await?;
    Ok(Json(json!({
        "topics": p.topic_metrics(), "consumers": p.consumer_metrics(&p.groups), "flows": p.structure.flows, "timestamp": p.now,
    })))
}

/// The pipeline as nodes and edges.
#[utoipa::path(get, path = "/api/kafka/pipeline/topology", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn topology(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    Ok(Json(Picture::of(state).await?.topology()))
}

/// Which services each group waits for.
#[utoipa::path(get, path = "/api/kafka/pipeline/dependencies", tag = "pipeline monitor", responses((status = 200, body = Vec<Value>)))]
async fn dependencies(Extract(state): Extract<Arc<State>>) -> Result<Json<Vec<Value>>, Problem> {
    Ok(Json(Picture::of(state).await?.dependencies()))
}

/// Flows that end in a store rather than a topic.
#[utoipa::path(get, path = "/api/kafka/pipeline/database", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn stores(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    let p = Picture::of(state).await?;
    Ok(Json(json!({"flows": super::pipelines::into_stores(&p), "timestamp": p.now})))
}

/// Harmless: nothing is cached, every answer is asked of the log.
#[utoipa::path(post, path = "/api/kafka/cache/clear", tag = "pipeline monitor", responses((status = 200, body = Value)))]
async fn clear_cache() -> Json<Value> {
    Json(json!({"status": "ok", "message": "nothing is cached: every answer is asked of the log"}))
}
