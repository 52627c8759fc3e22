//! One file a command.

pub mod devices;
pub mod dlq;
pub mod doctor;
pub mod export;
pub mod groups;
pub mod models;
pub mod privacy;
pub mod rebuild;
pub mod replay;
pub mod rules;
pub mod schemas;
pub mod search;
pub mod serve;
pub mod topics;
pub mod transcribe;

use loom_core::{Error, Result};
use serde_json::Value;

/// The rows an answer holds under a name.
fn rows(mut answer: Value, name: &str) -> Result<Vec<Value>> {
    match answer[name].take() {
        Value::Array(rows) => Ok(rows),
        _ => Err(Error::bug("the answer lacks its rows: is another Loom version running?")),
    }
}
