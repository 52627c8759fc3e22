//! The ways to read a schema's node: of its alternatives one, with all that holds at once.

use serde_json::{Map, Value};

use crate::schema::resolve::Targets;

type Node = Map<String, Value>;

/// Ways to read one node, where it offers alternatives.
const MOST_WAYS: usize = 12;

/// Values a node shows or lists.
pub fn given(node: &Value) -> Vec<Value> {
    let Value::Object(map) = node else { return Vec::new() };
    let examples = map.get("examples").and_then(Value::as_array).into_iter().flatten();
    examples.chain(map.get("default")).cloned().chain(listed(map)).collect()
}

pub fn listed(node: &Node) -> Vec<Value> {
    let list = node.get("enum").and_then(Value::as_array).into_iter().flatten();
    list.chain(node.get("const")).take(50).cloned().collect()
}

/// The types a way of reading allows; without any, what its words are about and then all others.
pub fn kinds(way: &[&Node]) -> Vec<&'static str> {
    const ALL: [&str; 7] = ["object", "string", "integer", "number", "array", "boolean", "null"];
    let allows = |node: &Node, kind: &str| match node.get("type") {
        Some(Value::String(t)) => t == kind || (t == "number" && kind == "integer"),
        Some(Value::Array(list)) => list.iter().any(|t| t == kind || (t == "number" && kind == "integer")),
        _ => true,
    };
    ALL.into_iter().filter(|kind| way.iter().all(|n| allows(n, kind))).collect()
}

/// The ways to read a node: of its alternatives one, with all that holds at once.
pub fn ways<'a>(node: &'a Value, targets: &Targets<'a>, depth: usize) -> Vec<Vec<&'a Node>> {
    let Value::Object(map) = node else {
        return if node == &Value::Bool(false) { Vec::new() } else { vec![Vec::new()] };
    };
    let mut all = vec![vec![map]];
    if depth > 12 {
        return all;
    }
    let mut hold = |alternatives: Vec<Vec<&'a Node>>| {
        let crossed = all.iter().flat_map(|way| alternatives.iter().map(|other| [way.as_slice(), other.as_slice()].concat()));
        all = crossed.take(MOST_WAYS).collect();
    };
    if let Some(target) = targets.of(node) {
        hold(ways(target.node, targets, depth + 1));
    }
    for part in map.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        hold(ways(part, targets, depth + 1));
    }
    for word in ["anyOf", "oneOf"] {
        if let Some(parts) = map.get(word).and_then(Value::as_array) {
            hold(parts.iter().flat_map(|p| ways(p, targets, depth + 1)).take(MOST_WAYS).collect());
        }
    }
    if map.contains_key("if") {
        let both = [["if", "then"], ["else", "else"]];
        let branches = both.iter().flat_map(|words| {
            let parts: Vec<&Node> = words.iter().filter_map(|w| map.get(*w)?.as_object()).collect();
            [parts]
        });
        hold(branches.collect());
    }
    all
}
