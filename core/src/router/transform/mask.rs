//! Covering what a field holds.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::privacy::{Policy, filter_json};

/// What covers a text that says nothing else.
const COVER: &str = "***";

/// How a field is covered.
#[derive(Debug)]
pub enum Mask {
    /// All of it, but for so many characters at its end.
    All { with: String, keep_last: usize },
    /// What this policy finds.
    Found(Box<Policy>),
}

impl Mask {
    pub fn new(with: Option<&str>, keep_last: u8, policy: Option<&str>) -> Result<Self> {
        match policy {
            Some(_) if with.is_some() || keep_last > 0 => Err(Error::invalid("a policy alone: it knows itself what covers what it finds")),
            Some(name) => Ok(Mask::Found(Box::new(Policy::named(name)?))),
            None => Ok(Mask::All { with: with.unwrap_or(COVER).into(), keep_last: usize::from(keep_last) }),
        }
    }

    /// Texts, numbers and truth values, all the way down; names stay.
    pub fn cover(&self, value: &mut Value) {
        match (self, value) {
            (Mask::Found(policy), value) => *value = filter_json(value, policy),
            (_, Value::Array(items)) => items.iter_mut().for_each(|v| self.cover(v)),
            (_, Value::Object(fields)) => fields.values_mut().for_each(|v| self.cover(v)),
            (_, Value::Null) => {}
            (Mask::All { with, keep_last }, value) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
                *value = covered(&text, with, *keep_last).into();
            }
        }
    }
}

/// A text that is hardly longer than what would be kept is covered whole.
fn covered(text: &str, with: &str, keep_last: usize) -> String {
    let chars = text.chars().count();
    let kept = if chars >= 2 * keep_last { keep_last } else { 0 };
    with.chars().chain(text.chars().skip(chars - kept)).collect()
}
