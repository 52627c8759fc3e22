//! Schemas that would take for ever, hidden wherever a reference can lead; and honest ones beside them.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::schema::resolve::Whole;
use crate::schema::validators::compile;

const NEW: &str = "https://json-schema.org/draft/2020-12/schema";

/// What is wrong with a schema; nothing where it compiles. What compiles is held against a deep document, which has to end.
fn flaw(schema: Value) -> String {
    flaw_of(&Whole::alone(schema))
}

fn flaw_of(whole: &Whole) -> String {
    match compile(whole) {
        Ok(validator) => {
            let deep = (0..40).fold(json!(1), |inner, _| json!({"a": inner, "b": [1, 2]}));
            validator.iter_errors(&deep).take(5).count();
            String::new()
        }
        Err(flaw) => flaw.0,
    }
}

/// `n` parts, each of which looks twice at what the next one says: 2ⁿ looks at one place.
fn doubling(n: usize, name: impl Fn(usize) -> String, reference: impl Fn(usize) -> String) -> Map<String, Value> {
    let part = |i: usize| {
        let next = json!({"$ref": reference(i + 1)});
        if i == n { json!({"type": "null"}) } else { json!({"anyOf": [next.clone(), next]}) }
    };
    (0..=n).map(|i| (name(i), part(i))).collect()
}

#[test]
fn parts_that_multiply_and_chains_without_end_are_refused() {
    let chain = |n: usize, step: &dyn Fn(usize) -> Value| {
        let defs: Map<String, Value> = (0..n).map(|i| (format!("d{i}"), step(i))).chain([(format!("d{n}"), json!({}))]).collect();
        json!({"$ref": "#/definitions/d0", "definitions": defs})
    };
    let twice = |i: usize| {
        let next = json!({"$ref": format!("#/definitions/d{}", i + 1)});
        json!({"anyOf": [next, next]})
    };
    assert_eq!(flaw(chain(8, &twice)), "");
    assert!(flaw(chain(40, &twice)).contains("multiply"));
    let once = |i: usize| json!({"properties": {"a": {"$ref": format!("#/definitions/d{}", i + 1)}}});
    assert_eq!(flaw(chain(50, &once)), "");
    assert!(flaw(chain(2000, &once)).contains("deeper"));
}

#[test]
fn nothing_hides_behind_keywords_that_nobody_knows() {
    let plain = |i: usize| format!("d{i}");
    let hidden = |n: usize| json!({"$ref": "#/x-stuff/d0", "x-stuff": doubling(n, plain, |i| format!("#/x-stuff/d{i}"))});
    assert_eq!(flaw(hidden(6)), "");
    assert!(flaw(hidden(40)).contains("multiply"));
    // In what is data, in a list, and deeper than any keyword goes.
    let data = json!({"$ref": "#/examples/0/d0", "examples": [doubling(40, plain, |i| format!("#/examples/0/d{i}"))]});
    assert!(flaw(data).contains("multiply"));
    let below = json!({"properties": {"a": {"$ref": "#/x/y/z/d0"}}, "x": {"y": {"z": doubling(40, plain, |i| format!("#/x/y/z/d{i}"))}}});
    assert!(flaw(below).contains("multiply"));
    let circle = json!({"$ref": "#/x/a", "x": {"a": {"allOf": [{"$ref": "#/x/b"}]}, "b": {"if": {"$ref": "#/x/a"}}}});
    assert!(flaw(circle).contains("circle"));
    assert!(flaw(json!({"$ref": "#/x/a", "x": {"a": {"pattern": "(?=a)b"}}})).contains("linear time"));
}

#[test]
fn nothing_hides_in_places_of_other_drafts() {
    let plain = |i: usize| format!("d{i}");
    let four = "http://json-schema.org/draft-04/schema#";
    let defs = json!({"$schema": four, "allOf": [{"$ref": "#/$defs/d0"}], "$defs": doubling(40, plain, |i| format!("#/$defs/d{i}"))});
    assert!(flaw(defs).contains("multiply"));
    let old = json!({"$schema": NEW, "$ref": "#/definitions/d0", "definitions": doubling(40, plain, |i| format!("#/definitions/d{i}"))});
    assert!(flaw(old).contains("multiply"));
    let dependent = json!({"$schema": four, "allOf": [{"$ref": "#/dependentSchemas/d0"}],
        "dependentSchemas": doubling(40, plain, |i| format!("#/dependentSchemas/d{i}"))});
    assert!(flaw(dependent).contains("multiply"));
}

