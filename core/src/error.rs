//! One error type whose kind says what the caller should do. Messages are for a person and never quote values.

use std::fmt;

/// What to do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It may work later: wait, then try the same again.
    Retry,
    /// This input can never be taken: park it with its reason and go on.
    Skip,
    /// The component cannot go on: fenced, disk full, database damaged, key lost.
    Stop,
    /// The caller asked for something wrong: tell them what.
    Invalid,
    /// Loom is at fault: say so, keep what there is.
    Bug,
}

impl Kind {
    /// The word that dead letters and the API carry; fixed for ever.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Retry => "retry",
            Kind::Skip => "skip",
            Kind::Stop => "stop",
            Kind::Invalid => "invalid",
            Kind::Bug => "bug",
        }
    }
}

/// A kind, a lower-case fragment for a person, and the cause where there is one.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What a stage answers when it cannot take a record.
pub type Fault = Error;
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }
    pub fn retry(message: impl Into<String>) -> Self {
        Self::new(Kind::Retry, message)
    }
    pub fn skip(message: impl Into<String>) -> Self {
        Self::new(Kind::Skip, message)
    }
    pub fn stop(message: impl Into<String>) -> Self {
        Self::new(Kind::Stop, message)
    }
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, message)
    }
    /// Keeps the cause, which logs show and the API does not.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| s.as_ref() as _)
    }
}
