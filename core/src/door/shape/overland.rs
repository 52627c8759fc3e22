//! Overland (overland.p3k.app): `{"locations": [GeoJSON feature, …]}`.

use serde_json::{Map, Value, json};

use super::Offers;
use crate::door::time::parse_time;
use crate::door::{Offer, Wrong};

/// Features in one request, at most.
const MOST: usize = 10_000;

/// Points; trips and whatever else the phone says of itself are kept as they are.
pub fn offers(body: Value) -> Result<Offers, Vec<Wrong>> {
    let Value::Object(mut body) = body else { return Err(vec![Wrong::new("", "type", "an object with locations")]) };
    let Some(Value::Array(features)) = body.remove("locations") else {
        return Err(vec![Wrong::new("/locations", "required", "a list of GeoJSON features")]);
    };
    if features.len() > MOST {
        return Err(vec![Wrong::new("/locations", "maxItems", format!("at most {MOST} features: send more in parts"))]);
    }
    let numbered = |(i, feature)| {
        let at = format!("/locations/{i}");
        match offer(feature) {
            Ok(offer) => Ok(Offer { at, ..offer }),
            Err(w) => Err(vec![Wrong { pointer: format!("{at}{}", w.pointer), ..w }]),
        }
    };
    Ok(features.into_iter().enumerate().map(numbered).collect())
}

fn offer(feature: Value) -> Result<Offer, Wrong> {
    let properties = feature.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |name: &str| properties.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let point = feature.pointer("/geometry/coordinates").and_then(Value::as_array);
    let place = point.and_then(|c| Some((c.first()?.as_f64()?, c.get(1)?.as_f64()?)));
    let mut offer = match (text("type"), place) {
        (None, Some((lon, lat))) => Offer::new("device.sensor.gps.raw", position(lon, lat, &properties)),
        (Some(_), _) => {
            let mut data = Map::new();
            data.insert("metadata_type".into(), "custom".into());
            data.insert("metadata".into(), json!({ "overland": feature }));
            Offer::new("device.metadata.raw", data)
        }
        (None, None) => return Err(Wrong::new("/geometry/coordinates", "type", "longitude and latitude")),
    };
    offer.device = text("device_id").or(text("unique_id")).map_or_else(|| Some("overland".into()), |d| Some(d.to_string()));
    offer.recorded_at = match properties.get("timestamp") {
        None | Some(Value::Null) => None,
        Some(t) => Some(parse_time(t).ok_or_else(|| Wrong::new("/properties/timestamp", "format", "an RFC 3339 time"))?),
    };
    Ok(offer)
}

/// −1 stands for what the phone does not know.
fn position(lon: f64, lat: f64, properties: &Map<String, Value>) -> Map<String, Value> {
    const NAMES: [(&str, &str); 5] = [
        ("horizontal_accuracy", "accuracy"),
        ("vertical_accuracy", "vertical_accuracy"),
        ("speed", "speed"),
        ("course", "heading"),
        ("altitude", "altitude"),
    ];
    let mut data = Map::new();
    data.insert("latitude".into(), json!(lat));
    data.insert("longitude".into(), json!(lon));
    for (from, to) in NAMES {
        if let Some(v) = properties.get(from).and_then(Value::as_f64).filter(|v| *v >= 0.0 || to == "altitude") {
            data.insert(to.into(), json!(v));
        }
    }
    if let Some(level) = properties.get("battery_level").and_then(Value::as_f64).filter(|v| (0.0..=1.0).contains(v)) {
        data.insert("battery_level".into(), json!(level * 100.0));
    }
    if let Some(motion) = properties.get("motion").filter(|m| m.is_array()) {
        data.insert("tags".into(), motion.clone());
    }
    data
}
