//! Fingerprints that a device asks about before it sends what they stand for, as Loom v2 planned it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::super::Routes;
use super::super::problem::{Complaint, Problem};
use super::super::state::{State, blocking};
use crate::dedup::{self, Listed};
use crate::door::parse_time;
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(check_manifest)).routes(routes!(classic))
}

/// Fingerprints in one question.
const MOST_ITEMS: usize = 1_000;

#[derive(Deserialize, ToSchema)]
struct Manifest {
    items: Vec<ManifestItem>,
    /// Id or name; this computer unless told.
    #[serde(default)]
    device_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct ManifestItem {
    /// SHA-256 of `<rule>:v1:<field>:<field>`, hex.
    hash: String,
    /// The rule's id.
    #[serde(rename = "type")]
    rule: String,
    /// When it was recorded: milliseconds since 1970, or RFC 3339. Without it, any time that is remembered.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    timestamp: Option<Value>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ManifestAnswer {
    /// Hashes of what is here already.
    pub known: Vec<String>,
    /// Hashes of what is worth sending.
    pub unknown: Vec<String>,
    /// In the order they were asked.
    pub items: Vec<ManifestRow>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ManifestRow {
    pub hash: String,
    pub known: bool,
    /// Of the record that is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<String>,
}

/// Which of these fingerprints are known. Nothing is kept.
#[utoipa::path(post, path = "/dedup/check-manifest", tag = "deduplication", request_body = Manifest,
    responses((status = 200, body = ManifestAnswer), (status = 422, body = Problem)))]
async fn check_manifest(Extract(state): Extract<Arc<State>>, Json(body): Json<Manifest>) -> Result<Json<ManifestAnswer>, Problem> {
    answer(state, body).await
}

/// The same under the name it was planned with.
#[utoipa::path(post, path = "/api/v1/dedup/check-manifest", tag = "deduplication", request_body = Manifest,
    responses((status = 200, body = ManifestAnswer), (status = 422, body = Problem)))]
async fn classic(Extract(state): Extract<Arc<State>>, Json(body): Json<Manifest>) -> Result<Json<ManifestAnswer>, Problem> {
    answer(state, body).await
}

async fn answer(state: Arc<State>, body: Manifest) -> Result<Json<ManifestAnswer>, Problem> {
    if body.items.len() > MOST_ITEMS {
        return Err(Problem::invalid(vec![Complaint::new("/items", "maxItems", &format!("at most {MOST_ITEMS} items"))]));
    }
    let (asked, name) = (state.clone(), body.device_id.clone());
    let device = blocking(move || device(&asked, name.as_deref())).await?;
    let mut by_rule: BTreeMap<String, Vec<(usize, Listed)>> = BTreeMap::new();
    for (i, item) in body.items.iter().enumerate() {
        by_rule.entry(item.rule.clone()).or_default().push((i, listed(i, item)?));
    }
    let mut rows: Vec<ManifestRow> =
        body.items.into_iter().map(|i| ManifestRow { hash: i.hash, known: false, message_id: None, recorded_at: None }).collect();
    for (id, items) in by_rule {
        let wrong = |e: &str| Problem::invalid(vec![Complaint::new(format!("/items/{}/type", items[0].0), "rule", e)]);
        let rule = state.dedup.compiled(&id).ok_or_else(|| wrong("a rule that there is: /dedup/rules lists them"))?;
        let (asked, wanted) = (state.clone(), items.iter().map(|(_, l)| l.clone()).collect::<Vec<_>>());
        // A device that was never here has sent nothing.
        let Some(device) = device.or(rule.rule.across_devices.then(Uuid::nil)) else { continue };
        let found = blocking(move || dedup::manifest(&asked.dedup.set(), &rule, &asked.bus, device, &wanted)).await?;
        for ((i, _), first) in items.iter().zip(found) {
            let Some(first) = first else { continue };
            let row = &mut rows[*i];
            (row.known, row.message_id, row.recorded_at) = (true, Some(first.id.to_string()), Some(first.recorded_at.to_string()));
        }
    }
    let hashes = |known: bool| rows.iter().filter(|r| r.known == known).map(|r| r.hash.clone()).collect();
    Ok(Json(ManifestAnswer { known: hashes(true), unknown: hashes(false), items: rows }))
}

/// `None` for one that was never here.
fn device(state: &State, name: Option<&str>) -> Result<Option<Uuid>> {
    match name {
        None => Ok(Some(state.device_id)),
        Some(name) => Ok(Uuid::parse_str(name).ok().or(state.door.devices.get(name)?.map(|d| d.id))),
    }
}

fn listed(i: usize, item: &ManifestItem) -> Result<Listed, Problem> {
    let wrong = |field: &str, e: &str| Problem::invalid(vec![Complaint::new(format!("/items/{i}/{field}"), "format", e)]);
    let mut fingerprint = [0; 32];
    hex::decode_to_slice(&item.hash, &mut fingerprint).map_err(|_| wrong("hash", "64 hex digits"))?;
    let time = item.timestamp.as_ref().filter(|t| !t.is_null());
    let recorded_at = time.map(|t| parse_time(t).ok_or_else(|| wrong("timestamp", "milliseconds since 1970, or an RFC 3339 time")));
    Ok(Listed { fingerprint, recorded_at: recorded_at.transpose()? })
}
