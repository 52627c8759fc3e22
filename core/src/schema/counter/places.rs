//! Places within a document: which names a field may have, and which schema stands at a field or an item.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::schema::validators::regex;

type Node = Map<String, Value>;

/// A field of nobody's.
pub const UNDECLARED: &str = "undeclared";

/// Names that a field may have in either schema.
pub fn names_of(way: &[&Node], hints: &[&Node]) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for node in way.iter().chain(hints) {
        let keys = |word: &str| node.get(word).and_then(Value::as_object).into_iter().flat_map(|m| m.keys());
        names.extend(
            keys("properties").chain(keys("dependencies")).chain(keys("dependentRequired")).chain(keys("dependentSchemas")).cloned(),
        );
        names.extend(crate::schema::required(node).map(String::from));
        names.extend(keys("patternProperties").filter_map(|p| jsonschema_regex::pattern_witness(p)));
        let pattern = node.get("propertyNames").and_then(|n| n.get("pattern")).and_then(Value::as_str);
        names.extend(pattern.and_then(jsonschema_regex::pattern_witness));
    }
    // Beyond some two hundred names the search would only be slow.
    let mut names: Vec<String> = names.into_iter().take(200).collect();
    names.extend([UNDECLARED, "~7 "].map(String::from));
    names
}

/// The schema of a field, as the first of the nodes has one.
pub fn field<'a>(nodes: &[&'a Node], name: &str) -> Option<&'a Value> {
    nodes.iter().find_map(|node| {
        let declared = node.get("properties").and_then(|p| p.get(name));
        let by_pattern = || {
            let patterns = node.get("patternProperties")?.as_object()?;
            patterns.iter().take(20).find(|(p, _)| regex(p).is_ok_and(|r| r.is_match(name))).map(|(_, schema)| schema)
        };
        declared.or_else(by_pattern).or_else(|| node.get("additionalProperties").or_else(|| node.get("unevaluatedProperties")))
    })
}

pub fn tuple_of(node: &Node) -> &[Value] {
    node.get("prefixItems").or_else(|| node.get("items")).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub fn item<'a>(nodes: &[&'a Node], index: usize) -> Option<&'a Value> {
    nodes.iter().find_map(|node| {
        let rest = if node.contains_key("prefixItems") { node.get("items") } else { node.get("additionalItems") };
        let each = node.get("items").filter(|i| !i.is_array());
        tuple_of(node).get(index).or(if tuple_of(node).is_empty() { each } else { rest }).or_else(|| node.get("contains"))
    })
}
