//! What of a record's fields is compared, written so that the same is written the same.
//!
//! A fingerprint is the SHA-256 of `<rule>:v1:<field>:<field>`, as in Loom v2; `\` and `:` in a field have a `\` before them, a
//! field that is not there is empty. A device can make it by itself and ask before it sends (`/dedup/check-manifest`).

use serde_json::Value;
use sha2::{Digest, Sha256};

use loom_schemas::dedup::{Field, Normal};

use crate::door::{Wrong, parse_time};
use crate::env::Time;
use crate::schema::Pointer;

const MOST_DECIMALS: u32 = 12;
const DECIMALS: u32 = 6;
const MOST_EVERY_S: u32 = 86_400;

/// A checked field.
#[derive(Clone, Debug)]
pub struct Compared {
    /// `None` is the record's own time.
    at: Option<Pointer>,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    AsIs,
    Text,
    Digits,
    Number(usize),
    Time(i64),
}

impl Compared {
    pub fn compile(field: &Field, at: &str, wrong: &mut Vec<Wrong>) -> Option<Self> {
        let before = wrong.len();
        let own_time = field.field == "recorded_at";
        let pointer = (!own_time).then(|| Pointer::parse(&field.field));
        if let Some(Err(e)) = &pointer {
            wrong.push(Wrong::new(format!("{at}/field"), "format", format!("{}, or recorded_at", e.message())));
        }
        let mut only = |name: &str, value: Option<u32>, with: Normal, least: u32, most: u32| {
            if value.is_some_and(|v| field.normal != with || !(least..=most).contains(&v)) {
                let as_what = if with == Normal::Number { "number" } else { "time" };
                let say = format!("{least} to {most}, of a field compared as a {as_what}");
                wrong.push(Wrong::new(format!("{at}/{name}"), "range", say));
            }
        };
        only("decimals", field.decimals, Normal::Number, 0, MOST_DECIMALS);
        only("every_s", field.every_s, Normal::Time, 1, MOST_EVERY_S);
        let how = match field.normal {
            Normal::Time => How::Time(i64::from(field.every_s.unwrap_or(1))),
            // The record's own time is a time, however it is named.
            _ if own_time => How::Time(1),
            Normal::AsIs => How::AsIs,
            Normal::Text => How::Text,
            Normal::Digits => How::Digits,
            Normal::Number => How::Number(field.decimals.unwrap_or(DECIMALS) as usize),
        };
        let pointer = pointer.transpose().ok()?;
        (wrong.len() == before).then_some(Self { at: pointer, how })
    }

    /// `None` where there is nothing to compare.
    pub fn written(&self, data: &Value, recorded_at: Time) -> Option<String> {
        let Some(at) = &self.at else { return Some(self.time(recorded_at)) };
        let value = at.get(data).filter(|v| !v.is_null())?;
        let text = match (self.how, value) {
            (How::Text, Value::String(s)) => folded(s),
            (How::Digits, Value::String(s)) => digits(s),
            (How::Digits, v) => digits(&v.to_string()),
            (How::Number(places), Value::Number(n)) => rounded(n.as_f64()?, places),
            (How::Number(places), Value::String(s)) => s.trim().parse().map_or_else(|_| folded(s), |n| rounded(n, places)),
            (How::Time(_), v) => parse_time(v).map_or_else(|| plain(v), |t| self.time(t)),
            (_, v) => plain(v),
        };
        (!text.is_empty()).then_some(text)
    }

    /// Whole seconds since 1970.
    fn time(&self, t: Time) -> String {
        let every = if let How::Time(every) = self.how { every } else { 1 };
        (t.0.div_euclid(1_000_000).div_euclid(every) * every).to_string()
    }
}

/// The public fingerprint; `None` where no field has anything in it but the record's own time.
pub fn fingerprint(rule: &str, fields: &[Compared], data: &Value, recorded_at: Time) -> Option<[u8; 32]> {
    let mut text = format!("{rule}:v1");
    let mut said = fields.iter().all(|f| f.at.is_none());
    for field in fields {
        text.push(':');
        if let Some(written) = field.written(data, recorded_at) {
            said |= field.at.is_some();
            text.push_str(&written.replace('\\', r"\\").replace(':', r"\:"));
        }
    }
    said.then(|| Sha256::digest(text).into())
}

