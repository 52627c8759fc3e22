//! What Loom v2's ingestion could be asked, answered from what is here: schemas, topics, groups, and released words.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use loom_schemas::catalogue;
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::{State, blocking};
use crate::bus::TopicName;
use crate::door::{bytes_field, unified};
use crate::env::Time;
use crate::error::Result;
use crate::store::Range;

/// Accounts of consumers that are looked through, the newest.
const ACCOUNTS: u64 = 2000;
/// Lines of the timeline that a context holds.
const LINES: usize = 20;

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(message_type))
        .routes(routes!(event_types))
        .routes(routes!(metadata_types))
        .routes(routes!(app_stats))
        .routes(routes!(consumer_activity))
        .routes(routes!(context))
}

fn schema(topic: &str) -> Value {
    catalogue::schema(&format!("{topic}.v1")).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// One message type of `/ingest/message`: its topic, and what it must hold.
#[utoipa::path(get, path = "/ingest/message-types/{message_type_id}", tag = "ingestion", params(("message_type_id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
async fn message_type(Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let known = unified::TYPES.iter().find(|(known, _)| *known == id);
    let (_, topic) = known.ok_or_else(|| Problem::not_found("there is no such message type: /ingest/message-types lists them"))?;
    let described = schema(topic);
    let bytes = bytes_field(topic);
    // Sound is not held against its topic's schema: that is of what is made of it.
    let required = if *topic == crate::bus::names::AUDIO_RAW { Vec::new() } else { texts(&described["required"]) };
    let required: Vec<String> = required.into_iter().chain(bytes.map(String::from)).collect();
    let hint = match bytes {
        Some(crate::door::sound::FIELD) => "audio_transcription",
        Some(_) => "ocr_extraction",
        None => "direct_storage",
    };
    Ok(Json(json!({"message_type_id": id, "topic": topic, "pipeline_hint": hint, "schema": format!("{topic}.v1"),
        "validation_rules": {"required_fields": required, "validate_base64": bytes.into_iter().collect::<Vec<_>>()},
        "examples": described["examples"]})))
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
}

/// What systems and programs can say of themselves: the words that their topics know.
#[utoipa::path(get, path = "/os-events/event-types", tag = "ingestion", responses((status = 200, body = Value)))]
async fn event_types() -> Json<Value> {
    let words = |topic: &str, field: &str| {
        let field = &schema(topic)["properties"][field];
        json!({"topic": topic, "values": texts(&field["enum"]), "description": field["description"]})
    };
    Json(json!({
        "app_lifecycle": {"event_type": words("os.events.app_lifecycle.raw", "event_type")},
        "system": {"event_type": words("os.events.system.raw", "event_type"), "event_category": words("os.events.system.raw", "event_category"),
            "severity": words("os.events.system.raw", "severity")},
        "notifications": {"action": words("os.events.notifications.raw", "action")},
    }))
}

/// What kinds of metadata a device can send, with an example of each.
#[utoipa::path(get, path = "/system/metadata/types", tag = "ingestion", responses((status = 200, body = Value)))]
async fn metadata_types() -> Json<Value> {
    let schema = schema("device.metadata.raw");
    let kind = &schema["properties"]["metadata_type"];
    let examples: Vec<&Value> = schema["examples"].as_array().into_iter().flatten().collect();
    let of = |name: String| {
        let example = examples.iter().find(|e| e["metadata_type"] == name.as_str()).map(|e| &e["metadata"]);
        json!({"type": name, "example": example})
    };
    Json(json!({"metadata_types": texts(&kind["enum"]).into_iter().map(of).collect::<Vec<_>>(), "topic": "device.metadata.raw",
        "description": kind["description"]}))
}

/// How much is known of running and used apps.
#[utoipa::path(get, path = "/system/apps/stats", tag = "ingestion", responses((status = 200, body = Value)))]
async fn app_stats(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    let topics = blocking(move || state.bus.topics()).await?;
    let about = |t: &&crate::bus::TopicState| {
        let name = t.settings.name.as_str();
        !t.settings.name.is_dlq() && (name.starts_with("device.system.apps.") || name.starts_with("device.app_usage."))
    };
    let of = |t: &crate::bus::TopicState| json!({"topic": t.settings.name, "records": t.records, "bytes": t.bytes, "last_received_at": t.last_received_at.map(|t| t.to_string())});
    let rows: Vec<Value> = topics.iter().filter(about).map(of).collect();
    let total: u64 = topics.iter().filter(about).map(|t| t.records).sum();
    Ok(Json(json!({"total": total, "topics": rows})))
}

/// The last message of every consumer: Loom's own groups as the log knows them, others as they say at
/// `/system/consumer_activity/log`.
#[utoipa::path(get, path = "/system/consumer_activity", tag = "ingestion", responses((status = 200, body = Value)))]
async fn consumer_activity(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    let consumers = blocking(move || consumers(&state)).await?;
    Ok(Json(json!({"consumers": consumers.values().collect::<Vec<_>>(), "total": consumers.len()})))
}

fn consumers(state: &State) -> Result<BTreeMap<String, Value>> {
    let mut all = BTreeMap::new();
    for g in state.groups()? {
        let row = json!({"consumer_id": g.group, "source": "log", "consumed_at": g.last_commit.map(|t| t.to_string()), "state": g.state(),
            "lag": g.total_lag(), "topics": g.topics});
        all.insert(g.group.clone(), row);
    }
    let topic = TopicName::of("internal.consumer.activity");
    let Some(known) = state.bus.topic(&topic)? else { return Ok(all) };
    for (partition, (low, next)) in (0..).zip(known.bounds) {
        let from = next.saturating_sub(ACCOUNTS).max(low);
        for r in state.bus.read(&topic, partition, from, ACCOUNTS as usize, 8 << 20)? {
            let Ok(mut said) = r.payload::<Value>() else { continue };
            let Some(id) = said["consumer_id"].as_str().map(String::from) else { continue };
            said["source"] = "reported".into();
            said["reported_at"] = r.received_at().to_string().into();
            all.insert(id, said);
        }
    }
    Ok(all)
}

/// What an assistant may be told: the newest lines as the privacy filter released them, how much there is of everything,
/// and the same as a text. Nothing from before the filter is in it.
#[utoipa::path(get, path = "/ai/context", tag = "ingestion", responses((status = 200, body = Value)))]
async fn context(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    blocking(move || told(&state)).await.map(Json)
}

fn told(state: &State) -> Result<Value> {
    let now: Time = state.clock.now();
    let lines = state.timeline.lines(&Range { limit: LINES, newest_first: true, ..Range::default() })?;
    let counts: BTreeMap<String, u64> = state.bus.topics()?.into_iter().map(|t| (t.settings.name.to_string(), t.records)).collect();
    let said: Vec<String> = lines.iter().map(|l| format!("{} {}", l.recorded_at, l.text)).collect();
    let prompt = format!("It is {now}. What was said last on this person's timeline, newest first:\n{}", said.join("\n"));
    let rows: Vec<Value> = lines
        .iter()
        .map(|l| json!({"message_id": l.message_id, "recorded_at": l.recorded_at, "device_id": l.device_id, "source": l.source, "text": l.text, "language": l.language}))
        .collect();
    Ok(json!({"generated_at": now.to_string(), "counts": counts, "lines": rows, "prompt": prompt}))
}
