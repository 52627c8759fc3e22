//! What systems and programs do: life of apps, notifications, clipboard, notes, messages.

use serde_json::{Map, Value};

use super::Renames;
use super::fields::{lower, scale};

pub fn renames(topic: &str) -> Renames {
    match topic {
        "os.events.app_lifecycle.raw" => {
            &[("app_id", "app_identifier"), ("package_name", "app_identifier"), ("bundle_id", "app_identifier"), ("name", "app_name")]
        }
        "os.events.system.raw" => &[("category", "event_category"), ("event", "event_type")],
        "os.events.notifications.raw" => {
            &[("id", "notification_id"), ("app_id", "app_identifier"), ("package_name", "app_identifier"), ("text", "body")]
        }
        "device.text.notes.raw" | "digital.notes.raw" => &[("text", "content"), ("body", "content")],
        "digital.clipboard.raw" => &[("content", "content_text"), ("text", "content_text"), ("app", "source_app")],
        "device.sms.received" | "device.mms.received" => {
            &[("body", "message"), ("text", "message"), ("address", "from"), ("sender", "from")]
        }
        "device.metadata.raw" => &[("type", "metadata_type"), ("data", "metadata")],
        _ => &[],
    }
}

pub fn fit(topic: &str, data: &mut Map<String, Value>) {
    match topic {
        "os.events.app_lifecycle.raw" => {
            lower(data, "event_type");
            scale(data, "duration_ms", "duration_seconds", 0.001);
        }
        "os.events.system.raw" => {
            lower(data, "event_type");
            lower(data, "severity");
        }
        "os.events.notifications.raw" => lower(data, "action"),
        "device.text.notes.raw" | "digital.notes.raw" => note(data),
        "digital.clipboard.raw" if data.contains_key("content_text") => {
            data.entry("content_type").or_insert_with(|| "text".into());
        }
        _ => {}
    }
}

/// Trimmed, and its words counted.
fn note(data: &mut Map<String, Value>) {
    let Some(Value::String(content)) = data.get_mut("content") else { return };
    if content.trim().len() != content.len() {
        *content = content.trim().to_string();
    }
    let words = content.split_whitespace().count();
    data.insert("word_count".into(), words.into());
}
