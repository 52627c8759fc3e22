//! The privacy filter over HTTP: Loom's own question, and the two that Loom v2's service answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::api::PrivacyFinding;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::{Complaint, Problem};
use super::state::{State, blocking};
use crate::error::Result;
use crate::privacy::{self, Operator, Policy};

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(filter_text)).routes(routes!(detect)).routes(routes!(filter_data))
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Text {
    pub text: String,
    /// `owner` or `shared`; the settings' own unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct FilteredText {
    pub text: String,
    /// Places in the text that was sent.
    pub findings: Vec<PrivacyFinding>,
}

/// A text with what must not be seen masked.
#[utoipa::path(post, path = "/api/privacy/filter", tag = "privacy filter", request_body = Text,
    responses((status = 200, body = FilteredText), (status = 400, body = Problem)))]
async fn filter_text(Extract(state): Extract<Arc<State>>, Json(ask): Json<Text>) -> Result<Json<FilteredText>, Problem> {
    blocking(move || {
        let policy = Policy::named(ask.policy.as_deref().unwrap_or(&state.settings.privacy_policy))?;
        Ok(Json(FilteredText { text: privacy::filter(&ask.text, &policy), findings: privacy::report(&ask.text, &policy) }))
    })
    .await
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Detect {
    pub text: String,
    /// Only these kinds; all unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_types: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Entity {
    pub entity_type: String,
    /// In Unicode scalar values; the words themselves are not repeated.
    pub start: u32,
    pub end: u32,
    pub confidence: f32,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Detected {
    pub entities: Vec<Entity>,
    pub has_pii: bool,
    pub processed_at: String,
}

/// What would be masked.
#[utoipa::path(post, path = "/privacy-filter/detect", tag = "privacy filter", request_body = Detect, responses((status = 200, body = Detected)))]
async fn detect(Extract(state): Extract<Arc<State>>, Json(ask): Json<Detect>) -> Result<Json<Detected>, Problem> {
    let processed_at = state.clock.now().to_string();
    blocking(move || {
        let policy = only(Policy::named(&state.settings.privacy_policy)?, ask.entity_types.as_deref());
        let entity = |f: PrivacyFinding| Entity { entity_type: f.entity_type, start: f.start, end: f.end, confidence: f.score };
        let entities: Vec<Entity> = privacy::report(&ask.text, &policy).into_iter().map(entity).collect();
        Ok(Json(Detected { has_pii: !entities.is_empty(), entities, processed_at }))
    })
    .await
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Filter {
    /// Any JSON: every string in it is looked at.
    pub data: Value,
    /// Kinds to mask; all unless told.
    #[serde(default)]
    pub rules: Vec<Value>,
    /// `redact` (`<CREDIT_CARD>`), `mask` (`****`) or `remove`; `redact` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement_strategy: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Filtered {
    pub filtered_data: Value,
    pub processed_at: String,
}

/// Data with what must not be seen masked.
#[utoipa::path(post, path = "/privacy-filter/filter", tag = "privacy filter", request_body = Filter,
    responses((status = 200, body = Filtered), (status = 422, body = Problem)))]
async fn filter_data(Extract(state): Extract<Arc<State>>, Json(ask): Json<Filter>) -> Result<Json<Filtered>, Problem> {
    let operator = match ask.replacement_strategy.as_deref() {
        None | Some("redact") => Operator::Replace,
        Some("mask") => Operator::Mask,
        Some("remove") => Operator::Redact,
        Some(_) => return Err(Problem::invalid(vec![Complaint::new("/replacement_strategy", "enum", "redact, mask or remove")])),
    };
    let kinds = kinds(&ask.rules).map_err(|c| Problem::invalid(vec![c]))?;
    let processed_at = state.clock.now().to_string();
    blocking(move || {
        let mut policy = only(Policy::named(&state.settings.privacy_policy)?, kinds.as_deref());
        policy.kinds.values_mut().for_each(|rule| rule.operator = operator);
        Ok(Json(Filtered { filtered_data: privacy::filter_json(&ask.data, &policy), processed_at }))
    })
    .await
}

/// Kinds by name, or as `{"entity_type": …}`; `None` where no rule is given.
fn kinds(rules: &[Value]) -> Result<Option<Vec<String>>, Complaint> {
    let wrong = |i| Complaint::new(format!("/rules/{i}"), "type", "a kind's name, or an object with entity_type");
    let kind = |(i, rule): (usize, &Value)| rule.as_str().or(rule["entity_type"].as_str()).map(str::to_string).ok_or_else(|| wrong(i));
    let kinds: Vec<String> = rules.iter().enumerate().map(kind).collect::<Result<_, _>>()?;
    Ok((!kinds.is_empty()).then_some(kinds))
}

fn only(mut policy: Policy, kinds: Option<&[String]>) -> Policy {
    if let Some(kinds) = kinds {
        policy.kinds.retain(|k, _| kinds.contains(k));
    }
    policy
}
