//! One JSON type as another.

use loom_schemas::routing::CastTo;
use serde_json::{Number, Value};

use crate::error::{Error, Result};

/// Whole numbers beyond this are no longer told apart as doubles.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// `Skip` for a value that cannot be one.
pub fn cast(value: &mut Value, to: CastTo) -> Result<()> {
    let made = match to {
        CastTo::Text => as_text(value),
        CastTo::Integer => as_integer(value),
        CastTo::Number => as_number(value),
        CastTo::Boolean => as_boolean(value),
    };
    let kind = match to {
        CastTo::Text => "text",
        CastTo::Integer => "whole number",
        CastTo::Number => "number",
        CastTo::Boolean => "true or false",
    };
    *value = made.ok_or_else(|| Error::skip(format!("a field that is cast holds what is no {kind}")))?;
    Ok(())
}

fn as_text(v: &Value) -> Option<Value> {
    match v {
        Value::String(_) => Some(v.clone()),
        Value::Number(_) | Value::Bool(_) => Some(v.to_string().into()),
        _ => None,
    }
}

fn as_integer(v: &Value) -> Option<Value> {
    match v {
        Value::Number(n) if n.is_i64() || n.is_u64() => Some(v.clone()),
        Value::Number(n) => whole(n.as_f64()?),
        Value::Bool(b) => Some(i64::from(*b).into()),
        Value::String(s) => s.trim().parse::<i64>().map(Value::from).ok().or_else(|| whole(s.trim().parse().ok()?)),
        _ => None,
    }
}

/// Nothing is rounded: what is not whole is no integer.
fn whole(n: f64) -> Option<Value> {
    (n.fract() == 0.0 && n.abs() <= EXACT).then(|| (n as i64).into())
}

fn as_number(v: &Value) -> Option<Value> {
    match v {
        Value::Number(_) => Some(v.clone()),
        Value::Bool(b) => Some(f64::from(u8::from(*b)).into()),
        Value::String(s) => Number::from_f64(s.trim().parse().ok()?).map(Value::Number),
        _ => None,
    }
}

fn as_boolean(v: &Value) -> Option<Value> {
    let text = match v {
        Value::Bool(_) => return Some(v.clone()),
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.trim().to_ascii_lowercase(),
        _ => return None,
    };
    match text.as_str() {
        "true" | "yes" | "on" | "1" => Some(true.into()),
        "false" | "no" | "off" | "0" => Some(false.into()),
        _ => None,
    }
}
