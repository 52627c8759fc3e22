//! What is wrong with a file or a variable, as a person can mend it.

use super::FILE;
use super::table::{setting, takes};
use crate::error::Error;

/// The variable that sets a setting.
pub(crate) fn variable(key: &str) -> String {
    format!("LOOM_{}", key.to_uppercase())
}

pub(super) fn wrong_variable(key: &str) -> Error {
    Error::invalid(format!("the environment variable {} must be {}: correct it or unset it", variable(key), takes(key)))
}

fn line_of(text: &str, e: &toml::de::Error) -> usize {
    let at = e.span().map_or(0, |s| s.start.min(text.len()));
    text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1
}

/// The key on the line where the error is, when it is one of ours.
pub(super) fn key_at(text: &str, e: &toml::de::Error) -> Option<String> {
    let line = text.lines().nth(line_of(text, e) - 1)?;
    let key = line.split('=').next()?.trim();
    setting(key).map(|s| s.key.to_string())
}

pub(super) fn broken(text: &str, e: &toml::de::Error, what: &str) -> Error {
    let line = line_of(text, e);
    Error::invalid(format!("{FILE}, line {line}: {what}; correct the line, or delete it to have the default"))
}

/// A key in a message: short, and nothing a terminal would act on.
pub(super) fn printable(key: &str) -> String {
    key.chars().take(40).map(|c| if c.is_control() { '?' } else { c }).collect()
}
