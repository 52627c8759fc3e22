//! The schema registry: which schemas there are, under which subjects and versions; whether a new version is compatible, with
//! every change typed and a document that shows what breaks; and the validators that payloads are held against.
//!
//! A schema's way in: `document` (strict JSON of bounded size) → `draft`, `reach` (its references) → `sound` (bounded
//! time) → `validators` (compiled) → `compat` and `counter` (against the versions before it) → `registry` (kept). What comes
//! by path with Loom and what is registered at run time is one registry.

pub mod compat;
mod counter;
pub mod describe;
pub mod document;
mod draft;
mod pointer;
mod reach;
pub mod registry;
mod resolve;
mod sound;
mod validators;
mod verdict;
mod walk;
pub mod withstand;

pub use document::Flaw;
pub use pointer::Pointer;
pub use registry::{Complaint, Held, Registry};
pub use resolve::Whole;
pub use validators::compile;
pub use verdict::{Change, Depth, Report, check};

use serde_json::{Map, Value};

/// A schema's text, alone: without references to others.
///
/// Errors: what is wrong with it.
pub fn parse(text: &str) -> Result<Whole, Flaw> {
    let root = document::parse(text)?;
    if !walk::is_schema(&root) {
        return Err(Flaw::new("a schema is an object, or true or false"));
    }
    Ok(Whole::alone(root))
}

/// The names a node requires.
fn required(node: &Map<String, Value>) -> impl Iterator<Item = &str> {
    node.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
