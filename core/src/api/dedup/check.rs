//! Records on trial: would they be repeats, and of what.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::dedup::DuplicateKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::super::Routes;
use super::super::problem::{Complaint, Problem};
use super::super::query::time;
use super::super::state::{State, blocking};
use crate::bus::TopicName;
use crate::dedup::{self, Given, Outcome};
use crate::env::message_id;
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(check))
}

/// Records in one question.
const MOST_CHECKED: usize = 1_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DedupCheck {
    /// Each is asked about after those before it.
    records: Vec<DedupGiven>,
}

/// A record as it might come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DedupGiven {
    topic: String,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    message_id: Option<Uuid>,
    /// This computer unless told.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    device_id: Option<Uuid>,
    /// RFC 3339; now unless told.
    #[serde(default)]
    recorded_at: Option<String>,
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DedupChecked {
    pub checked: u64,
    pub duplicates: u64,
    pub records: Vec<DedupVerdict>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DedupVerdict {
    /// By any rule.
    pub duplicate: bool,
    /// What each rule of its topic says; empty where it has none.
    pub rules: Vec<DedupSaid>,
    /// Why it cannot be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DedupSaid {
    pub rule: String,
    /// `first`, `repeat`, `again` (this very record was seen) or `without_key` (nothing in it is compared).
    pub verdict: String,
    /// The record that it repeats, where that is on the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Or which of those given, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_given: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<DuplicateKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f64>,
}

/// Whether records would be repeats, and of what. Nothing is kept.
#[utoipa::path(post, path = "/dedup/check", tag = "deduplication", request_body = DedupCheck,
    responses((status = 200, body = DedupChecked), (status = 422, body = Problem)))]
async fn check(Extract(state): Extract<Arc<State>>, Json(body): Json<DedupCheck>) -> Result<Json<DedupChecked>, Problem> {
    if body.records.len() > MOST_CHECKED {
        return Err(Problem::invalid(vec![Complaint::new("/records", "maxItems", &format!("at most {MOST_CHECKED} records"))]));
    }
    let mut given = Vec::with_capacity(body.records.len());
    for (i, r) in body.records.into_iter().enumerate() {
        given.push(parsed(&state, i, r)?);
    }
    let ids: Vec<Uuid> = given.iter().map(|g| g.message_id).collect();
    let asked = state.clone();
    let said = blocking(move || dedup::check(&asked.dedup.set(), asked.bus.clone(), given, asked.clock.clone())).await?;
    let records: Vec<DedupVerdict> = said.into_iter().enumerate().map(|(i, s)| verdict(&ids[..i], s)).collect();
    let duplicates = records.iter().filter(|r| r.duplicate).count() as u64;
    Ok(Json(DedupChecked { checked: records.len() as u64, duplicates, records }))
}

fn parsed(state: &State, i: usize, r: DedupGiven) -> Result<Given, Problem> {
    let wrong = |field: &str, e: &str| Problem::invalid(vec![Complaint::new(format!("/records/{i}/{field}"), "format", e)]);
    let topic = TopicName::parse(&r.topic).map_err(|e| wrong("topic", e.message()))?;
    let recorded_at = time("recorded_at", r.recorded_at.as_deref()).map_err(|p| wrong("recorded_at", &p.detail))?;
    let now = state.clock.now();
    Ok(Given {
        topic,
        message_id: r.message_id.unwrap_or_else(|| message_id(now, &*state.entropy)),
        device_id: r.device_id.unwrap_or(state.device_id),
        recorded_at: recorded_at.unwrap_or(now),
        data: r.data,
    })
}

/// After those that were given before it.
fn verdict(given: &[Uuid], said: Result<Vec<dedup::Checked>, String>) -> DedupVerdict {
    let (said, failure) = match said {
        Ok(said) => (said, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let rules: Vec<DedupSaid> = said.into_iter().map(|c| one(given, c)).collect();
    DedupVerdict { duplicate: rules.iter().any(|r| r.verdict == "repeat"), rules, failure }
}

fn one(given: &[Uuid], c: dedup::Checked) -> DedupSaid {
    let plain =
        |verdict: &str| DedupSaid { rule: c.rule.clone(), verdict: verdict.into(), of: None, of_given: None, kind: None, similarity: None };
    match c.outcome {
        Outcome::First => plain("first"),
        Outcome::Again => plain("again"),
        Outcome::WithoutKey => plain("without_key"),
        Outcome::Repeat { of, kind, similarity } => {
            let of_given = given.iter().position(|id| *id == of.id).map(|i| i as u64);
            let on_log = of_given.is_none().then(|| of.id.to_string());
            DedupSaid { of: on_log, of_given, kind: Some(kind), similarity: Some(similarity), ..plain("repeat") }
        }
    }
}
