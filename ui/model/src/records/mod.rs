//! Records of a topic as a page shows them: their clock, the column that says most, what a filter finds, how many came when.

mod filter;
mod tree;
mod volume;

pub use filter::Filter;
pub use tree::{Branch, branches, copied, of_record, path, shown};
pub use volume::Volume;

use loom_schemas::api::Envelope;
use serde_json::Value;

use crate::time::{clock_s, epoch};

/// `16:18:57.630`, local.
pub fn clock_ms(rfc3339: &str, offset_s: impl Fn(i64) -> i64) -> Option<String> {
    let at = epoch(rfc3339)?;
    let millis = rfc3339.split_once('.').map_or("000", |(_, f)| f.get(..3).unwrap_or("000"));
    Some(format!("{}.{millis}", clock_s(at, offset_s(at))))
}

/// Fields that say most, best first.
const TELLING: [&str; 12] = ["text", "message", "title", "name", "event", "state", "value", "url", "address", "reason", "path", "kind"];

/// The field of `data` that the list shows; `None`: all of it.
pub fn telling(records: &[Envelope]) -> Option<&'static str> {
    let has = |key: &str| !records.is_empty() && records.iter().all(|r| r.data.get(key).is_some_and(|v| !v.is_object() && !v.is_array()));
    TELLING.into_iter().find(|key| has(key))
}

/// What the list shows of a record, at most this many characters.
const MOST: usize = 240;

pub fn told(record: &Envelope, key: Option<&str>) -> String {
    let text = match key.and_then(|k| record.data.get(k)) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None if record.data.is_null() => "erased".into(),
        None => record.data.to_string(),
    };
    let short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() { format!("{short}…") } else { text }
}

/// Bytes of a record's payload.
pub fn size(record: &Envelope) -> u64 {
    if record.data.is_null() { 0 } else { record.data.to_string().len() as u64 }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    pub fn record(offset: u64, data: Value) -> Envelope {
        Envelope {
            schema: "a.b.c.v1".into(),
            message_id: format!("m{offset}"),
            device_id: "d".into(),
            recorded_at: "2025-10-14T14:18:57.630112Z".into(),
            received_at: "2025-10-14T14:18:57.630112Z".into(),
            trace_id: "t".into(),
            span_id: "s".into(),
            data,
            topic: "a.b.c".into(),
            partition: 0,
            offset,
            producer: "http-api".into(),
        }
    }

    #[test]
    fn the_list_shows_the_field_that_says_most() {
        let said = [record(0, json!({"language": "en", "text": "hello"})), record(1, json!({"text": "there"}))];
        assert_eq!((telling(&said), told(&said[0], telling(&said)).as_str()), (Some("text"), "hello"));
        let place = [record(0, json!({"latitude": 1.5, "text": {"no": 1}}))];
        assert_eq!((telling(&place), told(&place[0], None).as_str()), (None, r#"{"latitude":1.5,"text":{"no":1}}"#));
        assert_eq!(told(&record(0, Value::Null), None), "erased");
        assert_eq!(told(&record(0, json!({"text": "ä".repeat(300)})), Some("text")).chars().count(), 241);
        assert_eq!((size(&record(0, json!({"a": 1}))), size(&record(0, Value::Null))), (7, 0));
    }

    #[test]
    fn clocks_show_milliseconds() {
        assert_eq!(clock_ms("2025-10-14T14:18:57.630112Z", |_| 7200).as_deref(), Some("16:18:57.630"));
        assert_eq!(clock_ms("2025-10-14T14:18:57Z", |_| 0).as_deref(), Some("14:18:57.000"));
        assert_eq!(clock_ms("now", |_| 0), None);
    }
}
