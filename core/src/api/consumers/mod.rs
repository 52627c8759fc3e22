//! Services from outside as members of consumer groups, over plain HTTP: join, fetch, commit, beat, leave.

mod wait;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use loom_schemas::services::{CommitGroup, GroupCommitted, GroupMembership, GroupRecords, JoinGroup, JoinedGroup};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::auth::holds_token;
use super::problem::Problem;
use super::query::Params;
use super::state::{State, blocking_for};
use crate::consumer::{PAGE_RECORDS, Reader};
pub use wait::next_page;

/// The longest wait for records in one request.
const WAIT_MS: u64 = 25_000;
/// In one answer, unless told.
const RECORDS: usize = 100;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(join, leave)).routes(routes!(records)).routes(routes!(commit)).routes(routes!(heartbeat))
}

/// Which member it is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Who {
    /// The `member_id` that joining gave.
    member: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Fetch {
    /// The `member_id` that joining gave.
    member: String,
    /// 1 to 500 records; 100 unless told.
    max: Option<usize>,
    /// How long to wait where there are none, 0 to 25000; 0 unless told.
    #[serde(default)]
    wait_ms: u64,
}

/// On whose behalf a request reads: the owner's if it holds the token itself, on this machine.
pub fn reader(state: &State, headers: &HeaderMap, peer: Option<&ConnectInfo<std::net::SocketAddr>>) -> Reader {
    let here = peer.is_none_or(|c| c.0.ip().is_loopback());
    if here && holds_token(headers, &state.token) { Reader::Owner } else { Reader::Plugin }
}

/// Takes a place in a group: the active one if it is free, else one that stands by for it. The group shows at once in
/// `/api/groups` and `/api/kafka/structure`.
#[utoipa::path(post, path = "/api/consumers/{group}", tag = "consumers", params(("group" = String, Path)), request_body = JoinGroup,
    responses((status = 201, body = JoinedGroup), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 429, body = Problem)))]
async fn join(
    Extract(state): Extract<Arc<State>>,
    Path(group): Path<String>,
    peer: Option<axum::Extension<ConnectInfo<std::net::SocketAddr>>>,
    headers: HeaderMap,
    Json(wish): Json<JoinGroup>,
) -> Result<(StatusCode, Json<JoinedGroup>), Problem> {
    let reader = reader(&state, &headers, peer.as_deref());
    let ask = words::ask(group, &wish, reader, "this computer (HTTP)")?;
    blocking_for(move || words::joined(&state, ask)).await.map(|j| (StatusCode::CREATED, Json(j)))
}

/// What comes after the last commit: an answer that was lost on its way is given again. Fetching is a heartbeat.
#[utoipa::path(get, path = "/api/consumers/{group}/records", tag = "consumers", params(("group" = String, Path), Fetch),
    responses((status = 200, body = GroupRecords), (status = 400, body = Problem), (status = 410, body = Problem)))]
async fn records(
    Extract(state): Extract<Arc<State>>,
    Path(group): Path<String>,
    Params(fetch): Params<Fetch>,
) -> Result<Json<GroupRecords>, Problem> {
    let max = fetch.max.unwrap_or(RECORDS);
    if !(1..=PAGE_RECORDS).contains(&max) || fetch.wait_ms > WAIT_MS {
        return Err(Problem::bad_request(format!("max is a number from 1 to {PAGE_RECORDS}, wait_ms one from 0 to {WAIT_MS}")));
    }
    let (asked, of, member) = (state.clone(), group.clone(), fetch.member.clone());
    let turn = blocking_for(move || asked.consumers.rewind(&of, &member)).await?;
    let page = next_page(&state, &group, &fetch.member, max, turn, Duration::from_millis(fetch.wait_ms)).await?;
    words::records(&page).map(Json)
}

/// Says what was processed: the positions that came with the records, or with none, everything that was handed out.
#[utoipa::path(post, path = "/api/consumers/{group}/commit", tag = "consumers", params(("group" = String, Path), Who),
    request_body = CommitGroup,
    responses((status = 200, body = GroupCommitted), (status = 400, body = Problem), (status = 409, body = Problem), (status = 410, body = Problem)))]
async fn commit(
    Extract(state): Extract<Arc<State>>,
    Path(group): Path<String>,
    Params(who): Params<Who>,
    body: Option<Json<CommitGroup>>,
) -> Result<Json<GroupCommitted>, Problem> {
    let positions = body.and_then(|Json(c)| c.positions).map(|p| words::positions(&p)).transpose()?;
    let committed = blocking_for(move || state.consumers.commit(&group, &who.member, positions)).await?;
    Ok(Json(GroupCommitted { positions: words::offsets(&committed) }))
}

/// Says that the member lives, while it works on what it was handed.
#[utoipa::path(post, path = "/api/consumers/{group}/heartbeat", tag = "consumers", params(("group" = String, Path), Who),
    responses((status = 200, body = GroupMembership), (status = 410, body = Problem)))]
async fn heartbeat(
    Extract(state): Extract<Arc<State>>,
    Path(group): Path<String>,
    Params(who): Params<Who>,
) -> Result<Json<GroupMembership>, Problem> {
    let active = blocking_for(move || state.consumers.heartbeat(&group, &who.member)).await?;
    Ok(Json(GroupMembership { active }))
}

/// Gives the place up; what was handed out and not committed comes again to the next member.
#[utoipa::path(delete, path = "/api/consumers/{group}", tag = "consumers", params(("group" = String, Path), Who),
    responses((status = 204), (status = 410, body = Problem)))]
async fn leave(Extract(state): Extract<Arc<State>>, Path(group): Path<String>, Params(who): Params<Who>) -> Result<StatusCode, Problem> {
    blocking_for(move || state.consumers.leave(&group, &who.member)).await?;
    Ok(StatusCode::NO_CONTENT)
}
