//! Why the registry does not do what it was asked: the codes of Confluent's registry, which its clients know.

use std::fmt;

use crate::error::{Error, Kind};
use crate::schema::Flaw;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its first three digits are the HTTP status.
    pub code: u32,
    pub message: String,
}

impl Refusal {
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
    pub fn no_subject(subject: &str) -> Self {
        Self::new(40401, format!("Subject '{subject}' not found."))
    }
    pub fn no_version(version: impl fmt::Display) -> Self {
        Self::new(40402, format!("Version {version} not found."))
    }
    pub fn no_schema() -> Self {
        Self::new(40403, "Schema not found")
    }
    pub fn invalid_schema(flaw: impl fmt::Display) -> Self {
        Self::new(42201, format!("Invalid schema: {flaw}"))
    }
    pub fn not_permitted(why: impl Into<String>) -> Self {
        Self::new(42205, why)
    }
    pub fn status(&self) -> u16 {
        let status = if self.code >= 1000 { self.code / 100 } else { self.code };
        u16::try_from(status).unwrap_or(500)
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        Self::invalid_schema(flaw)
    }
}

impl From<Error> for Refusal {
    fn from(e: Error) -> Self {
        let code = match e.kind {
            Kind::Invalid | Kind::Skip => 42201,
            Kind::Retry | Kind::Stop => 50301,
            Kind::Bug => 50001,
        };
        Self::new(code, e.message())
    }
}

pub type Answer<T> = std::result::Result<T, Refusal>;
