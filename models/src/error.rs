//! What can go wrong, said so that a person knows what to do.

use std::fmt;

/// What to do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file is not there: fetch it.
    Missing,
    /// A file is not what was published: fetch it again.
    Damaged,
    /// The network or the disk did not answer: try again later.
    Unavailable,
    /// pip or npm is not installed.
    Tool,
    /// There is no such id or file, or none for this machine.
    Unknown,
}

/// A kind, a lower-case fragment for a person that says what to do, and the cause where there is one.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    #[must_use]
    pub(crate) fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn missing(id: &str, file: &str) -> Self {
        Self::new(Kind::Missing, format!("{file} of {id} is not there: run `cargo xtask setup` or `loom models pull {id}`"))
    }

    pub(crate) fn damaged(id: &str, file: &str) -> Self {
        let why = "is damaged (its checksum is not the published one)";
        Self::new(Kind::Damaged, format!("{file} of {id} {why}: run `loom models pull {id}` to fetch it again"))
    }

    pub(crate) fn unknown(id: &str) -> Self {
        Self::new(Kind::Unknown, format!("there is no model called {id}: `loom models list` shows those there are"))
    }

    pub(crate) fn not_for_this_machine(id: &str) -> Self {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        Self::new(Kind::Unknown, format!("no package holds {id} for {os} on {arch}: install it another way"))
    }

    pub(crate) fn disk(source: std::io::Error) -> Self {
        let message = match source.kind() {
            std::io::ErrorKind::StorageFull => "the disk with the models folder is full: make room and run the same again",
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                "the models folder cannot be written: set LOOM_MODELS_DIR to one that can"
            }
            _ => "the models folder cannot be used: look at its disk, or set LOOM_MODELS_DIR to another folder",
        };
        Self::new(Kind::Unavailable, message).because(source)
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
