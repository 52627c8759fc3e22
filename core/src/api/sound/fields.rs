//! What is said beside bytes that come as they are: the fields of a form or of a query, and the media type.

use serde_json::{Map, Value};

use crate::door::{Entry, Offer, Wrong, offers};

/// Fields as the shapes have them. A query knows texts alone; times in digits are numbers.
pub fn payload(fields: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    let field = |(name, text): (String, String)| {
        let digits = matches!(name.as_str(), "timestamp" | "recorded_at" | "sequence");
        let value = text.parse::<serde_json::Number>().ok().filter(|_| digits).map_or(Value::String(text), Value::Number);
        (name, value)
    };
    fields.into_iter().map(field).collect()
}

/// The offer of bytes and of what is said beside them.
pub fn offer(topic: &'static str, mut fields: Map<String, Value>, bytes: Vec<u8>, media_type: &str) -> Result<Offer, Vec<Wrong>> {
    if let Some(format) = format(media_type).filter(|_| !fields.contains_key("format")) {
        fields.insert("format".into(), format.into());
        for (name, value) in parameters(media_type) {
            fields.entry(name).or_insert_with(|| value.into());
        }
    }
    let mut made = offers(Entry::One(topic), Value::Object(fields))?.pop().unwrap_or(Err(Vec::new()))?;
    made.bytes = Some(bytes);
    Ok(made)
}

/// The format that a media type names; most are found by their content anyway.
fn format(media_type: &str) -> Option<&'static str> {
    let kind = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.strip_prefix("audio/")?.trim_start_matches("x-") {
        "wav" | "wave" | "vnd.wave" => Some("wav"),
        "flac" => Some("flac"),
        "mpeg" | "mp3" => Some("mp3"),
        "mp4" | "m4a" => Some("m4a"),
        "aac" => Some("aac"),
        "ogg" | "opus" | "vorbis" => Some("ogg"),
        "webm" => Some("webm"),
        "aiff" => Some("aiff"),
        "l16" => Some("l16"),
        "pcm" | "raw" => Some("pcm_s16le"),
        _ => None,
    }
}

/// `rate` and `channels` of `audio/L16;rate=16000;channels=1` (RFC 2586).
fn parameters(media_type: &str) -> Vec<(&'static str, String)> {
    let known = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let name = match name.trim().to_ascii_lowercase().as_str() {
            "rate" => "sample_rate",
            "channels" => "channels",
            _ => return None,
        };
        Some((name, value.trim().trim_matches('"').to_owned()))
    };
    media_type.split(';').skip(1).filter_map(known).collect()
}
