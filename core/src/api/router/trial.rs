//! Trying a rule before it goes live.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::api::Envelope;
use loom_schemas::routing::RoutingRule;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::envelope::envelope;
use super::super::problem::{Complaint, Problem};
use super::super::produce::refused;
use super::super::state::{State, blocking};
use crate::bus::TopicName;
use crate::door::Wrong;
use crate::env::Time;
use crate::error::Result;
use crate::router::{Given, MOST_TRIED, Trial, TrialRow};

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(try_out))
}

/// A rule, and what to try it on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TryOut {
    rule: RoutingRule,
    /// Records to try it on; without them, the newest of the topics it reads.
    #[serde(default)]
    records: Option<Vec<TryRecord>>,
    /// 1 to 1000 of the newest records; 100 unless told.
    #[serde(default)]
    limit: Option<usize>,
}

/// A record as it might come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TryRecord {
    topic: String,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    device_id: Option<uuid::Uuid>,
    /// RFC 3339; now unless told.
    #[serde(default)]
    recorded_at: Option<String>,
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

/// What the rule would do.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TriedOut {
    pub looked_at: u64,
    pub matched: u64,
    pub would_emit: u64,
    pub would_fail: u64,
    /// Why the rule would not be taken as it is; empty where it would be.
    pub objections: Vec<Complaint>,
    /// What it matched or failed on, in the order of the records.
    pub records: Vec<TriedRecord>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct TriedRecord {
    pub record: Envelope,
    pub matched: bool,
    pub outputs: Vec<TriedOutput>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The failure would set the record aside among its topic's dead letters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub would_be_parked: bool,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct TriedOutput {
    pub topic: String,
    #[schema(value_type = Object)]
    pub data: Value,
}

/// Tries a rule on recent records, or given ones. Nothing is written.
#[utoipa::path(post, path = "/event-router/rules/try", tag = "event router", request_body = TryOut,
    responses((status = 200, body = TriedOut), (status = 422, body = Problem)))]
async fn try_out(Extract(state): Extract<Arc<State>>, Json(wish): Json<TryOut>) -> Result<Json<TriedOut>, Problem> {
    let limit = wish.limit.unwrap_or(100);
    let given = wish.records.as_ref().map_or(0, Vec::len);
    if !(1..=MOST_TRIED).contains(&limit) || given > MOST_TRIED {
        return Err(Problem::bad_request(format!("a rule is tried on 1 to {MOST_TRIED} records")));
    }
    let trial = {
        let rule = wish.rule.clone();
        blocking(move || Ok(Trial::of(&rule))).await?.map_err(|w| refused(placed(w)))?
    };
    let given = wish.records.map(|r| r.into_iter().enumerate().map(|(i, r)| parsed(&state, i, r)).collect::<Result<Vec<_>, _>>());
    let given = given.transpose().map_err(|w| refused(vec![w]))?;
    blocking(move || {
        let objections = state.rules.check(&wish.rule)?;
        let records = match given {
            Some(given) => trial.given(given, state.clock.clone())?,
            None => trial.recent(&*state.bus, limit)?,
        };
        let (summary, rows) = trial.run(records, state.registry.clone(), &*state.clock);
        let told = rows.iter().filter(|r| r.matched || r.failure.is_some());
        Ok(Json(TriedOut {
            looked_at: summary.looked_at,
            matched: summary.matched,
            would_emit: summary.would_emit,
            would_fail: summary.would_fail,
            objections: refused(objections).errors,
            records: told.map(row).collect::<Result<_>>()?,
        }))
    })
    .await
}

fn placed(wrong: Vec<Wrong>) -> Vec<Wrong> {
    wrong.into_iter().map(|w| Wrong { pointer: format!("/rule{}", w.pointer), ..w }).collect()
}

fn parsed(state: &State, i: usize, r: TryRecord) -> Result<Given, Wrong> {
    let wrong = |field: &str, e: crate::Error| Wrong::new(format!("/records/{i}/{field}"), "format", e.message());
    let topic = TopicName::parse(&r.topic).map_err(|e| wrong("topic", e))?;
    let recorded_at = r.recorded_at.as_deref().map(Time::parse).transpose().map_err(|e| wrong("recorded_at", e))?;
    Ok(Given {
        topic,
        device_id: r.device_id.unwrap_or(state.device_id),
        recorded_at: recorded_at.unwrap_or_else(|| state.clock.now()),
        data: r.data,
    })
}

fn row(r: &TrialRow) -> Result<TriedRecord> {
    let outputs = r.outputs.iter().map(|(topic, data)| TriedOutput { topic: topic.to_string(), data: (**data).clone() });
    Ok(TriedRecord {
        record: envelope(&r.record)?,
        matched: r.matched,
        outputs: outputs.collect(),
        failure: r.failure.clone(),
        would_be_parked: r.parked,
    })
}
