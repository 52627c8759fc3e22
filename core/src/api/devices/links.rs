//! Which devices are one person's: links given and taken back, the groups they make, and what looks like one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::HeaderMap;
use loom_schemas::devices::{DeviceRow, LinkRow, LinkRows, SuggestionRow, SuggestionRows};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{known, object, row};
use crate::api::Routes;
use crate::api::body::Strict;
use crate::api::problem::{Complaint, Problem};
use crate::api::produce::{producer, refused};
use crate::api::query::{Message, Params};
use crate::api::state::{State, blocking};
use crate::door::Wrong;
use crate::error::Result;
use crate::identity::{Evidence, Groups, Link, Linking, MOST_AT_ONCE, Suggestion, suggestions, together};

/// Characters of a note.
const LONGEST: usize = 200;
/// Who gives a link that no service gives.
const OWNER: &str = "owner";

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(link))
        .routes(routes!(links))
        .routes(routes!(unlink))
        .routes(routes!(linked))
        .routes(routes!(part))
        .routes(routes!(suggested))
}

/// Devices that are one person's, each with each other.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"device_ids": ["phone-001", "laptop"], "confidence_score": 0.95}))]
pub struct NewLink {
    /// From 2 to 20 UUIDs or aliases.
    pub device_ids: Vec<String>,
    /// How sure it is, from 0 to 1; 1 unless told.
    pub confidence_score: Option<f64>,
    /// What it rests on: `declared` unless told, or `pairing`, `account`, `fingerprint`, `name`, `network`, `time`.
    pub evidence: Option<String>,
    /// For whoever reads the links; it is not on the log.
    pub note: Option<String>,
}

/// How sure two devices are one person's, all that speaks for it together.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PairRow {
    pub device_ids: [String; 2],
    pub confidence_score: f64,
}

/// What is linked, and who belongs together by it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Linked {
    /// What the group is called: the smallest id of its devices. `null` where the device is alone.
    pub group_id: Option<String>,
    /// How sure a pair has to be.
    pub threshold: f64,
    /// The group, revoked devices too: what they sent is still this person's.
    pub devices: Vec<DeviceRow>,
    /// Of those that were linked in this call, or of the device that was asked for.
    pub links: Vec<LinkRow>,
    /// Every pair of the group, or of those just linked, that anything speaks for.
    pub pairs: Vec<PairRow>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Sure {
    /// How sure a pair has to be, from 0 to 1; as the settings say unless told.
    threshold: Option<f64>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// One device's alone, by its id or name.
    device_id: Option<String>,
    /// Those that were taken back too.
    #[serde(default)]
    removed: bool,
}

