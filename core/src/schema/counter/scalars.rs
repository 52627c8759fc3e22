//! Numbers and texts worth trying: the limits of both schemas, and a step beyond each.

use serde_json::{Map, Number, Value, json};

type Node = Map<String, Value>;

/// Texts longer than this are not tried.
const LONGEST: u64 = 5000;

pub fn numbers(nodes: &[&Node], whole: bool) -> Vec<Value> {
    let words = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
    let read = |word: &'static str| nodes.iter().filter_map(move |n| n.get(word)?.as_f64());
    let mut points: Vec<f64> = words.iter().flat_map(|w| read(w)).flat_map(|p| [p, p - 1.0, p + 1.0, p - 0.5, p + 0.5]).collect();
    points.extend(read("multipleOf").flat_map(|m| (1..=5).map(move |k| m * f64::from(k))));
    points.extend([0.0, 1.0, -1.0, 0.5, 1.5, 1e9, -1e9]);
    points.into_iter().filter(|p| !whole || p.fract() == 0.0).filter_map(number).collect()
}

fn number(p: f64) -> Option<Value> {
    // Whole numbers are written without a point.
    if p.fract() == 0.0 && p.abs() < 9e15 { Some(json!(p as i64)) } else { Number::from_f64(p).map(Value::Number) }
}

pub fn texts(nodes: &[&Node]) -> Vec<Value> {
    let read = |word: &'static str| nodes.iter().filter_map(move |n| n.get(word));
    let lengths = read("minLength").chain(read("maxLength")).filter_map(Value::as_u64).filter(|l| *l <= LONGEST);
    let lengths: Vec<usize> = lengths.flat_map(|l| [l.saturating_sub(1), l, l + 1]).map(|l| l as usize).collect();
    let mut texts: Vec<String> = read("format").filter_map(Value::as_str).flat_map(of_format).map(String::from).collect();
    let patterns = read("pattern").filter_map(Value::as_str);
    texts.extend(patterns.filter_map(jsonschema_regex::pattern_witness));
    texts.extend(["a", "", "b c", "7", "~", "Zürich"].map(String::from));
    let longer: Vec<String> = texts.iter().flat_map(|t| lengths.iter().filter_map(|l| stretched(t, *l))).collect();
    texts.extend(longer);
    texts.into_iter().map(Value::String).collect()
}

/// A text of this many characters that begins as `text` does.
fn stretched(text: &str, length: usize) -> Option<String> {
    let has = text.chars().count();
    match has <= length {
        true => Some(format!("{text}{}", text.chars().last().unwrap_or('a').to_string().repeat(length - has))),
        false => Some(text.chars().take(length).collect()),
    }
}

fn of_format(format: &str) -> Vec<&'static str> {
    match format {
        "date-time" => vec!["2026-01-31T12:00:00Z"],
        "date" => vec!["2026-01-31"],
        "time" => vec!["12:00:00Z"],
        "duration" => vec!["P1D"],
        "email" | "idn-email" => vec!["a@example.com"],
        "hostname" | "idn-hostname" => vec!["example.com"],
        "ipv4" => vec!["127.0.0.1"],
        "ipv6" => vec!["::1"],
        "uri" | "iri" => vec!["https://example.com/a"],
        "uri-reference" | "iri-reference" => vec!["a", "https://example.com/a"],
        "uri-template" => vec!["/a/{b}"],
        "uuid" => vec!["018f22e2-79b0-7cc3-98c4-dc0c0c07398f"],
        "json-pointer" => vec!["/a"],
        "relative-json-pointer" => vec!["1/a"],
        "regex" => vec!["a+"],
        _ => Vec::new(),
    }
}
