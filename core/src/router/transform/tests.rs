use serde_json::json;

use super::*;

/// What the changes make of the data: the data, or why not.
fn changed(transforms: Value, mut data: Value) -> Result<Value, String> {
    let transforms: Vec<Transform> = serde_json::from_value(transforms).unwrap();
    let mut wrong = Vec::new();
    let changes: Vec<_> = transforms.iter().filter_map(|t| Change::compile(t, "", &mut wrong)).collect();
    assert_eq!(wrong, []);
    for c in &changes {
        c.apply(&mut data).map_err(|e| e.to_string())?;
    }
    Ok(data)
}

#[test]
fn every_change_by_a_table() {
    for (transforms, data, expect) in [
        (json!([{"do": "rename", "from": "/a", "to": "/b/c"}]), json!({"a": 1}), json!({"b": {"c": 1}})),
        (json!([{"do": "rename", "from": "/x", "to": "/y"}]), json!({"a": 1}), json!({"a": 1})),
        (json!([{"do": "drop", "fields": ["/a", "/b/c", "/x"]}]), json!({"a": 1, "b": {"c": 1, "d": 2}}), json!({"b": {"d": 2}})),
        (json!([{"do": "set", "field": "/a/b", "value": [1]}]), json!({}), json!({"a": {"b": [1]}})),
        (
            json!([{"do": "mask", "field": "/a"}]),
            json!({"a": {"b": "secret", "c": [12, null]}}),
            json!({"a": {"b": "***", "c": ["***", null]}}),
        ),
        (json!([{"do": "mask", "field": "/a", "with": "…", "keep_last": 4}]), json!({"a": "4111111111111111"}), json!({"a": "…1111"})),
        (json!([{"do": "mask", "field": "/a", "keep_last": 4}]), json!({"a": "12345"}), json!({"a": "***"})),
        (
            json!([{"do": "mask", "field": "/a", "policy": "owner"}]),
            json!({"a": "card 4111 1111 1111 1111 ok"}),
            json!({"a": "card <CREDIT_CARD> ok"}),
        ),
        (json!([{"do": "cast", "field": "/a", "to": "integer"}]), json!({"a": " 42 "}), json!({"a": 42})),
        (json!([{"do": "cast", "field": "/a", "to": "integer"}]), json!({"a": 42.0}), json!({"a": 42})),
        (json!([{"do": "cast", "field": "/a", "to": "number"}]), json!({"a": "1e3"}), json!({"a": 1000.0})),
        (json!([{"do": "cast", "field": "/a", "to": "text"}]), json!({"a": 1.5}), json!({"a": "1.5"})),
        (json!([{"do": "cast", "field": "/a", "to": "boolean"}]), json!({"a": "Yes"}), json!({"a": true})),
        (json!([{"do": "flatten"}]), json!({"a": {"b": {"c": 1}, "d": [1]}, "e": {}}), json!({"a_b_c": 1, "a_d": [1], "e": {}})),
        (json!([{"do": "flatten", "field": "/a", "separator": "."}]), json!({"a": {"b": {"c": 1}}}), json!({"a": {"b.c": 1}})),
        (
            json!([{"do": "timestamp", "field": "/t", "from": "unix_milliseconds", "to": "rfc3339", "into": "/at"}]),
            json!({"t": 1_770_000_000_123_i64}),
            json!({"t": 1_770_000_000_123_i64, "at": "2026-02-02T02:40:00.123000Z"}),
        ),
        (
            json!([{"do": "timestamp", "field": "/t", "from": "rfc3339", "to": "unix_seconds"}]),
            json!({"t": "2026-02-02T02:40:00Z"}),
            json!({"t": 1_770_000_000}),
        ),
        (
            json!([{"do": "timestamp", "field": "/t", "from": "unix_seconds", "to": "unix_microseconds"}]),
            json!({"t": "1.5"}),
            json!({"t": 1_500_000}),
        ),
        (
            json!([{"do": "extract", "field": "/s", "pattern": "(?P<user>[a-z]+)@(?P<host>[a-z.]+)", "into": "/parts"}]),
            json!({"s": "to ada@example.org now"}),
            json!({"s": "to ada@example.org now", "parts": {"user": "ada", "host": "example.org"}}),
        ),
        (json!([{"do": "extract", "field": "/s", "pattern": "(?P<n>[0-9]+)", "into": "/p"}]), json!({"s": "none"}), json!({"s": "none"})),
        (
            json!([{"do": "replace", "field": "/s", "pattern": "(?P<d>[0-9])", "with": "<$d>"}]),
            json!({"s": "a1b2"}),
            json!({"s": "a<1>b<2>"}),
        ),
    ] {
        assert_eq!(changed(transforms.clone(), data), Ok(expect), "{transforms}");
    }
}

