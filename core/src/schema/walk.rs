//! Where schemas lie within a schema: what is a subschema, and what is only data.

use serde_json::Value;

const ONE: [&str; 12] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const LISTS: [&str; 5] = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
const MAPS: [&str; 6] = ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/// Whether a value can be a schema at all.
pub fn is_schema(value: &Value) -> bool {
    value.is_object() || value.is_boolean()
}

/// Calls `see` with each schema directly within `node`.
pub fn children<'a>(node: &'a Value, mut see: impl FnMut(&'a Value)) {
    let Value::Object(map) = node else { return };
    for key in ONE {
        map.get(key).filter(|v| is_schema(v)).into_iter().for_each(&mut see);
    }
    for key in LISTS {
        map.get(key).and_then(Value::as_array).into_iter().flatten().filter(|v| is_schema(v)).for_each(&mut see);
    }
    for key in MAPS {
        map.get(key).and_then(Value::as_object).into_iter().flat_map(|m| m.values()).filter(|v| is_schema(v)).for_each(&mut see);
    }
}

/// One step of a JSON pointer (RFC 6901).
pub fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
