//! CloudEvents 1.0 (cloudevents.io): `type` is the topic, `source` the device, `id` the message. Structured and batch
//! here; binary mode is the same attributes from headers.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Offers, fit};
use crate::bus::{TopicName, of_classic};
use crate::door::lift::{stream_of, trace_of, without_nulls};
use crate::door::time::parse_time;
use crate::door::{Offer, Wrong};

/// A batch holds at most so many events.
pub const MOST: usize = 10_000;

/// An array of structured events.
pub fn batch(body: Value) -> Result<Offers, Vec<Wrong>> {
    match body {
        Value::Array(items) if items.len() > MOST => {
            Err(vec![Wrong::new("", "maxItems", format!("at most {MOST} events: send more in parts"))])
        }
        Value::Array(items) => Ok(super::each(items, offer)),
        _ => Err(vec![Wrong::new("", "type", "an array of events")]),
    }
}

/// One structured event.
pub fn offer(event: Value) -> Result<Offer, Vec<Wrong>> {
    let Value::Object(mut event) = event else { return Err(vec![Wrong::new("", "type", "an event, which is an object")]) };
    let mut wrong = Vec::new();
    if event.get("specversion").and_then(Value::as_str) != Some("1.0") {
        wrong.push(Wrong::new("/specversion", "const", "1.0"));
    }
    let mut text = |name: &str, expected: &str| match event.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()) {
        Some(text) => text.to_string(),
        None => {
            wrong.push(Wrong::new(format!("/{name}"), "required", expected));
            String::new()
        }
    };
    let id = text("id", "the message's id, a text that is not empty");
    let source = text("source", "the device, a text that is not empty");
    let kind = text("type", "the topic, such as device.sensor.gps.raw");
    let topic = TopicName::parse(of_classic(&kind));
    if let (Err(e), false) = (&topic, kind.is_empty()) {
        wrong.push(Wrong::new("/type", "pattern", e.message()));
    }
    let recorded_at = event.get("time").map(parse_time);
    if recorded_at == Some(None) {
        wrong.push(Wrong::new("/time", "format", "an RFC 3339 time such as 2026-01-31T12:00:00Z"));
    }
    let stream = stream_of(&mut event);
    let data = data(&mut event, &mut wrong);
    let (Ok(topic), true) = (topic, wrong.is_empty()) else { return Err(wrong) };
    let mut data = data.unwrap_or_default();
    without_nulls(&mut data);
    fit(topic.as_str(), &mut data);
    Ok(Offer {
        topic,
        message_id: Some(message_id(&id, &source)),
        device: Some(device(&source)),
        recorded_at: recorded_at.flatten(),
        trace_id: event.get("traceparent").and_then(Value::as_str).and_then(|t| trace_of(t.split('-').nth(1)?)),
        schema: None,
        data,
        bytes: None,
        stream,
        at: "/data".into(),
    })
}

fn data(event: &mut Map<String, Value>, wrong: &mut Vec<Wrong>) -> Option<Map<String, Value>> {
    let kind = event.get("datacontenttype").and_then(Value::as_str).unwrap_or("application/json");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !(kind == "application/json" || kind.ends_with("+json")) {
        wrong.push(Wrong::new("/datacontenttype", "const", "application/json"));
        return None;
    }
    let data = match event.remove("data_base64") {
        Some(Value::String(text)) => super::media::decoded(&text).and_then(|b| serde_json::from_slice(&b).ok()),
        Some(_) => None,
        None => event.remove("data"),
    };
    match data {
        Some(Value::Object(data)) => Some(data),
        _ => {
            wrong.push(Wrong::new("/data", "type", "the payload, an object"));
            None
        }
    }
}

/// A UUID stays; any other id becomes one with its source, for together they name an event: UUIDv8 over their SHA-256.
fn message_id(id: &str, source: &str) -> Uuid {
    if let Ok(id) = id.parse() {
        return id;
    }
    let mut h = Sha256::new();
    for part in ["cloudevent", source, id] {
        h.update((part.len() as u64).to_be_bytes());
        h.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&h.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A source is a URI reference: of `urn:uuid:…` and `//devices/name` the last part names the device.
fn device(source: &str) -> String {
    let last = source.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or(source);
    if source.parse::<Uuid>().is_ok() { source.into() } else { last.into() }
}
