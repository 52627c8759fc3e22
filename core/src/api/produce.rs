//! Writing to a topic over HTTP: one record, or a batch with one result an item. Never behind the wall.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Routes;
use super::problem::{Complaint, Problem};
use super::query::Topic;
use super::state::{State, blocking};
use super::trace::parse_id;
use crate::bus::{Appended, Class, Headers, NewRecord, TopicName, Trace, catalogued};
use crate::env::{Time, message_id};

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(produce)).layer(DefaultBodyLimit::max(BATCH_BYTES))
}

const BATCH_BYTES: usize = 16 << 20;
const BATCH_RECORDS: usize = 10_000;

/// A record on its way in; what is left out is filled in.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"data": {"latitude": 52.52, "longitude": 13.40}}))]
pub struct NewItem {
    /// The payload, an object.
    pub data: Map<String, Value>,
    /// A UUID; makes a retry harmless.
    pub message_id: Option<String>,
    /// A UUID; this machine's unless told.
    pub device_id: Option<String>,
    /// RFC 3339; the time of arrival unless told.
    pub recorded_at: Option<String>,
    /// Name and version; the topic's own unless told.
    pub schema: Option<String>,
    /// Hex; the request's own unless told.
    pub trace_id: Option<String>,
}

/// Durable on the log.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// `success`
    pub status: String,
    pub message_id: String,
    pub topic: String,
    pub trace_id: String,
    pub offset: u64,
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
    /// In the order of the items.
    pub results: Vec<ItemResult>,
}

