//! OwnTracks in HTTP mode (owntracks.org/booklet/tech/json): one object a request, its kind in `_type`.

use serde_json::{Map, Value, json};

use crate::door::time::parse_time;
use crate::door::{Offer, Wrong};

/// `user` and `device` come from the request (headers or query), else from the payload's own `topic`.
pub fn offer(body: Value, user: Option<&str>, device: Option<&str>) -> Result<Offer, Vec<Wrong>> {
    let Value::Object(mut body) = body else { return Err(vec![Wrong::new("", "type", "an object with _type")]) };
    let kind = body.remove("_type").and_then(|v| v.as_str().map(String::from));
    let kind = kind.ok_or_else(|| vec![Wrong::new("/_type", "required", "what it is, such as location")])?;
    let named = named(&body, user, device);
    let recorded_at = body.get("tst").and_then(parse_time);
    let mut offer = match kind.as_str() {
        "location" => Offer::new("device.sensor.gps.raw", location(&body)),
        "transition" => Offer::new("location.georegion.detected", transition(&body)),
        // Cards, waypoints and the like describe the phone: kept as they are.
        _ => Offer::new("device.metadata.raw", metadata(&kind, body)),
    };
    offer.device = named;
    offer.recorded_at = recorded_at;
    Ok(offer)
}

fn named(body: &Map<String, Value>, user: Option<&str>, device: Option<&str>) -> Option<String> {
    if let Some(device) = device {
        return Some(user.map_or_else(|| device.to_string(), |u| format!("{u}-{device}")));
    }
    // owntracks/user/device
    let topic = body.get("topic").and_then(Value::as_str).and_then(|t| {
        let mut parts = t.split('/').skip(1);
        Some(format!("{}-{}", parts.next()?, parts.next()?))
    });
    topic.or_else(|| user.map(String::from)).or_else(|| body.get("tid").and_then(Value::as_str).map(|t| format!("owntracks-{t}")))
}

fn location(body: &Map<String, Value>) -> Map<String, Value> {
    const NAMES: [(&str, &str); 7] = [
        ("lat", "latitude"),
        ("lon", "longitude"),
        ("acc", "accuracy"),
        ("alt", "altitude"),
        ("vac", "vertical_accuracy"),
        ("cog", "heading"),
        ("batt", "battery_level"),
    ];
    let mut data: Map<String, Value> = NAMES.iter().filter_map(|(from, to)| Some(((*to).to_string(), body.get(*from)?.clone()))).collect();
    // km/h, and −1 where it does not know.
    if let Some(v) = body.get("vel").and_then(Value::as_f64).filter(|v| *v >= 0.0) {
        data.insert("speed".into(), json!(v / 3.6));
    }
    if let Some(regions) = body.get("inregions").filter(|v| v.is_array()) {
        data.insert("tags".into(), regions.clone());
    }
    let kept: Map<String, Value> =
        ["t", "m", "conn", "bs", "SSID", "BSSID", "tid"].iter().filter_map(|k| Some(((*k).to_string(), body.get(*k)?.clone()))).collect();
    if !kept.is_empty() {
        data.insert("metadata".into(), kept.into());
    }
    data
}

fn transition(body: &Map<String, Value>) -> Map<String, Value> {
    let get = |name: &str| body.get(name).cloned().filter(|v| !v.is_null());
    let mut data = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            data.insert(name.into(), value);
        }
    };
    put("name", get("desc"));
    put("georegion_id", get("rid").or_else(|| get("desc")));
    put("latitude", get("lat"));
    put("longitude", get("lon"));
    let at = body.get("tst").and_then(parse_time).map(|t| t.to_string().into());
    let entered = body.get("event").and_then(Value::as_str) == Some("enter");
    put(if entered { "entry_time" } else { "exit_time" }, at);
    data
}

fn metadata(kind: &str, mut body: Map<String, Value>) -> Map<String, Value> {
    body.insert("_type".into(), kind.into());
    let mut data = Map::new();
    data.insert("metadata_type".into(), "custom".into());
    data.insert("metadata".into(), json!({ "owntracks": body }));
    data
}
