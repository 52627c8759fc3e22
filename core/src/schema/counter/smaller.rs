//! Making a document small: whatever can be left out, is.

use serde_json::Value;

/// Documents tried, at most.
const MOST_TRIES: usize = 2000;

/// The same document with everything left out without which it still `shows`.
pub fn of(mut doc: Value, shows: &dyn Fn(&Value) -> bool) -> Value {
    let mut tries = 0;
    loop {
        let Some(next) = shorter(&doc).into_iter().find(|candidate| {
            tries += 1;
            tries <= MOST_TRIES && shows(candidate)
        }) else {
            return doc;
        };
        doc = next;
    }
}

/// Each document with one thing less.
fn shorter(doc: &Value) -> Vec<Value> {
    match doc {
        Value::Object(fields) => {
            let without = fields.keys().map(|name| {
                let mut less = fields.clone();
                less.remove(name);
                Value::Object(less)
            });
            let within = fields.iter().flat_map(|(name, value)| {
                shorter(value).into_iter().map(move |v| {
                    let mut less = fields.clone();
                    less.insert(name.clone(), v);
                    Value::Object(less)
                })
            });
            without.chain(within).collect()
        }
        Value::Array(items) => {
            let without = (0..items.len()).rev().map(|i| {
                let mut less = items.clone();
                less.remove(i);
                Value::Array(less)
            });
            let within = items.iter().enumerate().flat_map(|(i, value)| {
                shorter(value).into_iter().map(move |v| {
                    let mut less = items.clone();
                    less[i] = v;
                    Value::Array(less)
                })
            });
            without.chain(within).collect()
        }
        _ => Vec::new(),
    }
}
