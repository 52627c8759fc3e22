//! Small changes to fields, where they are there.

use serde_json::{Map, Number, Value};

/// A number for another unit.
pub fn scale(data: &mut Map<String, Value>, from: &str, to: &str, by: f64) {
    if data.contains_key(to) {
        return;
    }
    let Some(n) = data.get(from).and_then(Value::as_f64) else { return };
    if let Some(n) = Number::from_f64(n * by) {
        data.remove(from);
        data.insert(to.into(), n.into());
    }
}

/// A whole number that came as `72.0`, or as text.
pub fn whole(data: &mut Map<String, Value>, name: &str) {
    let Some(value) = data.get_mut(name) else { return };
    let whole = match value {
        Value::Number(n) if n.is_f64() => n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    if let Some(whole) = whole {
        *value = whole.into();
    }
}

pub fn lower(data: &mut Map<String, Value>, name: &str) {
    if let Some(Value::String(text)) = data.get_mut(name) {
        *text = text.to_lowercase();
    }
}

/// A list of texts as one, with commas between.
pub fn joined(data: &mut Map<String, Value>, name: &str) {
    let Some(value @ Value::Array(_)) = data.get_mut(name) else { return };
    let texts: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    *value = texts.join(", ").into();
}

/// Moves fields into an object of their own.
pub fn gather(data: &mut Map<String, Value>, into: &str, fields: &[(&str, &str)]) {
    let mut found = Map::new();
    for (from, to) in fields {
        if let Some(value) = data.remove(*from) {
            found.insert((*to).into(), value);
        }
    }
    if found.is_empty() {
        return;
    }
    match data.get_mut(into) {
        Some(Value::Object(there)) => there.extend(found),
        _ => _ = data.insert(into.into(), found.into()),
    }
}