#[test]
fn nothing_hides_behind_encoded_pointers() {
    let (slash, percent) = (|i: usize| format!("d/{i}~%"), |i: usize| format!("#/x/d~1{i}~0%25"));
    assert_eq!(flaw(json!({"$ref": "#/x/d~10~0%25", "x": doubling(5, slash, percent)})), "");
    assert!(flaw(json!({"$ref": "#/x/d~10~0%25", "x": doubling(40, slash, percent)})).contains("multiply"));
    // `%2525` is `%25` and not `%`: the one is harmless, the other is not.
    let x = json!({"a%25": {"type": "null"}, "a%": {"allOf": [{"$ref": "#/x/a%25"}]}});
    assert_eq!(flaw(json!({"$ref": "#/x/a%2525", "x": x})), "");
    assert!(flaw(json!({"$ref": "#/x/a%25", "x": x})).contains("circle"));
    let letters = json!({"$ref": "#/%78/%640", "x": doubling(40, |i| format!("d{i}"), |i| format!("#/%78/%64{i}"))});
    assert!(flaw(letters).contains("multiply"));
}

#[test]
fn nothing_hides_behind_names() {
    let anchored = |keyword: &str, reference: &str, n: usize| {
        let part = |i: usize| {
            let next = json!({reference: format!("#n{}", i + 1)});
            if i == n { json!({keyword: format!("n{i}")}) } else { json!({keyword: format!("n{i}"), "anyOf": [next.clone(), next]}) }
        };
        json!({"$schema": NEW, reference: "#n0", "$defs": (0..=n).map(|i| (format!("d{i}"), part(i))).collect::<Map<_, _>>()})
    };
    for (keyword, reference) in [("$anchor", "$ref"), ("$dynamicAnchor", "$dynamicRef"), ("$dynamicAnchor", "$ref")] {
        assert_eq!(flaw(anchored(keyword, reference, 5)), "", "{keyword} {reference}");
        assert!(flaw(anchored(keyword, reference, 40)).contains("multiply"), "{keyword} {reference}");
    }
    // Which schema of a name is meant shows on the way; one of them runs in a circle.
    let outer = json!({"$schema": NEW, "$id": "https://loom.test/outer", "$dynamicAnchor": "n", "$ref": "inner",
        "$defs": {"i": {"$id": "inner", "$dynamicAnchor": "n", "allOf": [{"$dynamicRef": "#n"}]}}});
    assert!(flaw(outer).contains("circle"));
}

#[test]
fn nothing_hides_behind_ids_that_move_the_base() {
    // By its own id `there` is the part that doubles; by the root's it is harmless.
    let parts = doubling(40, |i| format!("d{i}"), |i| format!("#/x/d{i}"));
    let moved = json!({"$schema": NEW, "$id": "https://loom.test/a/", "$ref": "b/there", "x": {"d0": {"type": "null"}},
        "$defs": {"p": {"$id": "https://loom.test/a/b/there", "$ref": "#/x/d0", "x": parts}}});
    assert!(flaw(moved).contains("multiply"));
    // `id` is a name in draft 4 alone: elsewhere references below it are read against the root.
    let parts = doubling(40, |i| format!("d{i}"), |i| format!("#/x/d{i}"));
    let ignored = json!({"$schema": NEW, "properties": {"p": {"id": "https://loom.test/decoy", "$ref": "#/x/d0",
        "x": {"d0": {"type": "null"}}}}, "x": parts});
    assert!(flaw(ignored).contains("multiply"));
    let named = json!({"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"p": {"id": "https://loom.test/decoy",
        "allOf": [{"$ref": "#/x/d0"}], "x": {"d0": {"type": "null"}}}},
        "x": doubling(40, |i| format!("d{i}"), |i| format!("#/x/d{i}"))});
    assert_eq!(flaw(named), "");
}

