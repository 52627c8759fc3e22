//! Rules: listing, writing, taking away.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use loom_schemas::routing::{RoutingRule, RuleRow};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::rules::{self, KeptRules, RuleList};
use super::super::state::State;
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, add, replace))
        .routes(routes!(show, put, remove))
        .routes(routes!(enable))
        .routes(routes!(disable))
}

async fn keep(state: &State, rule: RoutingRule) -> Result<Json<KeptRules>, Problem> {
    rules::change(&state.rules, move |r| r.put(&rule)).await
}

fn missing() -> Problem {
    Problem::not_found("there is no such rule: /event-router/rules lists those there are")
}

/// Every rule with its figures since Loom started.
#[utoipa::path(get, path = "/event-router/rules", tag = "event router", responses((status = 200, body = RuleList<RuleRow>)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Json<RuleList<RuleRow>> {
    rules::list(&state.rules)
}

/// Takes a rule in, in place of one with its id. It reads what comes from now on; `/event-router/replay` brings the past.
#[utoipa::path(post, path = "/event-router/rules", tag = "event router", request_body = RoutingRule,
    responses((status = 201, body = KeptRules), (status = 422, body = Problem)))]
async fn add(Extract(state): Extract<Arc<State>>, Json(rule): Json<RoutingRule>) -> Result<(StatusCode, Json<KeptRules>), Problem> {
    Ok((StatusCode::CREATED, keep(&state, rule).await?))
}

/// These rules and no others: all of them, or, where one is wrong, none.
#[utoipa::path(put, path = "/event-router/rules", tag = "event router", request_body = Vec<RoutingRule>,
    responses((status = 200, body = KeptRules), (status = 422, body = Problem)))]
async fn replace(Extract(state): Extract<Arc<State>>, Json(new): Json<Vec<RoutingRule>>) -> Result<Json<KeptRules>, Problem> {
    rules::change(&state.rules, move |r| r.replace(&new)).await
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
    rules::at(&id, &rule.id)?;
    keep(&state, rule).await
}

/// Takes a rule away.
#[utoipa::path(delete, path = "/event-router/rules/{id}", tag = "event router", params(("id" = String, Path)),
    responses((status = 200, body = KeptRules), (status = 404, body = Problem)))]
async fn remove(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<KeptRules>, Problem> {
    rules::remove(&state.rules, id).await?.ok_or_else(missing)
}

/// Lets a rule run.
#[utoipa::path(post, path = "/event-router/rules/{id}/enable", tag = "event router", params(("id" = String, Path)),
    responses((status = 200, body = KeptRules), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn enable(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<KeptRules>, Problem> {
    switch(&state, id, true).await
}

/// Keeps a rule and does not run it.
#[utoipa::path(post, path = "/event-router/rules/{id}/disable", tag = "event router", params(("id" = String, Path)),
    responses((status = 200, body = KeptRules), (status = 404, body = Problem)))]
async fn disable(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<KeptRules>, Problem> {
    switch(&state, id, false).await
}

async fn switch(state: &State, id: String, enabled: bool) -> Result<Json<KeptRules>, Problem> {
    let rule = RoutingRule { enabled, ..state.rules.get(&id).ok_or_else(missing)?.rule };
    keep(state, rule).await
}
