//! Replays: beginning, watching, cancelling.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::produce::refused;
use super::super::state::{State, blocking};
use crate::bus::TopicName;
use crate::door::Wrong;
use crate::env::Time;
use crate::error::Result;
use crate::router::{Into as ReplayInto, RATE, Replay, ReplayRow};

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(list)).routes(routes!(show)).routes(routes!(cancel))
}

/// Which records, and where they go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayWish {
    topic: String,
    /// Received at or after, RFC 3339.
    #[serde(default)]
    from: Option<String>,
    /// Received before, RFC 3339.
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    offset_from: Option<u64>,
    /// The first offset not wanted.
    #[serde(default)]
    offset_to: Option<u64>,
    /// A device's UUID, or the name it came under.
    #[serde(default)]
    device: Option<String>,
    /// A topic, for copies at its end; or a group, which is moved back. The topic itself unless told.
    #[serde(default)]
    into: Option<String>,
    /// Records a second, 1 to 20000; 1000 unless told.
    #[serde(default)]
    rate: Option<u32>,
    /// Only says what it would do.
    #[serde(default)]
    dry_run: bool,
}

/// A replay as it stands, or what one would do.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReplayState {
    /// Absent for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `running`, `waiting` (it goes on when the pipeline starts), `done`, `cancelled`, `failed`, or `dry_run`.
    pub state: String,
    pub topic: String,
    pub into: String,
    /// Offsets in the range, all partitions together.
    pub offsets: u64,
    pub looked_at: u64,
    /// Copies made; of a dry run, that would be made or read again.
    pub copied: u64,
    /// Copies that were there before.
    pub repeats: u64,
    /// Erased, or not what the topic takes.
    pub left_out: u64,
    /// Why the first one was left out, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReplayList {
    pub replays: Vec<ReplayState>,
}

/// Puts records of the past on a topic once more, or moves a group back to read them again.
#[utoipa::path(post, path = "/event-router/replay", tag = "event router", request_body = ReplayWish,
    responses((status = 200, description = "A dry run, or a group that was moved", body = ReplayState),
        (status = 202, body = ReplayState), (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn begin(Extract(state): Extract<Arc<State>>, Json(wish): Json<ReplayWish>) -> Result<Response, Problem> {
    let asked = state.clone();
    let replay = {
        let dry_run = wish.dry_run;
        let parsed = blocking(move || parsed(&asked, &wish)).await?.map_err(refused)?;
        (parsed, dry_run)
    };
    let (replay, dry_run) = replay;
    if dry_run {
        let wish = replay.clone();
        let would = blocking(move || state.replays.rehearse(&wish)).await?.map_err(refused)?;
        let offsets = would.looked_at;
        return Ok(Json(ReplayState {
            id: None,
            state: "dry_run".into(),
            topic: replay.topic.to_string(),
            into: into_text(&replay.into),
            offsets,
            looked_at: would.looked_at,
            copied: would.copied,
            repeats: 0,
            left_out: would.left_out,
            reason: would.reason,
            created_at: None,
            updated_at: None,
        })
        .into_response());
    }
    let row = blocking(move || state.replays.begin(&replay)).await?.map_err(refused)?;
    let status = if matches!(row.into, ReplayInto::Group(_)) { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(answer(row))).into_response())
}

/// Every replay that is remembered, the newest first.
#[utoipa::path(get, path = "/event-router/replays", tag = "event router", responses((status = 200, body = ReplayList)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Result<Json<ReplayList>, Problem> {
    let rows = blocking(move || state.replays.list()).await?;
    Ok(Json(ReplayList { replays: rows.into_iter().map(answer).collect() }))
}

/// One replay.
#[utoipa::path(get, path = "/event-router/replays/{id}", tag = "event router", params(("id" = String, Path)),
    responses((status = 200, body = ReplayState), (status = 404, body = Problem)))]
async fn show(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<ReplayState>, Problem> {
    blocking(move || state.replays.get(&id)).await?.map(answer).map(Json).ok_or_else(missing)
}

/// Ends a replay where it is; copies that were made stay.
#[utoipa::path(post, path = "/event-router/replays/{id}/cancel", tag = "event router", params(("id" = String, Path)),
    responses((status = 200, body = ReplayState), (status = 404, body = Problem)))]
async fn cancel(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<ReplayState>, Problem> {
    let row = blocking(move || {
        state.replays.cancel(&id)?;
        state.replays.get(&id)
    });
    row.await?.map(answer).map(Json).ok_or_else(missing)
}

fn missing() -> Problem {
    Problem::not_found("there is no such replay: /event-router/replays lists those there are")
}

fn parsed(state: &State, w: &ReplayWish) -> Result<Result<Replay, Vec<Wrong>>> {
    let mut wrong = Vec::new();
    let topic = TopicName::parse(&w.topic).map_err(|e| wrong.push(Wrong::new("/topic", "format", e.message()))).ok();
    let mut time = |name: &str, text: Option<&str>| {
        text.and_then(|t| Time::parse(t).map_err(|e| wrong.push(Wrong::new(name, "format", e.message()))).ok())
    };
    let (from, to) = (time("/from", w.from.as_deref()), time("/to", w.to.as_deref()));
    let device_id = match &w.device {
        None => None,
        Some(name) => match (name.parse().ok(), state.door.devices.get(name)?) {
            (Some(id), _) => Some(id),
            (None, Some(known)) => Some(known.id),
            (None, None) => {
                wrong.push(Wrong::new("/device", "exists", "a device's UUID, or the name it came under"));
                None
            }
        },
    };
    let Some(topic) = topic.filter(|_| wrong.is_empty()) else { return Ok(Err(wrong)) };
    // A group's name has no dots, and a topic's at least two.
    let into = match w.into.as_deref() {
        None => ReplayInto::Topic(topic.clone()),
        Some(name) => TopicName::parse(name).map_or_else(|_| ReplayInto::Group(name.into()), ReplayInto::Topic),
    };
    let rate = w.rate.unwrap_or(RATE);
    Ok(Ok(Replay { topic, from, to, offset_from: w.offset_from, offset_to: w.offset_to, device_id, into, rate }))
}

fn into_text(into: &ReplayInto) -> String {
    match into {
        ReplayInto::Topic(t) => t.to_string(),
        ReplayInto::Group(g) => g.clone(),
    }
}

fn answer(r: ReplayRow) -> ReplayState {
    let state = serde_json::to_value(r.state).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default();
    ReplayState {
        id: Some(r.id),
        state,
        topic: r.topic.to_string(),
        into: into_text(&r.into),
        offsets: r.range.iter().map(|(from, to)| to - from).sum(),
        looked_at: r.progress.looked_at,
        copied: r.progress.copied,
        repeats: r.progress.repeats,
        left_out: r.progress.left_out,
        reason: r.progress.reason,
        created_at: Some(r.created_at.to_string()),
        updated_at: Some(r.updated_at.to_string()),
    }
}
