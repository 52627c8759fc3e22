//! Loom v2's one way in: `{message_type_id, device_id, data, metadata}`; the type names the topic.

use serde_json::Value;

use super::of_lifted;
use crate::door::lift::Lifted;
use crate::door::{Offer, Wrong};

/// Message types, and where they go.
pub const TYPES: [(&str, &str); 24] = [
    ("audio_chunk", "device.audio.raw"),
    ("gps_reading", "device.sensor.gps.raw"),
    ("accelerometer", "device.sensor.accelerometer.raw"),
    ("heartrate", "device.health.heartrate.raw"),
    ("power_state", "device.state.power.raw"),
    ("wifi_state", "device.network.wifi.raw"),
    ("bluetooth_scan", "device.network.bluetooth.raw"),
    ("temperature", "device.sensor.temperature.raw"),
    ("barometer", "device.sensor.barometer.raw"),
    ("device_metadata", "device.metadata.raw"),
    ("camera_photo", "device.image.camera.raw"),
    ("screenshot", "device.image.screenshot.raw"),
    ("twitter_screenshot", "external.twitter.images.raw"),
    ("app_lifecycle", "os.events.app_lifecycle.raw"),
    ("system_event", "os.events.system.raw"),
    ("notification", "os.events.notifications.raw"),
    ("macos_apps", "device.system.apps.macos.raw"),
    ("android_apps", "device.system.apps.android.raw"),
    ("digital_note", "digital.notes.raw"),
    ("clipboard", "digital.clipboard.raw"),
    ("twitter_liked", "external.twitter.liked.raw"),
    ("email_event", "external.email.events.raw"),
    ("calendar_event", "external.calendar.events.raw"),
    ("url_to_process", "task.url.ingest"),
];

/// The type a body names.
pub fn type_of(body: &Value) -> Option<&str> {
    ["message_type_id", "message_type"].into_iter().find_map(|f| body.get(f)?.as_str())
}

pub fn offer(body: Value) -> Result<Offer, Vec<Wrong>> {
    let wrong = |rule, expected: &str| vec![Wrong::new("/message_type_id", rule, expected)];
    let name = type_of(&body).ok_or_else(|| wrong("required", "what it is, such as gps_reading: /ingest/message-types lists them"))?;
    let topic = TYPES.iter().find(|(t, _)| *t == name).map(|(_, topic)| *topic);
    let topic = topic.ok_or_else(|| wrong("enum", "a known message type: /ingest/message-types lists them"))?;
    Lifted::of(body).map(|lifted| of_lifted(topic, lifted))
}