/// Says that devices are one person's: every two of them are linked. Said again it changes nothing; said with another
/// confidence, that holds.
#[utoipa::path(post, path = "/link", tag = "devices", request_body = NewLink, params(("X-Producer" = Option<String>, Header)),
    responses((status = 200, body = Linked), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn link(Extract(state): Extract<Arc<State>>, headers: HeaderMap, Strict(body): Strict) -> Result<Json<Linked>, Problem> {
    let said = read(&object(body)?)?;
    let given_by = producer(&state, &headers, OWNER)?.to_owned();
    blocking(move || {
        let devices = match named(&state, &said.device_ids)? {
            Ok(devices) => devices,
            Err(problem) => return Ok(Err(problem)),
        };
        let Said { kind, confidence, note, .. } = said;
        let links = state.door.devices.links().link(Linking { devices: devices.clone(), kind, confidence, given_by, note })?;
        announce(&state, &links)?;
        shown(&state, devices[0], links, state.door.devices.links().threshold(), &devices).map(Ok)
    })
    .await?
    .map(Json)
}

struct Said {
    device_ids: Vec<String>,
    kind: Evidence,
    confidence: f64,
    note: Option<String>,
}

/// The body, or everything that is wrong with it.
fn read(said: &Map<String, Value>) -> Result<Said, Problem> {
    let mut wrong = Vec::new();
    let ids = said.get("device_ids").and_then(Value::as_array);
    let device_ids: Vec<String> = ids.into_iter().flatten().filter_map(Value::as_str).map(String::from).collect();
    if ids.is_none_or(|ids| ids.len() != device_ids.len() || !(2..=MOST_AT_ONCE).contains(&ids.len())) {
        wrong.push(Wrong::new("/device_ids", "items", format!("from 2 to {MOST_AT_ONCE} ids or names of devices")));
    }
    let confidence = match said.get("confidence_score") {
        None | Some(Value::Null) => Some(1.0),
        Some(v) => v.as_f64().filter(|c| (0.0..=1.0).contains(c)),
    };
    if confidence.is_none() {
        wrong.push(Wrong::new("/confidence_score", "range", "a number from 0 to 1"));
    }
    let kind = match said.get("evidence") {
        None | Some(Value::Null) => Some(Evidence::Declared),
        Some(v) => v.as_str().and_then(Evidence::parse),
    };
    if kind.is_none() {
        let all = Evidence::ALL.map(Evidence::as_str).join(", ");
        wrong.push(Wrong::new("/evidence", "enum", format!("one of {all}")));
    }
    let note = match said.get("note") {
        None | Some(Value::Null) => Some(None),
        Some(v) => v.as_str().filter(|n| n.chars().count() <= LONGEST).map(|n| Some(n.to_owned())),
    };
    if note.is_none() {
        wrong.push(Wrong::new("/note", "type", format!("a text of at most {LONGEST} characters")));
    }
    match (kind, confidence, note) {
        (Some(kind), Some(confidence), Some(note)) if wrong.is_empty() => Ok(Said { device_ids, kind, confidence, note }),
        _ => Err(refused(wrong)),
    }
}

/// The devices of these names, each once; or which of them are not known, or are the same.
fn named(state: &State, names: &[String]) -> Result<Result<Vec<Uuid>, Problem>> {
    let (mut devices, mut missing, mut twice) = (Vec::new(), Vec::new(), Vec::new());
    for (i, name) in names.iter().enumerate() {
        match state.door.devices.get(name)? {
            None => missing.push(Complaint::new(format!("/device_ids/{i}"), "known", "a device that is known: /devices lists them")),
            Some(d) if devices.contains(&d.id) => twice.push(Wrong::new(format!("/device_ids/{i}"), "unique", "each device once")),
            Some(d) => devices.push(d.id),
        }
    }
    Ok(if !missing.is_empty() {
        let places: Vec<&str> = missing.iter().map(|c| c.pointer.as_str()).collect();
        let detail = format!("there is no such device at {}: /devices lists them", places.join(", "));
        Err(Problem { errors: missing, ..Problem::not_found(detail) })
    } else if !twice.is_empty() {
        Err(refused(twice))
    } else {
        Ok(devices)
    })
}

/// What changed, on the log: whoever correlates devices reads it there. A crash before leaves it to the same request again.
fn announce(state: &State, links: &[Link]) -> Result<()> {
    let records = links.iter().map(|l| l.record(state.device_id)).collect::<Result<Vec<_>>>()?;
    if !records.is_empty() {
        state.bus.append(records)?;
    }
    Ok(())
}

fn shown(state: &State, device: Uuid, links: Vec<Link>, threshold: f64, also: &[Uuid]) -> Result<Linked> {
    let (all, now) = (state.door.devices.links().list(None, false)?, state.clock.now());
    let groups = Groups::of(&all, threshold);
    let group = groups.with(device);
    let listed = state.door.devices.list()?.into_iter().filter(|d| group.contains(&d.id));
    let meant = |id: &Uuid| group.contains(id) || also.contains(id);
    let pairs = together(&all).into_iter().filter(|((a, b), _)| meant(a) && meant(b));
    Ok(Linked {
        group_id: groups.name(device).map(|n| n.to_string()),
        threshold,
        devices: listed.map(|d| row(state, &groups, d, now)).collect(),
        links: links.into_iter().map(link_row).collect(),
        pairs: pairs.map(|((a, b), sure)| PairRow { device_ids: pair(a, b), confidence_score: sure }).collect(),
    })
}

fn pair(a: Uuid, b: Uuid) -> [String; 2] {
    [a.to_string(), b.to_string()]
}

fn link_row(l: Link) -> LinkRow {
    LinkRow {
        link_id: l.id.to_string(),
        device_ids: pair(l.a, l.b),
        confidence_score: l.confidence,
        evidence: l.kind.as_str().into(),
        given_by: l.given_by,
        note: l.note,
        changed_at: l.changed_at.to_string(),
        removed: l.removed,
    }
}

/// Every link, of one device or all.
#[utoipa::path(get, path = "/links", tag = "devices", params(Which),
    responses((status = 200, body = LinkRows), (status = 404, body = Problem)))]
