use serde_json::{Map, Value, json};

use super::*;
use crate::schema::{Depth, Report, check, compile};

/// The report on two versions, what it shows seen by validators of their own.
fn seen(old: &Value, new: &Value) -> Report {
    let (old, new) = (Whole::alone(old.clone()), Whole::alone(new.clone()));
    let report = check(&old, &new, Depth::Example).unwrap();
    if let Some(document) = &report.counter_example {
        assert!(!report.compatible);
        assert!(compile(&old).unwrap().is_valid(document), "the old schema refuses {document}");
        assert!(!compile(&new).unwrap().is_valid(document), "the new schema takes {document}");
    }
    report
}

fn shown(old: &Value, new: &Value) -> Option<Value> {
    seen(old, new).counter_example
}

#[test]
fn what_breaks_is_shown_small() {
    for (old, new, document) in [
        (json!({"type": "integer"}), json!({"type": "integer", "maximum": 9}), json!(10)),
        (json!({"type": "number"}), json!({"type": "integer"}), json!(0.5)),
        (json!({"type": "string", "maxLength": 9}), json!({"type": "string", "maxLength": 1}), json!("aa")),
        (json!({"enum": ["a", "b"]}), json!({"enum": ["a"]}), json!("b")),
        (json!({"type": "array"}), json!({"type": "array", "maxItems": 0}), json!([null])),
        (json!({"type": "object"}), json!({"type": "object", "required": ["a"]}), json!({})),
        (json!({"not": {"type": "integer", "minimum": 5}}), json!({"not": {"type": "integer"}}), json!(0)),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false}),
            json!({"a": "", "undeclared": null}),
        ),
    ] {
        let found = shown(&old, &new).unwrap_or_else(|| panic!("nothing found for {old} → {new}"));
        assert!(found.to_string().len() <= document.to_string().len() + 6, "{found} for {old} → {new}");
    }
}

#[test]
fn what_lies_deep_is_found() {
    let order = |price: Value| {
        json!({"type": "object", "required": ["id", "lines"], "properties": {"id": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
            "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/line"}}},
            "$defs": {"line": {"type": "object", "required": ["sku", "price"], "properties": {"sku": {"type": "string", "format": "uuid"}, "price": price}}}})
    };
    let found = shown(&order(json!({"type": "number", "minimum": 0})), &order(json!({"type": "number", "minimum": 1}))).unwrap();
    assert!(found["lines"][0]["price"].as_f64().unwrap() < 1.0, "{found}");
}

#[test]
fn where_nothing_breaks_nothing_is_shown() {
    for (old, new) in [
        (json!({"type": "integer"}), json!({"type": "number"})),
        (json!({"type": "object"}), json!({"type": "object", "propertyNames": {"pattern": "a*"}})),
        (
            json!({"type": "object", "properties": {}, "additionalProperties": false}),
            json!({"type": "object", "properties": {"a": {"default": 1}}, "required": ["a"], "additionalProperties": false}),
        ),
    ] {
        let report = seen(&old, &new);
        assert!(report.compatible && report.counter_example.is_none(), "{old} → {new}: {report:?}");
    }
}

/// Words that others do not compare: a document decides.
#[test]
fn a_document_decides_where_the_rule_does_not() {
    for (old, new) in [
        (json!({"type": "string"}), json!({"type": "string", "format": "date-time"})),
        (json!({"type": "object"}), json!({"type": "object", "propertyNames": {"pattern": "^x"}})),
        (json!({"type": "object"}), json!({"type": "object", "required": ["a"]})),
        (json!({"type": "object"}), json!({"type": "object", "patternProperties": {"^a": {"type": "integer"}}})),
    ] {
        assert!(shown(&old, &new).is_some(), "{old} → {new}");
    }
}

/// A schema made by chance, and one that differs from it a little.
fn by_chance(rng: &mut fastrand::Rng, depth: usize) -> Value {
    let mut node = Map::new();
    let kind = ["integer", "number", "string", "boolean", "null", "array", "object"][rng.usize(..if depth == 0 { 5 } else { 7 })];
    if rng.u8(..10) > 0 {
        node.insert("type".into(), kind.into());
    }
    let number = |rng: &mut fastrand::Rng| json!(rng.i32(-3..6));
    for _ in 0..rng.usize(..3) {
        let (word, value) = match kind {
            "integer" | "number" => (["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"][rng.usize(..4)], number(rng)),
            "string" => (["minLength", "maxLength"][rng.usize(..2)], json!(rng.u8(..4))),
            "array" => (["minItems", "maxItems"][rng.usize(..2)], json!(rng.u8(..4))),
            "object" => (["minProperties", "maxProperties"][rng.usize(..2)], json!(rng.u8(..4))),
            _ => ("title", json!("t")),
        };
        node.insert(word.into(), value);
    }
    if kind == "array" && rng.bool() {
        node.insert("items".into(), by_chance(rng, depth - 1));
    }
    if kind == "object" {
        let names = ["a", "b", "c"];
        let properties: Map<String, Value> = names.iter().filter(|_| rng.bool()).map(|n| ((*n).to_string(), Value::Null)).collect();
        let properties: Map<String, Value> = properties.into_iter().map(|(n, _)| (n, by_chance(rng, depth - 1))).collect();
        node.insert("properties".into(), properties.into());
        node.insert("required".into(), names.iter().filter(|_| rng.u8(..4) == 0).copied().collect());
        if rng.bool() {
            node.insert("additionalProperties".into(), rng.bool().into());
        }
    }
    if depth > 0 && rng.u8(..6) == 0 {
        let word = ["anyOf", "oneOf", "allOf"][rng.usize(..3)];
        node.insert(word.into(), (0..rng.usize(1..3)).map(|_| by_chance(rng, depth - 1)).collect());
    }
    node.into()
}

/// Every document that is shown is one, whatever the schemas; and enough of them are found.
#[test]
fn whatever_is_shown_is_taken_and_refused() {
    let mut rng = fastrand::Rng::with_seed(5);
    let (mut broken, mut found) = (0, 0);
    for _ in 0..100 {
        let old = by_chance(&mut rng, 2);
        let new = if rng.bool() { by_chance(&mut rng, 2) } else { narrowed(&mut rng, old.clone()) };
        let report = seen(&old, &new);
        broken += usize::from(!report.compatible);
        found += usize::from(report.counter_example.is_some());
    }
    // Some of what breaks by the rule cannot be shown: schemas that take nothing, unions that cover each other.
    assert!(broken > 30 && found * 10 >= broken * 6, "{found} of {broken}");
}

fn narrowed(rng: &mut fastrand::Rng, mut schema: Value) -> Value {
    let Value::Object(map) = &mut schema else { return schema };
    match rng.usize(..3) {
        0 => map.insert("additionalProperties".into(), json!(false)),
        1 => map.insert("minimum".into(), json!(2)),
        _ => map.insert("required".into(), json!(["z"])),
    };
    schema
}
