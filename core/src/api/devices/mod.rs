//! Devices in Loom v2's shapes, under `/devices` and `/device-identity/devices`: who they are, what they send, letting one
//! in and putting it out. Which of them are one person's is asked and said under `/device-identity` (`links.rs`).

mod activity;
mod links;

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use loom_schemas::devices::{DeviceRow, DeviceRows};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Routes;
use super::body::Strict;
use super::door::INGESTION;
use super::problem::{Complaint, Problem};
use super::produce::{Accepted, accepted_one, refused, take};
use super::state::{State, blocking};
use crate::bus::Trace;
use crate::door::{Offer, Wrong};
use crate::env::Time;
use crate::identity::{Change, Device, Groups, Look};

/// Characters of what an owner says of a device, and tags.
const LONGEST: usize = 200;
const MOST_TAGS: usize = 50;
/// A device that sent within so many seconds is active.
const ACTIVE_S: f64 = 86_400.0;
/// What a device may say more of itself with its next requests (RFC 8942).
const HINTS: &str = "sec-ch-ua-platform, sec-ch-ua-model, sec-ch-ua-mobile";

pub fn routes() -> Routes {
    let all = || {
        OpenApiRouter::new()
            .routes(routes!(list, register))
            .routes(routes!(activity::activity))
            .routes(routes!(get, change, revoke))
            .routes(routes!(activity::activity_of))
    };
    // Loom v2 wrote the list with a slash behind it.
    let slashed = OpenApiRouter::new().route("/devices/", axum::routing::get(list).post(register));
    let slashed = slashed.route("/device-identity/devices/", axum::routing::get(list).post(register));
    OpenApiRouter::new().merge(all()).nest("/device-identity", all().merge(links::routes())).merge(slashed)
}

/// A device that was registered, and the record of `device.metadata.raw` that says so to whoever reads the log.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Registered {
    #[serde(flatten)]
    pub device: DeviceRow,
    #[serde(flatten)]
    pub record: Accepted,
}

/// What is said of a device; what is left out stays.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"device_id": "phone-001", "name": "Phone", "device_type": "mobile_android", "platform": "Android", "tags": ["pocket"]}))]
pub struct NewDevice {
    /// A UUID, or the name it will send under.
    pub device_id: String,
    pub name: Option<String>,
    pub device_type: Option<String>,
    pub platform: Option<String>,
    pub model: Option<String>,
    pub tags: Option<Vec<String>>,
}

fn row(state: &State, groups: &Groups, d: Device, now: Time) -> DeviceRow {
    let time = |t: Option<Time>| t.map(|t| t.to_string());
    DeviceRow {
        is_active: is_active(&d, now),
        fingerprint: state.door.devices.salt().fingerprint(&d),
        group_id: groups.name(d.id).map(|n| n.to_string()),
        device_id: d.id.to_string(),
        alias: d.alias,
        name: d.name,
        device_type: d.kind,
        platform: d.platform,
        model: d.model,
        agent: d.agent,
        tags: d.tags,
        first_seen_at: d.registered_at.to_string(),
        last_seen_at: time(d.last_seen),
        revoked_at: time(d.revoked_at),
        own: d.own,
    }
}

fn is_active(d: &Device, now: Time) -> bool {
    d.revoked_at.is_none() && d.last_seen.is_some_and(|t| now.seconds() - t.seconds() <= ACTIVE_S)
}

/// Every device, this machine first.
#[utoipa::path(get, path = "/devices", tag = "devices", responses((status = 200, body = DeviceRows)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Result<Json<DeviceRows>, Problem> {
    let now = state.clock.now();
    let found = blocking(move || {
        let (all, groups) = (state.door.devices.list()?, links::groups(&state)?);
        Ok(all.into_iter().map(|d| row(&state, &groups, d, now)).collect::<Vec<_>>())
    });
    let devices = found.await?;
    Ok(Json(DeviceRows { total: devices.len(), devices }))
}

/// Registers a device (201), or says more of one that is known (200); one that was revoked may send again.
#[utoipa::path(post, path = "/devices", tag = "devices", request_body = NewDevice,
    responses((status = 200, body = Registered), (status = 201, body = Registered), (status = 422, body = Problem)))]
async fn register(
    Extract(state): Extract<Arc<State>>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    Strict(body): Strict,
) -> Result<Response, Problem> {
    let mut said = object(body)?;
    let id = match said.remove("device_id") {
        Some(Value::String(id)) => id,
        Some(_) => return Err(refused(vec![Wrong::new("/device_id", "type", "a text: a UUID, or the device's name")])),
        None => return Err(refused(vec![Wrong::new("/device_id", "required", "a UUID, or the name it will send under")])),
    };
    let change = change_of(&said)?;
    let look = look_of(&headers);
    let (device, new) = blocking({
        let door = state.door.clone();
        move || match door.devices.enrol(&id, change) {
            Err(e) if e.kind == crate::Kind::Invalid => Ok(Err(Complaint::new("/device_id", "device", e.message()))),
            Err(e) => Err(e),
            Ok((device, new)) => door.devices.look(device.id, &look).map(|()| Ok((device.id, new))),
        }
    })
    .await?
    .map_err(|wrong| Problem::invalid(vec![wrong]))?;
    let device = described(&state, device).await?;
    let record = announce(&state, &device, trace).await?;
    let asked = device.model.is_none().then_some([(HeaderName::from_static("accept-ch"), HINTS)]);
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, asked, Json(Registered { device, record })).into_response())
}

