//! Rules: listing, writing, taking away.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use loom_schemas::dedup::{DedupRule, DedupRuleRow};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::rules::{self, KeptRules, RuleList};
use super::super::state::State;
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(show, put, remove))
}

async fn keep(state: &State, rule: DedupRule) -> Result<Json<KeptRules>, Problem> {
    rules::change(&state.dedup, move |r| r.put(&rule)).await
}

fn missing() -> Problem {
    Problem::not_found("there is no such rule: /dedup/rules lists those there are")
}

/// Every rule with what it has found.
#[utoipa::path(get, path = "/dedup/rules", tag = "deduplication", responses((status = 200, body = RuleList<DedupRuleRow>)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Json<RuleList<DedupRuleRow>> {
    rules::list(&state.dedup)
}

/// Takes a rule in, in place of one with its id. It looks at what comes from now on.
#[utoipa::path(post, path = "/dedup/rules", tag = "deduplication", request_body = DedupRule,
    responses((status = 201, body = KeptRules), (status = 422, body = Problem)))]
async fn add(Extract(state): Extract<Arc<State>>, Json(rule): Json<DedupRule>) -> Result<(StatusCode, Json<KeptRules>), Problem> {
    Ok((StatusCode::CREATED, keep(&state, rule).await?))
}

/// One rule.
#[utoipa::path(get, path = "/dedup/rules/{id}", tag = "deduplication", params(("id" = String, Path)),
    responses((status = 200, body = DedupRuleRow), (status = 404, body = Problem)))]
async fn show(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<DedupRuleRow>, Problem> {
    state.dedup.get(&id).map(Json).ok_or_else(missing)
}

/// Takes a rule in under this id.
#[utoipa::path(put, path = "/dedup/rules/{id}", tag = "deduplication", params(("id" = String, Path)), request_body = DedupRule,
    responses((status = 200, body = KeptRules), (status = 422, body = Problem)))]
async fn put(Extract(state): Extract<Arc<State>>, Path(id): Path<String>, Json(rule): Json<DedupRule>) -> Result<Json<KeptRules>, Problem> {
    rules::at(&id, &rule.id)?;
    keep(&state, rule).await
}

/// Takes a rule away. What it has found stays.
#[utoipa::path(delete, path = "/dedup/rules/{id}", tag = "deduplication", params(("id" = String, Path)),
    responses((status = 200, body = KeptRules), (status = 404, body = Problem)))]
async fn remove(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<KeptRules>, Problem> {
    rules::remove(&state.dedup, id).await?.ok_or_else(missing)
}
