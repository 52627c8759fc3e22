//! Writing to a topic over HTTP: one record, or a batch with one result an item. Never behind the wall.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Routes;
use super::body::Strict;
use super::problem::{Complaint, Problem};
use super::query::Topic;
use super::state::{State, blocking};
use super::trace::parse_id;
use crate::bus::{TopicName, Trace};
use crate::consumer::is_service;
use crate::door::{Offer, Offers, Outcome, Request, Taken, Wrong, stream_of};
use crate::env::Time;
use crate::identity::Look;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(produce)).layer(DefaultBodyLimit::max(BATCH_BYTES))
}

pub const BATCH_BYTES: usize = 16 << 20;
pub const BATCH_RECORDS: usize = 10_000;

/// A record on its way in; what is left out is filled in.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"data": {"latitude": 52.52, "longitude": 13.40}}))]
pub struct NewItem {
    /// The payload, an object.
    pub data: Map<String, Value>,
    /// A UUID; makes a retry harmless.
    pub message_id: Option<String>,
    /// A UUID, or the device's name; this machine's unless told.
    pub device_id: Option<String>,
    /// RFC 3339; the time of arrival unless told.
    pub recorded_at: Option<String>,
    /// Name and version; the topic's own unless told.
    pub schema: Option<String>,
    /// Hex; the request's own unless told.
    pub trace_id: Option<String>,
    /// A stream's name; with `sequence`, a number that came before is known for ever.
    pub stream: Option<String>,
    /// Where the record stands in its stream.
    pub sequence: Option<u64>,
}

/// Durable on the log.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// `success`
    pub status: String,
    pub message_id: String,
    pub topic: String,
    pub trace_id: String,
    /// Absent where it was taken before, and the log need not have it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// It was kept, but nothing can be made of it: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One of a batch.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ItemResult {
    Accepted(Accepted),
    Refused(Problem),
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct BatchResult {
    /// `success`, or `partial` where some were refused.
    pub status: String,
    pub total: usize,
    pub processed: usize,
    pub failed: usize,
    /// In the order of the items.
    pub results: Vec<ItemResult>,
}

/// Appends a record (201), or each of an array (207).
#[utoipa::path(post, path = "/api/topics/{topic}/records", tag = "topics", params(("topic" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("X-Producer" = Option<String>, Header)),
    request_body(content = NewItem, description = "a record, or an array of them"),
    responses((status = 201, body = Accepted), (status = 207, body = BatchResult), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn produce(
    Extract(state): Extract<Arc<State>>,
    Topic(topic): Topic,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    Strict(body): Strict,
) -> Result<Response, Problem> {
    let way = Way { producer: producer(&state, &headers, "http-api")?, device_required: false };
    match body {
        Value::Array(items) if items.len() > BATCH_RECORDS => {
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a batch holds at most {BATCH_RECORDS} records: send it in parts")))
        }
        Value::Array(items) if items.is_empty() => Err(Problem::bad_request("the batch is empty")),
        Value::Array(items) => {
            let offers = items.into_iter().map(|item| offer(&topic, item)).collect();
            let outcomes = take(&state, offers, way, trace, &headers).await?;
            // A closed topic refuses them all alike.
            if let Some(Outcome::Closed(why)) = outcomes.iter().find(|o| matches!(o, Outcome::Closed(_))) {
                return Err(Problem::new(StatusCode::FORBIDDEN, *why));
            }
            many(outcomes)
        }
        item => one(take(&state, vec![offer(&topic, item)], way, trace, &headers).await?),
    }
}

/// Who says it writes: a service's own name in `X-Producer`, so that what it writes shows as its own. Never a stage's.
pub fn producer<'a>(state: &State, headers: &'a HeaderMap, door: &'static str) -> Result<&'a str, Problem> {
    let Some(name) = headers.get("x-producer") else { return Ok(door) };
    match name.to_str() {
        Ok(name) if state.consumers.is_own(name) => {
            Err(Problem::conflict("this is the name of one of Loom's own stages: a service writes under its own"))
        }
        Ok(name) if is_service(name) => Ok(name),
        _ => Err(Problem::bad_request("X-Producer is a service's name, such as word-counter-consumer: a-z, 0-9 and dashes")),
    }
}

/// Which door a request came by, and what it asks of records.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    pub producer: &'a str,
    pub device_required: bool,
}

/// Takes offers in, off the threads that answer connections.
pub async fn take(state: &Arc<State>, offers: Offers, way: Way<'_>, trace: Trace, headers: &HeaderMap) -> Result<Vec<Outcome>, Problem> {
    let key = headers.get("idempotency-key").map(|k| k.as_bytes().to_vec());
    let (door, producer) = (state.door.clone(), way.producer.to_owned());
    // Where a device must be named, it is the device that sends.
    let look = if way.device_required { Look::of(|name| headers.get(name)?.to_str().ok()) } else { Look::default() };
    blocking(move || {
        let request = Request { producer: &producer, trace, key: key.as_deref(), device_required: way.device_required, look };
        door.take(offers, &request)
    })
    .await
}