/// What a device says of itself by registering. A page of Loom's own speaks for another device than the one it is shown on.
fn look_of(headers: &HeaderMap) -> Look {
    if headers.contains_key("sec-fetch-site") { Look::default() } else { Look::of(|name| headers.get(name)?.to_str().ok()) }
}

/// A device with all that is known of it.
async fn described(state: &Arc<State>, id: Uuid) -> Result<DeviceRow, Problem> {
    let device = known(state, id.to_string()).await?;
    let (state, now) = (state.clone(), state.clock.now());
    blocking(move || Ok(row(&state, &links::groups(&state)?, device, now))).await
}

/// What is known of a device, on the log.
async fn announce(state: &Arc<State>, device: &DeviceRow, trace: Trace) -> Result<Accepted, Problem> {
    let known = json!({"name": device.name, "device_type": device.device_type, "platform": device.platform, "model": device.model, "tags": device.tags});
    let mut data = Map::new();
    data.insert("metadata_type".into(), "custom".into());
    data.insert("metadata".into(), known);
    let offer = Offer { device: Some(device.device_id.clone()), ..Offer::new("device.metadata.raw", data) };
    let outcomes = take(state, vec![Ok(offer)], INGESTION, trace, &HeaderMap::new()).await?;
    accepted_one(outcomes)
}

/// One device, by its id or the name it came under.
#[utoipa::path(get, path = "/devices/{device_id}", tag = "devices", params(("device_id" = String, Path)),
    responses((status = 200, body = DeviceRow), (status = 404, body = Problem)))]
async fn get(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Result<Json<DeviceRow>, Problem> {
    let device = known(&state, name).await?;
    Ok(Json(described(&state, device.id).await?))
}

/// Says more of a device.
#[utoipa::path(patch, path = "/devices/{device_id}", tag = "devices", params(("device_id" = String, Path)), request_body = NewDevice,
    responses((status = 200, body = DeviceRow), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(Extract(state): Extract<Arc<State>>, Path(name): Path<String>, Strict(body): Strict) -> Result<Json<DeviceRow>, Problem> {
    let change = change_of(&object(body)?)?;
    let device = known(&state, name).await?;
    let door = state.door.clone();
    blocking(move || door.devices.change(device.id, change)).await?;
    get(Extract(state), Path(device.id.to_string())).await
}

/// From now on it may send nothing; what it sent stays. Registering it again lets it back in.
#[utoipa::path(delete, path = "/devices/{device_id}", tag = "devices", params(("device_id" = String, Path)),
    responses((status = 200, body = DeviceRow), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn revoke(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Result<Json<DeviceRow>, Problem> {
    let device = known(&state, name).await?;
    if device.own {
        return Err(Problem::conflict("this is the machine Loom runs on: it cannot be put out"));
    }
    let door = state.door.clone();
    blocking(move || door.devices.revoke(device.id, true)).await?;
    get(Extract(state), Path(device.id.to_string())).await
}

async fn known(state: &Arc<State>, name: String) -> Result<Device, Problem> {
    let door = state.door.clone();
    let missing = || Problem::not_found("there is no such device: /devices lists them");
    blocking(move || door.devices.get(&name)).await?.ok_or_else(missing)
}

fn object(body: Value) -> Result<Map<String, Value>, Problem> {
    match body {
        Value::Object(said) => Ok(said),
        _ => Err(refused(vec![Wrong::new("", "type", "a device, which is an object")])),
    }
}

fn change_of(said: &Map<String, Value>) -> Result<Change, Problem> {
    let mut wrong = Vec::new();
    let mut text = |name: &str| match said.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.chars().count() <= LONGEST => Some(text.clone()),
        Some(_) => {
            wrong.push(Wrong::new(format!("/{name}"), "type", format!("a text of at most {LONGEST} characters")));
            None
        }
    };
    let change = Change { name: text("name"), kind: text("device_type"), platform: text("platform"), model: text("model"), tags: None };
    let tags = match said.get("tags") {
        None | Some(Value::Null) => None,
        Some(Value::Array(tags))
            if tags.len() <= MOST_TAGS && tags.iter().all(|t| t.as_str().is_some_and(|t| t.chars().count() <= LONGEST)) =>
        {
            Some(tags.iter().filter_map(Value::as_str).map(String::from).collect())
        }
        Some(_) => {
            wrong.push(Wrong::new("/tags", "type", format!("at most {MOST_TAGS} texts")));
            None
        }
    };
    if wrong.is_empty() { Ok(Change { tags, ..change }) } else { Err(refused(wrong)) }
}
