//! Payloads held against the schemas of their topics, compiled once.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::Wrong;
use crate::error::{Error, Result};

/// Complaints about one payload, at most: a broken one has thousands.
const MOST: usize = 20;

static KNOWN: OnceLock<RwLock<HashMap<String, Option<Arc<Validator>>>>> = OnceLock::new();

/// What is wrong with a payload, by its schema's name and version; nothing where there is no such schema.
///
/// Errors: `Bug` where a schema of Loom's own does not compile.
pub fn complaints(schema: &str, data: &Value) -> Result<Vec<Wrong>> {
    Ok(validator(schema)?.map_or_else(Vec::new, |v| against(&v, data)))
}

/// What is wrong with a payload.
pub fn against(validator: &Validator, data: &Value) -> Vec<Wrong> {
    if validator.is_valid(data) {
        return Vec::new();
    }
    validator.iter_errors(data).take(MOST).map(|e| wrong(&e)).collect()
}

/// The validator of a schema by its name and version; `None` where there is no such schema.
///
/// Errors: `Bug` where a schema of Loom's own does not compile.
pub fn validator(schema: &str) -> Result<Option<Arc<Validator>>> {
    let known = KNOWN.get_or_init(RwLock::default);
    if let Some(found) = known.read().unwrap_or_else(PoisonError::into_inner).get(schema) {
        return Ok(found.clone());
    }
    // Names nobody has are not remembered: anyone could send ten thousand.
    let Some(text) = loom_schemas::catalogue::schema(schema) else { return Ok(None) };
    let broken = |e: String| Error::bug("a schema of Loom's own does not compile").because(e);
    let text: Value = serde_json::from_str(text).map_err(|e| broken(e.to_string()))?;
    let made = jsonschema::options().should_validate_formats(true).build(&text).map_err(|e| broken(e.to_string()))?;
    let made = Some(Arc::new(made));
    known.write().unwrap_or_else(PoisonError::into_inner).insert(schema.to_string(), made.clone());
    Ok(made)
}

/// Says what was expected, never what was sent.
fn wrong(e: &jsonschema::ValidationError) -> Wrong {
    let mut pointer = e.instance_path().as_str().to_string();
    let rule = e.schema_path().as_str().rsplit('/').find(|p| !p.chars().all(|c| c.is_ascii_digit())).unwrap_or("schema").to_string();
    let expected = match e.kind() {
        ValidationErrorKind::Required { property } => {
            pointer = format!("{pointer}/{}", property.as_str().unwrap_or_default());
            "it is required".to_string()
        }
        ValidationErrorKind::Maximum { limit } | ValidationErrorKind::ExclusiveMaximum { limit } => format!("at most {limit}"),
        ValidationErrorKind::Minimum { limit } | ValidationErrorKind::ExclusiveMinimum { limit } => format!("at least {limit}"),
        ValidationErrorKind::MaxLength { limit } => format!("at most {limit} characters"),
        ValidationErrorKind::MinLength { limit } => format!("at least {limit} characters"),
        ValidationErrorKind::MaxItems { limit } => format!("at most {limit} items"),
        ValidationErrorKind::Enum { options } => format!("one of {options}"),
        ValidationErrorKind::Format { format } => format!("a {format}"),
        ValidationErrorKind::Type { kind } => format!("type {}", type_name(kind)),
        ValidationErrorKind::Pattern { pattern } => format!("a text like {pattern}"),
        ValidationErrorKind::AnyOf { .. } => "one of the ways its schema allows: see what is required there".to_string(),
        _ => format!("what its schema says under {rule}"),
    };
    Wrong { pointer, rule, expected }
}

fn type_name(kind: &jsonschema::error::TypeKind) -> String {
    match kind {
        jsonschema::error::TypeKind::Single(one) => one.to_string(),
        jsonschema::error::TypeKind::Multiple(many) => many.iter().map(|t| t.to_string()).collect::<Vec<_>>().join(" or "),
    }
}
