//! Loom v2's three shapes: flat (`{device_id, latitude, …}`), nested (`{device_id, data: {latitude, …}}`) and unified
//! (`{message_type_id, device_id, data, metadata}`). Lifting takes the envelope off and leaves the payload.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Wrong;
use super::time::parse_time;
use crate::env::Time;

/// What older senders put into the envelope; `device_id`, times and ids are taken, the rest is not kept.
const ENVELOPE: [&str; 8] = [
    "schema_version",
    "services_encountered",
    "message_type",
    "message_type_id",
    "pipeline_hint",
    "content_type_hint",
    "span_id",
    "schema",
];

/// The envelope's fields, and the payload without them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lifted {
    pub device: Option<String>,
    pub recorded_at: Option<Time>,
    pub message_id: Option<Uuid>,
    pub trace_id: Option<[u8; 16]>,
    pub stream: Option<(String, u64)>,
    pub data: Map<String, Value>,
    /// Where the payload's fields lie in what was sent.
    pub at: &'static str,
}

impl Lifted {
    /// Takes a body apart. A time or a device that is there but is none is wrong; ids that are none are left out.
    pub fn of(body: Value) -> Result<Self, Vec<Wrong>> {
        let Value::Object(mut body) = body else { return Err(vec![Wrong::new("", "type", "an object")]) };
        let mut wrong = Vec::new();
        let mut lifted = Self::default();
        match body.remove("device_id") {
            None | Some(Value::Null) => {}
            Some(Value::String(device)) => lifted.device = Some(device),
            Some(_) => wrong.push(Wrong::new("/device_id", "type", "a text: a UUID, or the device's name")),
        }
        for name in ["recorded_at", "timestamp"] {
            let Some(value) = body.get(name).filter(|v| !v.is_null()) else { continue };
            match parse_time(value) {
                Some(time) => lifted.recorded_at = lifted.recorded_at.or(Some(time)),
                None => wrong.push(Wrong::new(format!("/{name}"), "format", "an RFC 3339 time such as 2026-01-31T12:00:00Z")),
            }
        }
        body.remove("recorded_at");
        body.remove("timestamp");
        if let Some(id) = body.get("message_id").and_then(Value::as_str).and_then(|t| t.parse().ok()) {
            lifted.message_id = Some(id);
            body.remove("message_id");
        }
        lifted.stream = stream_of(&mut body);
        lifted.trace_id = body.remove("trace_id").as_ref().and_then(Value::as_str).and_then(trace_of);
        body.retain(|k, _| !ENVELOPE.contains(&k.as_str()));
        if let Some(Value::Object(_)) = body.get("data") {
            let Some(Value::Object(inner)) = body.remove("data") else { return Err(wrong) };
            body.extend(inner);
            lifted.at = "/data";
        }
        without_nulls(&mut body);
        lifted.data = body;
        if wrong.is_empty() { Ok(lifted) } else { Err(wrong) }
    }
}

/// `stream` and `sequence`, where both are there and are what they should be.
pub fn stream_of(body: &mut Map<String, Value>) -> Option<(String, u64)> {
    let name = body.get("stream")?.as_str().filter(|s| (1..=LONGEST_STREAM).contains(&s.len()))?.to_owned();
    // A signed column keeps it.
    let n = body.get("sequence")?.as_u64().filter(|n| *n < i64::MAX as u64)?;
    body.remove("stream");
    body.remove("sequence");
    Some((name, n))
}

/// Bytes of a stream's name.
const LONGEST_STREAM: usize = 128;

/// 32 hex digits, dashes allowed; names that older services made up are no trace ids.
pub fn trace_of(text: &str) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    hex::decode_to_slice(text.replace('-', ""), &mut id).ok()?;
    (id != [0; 16]).then_some(id)
}

/// What is null was not said.
pub fn without_nulls(map: &mut Map<String, Value>) {
    map.retain(|_, v| !v.is_null());
    for value in map.values_mut() {
        each_object(value, &mut without_nulls);
    }
}

fn each_object(value: &mut Value, work: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(map) => work(map),
        Value::Array(items) => items.iter_mut().for_each(|v| each_object(v, work)),
        _ => {}
    }
}
