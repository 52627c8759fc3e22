//! What a reader fills in: a property that is required and has a default may be missing in what was written before.

use serde_json::Value;

use crate::schema::resolve::Targets;

const MOST_DEPTH: usize = 12;

/// Fills in what `schema` requires, has a default for, and the document lacks.
pub fn fill<'a>(doc: &mut Value, schema: &'a Value, targets: &Targets<'a>) {
    below(doc, schema, targets, 0);
}

fn below<'a>(doc: &mut Value, schema: &'a Value, targets: &Targets<'a>, depth: usize) {
    if depth > MOST_DEPTH {
        return;
    }
    if let Some(target) = targets.of(schema) {
        below(doc, target.node, targets, depth + 1);
    }
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        below(doc, part, targets, depth + 1);
    }
    match doc {
        Value::Object(fields) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            for name in required {
                if let Some(default) = properties.and_then(|p| p.get(name)?.get("default")) {
                    fields.entry(name).or_insert_with(|| default.clone());
                }
            }
            for (name, schema) in properties.into_iter().flatten() {
                if let Some(value) = fields.get_mut(name) {
                    below(value, schema, targets, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items").filter(|s| s.is_object()) {
                items.iter_mut().for_each(|item| below(item, schema, targets, depth + 1));
            }
        }
        _ => {}
    }
}