/// The answer for one record: 201, or 202 where it is kept but nothing can be made of it.
pub fn one(outcomes: Vec<Outcome>) -> Result<Response, Problem> {
    let accepted = accepted_one(outcomes)?;
    let status = if accepted.reason.is_some() { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    Ok((status, Json(accepted)).into_response())
}

pub fn accepted_one(mut outcomes: Vec<Outcome>) -> Result<Accepted, Problem> {
    match outcomes.pop().ok_or_else(Problem::bug)? {
        Outcome::Taken(taken) => Ok(accepted(taken)),
        Outcome::Known { message_id, topic, trace_id } => Ok(known(message_id, &topic, trace_id)),
        Outcome::Refused(wrong) => Err(refused(wrong)),
        Outcome::Closed(why) => Err(Problem::new(StatusCode::FORBIDDEN, why)),
        Outcome::Slow(seconds) => Err(Problem::slow(seconds)),
    }
}

/// The answer for a batch, one result an item, and Loom v2's counts.
pub fn many(outcomes: Vec<Outcome>) -> Result<Response, Problem> {
    if let Some(Outcome::Slow(seconds)) = outcomes.first() {
        return Err(Problem::slow(*seconds));
    }
    let results: Vec<ItemResult> = outcomes.into_iter().map(item).collect();
    let processed = results.iter().filter(|r| matches!(r, ItemResult::Accepted(_))).count();
    let (total, failed) = (results.len(), results.len() - processed);
    let status = if failed == 0 { "success" } else { "partial" };
    Ok((StatusCode::MULTI_STATUS, Json(BatchResult { status: status.into(), total, processed, failed, results })).into_response())
}

pub fn item(outcome: Outcome) -> ItemResult {
    match outcome {
        Outcome::Taken(taken) => ItemResult::Accepted(accepted(taken)),
        Outcome::Known { message_id, topic, trace_id } => ItemResult::Accepted(known(message_id, &topic, trace_id)),
        Outcome::Refused(wrong) => ItemResult::Refused(refused(wrong)),
        Outcome::Slow(seconds) => ItemResult::Refused(Problem::slow(seconds)),
        Outcome::Closed(why) => ItemResult::Refused(Problem::new(StatusCode::FORBIDDEN, why)),
    }
}

fn accepted(taken: Taken) -> Accepted {
    Accepted {
        status: if taken.unreadable.is_some() { "kept" } else { "success" }.into(),
        message_id: taken.message_id.to_string(),
        topic: taken.topic.to_string(),
        trace_id: hex::encode(taken.trace_id),
        offset: Some(taken.offset),
        reason: taken.unreadable.map(String::from),
    }
}

/// It was taken so long ago that the log may have let it go.
fn known(message_id: Uuid, topic: &TopicName, trace_id: [u8; 16]) -> Accepted {
    let (message_id, topic, trace_id) = (message_id.to_string(), topic.to_string(), hex::encode(trace_id));
    Accepted { status: "success".into(), message_id, topic, trace_id, offset: None, reason: None }
}

pub fn refused(wrong: Vec<Wrong>) -> Problem {
    Problem::invalid(wrong.into_iter().map(|w| Complaint { pointer: w.pointer, rule: w.rule, expected: w.expected }).collect())
}

/// The item as an offer, or everything that is wrong with it.
pub fn offer(topic: &TopicName, item: Value) -> Result<Offer, Vec<Wrong>> {
    let Value::Object(mut item) = item else { return Err(vec![Wrong::new("", "type", "a record is an object with `data`")]) };
    let data = match item.remove("data") {
        Some(Value::Object(data)) => data,
        Some(_) => return Err(vec![Wrong::new("/data", "type", "the payload is an object")]),
        None => return Err(vec![Wrong::new("/data", "required", "the payload is missing")]),
    };
    let mut wrong = Vec::new();
    let message_id = field(&item, "message_id", "a UUID", &mut wrong, |t| t.parse::<Uuid>().ok());
    let device = field(&item, "device_id", "a UUID, or the device's name", &mut wrong, |t| Some(t.to_string()));
    let recorded_at = field(&item, "recorded_at", "an RFC 3339 time such as 2026-01-31T12:00:00Z", &mut wrong, |t| Time::parse(t).ok());
    let schema = field(&item, "schema", "a schema's name and version, at most 200 characters", &mut wrong, |t| {
        (t.len() <= 200 && !t.is_empty()).then(|| t.to_string())
    });
    let trace_id = field(&item, "trace_id", "32 hex digits", &mut wrong, parse_id);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let stream = stream_of(&mut item);
    Ok(Offer { topic: topic.clone(), device, recorded_at, message_id, trace_id, schema, data, bytes: None, stream, at: "/data".into() })
}

fn field<T>(item: &Map<String, Value>, name: &str, expected: &str, wrong: &mut Vec<Wrong>, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    let value = item.get(name).filter(|v| !v.is_null())?;
    let parsed = value.as_str().and_then(parse);
    if parsed.is_none() {
        wrong.push(Wrong::new(format!("/{name}"), "format", expected));
    }
    parsed
}
