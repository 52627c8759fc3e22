//! The piece of an offer: what is wrong with it, and what names it.

use loom_schemas::payload::SourceKind;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::form::{Form, form, sample, text, whole};
use super::{FIELD, Piece};
use crate::bus::{Trace, names};
use crate::door::take::{Fit, Request};
use crate::door::{Offer, Wrong, shape};

/// Hz that raw samples may have.
const RATES: std::ops::RangeInclusive<u64> = 1_000..=768_000;
const CHANNELS: std::ops::RangeInclusive<u64> = 1..=32;
/// Bytes of a stream's name.
const LONGEST_NAME: usize = 128;

/// Whether an offer brings sound itself, not a reference to samples that are stored already.
pub(in crate::door) fn is_sound(offer: &Offer) -> bool {
    offer.topic.as_str() == names::AUDIO_RAW && !(offer.data.contains_key("stream_id") && offer.data.contains_key("first_sample"))
}

/// What is wrong with what is said beside the sound.
pub(in crate::door) fn complaints(offer: &Offer) -> Vec<Wrong> {
    let data = &offer.data;
    let mut wrong = Vec::new();
    match data.get(FIELD) {
        Some(Value::String(_)) => {}
        None if offer.bytes.is_some() => {}
        None => wrong.push(Wrong::new(format!("/{FIELD}"), "required", "the sound: base64 or hex of samples, or of an audio file")),
        Some(_) => wrong.push(Wrong::new(format!("/{FIELD}"), "type", "a text: base64 or hex")),
    }
    let mut number = |name: &str, range: std::ops::RangeInclusive<u64>| {
        if data.contains_key(name) && !whole(data, name).is_some_and(|n| range.contains(&n)) {
            wrong.push(Wrong::new(format!("/{name}"), "range", format!("a whole number from {} to {}", range.start(), range.end())));
        }
    };
    number("sample_rate", RATES);
    number("channels", CHANNELS);
    number("chunk_number", 0..=i64::MAX as u64);
    if wrong.is_empty() && sample(data).is_some() && !data.contains_key("sample_rate") {
        wrong.push(Wrong::new("/sample_rate", "required", "how many samples a second, in Hz"));
    }
    wrong
}

/// The piece of an offer without complaints. `chance` names one that nothing else names: it is new whenever it comes.
pub(in crate::door) fn piece(fit: &mut Fit, request: &Request, index: usize, trace: Trace, chance: [u8; 16]) -> Piece {
    // Only a socket's own samples go on without a border: whoever sends JSON hears of each piece that it is durable.
    let live = fit.offer.bytes.is_some() && fit.offer.data.get("live") == Some(&Value::Bool(true));
    let (bytes, readable) = bytes(&mut fit.offer);
    let Fit { offer, device, .. } = fit;
    let data = &offer.data;
    let form = if readable { form(data, &bytes) } else { Form::Nothing("it is neither base64 nor hex") };
    let (named, number) = place(offer);
    let key = match (offer.message_id, request.key, (&named, number), text(data, "message_id")) {
        (Some(id), ..) => key(&[b"id", device.as_bytes(), id.as_bytes()]),
        (_, Some(said), ..) => key(&[b"key", device.as_bytes(), said, &(index as u64).to_be_bytes()]),
        (_, _, (Some(stream), Some(n)), _) => key(&[b"number", device.as_bytes(), stream.as_bytes(), &n.to_be_bytes()]),
        // An id that is no UUID names it as well.
        (.., Some(said)) => key(&[b"said", device.as_bytes(), said.as_bytes()]),
        _ => match offer.recorded_at {
            Some(at) => {
                let of = [at.micros().to_be_bytes(), number.unwrap_or(u64::MAX).to_be_bytes()].concat();
                key(&[b"bytes", device.as_bytes(), &of, &Sha256::digest(&bytes)])
            }
            None => chance,
        },
    };
    Piece {
        device: *device,
        name: String::new(),
        kind: SourceKind::Upload,
        stream: named.unwrap_or_default(),
        number,
        at: offer.recorded_at,
        key,
        message_id: offer.message_id,
        trace,
        producer: request.producer.into(),
        form,
        bytes,
        last: ["last", "final", "is_final"]
            .iter()
            .any(|f| matches!(data.get(*f), Some(Value::Bool(true))) || text(data, f) == Some("true")),
        came_before: false,
        live,
    }
}

/// Which stream it is of, if it says so, and which number it has there. A file's id alone names no stream: some senders
/// give each piece its own.
fn place(offer: &Offer) -> (Option<String>, Option<u64>) {
    if let Some((stream, n)) = &offer.stream {
        return (Some(stream.clone()), Some(*n));
    }
    let number = whole(&offer.data, "chunk_number");
    let fields: &[&str] =
        if number.is_some() { &["stream_id", "session_id", "stream", "file_id"] } else { &["stream_id", "session_id", "stream"] };
    let named = fields.iter().find_map(|f| text(&offer.data, f)).filter(|s| (1..=LONGEST_NAME).contains(&s.len()));
    (named.map(str::to_owned), number)
}

fn bytes(offer: &mut Offer) -> (Vec<u8>, bool) {
    if let Some(bytes) = offer.bytes.take() {
        return (bytes, true);
    }
    let Some(Value::String(text)) = offer.data.remove(FIELD) else { return (Vec::new(), true) };
    let said = self::text(&offer.data, "encoding").map(str::to_lowercase);
    let decoded = match said.as_deref() {
        Some("hex") => hex::decode(text.trim()).ok(),
        Some("base64") => shape::decoded(&text),
        _ => from_hex(&text).or_else(|| shape::decoded(&text)),
    };
    match decoded {
        Some(bytes) => (bytes, true),
        None => (text.into_bytes(), false),
    }
}

/// Some clients send hex, in small letters. No base64 of sound is made of those and digits alone (silence is all `A`), so
/// nothing has to say which it is.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let small = text.len() >= 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if small { hex::decode(text).ok() } else { None }
}

fn key(parts: &[&[u8]]) -> [u8; 16] {
    let mut h = Sha256::new();
    for part in parts {
        h.update((part.len() as u32).to_be_bytes());
        h.update(part);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&h.finalize()[..16]);
    key
}
