//! Every schema is one, takes its own examples, and agrees with the Rust type that carries it.

use loom_schemas::catalogue::{names, schema};
use loom_schemas::dedup::Duplicate;
use loom_schemas::payload::{AudioChunk, DeviceLink, Enriched, PrivacyDecision, ReleasedText, Transcript, Utterance};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn parsed(name: &str) -> Value {
    serde_json::from_str(schema(name).unwrap_or_else(|| panic!("no schema {name}"))).unwrap()
}

#[test]
fn every_schema_is_valid_titled_and_takes_its_examples() {
    let names = names();
    assert!(names.len() >= 60, "{names:?}");
    for name in names {
        let s = parsed(&name);
        assert_eq!(s["title"], name.as_str());
        jsonschema::meta::validate(&s).unwrap_or_else(|e| panic!("{name}: {e}"));
        let v = jsonschema::validator_for(&s).unwrap();
        let examples = s["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{name} shows no example");
        for e in examples {
            v.validate(e).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
        assert!(!v.is_valid(&serde_json::json!({})), "{name} takes anything");
    }
}

fn carries<T: Serialize + DeserializeOwned>(name: &str) {
    let s = parsed(name);
    let v = jsonschema::validator_for(&s).unwrap();
    for e in s["examples"].as_array().unwrap() {
        let t: T = serde_json::from_value(e.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let back = serde_json::to_value(t).unwrap();
        v.validate(&back).unwrap_or_else(|e| panic!("{name}: {e}"));
        let fields = |v: &Value| v.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(fields(&back), fields(e), "{name}: the type has other fields");
    }
}

#[test]
fn types_and_schemas_agree() {
    carries::<AudioChunk>("device.audio.raw.v1");
    carries::<Utterance>("media.audio.vad_filtered.v1");
    carries::<Transcript>("media.text.transcribed.words.v1");
    carries::<Enriched>("media.text.enriched.v1");
    carries::<ReleasedText>("media.text.released.v1");
    carries::<ReleasedText>("media.text.shared.v1");
    carries::<PrivacyDecision>("internal.privacy.audit.decisions.v1");
    carries::<DeviceLink>("internal.identity.links.v1");
    carries::<Duplicate>("internal.dedup.duplicates.v1");
}

#[test]
fn names_that_are_none_find_nothing() {
    for name in ["", "v1", "device.audio.raw", "device.audio.raw.v9", "../etc/passwd.v1", "device...v1"] {
        assert!(schema(name).is_none(), "{name}");
    }
}

/// Every field says what it is, and every number how far it goes.
#[test]
fn every_field_is_described_and_every_number_has_a_range() {
    for name in names() {
        look(&name, &parsed(&name), "");
    }
}

fn look(name: &str, schema: &Value, at: &str) {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let has = |key: &str| schema.get(key).is_some();
    let item = at.ends_with("[]");
    assert!(at.is_empty() || item || has("description") || has("$ref"), "{name}{at} is not described");
    // What may be anything else too has no range of its own.
    if !at.is_empty() && !has("enum") && kinds.len() <= 2 && kinds.iter().any(|k| matches!(*k, "number" | "integer")) {
        let ranged = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"].iter().any(|k| has(k));
        assert!(ranged, "{name}{at} has no range");
    }
    for (field, inner) in schema["properties"].as_object().into_iter().flatten() {
        look(name, inner, &format!("{at}/{field}"));
    }
    if has("items") {
        look(name, &schema["items"], &format!("{at}[]"));
    }
}
