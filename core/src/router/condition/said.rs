//! The crate's errors as sentences for a person. Its own quote values, which must not be told.

use cel::{ExecutionError, ParseErrors};

use super::work;
use crate::error::Error;

/// Where and what, of the first thing wrong.
pub fn unreadable(e: &ParseErrors) -> Error {
    let Some(first) = e.errors.first() else { return Error::invalid("a condition that can be read: this one cannot") };
    let what = first.msg.lines().next().unwrap_or_default();
    // The condition is its writer's own; it is cut all the same, for it may be long.
    let what: String = what.chars().take(120).collect();
    Error::invalid(format!("a condition that can be read: line {}, column {}: {what}", first.pos.0, first.pos.1))
}

/// Why a condition came to no answer.
pub fn why(e: &ExecutionError) -> String {
    match e {
        ExecutionError::NoSuchOverload(o) => {
            format!("{} cannot be applied to {}", operator(o.function()), o.argument_types().join(" and "))
        }
        ExecutionError::UndeclaredReference(name) => format!("there is no {name}"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "it divides by zero".into(),
        ExecutionError::Overflow(..) => "a number grows beyond 64 bits".into(),
        ExecutionError::FunctionError { function, .. } if function == work::TOO_MUCH => {
            format!("it takes more than {} steps on this record: ask for less", work::MOST_STEPS)
        }
        ExecutionError::FunctionError { function, .. } => format!("{function} cannot take what it is given"),
        ExecutionError::UnexpectedType { want, .. } => format!("it needs a {want} and is given something else"),
        _ => "it compares or combines what does not go together".into(),
    }
}

/// `_==_` as `==`.
fn operator(name: &str) -> &str {
    let plain = name.trim_start_matches('@').trim_matches('_');
    if plain.is_empty() { name } else { plain }
}
