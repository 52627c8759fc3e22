//! Which draft of JSON Schema a document is written in.

use serde_json::Value;

use super::walk::children;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    Four,
    Six,
    Seven,
    Of2019,
    Of2020,
}

/// What only the newer drafts have.
const NEWER: [&str; 11] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveRef",
    "dependentRequired",
    "dependentSchemas",
    "maxContains",
    "minContains",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// As `$schema` says; without one it is draft 7, as other registries have it, or 2020-12 where it uses what only that has.
pub fn of(root: &Value) -> Draft {
    let said = root.get("$schema").and_then(Value::as_str).and_then(named);
    said.unwrap_or_else(|| if uses_newer(root) { Draft::Of2020 } else { Draft::Seven })
}

/// The draft of a `$schema`, if it is one of the published ones.
pub fn named(uri: &str) -> Option<Draft> {
    let name = uri.trim_end_matches('#').split_once("://").map_or(uri, |(_, rest)| rest);
    match name.strip_prefix("json-schema.org/")? {
        "draft-04/schema" => Some(Draft::Four),
        "draft-06/schema" => Some(Draft::Six),
        "draft-07/schema" => Some(Draft::Seven),
        "draft/2019-09/schema" => Some(Draft::Of2019),
        "draft/2020-12/schema" => Some(Draft::Of2020),
        _ => None,
    }
}

fn uses_newer(root: &Value) -> bool {
    let mut left = vec![root];
    while let Some(node) = left.pop() {
        if NEWER.iter().any(|k| node.get(k).is_some()) {
            return true;
        }
        children(node, |child| left.push(child));
    }
    false
}

impl Draft {
    pub fn refs_stand_alone(self) -> bool {
        matches!(self, Draft::Four | Draft::Six | Draft::Seven)
    }

    /// What a schema calls itself: `id` in draft 4, `$id` since; until draft 7 not beside a `$ref`.
    pub fn id_of(self, node: &Value) -> Option<&str> {
        let key = if self == Draft::Four { "id" } else { "$id" };
        let stands = !self.refs_stand_alone() || node.get("$ref").is_none();
        node.get(key).and_then(Value::as_str).filter(|_| stands)
    }

    pub(super) fn of_validator(self) -> jsonschema::Draft {
        match self {
            Draft::Four => jsonschema::Draft::Draft4,
            Draft::Six => jsonschema::Draft::Draft6,
            Draft::Seven => jsonschema::Draft::Draft7,
            Draft::Of2019 => jsonschema::Draft::Draft201909,
            Draft::Of2020 => jsonschema::Draft::Draft202012,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_says_its_draft_or_shows_it() {
        assert_eq!(of(&json!({"$schema": "http://json-schema.org/draft-04/schema#"})), Draft::Four);
        assert_eq!(of(&json!({"$schema": "https://json-schema.org/draft/2020-12/schema"})), Draft::Of2020);
        assert_eq!(of(&json!({"items": [{}]})), Draft::Seven);
        assert_eq!(of(&json!({"properties": {"a": {"prefixItems": []}}})), Draft::Of2020);
        assert_eq!(of(&json!({"properties": {"prefixItems": {}}})), Draft::Seven);
        assert_eq!(of(&json!(true)), Draft::Seven);
    }
}
