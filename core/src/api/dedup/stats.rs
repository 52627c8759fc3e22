//! What deduplication has done so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::dedup::DedupFigures;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::problem::Problem;
use super::super::state::{State, blocking};
use crate::dedup::GROUP;
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(stats))
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DedupStats {
    /// Of all rules together; a record counts once with each rule that it was asked of.
    pub seen: u64,
    pub unique: u64,
    pub duplicates: u64,
    /// By kind: `exact`, `text`, `image`.
    pub by_kind: BTreeMap<String, u64>,
    pub late: u64,
    pub without_key: u64,
    pub rules: BTreeMap<String, DedupFigures>,
    pub topics: BTreeMap<String, DedupTopic>,
    pub state: DedupState,
}

#[derive(Default, Serialize, Deserialize, ToSchema)]
pub struct DedupTopic {
    /// Of its rules together.
    pub duplicates: u64,
    /// Records recorded before this are late by every rule, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<String>,
}

/// What is remembered, on disk.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DedupState {
    pub rows: u64,
    pub bytes: u64,
    pub most_rows: u64,
    /// Forgotten because their time was over.
    pub expired: u64,
    /// Forgotten before their time, because there were too many.
    pub crowded_out: u64,
    /// Records of its topics that it has not seen yet.
    pub lag: u64,
}

/// Figures by rule, kind and topic, and what is remembered.
#[utoipa::path(get, path = "/dedup/stats", tag = "deduplication", responses((status = 200, body = DedupStats)))]
async fn stats(Extract(state): Extract<Arc<State>>) -> Result<Json<DedupStats>, Problem> {
    blocking(move || said(&state)).await.map(Json)
}

fn said(state: &State) -> Result<DedupStats> {
    let rules = state.dedup.list();
    let sum = |f: fn(&DedupFigures) -> u64| rules.iter().map(|r| f(&r.figures)).sum::<u64>();
    let mut topics: BTreeMap<String, DedupTopic> = BTreeMap::new();
    for r in &rules {
        let t = topics.entry(r.rule.topic.clone()).or_default();
        t.duplicates += r.figures.duplicates();
        t.watermark = match (t.watermark.take(), r.figures.watermark.clone()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    let rows = state.bus.row_count(GROUP)?;
    let lag = state.bus.groups()?.iter().find(|g| g.group == GROUP).map_or(0, crate::bus::GroupState::total_lag);
    Ok(DedupStats {
        seen: sum(|f| f.seen),
        unique: sum(|f| f.unique),
        duplicates: sum(DedupFigures::duplicates),
        by_kind: [("exact", sum(|f| f.exact)), ("text", sum(|f| f.text)), ("image", sum(|f| f.image))]
            .map(|(kind, n)| (kind.to_string(), n))
            .into(),
        late: sum(|f| f.late),
        without_key: sum(|f| f.without_key),
        topics,
        state: DedupState {
            rows: rows.rows,
            bytes: rows.bytes,
            most_rows: crate::bus::MOST_ROWS,
            expired: rows.expired,
            crowded_out: rows.crowded_out,
            lag,
        },
        rules: rules.into_iter().map(|r| (r.rule.id, r.figures)).collect(),
    })
}
