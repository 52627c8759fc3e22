//! Changes to a payload, compiled once: rename, drop, set, mask, cast, flatten, timestamp, extract, replace.

mod cast;
mod flatten;
mod mask;
mod time;

use loom_schemas::routing::{CastTo, TimeForm, Transform};
use regex::Regex;
use serde_json::{Map, Value};

use super::condition::pattern;
use crate::door::Wrong;
use crate::error::{Error, Result};
use crate::schema::Pointer;
use mask::Mask;

/// Bytes of a payload after changes.
pub const MOST_BYTES: usize = 1 << 20;
/// Bytes of a text that a regular expression is asked about.
const TEXT_BYTES: usize = 256 << 10;
/// Bytes of what a rule writes in by itself.
const WRITTEN_BYTES: usize = 16 << 10;

/// One change, ready.
#[derive(Debug)]
pub enum Change {
    Rename(Pointer, Pointer),
    Drop(Vec<Pointer>),
    Set(Pointer, Value),
    Mask(Pointer, Mask),
    Cast(Pointer, CastTo),
    Flatten(Option<Pointer>, String),
    Timestamp { field: Pointer, from: TimeForm, to: TimeForm, into: Option<Pointer> },
    Extract(Pointer, Regex, Pointer),
    Replace(Pointer, Regex, String),
}

impl Change {
    /// Checks and compiles; `at` is where it lies in the rule, for complaints.
    pub fn compile(t: &Transform, at: &str, wrong: &mut Vec<Wrong>) -> Option<Self> {
        let mut pointer = |name: &str, text: &str| {
            Pointer::parse(text).map_err(|e| wrong.push(Wrong::new(format!("{at}/{name}"), "format", e.message()))).ok()
        };
        Some(match t {
            Transform::Rename { from, to } => {
                let (from, to) = (pointer("from", from), pointer("to", to));
                Change::Rename(from?, to?)
            }
            Transform::Drop { fields } => {
                let fields: Vec<_> = fields.iter().enumerate().map(|(i, f)| pointer(&format!("fields/{i}"), f)).collect();
                Change::Drop(fields.into_iter().collect::<Option<_>>()?)
            }
            Transform::Set { field, value } => {
                let field = pointer("field", field);
                short(&value.to_string(), at, "value", wrong)?;
                Change::Set(field?, value.clone())
            }
            Transform::Mask { field, with, keep_last, policy } => {
                let field = pointer("field", field);
                short(with.as_deref().unwrap_or_default(), at, "with", wrong)?;
                let mask = Mask::new(with.as_deref(), *keep_last, policy.as_deref());
                let mask = mask.map_err(|e| wrong.push(Wrong::new(format!("{at}/policy"), "enum", e.message()))).ok();
                Change::Mask(field?, mask?)
            }
            Transform::Cast { field, to } => Change::Cast(pointer("field", field)?, *to),
            Transform::Flatten { field, separator } => {
                let field = if field.is_empty() { None } else { Some(pointer("field", field)?) };
                short(separator, at, "separator", wrong)?;
                Change::Flatten(field, separator.clone())
            }
            Transform::Timestamp { field, from, to, into } => {
                let field = pointer("field", field);
                let into = into.as_ref().map(|i| pointer("into", i));
                let into = if let Some(i) = into { Some(i?) } else { None };
                Change::Timestamp { field: field?, from: *from, to: *to, into }
            }
            Transform::Extract { field, pattern: p, into } => {
                let (field, into) = (pointer("field", field), pointer("into", into));
                let pattern = regex(p, at, wrong)?;
                if pattern.capture_names().flatten().next().is_none() {
                    wrong.push(Wrong::new(format!("{at}/pattern"), "format", "a pattern with named groups, such as (?P<hour>[0-9]+)"));
                    return None;
                }
                Change::Extract(field?, pattern, into?)
            }
            Transform::Replace { field, pattern: p, with } => {
                let field = pointer("field", field);
                short(with, at, "with", wrong)?;
                Change::Replace(field?, regex(p, at, wrong)?, with.clone())
            }
        })
    }

    /// `Skip`, without values, where a field does not hold what the change needs.
    pub fn apply(&self, data: &mut Value) -> Result<()> {
        match self {
            Change::Rename(from, to) => match from.take(data) {
                Some(value) => to.put(data, value),
                None => Ok(()),
            },
            Change::Drop(fields) => {
                fields.iter().for_each(|f| _ = f.take(data));
                Ok(())
            }
            Change::Set(field, value) => field.put(data, value.clone()),
            Change::Mask(field, mask) => {
                field.get_mut(data).into_iter().for_each(|v| mask.cover(v));
                Ok(())
            }
            Change::Cast(field, to) => match field.get_mut(data) {
                Some(value) => cast::cast(value, *to),
                None => Ok(()),
            },
            Change::Flatten(field, separator) => {
                let at = if let Some(f) = field { f.get_mut(data) } else { Some(data) };
                at.map_or(Ok(()), |v| flatten::flatten(v, separator))
            }
            Change::Timestamp { field, from, to, into } => {
                let Some(value) = field.get(data) else { return Ok(()) };
                let written = time::write(time::read(value, *from)?, *to);
                into.as_ref().unwrap_or(field).put(data, written)
            }
            Change::Extract(field, pattern, into) => {
                let Some(found) = text(field, data)?.and_then(|t| pattern.captures(t)) else { return Ok(()) };
                let group = |name: &str| Some((name.to_string(), Value::from(found.name(name)?.as_str())));
                let fields: Map<String, Value> = pattern.capture_names().flatten().filter_map(group).collect();
                into.put(data, Value::Object(fields))
            }
            Change::Replace(field, pattern, with) => {
                let Some(found) = text(field, data)? else { return Ok(()) };
                let replaced = replaced(found, pattern, with)?;
                field.put(data, replaced.into())
            }
        }
    }
}

/// The text at a field, where there is one; `Skip` where it is none, or too long to search.
fn text<'a>(field: &Pointer, data: &'a Value) -> Result<Option<&'a str>> {
    let Some(value) = field.get(data) else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| Error::skip("a field that is searched holds no text"))?;
    if text.len() > TEXT_BYTES {
        return Err(Error::skip(format!("a field that is searched holds more than {TEXT_BYTES} bytes")));
    }
    Ok(Some(text))
}

/// Grows no further than a payload may.
fn replaced(text: &str, pattern: &Regex, with: &str) -> Result<String> {
    let mut out = String::new();
    let mut from = 0;
    for found in pattern.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(&text[from..whole.start()]);
        found.expand(with, &mut out);
        from = whole.end();
        if out.len() > MOST_BYTES {
            return Err(Error::skip(format!("the changed payload would be longer than {MOST_BYTES} bytes")));
        }
    }
    out.push_str(&text[from..]);
    Ok(out)
}

fn regex(text: &str, at: &str, wrong: &mut Vec<Wrong>) -> Option<Regex> {
    pattern(text).map_err(|e| wrong.push(Wrong::new(format!("{at}/pattern"), "format", e.message()))).ok()
}

fn short(text: &str, at: &str, name: &str, wrong: &mut Vec<Wrong>) -> Option<()> {
    if text.len() > WRITTEN_BYTES {
        wrong.push(Wrong::new(format!("{at}/{name}"), "maxLength", format!("at most {WRITTEN_BYTES} bytes")));
        return None;
    }
    Some(())
}

#[cfg(test)]
mod tests;
