use serde_json::{Value, json};

use super::*;
use crate::schema::resolve::Whole;

fn found(old: Value, new: Value) -> Vec<(Kind, String)> {
    differences(&Whole::alone(old), &Whole::alone(new)).into_iter().map(|d| (d.kind, d.path)).collect()
}

fn breaks(old: &Value, new: &Value) -> bool {
    found(old.clone(), new.clone()).iter().any(|(k, _)| k.verdict() == Verdict::Breaks)
}

/// Old, new, and whether readers of the new one stand it.
fn table(cases: &[(Value, Value, bool)]) {
    for (old, new, compatible) in cases {
        assert_eq!(!breaks(old, new), *compatible, "{old} → {new}: {:?}", found(old.clone(), new.clone()));
        assert!(!breaks(old, old) && !breaks(new, new), "a schema breaks itself: {old} or {new}");
    }
}

#[test]
fn limits_may_widen_and_not_narrow() {
    table(&[
        (json!({"type": "integer", "maximum": 5}), json!({"type": "integer", "maximum": 6}), true),
        (json!({"type": "integer", "maximum": 5}), json!({"type": "integer", "maximum": 4}), false),
        (json!({"type": "integer"}), json!({"type": "number"}), true),
        (json!({"type": "number"}), json!({"type": "integer"}), false),
        (json!({"type": "number", "exclusiveMinimum": 1}), json!({"type": "number"}), true),
        (json!({"type": "number"}), json!({"type": "number", "exclusiveMinimum": 1}), false),
        (json!({"type": "number", "multipleOf": 6}), json!({"type": "number", "multipleOf": 3}), true),
        (json!({"type": "number", "multipleOf": 0.3}), json!({"type": "number", "multipleOf": 0.1}), true),
        (json!({"type": "number", "multipleOf": 3}), json!({"type": "number", "multipleOf": 6}), false),
        (json!({"type": "number", "multipleOf": 4}), json!({"type": "number", "multipleOf": 6}), false),
        (json!({"type": "string", "minLength": 2}), json!({"type": "string", "minLength": 1}), true),
        (json!({"type": "string"}), json!({"type": "string", "pattern": "a"}), false),
        (json!({"type": "array", "uniqueItems": true}), json!({"type": "array"}), true),
        (json!({"type": "array"}), json!({"type": "array", "contains": {"type": "null"}}), false),
        (json!({"type": "object", "maxProperties": 2}), json!({"type": "object", "maxProperties": 1}), false),
        (json!({"maximum": 5, "exclusiveMaximum": true, "type": "number"}), json!({"type": "number", "exclusiveMaximum": 6}), true),
    ]);
}

#[test]
fn values_may_be_added_to_a_list() {
    table(&[
        (json!({"enum": [1, "a"]}), json!({"enum": ["a", 1.0, 2]}), true),
        (json!({"enum": ["a", "b"]}), json!({"enum": ["b", "c"]}), false),
        (json!({"const": "a"}), json!({"enum": ["a", "b"]}), true),
        (json!({"const": "a"}), json!({"const": "b"}), false),
        (json!({"type": "string"}), json!({"type": "string", "enum": ["a"]}), false),
        (json!({"type": "string", "enum": ["a"]}), json!({"type": "string"}), true),
        (json!({"type": "string", "enum": ["a"]}), json!({"type": "string", "enum": ["a", "b"]}), true),
    ]);
}

#[test]
fn what_an_object_may_hold_besides_decides_what_may_be_added() {
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
    let with = |base: &Value, name: &str, schema: Value| {
        let mut more = base.clone();
        more["properties"][name] = schema;
        more
    };
    let requiring = |mut schema: Value, name: &str| {
        schema["required"] = json!([name]);
        schema
    };
    let texts = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let named = json!({"type": "object", "patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": false});
    table(&[
        (open.clone(), with(&open, "b", json!({"type": "string"})), false),
        (open.clone(), with(&open, "b", json!({})), true),
        (with(&open, "b", json!({"type": "string"})), open.clone(), true),
        (closed.clone(), with(&closed, "b", json!({"type": "string"})), true),
        (with(&closed, "b", json!({"type": "string"})), closed.clone(), false),
        (with(&closed, "b", json!(false)), closed.clone(), true),
        (closed.clone(), requiring(with(&closed, "b", json!({"type": "string"})), "b"), false),
        (closed.clone(), requiring(with(&closed, "b", json!({"type": "string", "default": ""})), "b"), true),
        (closed.clone(), requiring(closed.clone(), "a"), false),
        (requiring(closed.clone(), "a"), closed.clone(), true),
        (open.clone(), closed.clone(), false),
        (closed.clone(), open.clone(), true),
        (texts.clone(), with(&json!({"type": "object", "additionalProperties": {"type": "string"}}), "b", json!({"type": "string"})), true),
        (
            texts.clone(),
            with(&json!({"type": "object", "additionalProperties": {"type": "string"}}), "b", json!({"type": "integer"})),
            false,
        ),
        (named.clone(), with(&named, "n_x", json!({"type": "number"})), true),
        (named.clone(), with(&named, "n_x", json!({"type": "string"})), false),
        (json!({"type": "object", "dependencies": {"a": ["b", "c"]}}), json!({"type": "object", "dependentRequired": {"a": ["b"]}}), true),
        (json!({"type": "object"}), json!({"type": "object", "dependentSchemas": {"a": {"required": ["b"]}}}), false),
    ]);
}

