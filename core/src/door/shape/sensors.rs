//! Readings: positions, motion, air, pulse, battery, networks; and the batch that names the sensor in each.

use serde_json::{Map, Value};

use super::fields::{scale, whole};
use super::{Renames, fit as fit_topic, of_lifted};
use crate::door::lift::Lifted;
use crate::door::{Offer, Offers, Wrong};

/// Readings in one batch, at most.
const MOST: usize = 10_000;

pub fn renames(topic: &str) -> Renames {
    match topic {
        "device.sensor.gps.raw" => &[
            ("bearing", "heading"),
            ("course", "heading"),
            ("lat", "latitude"),
            ("lon", "longitude"),
            ("lng", "longitude"),
            ("alt", "altitude"),
            ("horizontal_accuracy", "accuracy"),
        ],
        "device.sensor.temperature.raw" => &[("temp", "temperature"), ("value", "temperature")],
        "device.sensor.barometer.raw" => &[("value", "pressure"), ("pressure_hpa", "pressure")],
        "device.sensor.light.raw" => &[("value", "lux"), ("illuminance", "lux"), ("light", "lux")],
        "device.sensor.humidity.raw" => &[("value", "humidity"), ("relative_humidity", "humidity")],
        "device.sensor.proximity.raw" => &[("value", "distance"), ("proximity", "distance"), ("is_near", "near")],
        "device.health.heartrate.raw" => &[("heart_rate", "bpm"), ("value", "bpm")],
        "device.health.steps.raw" => &[("steps", "step_count"), ("value", "step_count")],
        "device.health.blood_oxygen.raw" => &[("spo2", "spo2_percentage"), ("value", "spo2_percentage")],
        "device.state.power.raw" => &[("level", "battery_level"), ("charging", "is_charging"), ("battery", "battery_level")],
        "device.network.wifi.raw" => &[("rssi", "signal_strength"), ("level", "signal_strength"), ("is_connected", "connected")],
        "device.network.bluetooth.raw" => &[("name", "device_name"), ("address", "device_address"), ("mac_address", "device_address")],
        _ => &[],
    }
}

pub fn fit(topic: &str, data: &mut Map<String, Value>) {
    match topic {
        "device.health.heartrate.raw" => whole(data, "bpm"),
        "device.health.steps.raw" => whole(data, "step_count"),
        // A percentage has one meaning here; what a sensor calls percent or % says nothing more.
        "device.sensor.humidity.raw" | "device.health.blood_oxygen.raw" => _ = data.remove("unit"),
        "device.sensor.barometer.raw" if data.get("unit").and_then(Value::as_str).is_some_and(|u| u.eq_ignore_ascii_case("pa")) => {
            data.remove("unit");
            scale(data, "pressure", "hpa", 0.01);
            if let Some(v) = data.remove("hpa") {
                data.insert("pressure".into(), v);
            }
        }
        "device.sensor.temperature.raw" => unit(data),
        _ => {}
    }
}

/// `°C` and its like.
fn unit(data: &mut Map<String, Value>) {
    let Some(Value::String(unit)) = data.get_mut("unit") else { return };
    let known = match unit.trim_start_matches('°').to_lowercase().as_str() {
        "c" | "celsius" => "celsius",
        "f" | "fahrenheit" => "fahrenheit",
        "k" | "kelvin" => "kelvin",
        _ => return,
    };
    *unit = known.into();
}

/// A reading that names its sensor, or a batch: an array of them, or `{device_id, sensors: […]}`.
pub fn offers(body: Value) -> Result<Offers, Vec<Wrong>> {
    let (items, field, outer) = match body {
        Value::Array(items) => (items, "", Lifted::default()),
        Value::Object(mut body) => match ["sensors", "readings", "batch"].into_iter().find(|f| body.get(*f).is_some_and(Value::is_array)) {
            Some(field) => match body.remove(field) {
                Some(Value::Array(items)) => (items, field, Lifted::of(Value::Object(body))?),
                _ => return Err(vec![Wrong::new("", "type", "a list of readings")]),
            },
            None => return Ok(vec![reading(Value::Object(body))]),
        },
        _ => return Err(vec![Wrong::new("", "type", "a reading, or a list of them")]),
    };
    let at = if field.is_empty() { String::new() } else { format!("/{field}") };
    if items.is_empty() || items.len() > MOST {
        return Err(vec![Wrong::new(at, "maxItems", format!("1 to {MOST} readings: send more in parts"))]);
    }
    let mut offers = super::each(items, reading);
    for offer in &mut offers {
        match offer {
            Ok(offer) => {
                offer.device = offer.device.take().or_else(|| outer.device.clone());
                offer.recorded_at = offer.recorded_at.or(outer.recorded_at);
                offer.at = format!("{at}{}", offer.at);
            }
            Err(wrong) => wrong.iter_mut().for_each(|w| w.pointer = format!("{at}{}", w.pointer)),
        }
    }
    Ok(offers)
}

fn reading(body: Value) -> Result<Offer, Vec<Wrong>> {
    let mut lifted = Lifted::of(body)?;
    let kind = ["sensor_type", "type", "sensor"].into_iter().find_map(|f| match lifted.data.remove(f) {
        Some(Value::String(kind)) => Some(kind),
        _ => None,
    });
    let Some(kind) = kind else { return Err(vec![Wrong::new("/sensor_type", "required", "which sensor it is, such as gps")]) };
    let topic = topic(&kind);
    if topic == OTHER {
        lifted.data.insert("sensor_type".into(), kind.into());
        lifted.data.entry("value").or_insert_with(|| Value::Object(Map::new()));
        return Ok(of_lifted(topic, lifted));
    }
    if let Some(Value::Object(_)) = lifted.data.get("value")
        && let Some(Value::Object(value)) = lifted.data.remove("value")
    {
        lifted.data.extend(value);
    }
    let mut offer = of_lifted(topic, lifted);
    fit_topic(topic, &mut offer.data);
    // Units of what has one unit alone, and an accuracy where none is known, are the batch's words, not the topic's.
    if matches!(topic, "device.sensor.gps.raw" | "device.sensor.accelerometer.raw" | "device.health.heartrate.raw") {
        offer.data.remove("unit");
    }
    Ok(offer)
}

const OTHER: &str = "device.sensor.other.raw";

/// Where a sensor's readings go; one without a topic of its own shares one, so that nobody can make ten thousand.
fn topic(kind: &str) -> &'static str {
    match kind.to_lowercase().replace(['-', ' '], "_").as_str() {
        "gps" | "location" => "device.sensor.gps.raw",
        "accelerometer" => "device.sensor.accelerometer.raw",
        "gyroscope" => "device.sensor.gyroscope.raw",
        "magnetometer" => "device.sensor.magnetometer.raw",
        "temperature" => "device.sensor.temperature.raw",
        "barometer" | "pressure" => "device.sensor.barometer.raw",
        "light" => "device.sensor.light.raw",
        "humidity" => "device.sensor.humidity.raw",
        "proximity" => "device.sensor.proximity.raw",
        "heartrate" | "heart_rate" => "device.health.heartrate.raw",
        "steps" | "step_count" => "device.health.steps.raw",
        "blood_oxygen" | "spo2" => "device.health.blood_oxygen.raw",
        "power" | "battery" => "device.state.power.raw",
        "wifi" => "device.network.wifi.raw",
        "bluetooth" => "device.network.bluetooth.raw",
        _ => OTHER,
    }
}
