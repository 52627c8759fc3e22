//! Rules: listing, writing, taking away.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use loom_schemas::dedup::{DedupRule, DedupRuleRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::{Complaint, Problem};
use super::super::state::{State, blocking};
use crate::dedup::Changed;
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(show, put, remove))
}

/// The rules and how they run.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DedupRules {
    /// Of the enabled rules as they are kept; changes with anything they say.
    pub revision: String,
    pub running: DedupRunning,
    pub rules: Vec<DedupRuleRow>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DedupRunning {
    /// Of the rules at work; absent while none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Topics that are read: those of the rules that there are.
    pub inputs: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Rules are kept, and run from now on.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DedupKept {
    pub revision: String,
    /// How many there are.
    pub rules: u64,
}

async fn keep(state: &Arc<State>, rule: DedupRule) -> Result<Json<DedupKept>, Problem> {
    let asked = state.clone();
    match blocking(move || asked.dedup.put(&rule)).await? {
        Changed::Kept(revision) => Ok(Json(DedupKept { revision, rules: state.dedup.list().len() as u64 })),
        Changed::Refused(wrong) => {
            let complaint = |w: crate::door::Wrong| Complaint { pointer: w.pointer, rule: w.rule, expected: w.expected };
            Err(Problem::invalid(wrong.into_iter().map(complaint).collect()))
        }
    }
}

fn missing() -> Problem {
    Problem::not_found("there is no such rule: /dedup/rules lists those there are")
}

/// Every rule with what it has found.
#[utoipa::path(get, path = "/dedup/rules", tag = "deduplication", responses((status = 200, body = DedupRules)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Json<DedupRules> {
    let running = state.dedup.running();
    Json(DedupRules {
        revision: state.dedup.revision(),
        running: DedupRunning {
            revision: running.revision,
            inputs: running.inputs.iter().map(ToString::to_string).collect(),
            trouble: running.trouble,
        },
        rules: state.dedup.list(),
    })
}

/// Takes a rule in, in place of one with its id. It looks at what comes from now on.
#[utoipa::path(post, path = "/dedup/rules", tag = "deduplication", request_body = DedupRule,
    responses((status = 201, body = DedupKept), (status = 422, body = Problem)))]
async fn add(Extract(state): Extract<Arc<State>>, Json(rule): Json<DedupRule>) -> Result<(StatusCode, Json<DedupKept>), Problem> {
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
    responses((status = 200, body = DedupKept), (status = 422, body = Problem)))]
async fn put(Extract(state): Extract<Arc<State>>, Path(id): Path<String>, Json(rule): Json<DedupRule>) -> Result<Json<DedupKept>, Problem> {
    if rule.id != id {
        return Err(Problem::bad_request("the rule has another id than its address: make them the same"));
    }
    keep(&state, rule).await
}

/// Takes a rule away. What it has found stays.
#[utoipa::path(delete, path = "/dedup/rules/{id}", tag = "deduplication", params(("id" = String, Path)),
    responses((status = 200, body = DedupKept), (status = 404, body = Problem)))]
async fn remove(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<Json<DedupKept>, Problem> {
    let asked = state.clone();
    if !blocking(move || asked.dedup.remove(&id)).await? {
        return Err(missing());
    }
    Ok(Json(DedupKept { revision: state.dedup.revision(), rules: state.dedup.list().len() as u64 }))
}