/// Letters without case, any run of white space as one space.
pub fn folded(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

fn digits(text: &str) -> String {
    let plus = if text.trim_start().starts_with('+') { "+" } else { "" };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() { folded(text) } else { format!("{plus}{digits}") }
}

fn rounded(n: f64, places: usize) -> String {
    let text = format!("{n:.places$}");
    // What rounds to nothing has no sign.
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.into(),
        _ => text,
    }
}

/// A text as it is, anything else as JSON with its keys in order.
fn plain(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(k, _)| *k);
            let inside: Vec<String> = fields.into_iter().map(|(k, v)| format!("{}:{}", Value::from(k.as_str()), inner(v))).collect();
            format!("{{{}}}", inside.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inner).collect::<Vec<_>>().join(",")),
        v => v.to_string(),
    }
}

fn inner(value: &Value) -> String {
    if value.is_string() { value.to_string() } else { plain(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compared(field: Value) -> Compared {
        let mut wrong = Vec::new();
        let field: Field = serde_json::from_value(field).unwrap();
        Compared::compile(&field, "", &mut wrong).unwrap_or_else(|| panic!("{wrong:?}"))
    }

    #[test]
    fn the_same_is_written_the_same() {
        for (how, value, written) in [
            (json!({"field": "/v", "as": "digits"}), json!("+1 (555) 123-4567"), Some("+15551234567")),
            (json!({"field": "/v", "as": "digits"}), json!(" Parcel  Service"), Some("parcel service")),
            (json!({"field": "/v", "as": "digits"}), json!(17), Some("17")),
            (json!({"field": "/v", "as": "text"}), json!("  Hello \n World! "), Some("hello world!")),
            (json!({"field": "/v", "as": "number", "decimals": 4}), json!(37.774_949_9), Some("37.7749")),
            (json!({"field": "/v", "as": "number", "decimals": 4}), json!(-0.000_01), Some("0.0000")),
            (json!({"field": "/v", "as": "number", "decimals": 0}), json!("12.4"), Some("12")),
            (json!({"field": "/v", "as": "number", "decimals": 0}), json!(1e300), Some(format!("{:.0}", 1e300).as_str())),
            (json!({"field": "/v", "as": "time", "every_s": 60}), json!("2026-01-31T12:00:59+01:00"), Some("1769857200")),
            (json!({"field": "/v", "as": "time"}), json!("noon"), Some("noon")),
            (json!({"field": "recorded_at", "as": "time", "every_s": 10}), json!(null), Some("70")),
            (json!({"field": "/v"}), json!({"b": [1, "x"], "a": null}), Some(r#"{"a":null,"b":[1,"x"]}"#)),
            (json!({"field": "/v"}), json!(null), None),
            (json!({"field": "/w"}), json!(1), None),
            (json!({"field": "/v", "as": "text"}), json!("   "), None),
        ] {
            let found = compared(how.clone()).written(&json!({"v": value}), Time::from_secs(77));
            assert_eq!(found.as_deref(), written, "{how} {value}");
        }
    }

    #[test]
    fn a_fingerprint_is_what_a_device_makes_by_itself() {
        let fields = [json!({"field": "/from", "as": "digits"}), json!({"field": "/message", "as": "text"})].map(compared);
        let print = |data: Value| fingerprint("sms", &fields, &data, Time(0));
        let by_hand: [u8; 32] = Sha256::digest(r"sms:v1:+15551234567:see you at 15\:00").into();
        assert_eq!(print(json!({"from": "+1 555 123 4567", "message": " See you at  15:00"})), Some(by_hand));
        assert_ne!(print(json!({"from": "a:b", "message": "c"})), print(json!({"from": "a", "message": "b:c"})));
        assert_eq!(print(json!({"other": 1})), None);
    }

    #[test]
    fn what_goes_with_no_such_field_is_refused() {
        for field in [
            json!({"field": "from"}),
            json!({"field": "/a", "decimals": 2}),
            json!({"field": "/a", "as": "number", "decimals": 13}),
            json!({"field": "/a", "as": "time", "every_s": 0}),
            json!({"field": "/a", "as": "text", "every_s": 5}),
        ] {
            let mut wrong = Vec::new();
            assert!(Compared::compile(&serde_json::from_value(field.clone()).unwrap(), "/x", &mut wrong).is_none(), "{field}");
            assert_eq!(wrong.len(), 1, "{field}: {wrong:?}");
        }
    }
}
