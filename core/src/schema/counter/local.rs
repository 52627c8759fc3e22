//! A validator for each schema within a schema, so that parts of a document can be tried alone.

use std::collections::HashMap;

use jsonschema::ValidatorMap;
use serde_json::Value;

use crate::schema::resolve::{Whole, address};
use crate::schema::validators::compile_parts;
use crate::schema::walk::{children, token};

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
        let mut count = 0usize;
        let mut schemas = vec![&whole.root];
        while let Some(node) = schemas.pop() {
            count += 1;
            children(node, |child| schemas.push(child));
        }
        let parts = (count <= most).then(|| compile_parts(whole).ok()).flatten();
        Self { pointers, parts }
    }

    pub fn get(&self, node: &Value) -> Option<&jsonschema::Validator> {
        self.parts.as_ref()?.get(self.pointers.get(&address(node))?)
    }
}