async fn links(Extract(state): Extract<Arc<State>>, Params(which): Params<Which>) -> Result<Json<LinkRows>, Problem> {
    let device = match which.device_id {
        Some(name) => Some(known(&state, name).await?.id),
        None => None,
    };
    let links = blocking(move || state.door.devices.links().list(device, which.removed)).await?;
    let links: Vec<LinkRow> = links.into_iter().map(link_row).collect();
    Ok(Json(LinkRows { total: links.len(), links }))
}

/// Takes a link back: where nothing else holds a group together, it splits again. What was taken back is not suggested again.
#[utoipa::path(delete, path = "/links/{link_id}", tag = "devices", params(("link_id" = String, Path)),
    responses((status = 200, body = LinkRow), (status = 404, body = Problem)))]
async fn unlink(Extract(state): Extract<Arc<State>>, Message(id): Message) -> Result<Json<LinkRow>, Problem> {
    let gone = blocking(move || {
        let gone = state.door.devices.links().unlink(id)?;
        announce(&state, gone.as_slice())?;
        Ok(gone)
    });
    gone.await?.map(|l| Json(link_row(l))).ok_or_else(|| Problem::not_found("there is no such link: /device-identity/links lists them"))
}

/// A device's group, and what links it.
#[utoipa::path(get, path = "/devices/{device_id}/linked", tag = "devices", params(("device_id" = String, Path), Sure),
    responses((status = 200, body = Linked), (status = 400, body = Problem), (status = 404, body = Problem)))]
async fn linked(
    Extract(state): Extract<Arc<State>>,
    Path(name): Path<String>,
    Params(sure): Params<Sure>,
) -> Result<Json<Linked>, Problem> {
    let threshold = sure.threshold.unwrap_or_else(|| state.door.devices.links().threshold());
    if !(threshold > 0.0 && threshold <= 1.0) {
        return Err(Problem::bad_request("threshold is a number above 0 and up to 1"));
    }
    let device = known(&state, name).await?.id;
    let found = blocking(move || {
        let links = state.door.devices.links().list(Some(device), false)?;
        shown(&state, device, links, threshold, &[])
    });
    Ok(Json(found.await?))
}

/// Takes every link of a device back: it stands alone.
#[utoipa::path(delete, path = "/devices/{device_id}/linked", tag = "devices", params(("device_id" = String, Path)),
    responses((status = 200, body = LinkRows), (status = 404, body = Problem)))]
async fn part(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Result<Json<LinkRows>, Problem> {
    let device = known(&state, name).await?.id;
    let gone = blocking(move || {
        let gone = state.door.devices.links().part(device)?;
        announce(&state, &gone)?;
        Ok(gone)
    });
    let links: Vec<LinkRow> = gone.await?.into_iter().map(link_row).collect();
    Ok(Json(LinkRows { total: links.len(), links }))
}

/// Pairs that look like one person's, or like one device that was set up anew; nothing is linked by itself.
#[utoipa::path(get, path = "/suggestions", tag = "devices", responses((status = 200, body = SuggestionRows)))]
async fn suggested(Extract(state): Extract<Arc<State>>) -> Result<Json<SuggestionRows>, Problem> {
    let found = blocking(move || {
        let devices = &state.door.devices;
        let links = devices.links().list(None, true)?;
        let groups = Groups::of(&links, devices.links().threshold());
        Ok(suggestions(&devices.list()?, &links, &groups, devices.salt()))
    });
    let row = |s: Suggestion| SuggestionRow {
        device_ids: pair(s.devices.0, s.devices.1),
        confidence_score: s.confidence,
        evidence: s.kind.as_str().into(),
        why: s.why,
    };
    let suggestions: Vec<SuggestionRow> = found.await?.into_iter().map(row).collect();
    Ok(Json(SuggestionRows { total: suggestions.len(), suggestions }))
}

/// The groups as the settings have them, for lists of devices.
pub fn groups(state: &State) -> Result<Groups> {
    let links = state.door.devices.links();
    links.groups(links.threshold())
}
