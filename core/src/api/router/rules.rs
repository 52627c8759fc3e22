//! Rules: listing, writing, taking away.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use loom_schemas::routing::{RoutingRule, RuleRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::state::{State, blocking};
use super::refused;
use crate::error::Result;
use crate::router::Changed;

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, add, replace))
        .routes(routes!(show, put, remove))
        .routes(routes!(enable))
        .routes(routes!(disable))
}

/// The rules and how they run.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RuleList {
    /// Of the rules as they are kept; changes with anything they say.
    pub revision: String,
    pub running: RunningRules,
    pub rules: Vec<RuleRow>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RunningRules {
    /// Of the rules at work; absent while none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Topics that are read.
    pub inputs: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Rules are kept, and run from now on.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeptRules {
    pub revision: String,
    /// How many there are.
    pub rules: u64,
}

fn kept(state: &State, changed: Changed) -> Result<KeptRules, Problem> {
    match changed {
        Changed::Kept(revision) => Ok(KeptRules { revision, rules: state.rules.list().len() as u64 }),
        Changed::Refused(wrong) => Err(refused(wrong)),
    }
}

fn missing() -> Problem {
    Problem::not_found("there is no such rule: /event-router/rules lists those there are")
}

/// Every rule with its figures since Loom started.
#[utoipa::path(get, path = "/event-router/rules", tag = "event router", responses((status = 200, body = RuleList)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Json<RuleList> {
    let running = state.rules.running();
    Json(RuleList {
        revision: state.rules.set().revision(),
        running: RunningRules {
            revision: running.revision,
            inputs: running.inputs.iter().map(ToString::to_string).collect(),
            trouble: running.trouble,
        },
        rules: state.rules.list(),
    })
}

/// Takes a rule in, in place of one with its id. It reads what comes from now on; `/event-router/replay` brings the past.
#[utoipa::path(post, path = "/event-router/rules", tag = "event router", request_body = RoutingRule,
    responses((status = 201, body = KeptRules), (status = 422, body = Problem)))]
async fn add(Extract(state): Extract<Arc<State>>, Json(rule): Json<RoutingRule>) -> Result<(StatusCode, Json<KeptRules>), Problem> {
    let asked = state.clone();
    let changed = blocking(move || asked.rules.put(&rule)).await?;
    Ok((StatusCode::CREATED, Json(kept(&state, changed)?)))
}

/// These rules and no others: all of them, or, where one is wrong, none.
#[utoipa::path(put, path = "/event-router/rules", tag = "event router", request_body = Vec<RoutingRule>,
    responses((status = 200, body = KeptRules), (status = 422, body = Problem)))]
async fn replace(Extract(state): Extract<Arc<State>>, Json(rules): Json<Vec<RoutingRule>>) -> Result<Json<KeptRules>, Problem> {
    let asked = state.clone();
    let changed = blocking(move || asked.rules.replace(&rules)).await?;
    Ok(Json(kept(&state, changed)?))
}

/// One rule.
#[utoipa::path(get, path = "/event-router/rules/{id}", tag = "event router", params(("id" = String, Path)),
    responses((status = 200, body = RuleRow), (status = 404, body = Problem)))]
async fn show(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<RuleRow>, Problem> {
    state.rules.get(&id).map(Json).ok_or_else(missing)
}

/// Takes a rule in under this id.
#[utoipa::path(put, path = "/event-router/rules/{id}", tag = "event router", params(("id" = String, Path)), request_body = RoutingRule,
    responses((status = 200, body = KeptRules), (status = 422, body = Problem)))]
async fn put(
    Extract(state): Extract<Arc<State>>,
    Path(id): Path<String>,
    Json(rule): Json<RoutingRule>,
) -> Result<Json<KeptRules>, Problem> {
    if rule.id != id {
        return Err(Problem::bad_request("the rule has another id than its address: make them the same"));
    }
    let asked = state.clone();
    let changed = blocking(move || asked.rules.put(&rule)).await?;
    Ok(Json(kept(&state, changed)?))
}

/// Takes a rule away.
#[utoipa::path(delete, path = "/event-router/rules/{id}", tag = "event router", params(("id" = String, Path)),
    responses((status = 200, body = KeptRules), (status = 404, body = Problem)))]
async fn remove(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<KeptRules>, Problem> {
    let asked = state.clone();
    if !blocking(move || asked.rules.remove(&id)).await? {
        return Err(missing());
    }
    let revision = state.rules.set().revision();
    Ok(Json(kept(&state, Changed::Kept(revision))?))
}

/// Lets a rule run.
#[utoipa::path(post, path = "/event-router/rules/{id}/enable", tag = "event router", params(("id" = String, Path)),
    responses((status = 200, body = KeptRules), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn enable(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<KeptRules>, Problem> {
    switch(state, id, true).await
}

/// Keeps a rule and does not run it.
#[utoipa::path(post, path = "/event-router/rules/{id}/disable", tag = "event router", params(("id" = String, Path)),
    responses((status = 200, body = KeptRules), (status = 404, body = Problem)))]
async fn disable(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<KeptRules>, Problem> {
    switch(state, id, false).await
}

async fn switch(state: Arc<State>, id: String, enabled: bool) -> Result<Json<KeptRules>, Problem> {
    let rule = RoutingRule { enabled, ..state.rules.get(&id).ok_or_else(missing)?.rule };
    let asked = state.clone();
    let changed = blocking(move || asked.rules.put(&rule)).await?;
    Ok(Json(kept(&state, changed)?))
}