/// Appends a record (201), or each of an array (207).
#[utoipa::path(post, path = "/api/topics/{topic}/records", tag = "topics", params(("topic" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content = NewItem, description = "a record, or an array of them"),
    responses((status = 201, body = Accepted), (status = 207, body = BatchResult), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn produce(
    Extract(state): Extract<Arc<State>>,
    Topic(topic): Topic,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<Response, Problem> {
    refuse_closed(&state, &topic).await?;
    let key = headers.get("idempotency-key").map(|k| k.as_bytes().to_vec());
    let door = Door { state: state.clone(), topic, trace, key, now: state.clock.now() };
    match body {
        Value::Array(items) if items.len() > BATCH_RECORDS => {
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a batch holds at most {BATCH_RECORDS} records: send it in parts")))
        }
        Value::Array(items) if items.is_empty() => Err(Problem::bad_request("the batch is empty")),
        Value::Array(items) => Ok((StatusCode::MULTI_STATUS, Json(batch(door, items).await?)).into_response()),
        one => {
            let record = door.record(one, 0).map_err(Problem::invalid)?;
            let accepted = append(&door, vec![record]).await?.pop().ok_or_else(Problem::bug)?;
            Ok((StatusCode::CREATED, Json(accepted)).into_response())
        }
    }
}

/// Behind the wall the privacy filter alone writes; dead letters and accounts are written by the stages they are of.
async fn refuse_closed(state: &Arc<State>, topic: &TopicName) -> Result<(), Problem> {
    let (bus, name) = (state.bus.clone(), topic.clone());
    let known = blocking(move || bus.topic(&name)).await?;
    let class = known.map_or_else(|| catalogued(topic).class, |t| t.settings.class);
    if class.is_walled() {
        return Err(Problem::new(StatusCode::FORBIDDEN, "this topic is behind the privacy wall: only the privacy filter writes to it"));
    }
    if class == Class::Internal {
        return Err(Problem::new(StatusCode::FORBIDDEN, "this topic is Loom's own account of its workings: nobody else writes to it"));
    }
    if topic.is_dlq() {
        return Err(Problem::new(StatusCode::FORBIDDEN, "dead letters are written by the stages alone: produce to the topic itself"));
    }
    Ok(())
}

async fn batch(door: Door, items: Vec<Value>) -> Result<BatchResult, Problem> {
    let made: Vec<Result<NewRecord, Vec<Complaint>>> = items.into_iter().enumerate().map(|(i, item)| door.record(item, i)).collect();
    let good = made.iter().flatten().cloned().collect();
    let mut landed = append(&door, good).await?.into_iter();
    let results = made.into_iter().map(|r| match r {
        Ok(_) => landed.next().map_or_else(|| ItemResult::Refused(Problem::bug()), ItemResult::Accepted),
        Err(complaints) => ItemResult::Refused(Problem::invalid(complaints)),
    });
    Ok(BatchResult { results: results.collect() })
}

async fn append(door: &Door, records: Vec<NewRecord>) -> Result<Vec<Accepted>, Problem> {
    let named: Vec<(Uuid, String)> = records.iter().map(|r| (r.message_id, hex::encode(r.headers.trace.trace_id))).collect();
    let bus = door.state.bus.clone();
    let landed = blocking(move || bus.append(records)).await?;
    let accepted = |((id, trace_id), at): ((Uuid, String), &Appended)| Accepted {
        status: "success".into(),
        message_id: id.to_string(),
        topic: door.topic.to_string(),
        trace_id,
        offset: at.offset,
    };
    Ok(named.into_iter().zip(&landed).map(accepted).collect())
}

/// What items of one request share.
struct Door {
    state: Arc<State>,
    topic: TopicName,
    trace: Trace,
    key: Option<Vec<u8>>,
    now: Time,
}

impl Door {
    /// The item as a record, or everything that is wrong with it.
    fn record(&self, item: Value, index: usize) -> Result<NewRecord, Vec<Complaint>> {
        let Value::Object(mut item) = item else { return Err(vec![Complaint::new("", "type", "a record is an object with `data`")]) };
        let data = match item.remove("data") {
            Some(Value::Object(data)) => data,
            Some(_) => return Err(vec![Complaint::new("/data", "type", "the payload is an object")]),
            None => return Err(vec![Complaint::new("/data", "required", "the payload is missing")]),
        };
        let mut wrong = Vec::new();
        let id = self.field(&item, "message_id", "a UUID", &mut wrong, |t| t.parse::<Uuid>().ok());
        let device = self.field(&item, "device_id", "a UUID", &mut wrong, |t| t.parse::<Uuid>().ok());
        let recorded =
            self.field(&item, "recorded_at", "an RFC 3339 time such as 2026-01-31T12:00:00Z", &mut wrong, |t| Time::parse(t).ok());
        let schema = self.field(&item, "schema", "a schema's name and version, at most 200 characters", &mut wrong, |t| {
            (t.len() <= 200 && !t.is_empty()).then(|| t.to_string())
        });
        let trace = self.field(&item, "trace_id", "32 hex digits", &mut wrong, parse_id);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let headers = Headers {
            schema: schema.unwrap_or_else(|| catalogued(&self.topic).schema),
            trace: Trace { trace_id: trace.unwrap_or(self.trace.trace_id), span_id: self.trace.span_id },
            producer: "http-api".into(),
            timed_by_arrival: recorded.is_none(),
            ..Headers::default()
        };
        let id = id.unwrap_or_else(|| self.new_id(index));
        let value = Value::Object(data).to_string().into_bytes();
        Ok(NewRecord::new(self.topic.clone(), id, device.unwrap_or(self.state.device_id), recorded.unwrap_or(self.now), headers, value))
    }

    fn field<T>(
        &self,
        item: &Map<String, Value>,
        name: &str,
        expected: &str,
        wrong: &mut Vec<Complaint>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = item.get(name).filter(|v| !v.is_null())?;
        let parsed = value.as_str().and_then(parse);
        if parsed.is_none() {
            wrong.push(Complaint::new(format!("/{name}"), "format", expected));
        }
        parsed
    }

    /// A retry with the same `Idempotency-Key` gets the same ids, so the log knows the repeats.
    fn new_id(&self, index: usize) -> Uuid {
        let Some(key) = &self.key else { return message_id(self.now, &*self.state.entropy) };
        let mut h = Sha256::new();
        for part in [b"idempotency-key".as_slice(), self.topic.as_str().as_bytes(), key, &(index as u64).to_be_bytes()] {
            h.update((part.len() as u32).to_be_bytes());
            h.update(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&h.finalize()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}
