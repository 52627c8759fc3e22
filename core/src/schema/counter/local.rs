//! A validator for each schema within a schema, so that parts of a document can be tried alone.

use std::collections::HashMap;

use jsonschema::ValidatorMap;
use serde_json::Value;

use crate::schema::resolve::{Whole, address};
use crate::schema::validators::{compile_parts, sound};
use crate::schema::walk::{is_schema, token};

/// Places that the validators of all parts together compile, at most.
const MOST_STEPS: usize = 4_000_000;

/// Validators of the schemas within a schema, by where they stand in memory.
pub struct Local {
    pointers: HashMap<usize, String>,
    parts: Option<ValidatorMap>,
}

impl Local {
    pub fn of(whole: &Whole, most: usize) -> Self {
        let mut pointers = HashMap::new();
        let mut left = vec![(&whole.root, "#".to_string())];
        while let Some((node, pointer)) = left.pop() {
            for (key, value) in node.as_object().into_iter().flatten() {
                match value {
                    Value::Array(list) => left.extend(list.iter().enumerate().map(|(i, v)| (v, format!("{pointer}/{}/{i}", token(key))))),
                    _ => left.push((value, format!("{pointer}/{}", token(key)))),
                }
            }
            pointers.insert(address(node), pointer);
        }
        let few = places(&whole.root) <= most;
        let parts = few.then(|| sound(whole).ok()).flatten().filter(|steps| steps * most <= MOST_STEPS);
        let parts = parts.and_then(|_| compile_parts(whole).ok());
        Self { pointers, parts }
    }

    pub fn get(&self, node: &Value) -> Option<&jsonschema::Validator> {
        self.parts.as_ref()?.get(self.pointers.get(&address(node))?)
    }
}

/// What a validator is made for: whatever could be a schema, wherever it stands.
fn places(node: &Value) -> usize {
    let below: usize = match node {
        Value::Object(map) => map.values().map(places).sum(),
        Value::Array(list) => list.iter().map(places).sum(),
        _ => 0,
    };
    below + usize::from(is_schema(node))
}
