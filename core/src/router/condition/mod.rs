//! Conditions in CEL (the Common Expression Language): read once, bounded in size, depth and work, then asked about many
//! records. Reading is the `cel` crate's; the bounds ([`guard`]) and what can be looked up before asking ([`lift`]) are here.

mod guard;
pub mod lift;
mod names;
mod said;
mod subject;
mod work;

use std::sync::Arc;

use cel::common::types::CelBool;
use cel::parser::{Expression, Parser};
use cel::{ExecutionError, Value};
use regex::Regex;

pub use guard::pattern;
pub use lift::{Key, Lifted, Path};
pub use subject::{Subject, View};

use crate::error::{Error, Result};

/// Bytes of a condition.
pub const MOST_BYTES: usize = 4_096;
/// Levels of nesting, as a tree.
const MOST_LEVELS: usize = 48;
/// Nodes of the tree.
const MOST_NODES: usize = 2_000;
/// Reading recurses: on a stack of its own, whatever a condition looks like cannot reach the end of it.
const STACK_BYTES: usize = 64 << 20;

/// A condition that can be asked.
#[derive(Debug)]
pub struct Condition {
    tree: Expression,
    /// What `matches` looks for, compiled once, by number.
    patterns: Arc<[Regex]>,
    /// What a record must hold for the condition to have a chance, where that can be told.
    pub lifted: Option<Lifted>,
}

impl Condition {
    /// Reads a condition. `Invalid`, with where and what, for one that is none or breaks a bound.
    pub fn read(source: &str) -> Result<Self> {
        if source.len() > MOST_BYTES {
            return Err(Error::invalid(format!("a condition of at most {MOST_BYTES} bytes: this one is longer")));
        }
        if source.trim().is_empty() {
            return Err(Error::invalid("a condition: leave it out to take every record"));
        }
        let source = source.to_string();
        let reader = std::thread::Builder::new().name("condition".into()).stack_size(STACK_BYTES).spawn(move || read(&source));
        let reader = reader.map_err(|e| Error::retry("the system gives no more threads").because(e))?;
        // What the reader cannot cope with is no condition either.
        reader.join().unwrap_or_else(|_| Err(Error::invalid("a condition that can be read: this one cannot")))
    }

    /// Whether it holds. `Err` is a sentence without values: why there is no answer. A field that is not there is no match.
    pub fn holds(&self, subject: &Subject) -> Result<bool, String> {
        work::begin(&self.patterns);
        match Value::resolve_val(&self.tree, subject.context()) {
            Ok(v) => match v.downcast_ref::<CelBool>() {
                Some(b) => Ok(*b.inner()),
                None => Err(format!("the condition comes to a {}, not to true or false", v.get_type().name())),
            },
            Err(ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_)) => Ok(false),
            Err(e) => Err(said::why(&e)),
        }
    }
}

fn read(source: &str) -> Result<Condition> {
    let parser = Parser::new().enable_optional_syntax(true).max_recursion_depth(MOST_LEVELS as u16).error_recovery_limit(4);
    let tree = parser.parse(source).map_err(|e| said::unreadable(&e))?;
    guard::measure(&tree)?;
    names::check(&tree)?;
    let lifted = lift::lift(&tree);
    let mut patterns = Vec::new();
    let tree = guard::guarded(tree, &mut patterns)?;
    Ok(Condition { tree, patterns: patterns.into(), lifted })
}

#[cfg(test)]
mod tests;
