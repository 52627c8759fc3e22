//! Consumer groups: who reads what, how far behind, and moving one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use loom_schemas::api::{GroupDetail, GroupRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::envelope::{group_detail, group_row};
use super::problem::Problem;
use super::state::{State, blocking};
use crate::bus::{Bus, GroupState, Position, Positions};
use crate::env::Time;
use crate::error::{Error, Result};

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(describe)).routes(routes!(reset))
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Groups {
    pub groups: Vec<GroupRow>,
}

/// Where a group shall stand.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Reset {
    /// `beginning`, `end`, or the RFC 3339 time from which on records are read again.
    pub to: String,
}

/// Every group.
#[utoipa::path(get, path = "/api/groups", tag = "groups", responses((status = 200, body = Groups)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Result<Json<Groups>, Problem> {
    let groups = blocking(move || state.groups()).await?;
    Ok(Json(Groups { groups: groups.iter().map(group_row).collect() }))
}

async fn existing(state: &Arc<State>, name: String) -> Result<GroupState, Problem> {
    let asked = state.clone();
    let all = blocking(move || asked.groups()).await?;
    all.into_iter().find(|g| g.group == name).ok_or_else(|| Problem::not_found("there is no such group"))
}

/// One group, with its members and offsets.
#[utoipa::path(get, path = "/api/groups/{group}", tag = "groups", params(("group" = String, Path)),
    responses((status = 200, body = GroupDetail), (status = 404, body = Problem)))]
async fn describe(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Result<Json<GroupDetail>, Problem> {
    Ok(Json(group_detail(&existing(&state, name).await?)))
}

/// Moves a group that nobody is running; its saved state is forgotten.
#[utoipa::path(post, path = "/api/groups/{group}/reset", tag = "groups", params(("group" = String, Path)), request_body = Reset,
    responses((status = 200, body = GroupDetail), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn reset(Extract(state): Extract<Arc<State>>, Path(name): Path<String>, Json(to): Json<Reset>) -> Result<Json<GroupDetail>, Problem> {
    let group = existing(&state, name.clone()).await?;
    if !group.members.is_empty() {
        return Err(Problem::conflict("the group has a living member: stop Loom (or that stage) first, then reset"));
    }
    let bus = state.bus.clone();
    blocking(move || {
        let positions = positions(&*bus, &group, &to.to)?;
        bus.seek(&group.group, &positions)
    })
    .await?;
    Ok(Json(group_detail(&existing(&state, name).await?)))
}

fn positions(bus: &dyn Bus, group: &GroupState, to: &str) -> Result<Positions> {
    let time = match to {
        "beginning" | "end" => None,
        t => Some(Time::parse(t).map_err(|_| Error::invalid("to is `beginning`, `end` or an RFC 3339 time"))?),
    };
    let mut positions = Positions::new();
    for topic in &group.topics {
        let Some(state) = bus.topic(topic)? else { continue };
        for (partition, (low, next)) in (0..).zip(&state.bounds) {
            let offset = match time {
                Some(t) => bus.offset_at(topic, partition, t)?,
                None if to == "end" => *next,
                None => *low,
            };
            positions.insert(Position { topic: topic.clone(), partition }, offset);
        }
    }
    Ok(positions)
}
