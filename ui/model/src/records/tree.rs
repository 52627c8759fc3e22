//! A value as a tree of JSON, and what is copied from it.

use loom_schemas::api::Envelope;
use serde_json::Value;

/// A key and what is under it.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    pub key: String,
    pub path: String,
    pub value: Value,
}

/// What is directly under a value, with its path.
pub fn branches(value: &Value, under: &str) -> Vec<Branch> {
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| Branch { key: k.clone(), path: path(under, k), value: v.clone() }).collect(),
        Value::Array(items) => {
            let item = |(i, v): (usize, &Value)| Branch { key: i.to_string(), path: format!("{under}[{i}]"), value: v.clone() };
            items.iter().enumerate().map(item).collect()
        }
        _ => Vec::new(),
    }
}

/// A record in the order in which it is written down, its payload last.
pub fn of_record(record: &Envelope) -> Vec<Branch> {
    let text = |key: &str, value: &str| Branch { key: key.into(), path: key.into(), value: Value::String(value.into()) };
    let data = if record.data.is_null() { Value::String("erased".into()) } else { record.data.clone() };
    vec![
        text("schema", &record.schema),
        text("message_id", &record.message_id),
        text("device_id", &record.device_id),
        text("recorded_at", &record.recorded_at),
        text("received_at", &record.received_at),
        text("trace_id", &record.trace_id),
        text("span_id", &record.span_id),
        text("producer", &record.producer),
        Branch { key: "data".into(), path: "data".into(), value: data },
    ]
}

/// `data.words`, and `data["odd key"]`.
pub fn path(under: &str, key: &str) -> String {
    let plain = key.chars().all(|c| c.is_alphanumeric() || c == '_') && !key.starts_with(|c: char| c.is_ascii_digit());
    match (under.is_empty(), plain) {
        (true, true) => key.into(),
        (false, true) => format!("{under}.{key}"),
        _ => format!("{under}[{}]", Value::String(key.into())),
    }
}

/// `7 keys`, `28 items`; of an item that is an object, what it says of itself.
pub fn shown(branch: &Branch) -> String {
    let plural = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    match &branch.value {
        Value::Array(items) => plural(items.len(), "item"),
        Value::Object(map) => match map.get("text").or_else(|| map.get("name")).and_then(Value::as_str) {
            Some(said) if branch.path.ends_with(']') => said.chars().take(40).collect(),
            _ => plural(map.len(), "key"),
        },
        _ => String::new(),
    }
}

/// A value as it goes to the clipboard: a string bare, all else as JSON.
pub fn copied(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => serde_json::to_string_pretty(value).unwrap_or_default(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_tree_names_the_way_to_each_of_its_values() {
        let value = json!({"data": {"words": [{"text": "The", "start_s": 0.1}], "odd key": 1}});
        let data = &branches(&value, "")[0];
        assert_eq!((data.path.as_str(), shown(data).as_str()), ("data", "2 keys"));
        let under = branches(&data.value, &data.path);
        let words = under.iter().find(|b| b.key == "words").unwrap();
        assert_eq!((words.path.as_str(), shown(words).as_str()), ("data.words", "1 item"));
        assert_eq!(under.iter().find(|b| b.key == "odd key").unwrap().path, r#"data["odd key"]"#);
        let first = &branches(&words.value, &words.path)[0];
        assert_eq!((first.path.as_str(), shown(first).as_str()), ("data.words[0]", "The"));
        assert_eq!(branches(&first.value, &first.path)[0].path, "data.words[0].start_s");
    }

    #[test]
    fn a_record_ends_with_its_payload_also_when_that_is_erased() {
        let record = super::super::tests::record(7, json!({"text": "x"}));
        let of = of_record(&record);
        assert_eq!((of[0].key.as_str(), of.last().unwrap().path.as_str(), &of.last().unwrap().value), ("schema", "data", &record.data));
        assert_eq!(of_record(&super::super::tests::record(7, Value::Null)).last().unwrap().value, json!("erased"));
    }

    #[test]
    fn copies_are_what_a_person_wants_to_paste() {
        assert_eq!(copied(&json!("a \"b\"")), "a \"b\"");
        assert_eq!(copied(&json!(0.5)), "0.5");
        assert_eq!(copied(&json!([1])), "[\n  1\n]");
    }
}
