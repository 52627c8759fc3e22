//! A value as a tree of JSON, and what is copied from it.

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
    fn copies_are_what_a_person_wants_to_paste() {
        assert_eq!(copied(&json!("a \"b\"")), "a \"b\"");
        assert_eq!(copied(&json!(0.5)), "0.5");
        assert_eq!(copied(&json!([1])), "[\n  1\n]");
    }
}
