//! What devices sent within a day, counted on the log itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ACTIVE_S, is_active, known};
use crate::api::problem::Problem;
use crate::api::state::{State, blocking};
use crate::bus::TopicName;
use crate::error::Result;
use crate::identity::Device;

/// Records looked at for one topic's counts.
const COUNTED: usize = 10_000;

/// What a device sent within a day.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Activity {
    pub device_id: String,
    pub alias: Option<String>,
    pub last_seen_at: Option<String>,
    pub is_active: bool,
    /// Records received since this time.
    pub since: String,
    pub records: u64,
    pub topics: BTreeMap<String, u64>,
    /// Of a topic with very many only the oldest of them were looked at: there are more.
    pub capped: bool,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Activities {
    pub devices: Vec<Activity>,
    pub total: usize,
}

/// What each device sent within a day.
#[utoipa::path(get, path = "/devices/activity", tag = "devices", responses((status = 200, body = Activities)))]
pub async fn activity(Extract(state): Extract<Arc<State>>) -> Result<Json<Activities>, Problem> {
    let devices = blocking(move || activities(&state, &state.door.devices.list()?)).await?;
    Ok(Json(Activities { total: devices.len(), devices }))
}

/// What one device sent within a day.
#[utoipa::path(get, path = "/devices/{device_id}/activity", tag = "devices", params(("device_id" = String, Path)),
    responses((status = 200, body = Activity), (status = 404, body = Problem)))]
pub async fn activity_of(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Result<Json<Activity>, Problem> {
    let device = known(&state, name).await?;
    let mut found = blocking(move || activities(&state, &[device])).await?;
    found.pop().map(Json).ok_or_else(Problem::bug)
}

/// What devices sent, not what was derived from it.
fn activities(state: &State, devices: &[Device]) -> Result<Vec<Activity>> {
    let now = state.clock.now();
    let since = now.plus(-ACTIVE_S);
    let mut counts: BTreeMap<(Uuid, TopicName), u64> = BTreeMap::new();
    let mut capped = false;
    for topic in state.bus.topics()?.into_iter().filter(|t| !t.settings.name.is_dlq() && t.last_received_at.is_some_and(|at| at >= since)) {
        let name = topic.settings.name;
        if ["media.", "analysis.", "internal."].iter().any(|derived| name.as_str().starts_with(derived)) {
            continue;
        }
        for partition in 0..topic.bounds.len() as u32 {
            let from = state.bus.offset_at(&name, partition, since)?;
            let records = state.bus.read(&name, partition, from, COUNTED, 8 << 20)?;
            capped |= records.last().is_some_and(|r| r.offset() + 1 < topic.bounds[partition as usize].1);
            for r in &records {
                *counts.entry((r.device_id(), name.clone())).or_default() += 1;
            }
        }
    }
    let of = |d: &Device| {
        let mine = counts.iter().filter(|((id, _), _)| *id == d.id);
        let topics: BTreeMap<String, u64> = mine.map(|((_, topic), n)| (topic.to_string(), *n)).collect();
        Activity {
            device_id: d.id.to_string(),
            alias: d.alias.clone(),
            last_seen_at: d.last_seen.map(|t| t.to_string()),
            is_active: is_active(d, now),
            since: since.to_string(),
            records: topics.values().sum(),
            topics,
            capped,
        }
    };
    Ok(devices.iter().map(of).collect())
}