#[test]
fn what_cannot_be_changed_says_why_and_not_what() {
    for (transforms, data, why) in [
        (json!([{"do": "cast", "field": "/a", "to": "integer"}]), json!({"a": "secret"}), "no whole number"),
        (json!([{"do": "cast", "field": "/a", "to": "integer"}]), json!({"a": 1.5}), "no whole number"),
        (json!([{"do": "cast", "field": "/a", "to": "integer"}]), json!({"a": 1e300}), "no whole number"),
        (json!([{"do": "cast", "field": "/a", "to": "number"}]), json!({"a": "nan"}), "no number"),
        (json!([{"do": "cast", "field": "/a", "to": "boolean"}]), json!({"a": [1]}), "no true or false"),
        (json!([{"do": "flatten", "field": "/a"}]), json!({"a": "secret"}), "no object"),
        (json!([{"do": "flatten"}]), json!({"a_b": 1, "a": {"b": 2}}), "one name"),
        (json!([{"do": "timestamp", "field": "/t", "from": "rfc3339", "to": "unix_seconds"}]), json!({"t": "secret"}), "form"),
        (json!([{"do": "timestamp", "field": "/t", "from": "unix_seconds", "to": "rfc3339"}]), json!({"t": 1e300}), "form"),
        (json!([{"do": "timestamp", "field": "/t", "from": "unix_seconds", "to": "rfc3339"}]), json!({"t": i64::MAX}), "form"),
        (json!([{"do": "set", "field": "/a/b", "value": 1}]), json!({"a": "secret"}), "in its way"),
        (json!([{"do": "replace", "field": "/a", "pattern": "x", "with": "y"}]), json!({"a": 5}), "no text"),
        (
            json!([{"do": "replace", "field": "/a", "pattern": "", "with": "x".repeat(16000)}]),
            json!({"a": "y".repeat(1000)}),
            "longer than",
        ),
    ] {
        let said = changed(transforms.clone(), data).unwrap_err();
        assert!(said.contains(why) && !said.contains("secret"), "{transforms}: {said}");
    }
}

#[test]
fn what_is_no_change_is_named() {
    for (transform, pointer) in [
        (json!({"do": "rename", "from": "a", "to": "/b"}), "/0/from"),
        (json!({"do": "drop", "fields": ["/a", "b"]}), "/0/fields/1"),
        (json!({"do": "mask", "field": "/a", "policy": "none"}), "/0/policy"),
        (json!({"do": "mask", "field": "/a", "policy": "owner", "with": "x"}), "/0/policy"),
        (json!({"do": "extract", "field": "/a", "pattern": "[0-9]+", "into": "/b"}), "/0/pattern"),
        (json!({"do": "replace", "field": "/a", "pattern": "(a", "with": ""}), "/0/pattern"),
        (json!({"do": "replace", "field": "/a", "pattern": "(?=a)", "with": ""}), "/0/pattern"),
        (json!({"do": "replace", "field": "/a", "pattern": "((a{1000}){1000}){1000}", "with": ""}), "/0/pattern"),
        (json!({"do": "set", "field": "/a", "value": "x".repeat(20_000)}), "/0/value"),
    ] {
        let t: Transform = serde_json::from_value(transform.clone()).unwrap();
        let mut wrong = Vec::new();
        assert!(Change::compile(&t, "/0", &mut wrong).is_none(), "{transform}");
        assert_eq!(wrong.iter().map(|w| w.pointer.as_str()).collect::<Vec<_>>(), [pointer], "{transform}");
    }
}
