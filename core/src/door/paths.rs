//! Loom v2's paths: which topic each leads to, and in which shape.

/// How a path's body becomes offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// One record of this topic, or an array of them.
    One(&'static str),
    /// An object whose field holds up to so many records of this topic; or an array of them.
    Many { topic: &'static str, field: &'static str, most: usize },
    /// Readings that name their sensor, each in the batch its own.
    Sensors,
    /// Loom v2's one way in for all: the message type names the topic.
    Unified,
}

use Entry::{Many, One, Sensors, Unified};

/// Every path that takes records, after the Loom v2 API.
pub const PATHS: [(&str, Entry); 52] = [
    ("/audio/upload", One("device.audio.raw")),
    ("/sensor/gps", One("device.sensor.gps.raw")),
    ("/sensor/accelerometer", One("device.sensor.accelerometer.raw")),
    ("/sensor/gyroscope", One("device.sensor.gyroscope.raw")),
    ("/sensor/magnetometer", One("device.sensor.magnetometer.raw")),
    ("/sensor/temperature", One("device.sensor.temperature.raw")),
    ("/sensor/barometer", One("device.sensor.barometer.raw")),
    ("/sensor/light", One("device.sensor.light.raw")),
    ("/sensor/humidity", One("device.sensor.humidity.raw")),
    ("/sensor/proximity", One("device.sensor.proximity.raw")),
    ("/sensor/heartrate", One("device.health.heartrate.raw")),
    ("/sensor/power", One("device.state.power.raw")),
    ("/sensor/lock", One("device.state.lock.raw")),
    ("/sensor/wifi", One("device.network.wifi.raw")),
    ("/sensor/bluetooth", One("device.network.bluetooth.raw")),
    ("/sensor/network-stats", One("device.network.stats.raw")),
    ("/sensor/generic", Sensors),
    ("/sensor/batch", Sensors),
    ("/health/heartrate", One("device.health.heartrate.raw")),
    ("/health/steps", One("device.health.steps.raw")),
    ("/health/sleep", One("device.health.sleep.raw")),
    ("/health/blood-oxygen", One("device.health.blood_oxygen.raw")),
    ("/health/blood-pressure", One("device.health.blood_pressure.raw")),
    ("/os-events/app-lifecycle", One("os.events.app_lifecycle.raw")),
    ("/os-events/system", One("os.events.system.raw")),
    ("/os-events/notifications", One("os.events.notifications.raw")),
    ("/system/apps/macos", One("device.system.apps.macos.raw")),
    ("/system/apps/android", One("device.system.apps.android.raw")),
    ("/system/apps/android/usage", One("device.app_usage.android.aggregated")),
    ("/system/apps/android/events", One("device.app_usage.android.events")),
    ("/system/apps/android/categories", One("device.app_usage.android.categories")),
    ("/system/metadata", One("device.metadata.raw")),
    ("/device/metadata", One("device.metadata.raw")),
    ("/system/consumer_activity/log", One("internal.consumer.activity")),
    ("/images/upload", One("device.image.camera.raw")),
    ("/images/screenshot", One("device.image.screenshot.raw")),
    ("/images/video", One("device.video.screen.raw")),
    ("/images/batch", Many { topic: "device.image.camera.raw", field: "images", most: 50 }),
    ("/notes/upload", One("device.text.notes.raw")),
    ("/notes/digital", One("digital.notes.raw")),
    ("/notes/batch", Many { topic: "device.text.notes.raw", field: "notes", most: 100 }),
    ("/documents/upload", One("task.document.ingest")),
    ("/documents/batch", Many { topic: "task.document.ingest", field: "documents", most: 10 }),
    ("/digital/clipboard", One("digital.clipboard.raw")),
    ("/digital/web-analytics", One("digital.web_analytics.raw")),
    ("/sms/received", One("device.sms.received")),
    ("/mms/received", One("device.mms.received")),
    ("/urls/ingest", One("task.url.ingest")),
    ("/urls/batch", Many { topic: "task.url.ingest", field: "urls", most: 50 }),
    ("/github/ingest", One("task.github.ingest")),
    ("/github/batch", Many { topic: "task.github.ingest", field: "repositories", most: 20 }),
    ("/ingest/message", Unified),
];

/// The entry of a path.
pub fn entry(path: &str) -> Option<Entry> {
    PATHS.iter().find(|(p, _)| *p == path).map(|(_, e)| *e)
}