#[test]
fn what_leads_nowhere_is_refused_wherever_it_stands() {
    let nowhere = [
        json!({"$ref": "#/x/none"}),
        json!({"properties": {"a": {"$ref": "#none"}}}),
        json!({"$ref": "#/x/a", "x": {"a": {"items": {"$ref": "#/x/b"}}}}),
        json!({"$schema": NEW, "$dynamicRef": "#none"}),
        json!({"$ref": "#/x/a/9", "x": {"a": [{}]}}),
        json!({"$ref": "#/x/%ff", "x": {}}),
    ];
    for schema in nowhere {
        assert!(flaw(schema.clone()).contains("leads nowhere"), "{schema}: {}", flaw(schema.clone()));
    }
    for out in [json!({"$ref": "https://loom.test/x.json"}), json!({"$ref": "#/x/a", "x": {"a": {"$ref": "other.json#/b"}}})] {
        let said = flaw(out.clone());
        assert!(said.contains("leads nowhere"), "{out}: {said}");
    }
}

#[test]
fn resources_that_lead_to_each_other_in_very_many_ways_are_refused_before_they_are_compiled() {
    // Each chain of resources is compiled anew: two ways at every step are 2ⁿ chains, at no place twice.
    let ways = |n: usize| {
        let mut defs = Map::new();
        for i in 0..n {
            let to = |letter: char| json!({"$ref": format!("https://loom.test/{letter}{i}")});
            defs.insert(format!("c{i}"), json!({"$id": format!("https://loom.test/c{i}"), "properties": {"a": to('a'), "b": to('b')}}));
            for letter in ['a', 'b'] {
                let next = json!({"$ref": format!("https://loom.test/c{}", i + 1)});
                defs.insert(format!("{letter}{i}"), json!({"$id": format!("https://loom.test/{letter}{i}"), "properties": {"a": next}}));
            }
        }
        defs.insert("end".into(), json!({"$id": format!("https://loom.test/c{n}"), "type": "object"}));
        json!({"$schema": NEW, "$ref": "https://loom.test/c0", "$defs": defs})
    };
    assert_eq!(flaw(ways(4)), "");
    assert!(flaw(ways(40)).contains("too many ways"));
    // All to all: n! chains.
    let all = |n: usize| {
        let links = |_| (0..n).map(|j| (format!("p{j}"), json!({"$ref": format!("https://loom.test/r{j}")}))).collect::<Map<_, _>>();
        let defs: Map<String, Value> =
            (0..n).map(|i| (format!("r{i}"), json!({"$id": format!("https://loom.test/r{i}"), "properties": links(i)}))).collect();
        json!({"$schema": NEW, "$ref": "https://loom.test/r0", "$defs": defs})
    };
    assert_eq!(flaw(all(4)), "");
    assert!(flaw(all(30)).contains("too many ways"));
}

#[test]
fn one_document_under_very_many_names_is_refused() {
    let mut text = format!("{{\"$schema\": \"{NEW}\", \"$defs\": {{");
    for i in 0..400 {
        write!(text, "\"d{i}\": {{\"$id\": \"https://loom.test/{i}/\", \"$ref\": \"part.json\"}},").unwrap();
    }
    text.push_str("\"end\": {}}}");
    let mut whole = Whole::alone(serde_json::from_str(&text).unwrap());
    whole.references.push(("part.json".into(), json!({"type": "object"})));
    assert!(flaw_of(&whole).contains("too many names"), "{}", flaw_of(&whole));
}

#[test]
fn honest_schemas_that_refer_all_over_are_taken() {
    let tree = json!({"$schema": NEW, "$id": "https://loom.test/strict", "$dynamicAnchor": "node", "$ref": "tree", "unevaluatedProperties": false,
        "$defs": {"tree": {"$id": "tree", "$dynamicAnchor": "node", "properties": {"a": {"$dynamicRef": "#node"}, "b": true}}}});
    assert_eq!(flaw(tree), "");
    let recursive = json!({"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true,
        "properties": {"a": {"$recursiveRef": "#"}}});
    assert_eq!(flaw(recursive), "");
    for meta in [NEW, "http://json-schema.org/draft-07/schema#"] {
        assert_eq!(flaw(json!({"$schema": meta, "properties": {"schema": {"$ref": meta}}})), "", "{meta}");
    }
}