#[test]
fn items_follow_the_same_rule_in_every_drafts_words() {
    let old_words = |items: Value, rest: Value| json!({"type": "array", "items": items, "additionalItems": rest});
    let new_words = |items: Value, rest: Value| json!({"type": "array", "prefixItems": items, "items": rest});
    let int = || json!({"type": "integer"});
    for words in [&old_words as &dyn Fn(Value, Value) -> Value, &new_words] {
        table(&[
            (words(json!([int()]), json!(true)), words(json!([int(), int()]), json!(true)), false),
            (words(json!([int()]), json!(false)), words(json!([int(), int()]), json!(false)), true),
            (words(json!([int()]), int()), words(json!([int(), int()]), int()), true),
            (words(json!([int(), int()]), json!(true)), words(json!([int()]), json!(true)), true),
            (words(json!([int(), int()]), json!(false)), words(json!([int()]), json!(false)), false),
            (words(json!([int()]), json!(true)), words(json!([int()]), json!(false)), false),
        ]);
    }
    table(&[
        (json!({"type": "array", "items": int()}), json!({"type": "array"}), true),
        (json!({"type": "array"}), json!({"type": "array", "items": int()}), false),
    ]);
}

#[test]
fn combinations_are_matched_whatever_their_order() {
    let (text, int, null) = (json!({"type": "string"}), json!({"type": "integer"}), json!({"type": "null"}));
    table(&[
        (json!({"oneOf": [text, int]}), json!({"oneOf": [int, text, null]}), true),
        (json!({"oneOf": [text, int]}), json!({"oneOf": [int]}), false),
        (json!({"oneOf": [text, int]}), json!({"anyOf": [text, int]}), true),
        (json!({"anyOf": [text, int]}), json!({"oneOf": [text, int]}), false),
        (text.clone(), json!({"anyOf": [text, int]}), true),
        (null.clone(), json!({"anyOf": [text, int]}), false),
        (json!({"type": "string"}), json!({"type": ["string", "null"]}), true),
        (json!({"type": ["string", "null"]}), json!({"type": "string"}), false),
        (json!({"allOf": [text, {"minLength": 2}]}), text.clone(), true),
        (text.clone(), json!({"allOf": [text, {"minLength": 2}]}), false),
        (json!({"not": {"type": "integer"}}), json!({"not": {"type": "integer", "minimum": 5}}), true),
        (json!({"not": {"type": "integer", "minimum": 5}}), json!({"not": {"type": "integer"}}), false),
    ]);
}

#[test]
fn references_are_followed_and_schemas_that_refer_to_themselves_end() {
    let tree = |value: Value| {
        json!({"$ref": "#/definitions/node", "definitions": {"node": {"type": "object", "additionalProperties": false,
            "properties": {"value": value, "left": {"$ref": "#/definitions/node"}, "right": {"$ref": "#/definitions/node"}}}}})
    };
    assert!(!breaks(&tree(json!({"type": "integer"})), &tree(json!({"type": "number"}))));
    assert!(breaks(&tree(json!({"type": "number"})), &tree(json!({"type": "integer"}))));
    table(&[(
        json!({"items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "integer"}}, "type": "array"}),
        json!({"type": "array", "items": {"type": "integer"}}),
        true,
    )]);
    // The fault lies behind the circle: what was assumed on the way has to be taken back.
    let list = |last: Value| {
        json!({"anyOf": [{"$ref": "#/definitions/cell"}, {"type": "null"}], "definitions": {"cell": {"type": "object", "additionalProperties": false,
            "properties": {"next": {"anyOf": [{"$ref": "#/definitions/cell"}, {"type": "null"}]}, "z": last}}}})
    };
    assert!(breaks(&list(json!({"type": "string"})), &list(json!({"type": "boolean"}))));
}

/// Definitions that each use the next one twice: as many paths as there are grains of sand.
#[test]
fn what_multiplies_is_compared_once() {
    let doubling = |last: Value| {
        let mut defs = serde_json::Map::new();
        for i in 0..60 {
            let next = json!({"$ref": format!("#/definitions/d{}", i + 1)});
            defs.insert(format!("d{i}"), json!({"type": "object", "properties": {"a": next, "b": next}, "additionalProperties": false}));
        }
        defs.insert("d60".into(), last);
        json!({"$ref": "#/definitions/d0", "definitions": defs})
    };
    let run = |old: Value, new: Value| {
        let (old, new) = (Whole::alone(old), Whole::alone(new));
        crate::schema::validators::roomy(|| differences(&old, &new)).unwrap()
    };
    let found = run(doubling(json!({"type": "integer"})), doubling(json!({"type": "string"})));
    assert!(found.len() <= 1000 && found.iter().any(|d| d.kind == Kind::TypeChanged));
    assert!(
        run(doubling(json!({"type": "integer"})), doubling(json!({"type": "number"}))).iter().all(|d| d.kind.verdict() == Verdict::Fine)
    );
}

#[test]
fn roots_that_are_booleans_are_taken_as_other_registries_do() {
    table(&[
        (json!({"type": "object", "required": ["a"]}), json!(true), true),
        (json!({"type": "string"}), json!(true), false),
        (json!({"type": "string"}), json!({}), true),
        (json!(true), json!({"type": "object", "additionalProperties": false}), false),
        (json!(true), json!(false), true),
        (json!(false), json!({"type": "object"}), false),
    ]);
}

#[test]
fn a_change_says_what_and_where() {
    let old = json!({"type": "object", "properties": {"a/b": {"type": "array", "items": {"type": "string", "maxLength": 5}}}});
    let new =
        json!({"type": "object", "properties": {"a/b": {"type": "array", "items": {"type": "string", "maxLength": 3}}}, "title": "T"});
    assert_eq!(
        found(old, new),
        [(Kind::TitleChanged, String::new()), (Kind::MaxLengthDecreased, "/properties/a~1b/items/maxLength".into())]
    );
}
