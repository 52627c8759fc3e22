//! How compatible a new version has to be, and who may write.

use super::refusal::{Answer, Refusal};

/// Written to disk as its word: fixed for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    None,
    /// Readers of the new version can read what was written by the last one.
    #[default]
    Backward,
    BackwardTransitive,
    /// Readers of the last version can read what is written by the new one.
    Forward,
    ForwardTransitive,
    Full,
    FullTransitive,
}

const LEVELS: [(Level, &str); 7] = [
    (Level::None, "NONE"),
    (Level::Backward, "BACKWARD"),
    (Level::BackwardTransitive, "BACKWARD_TRANSITIVE"),
    (Level::Forward, "FORWARD"),
    (Level::ForwardTransitive, "FORWARD_TRANSITIVE"),
    (Level::Full, "FULL"),
    (Level::FullTransitive, "FULL_TRANSITIVE"),
];

impl Level {
    pub fn named(word: &str) -> Answer<Self> {
        let found = LEVELS.iter().find(|(_, w)| w.eq_ignore_ascii_case(word)).map(|(level, _)| *level);
        found.ok_or_else(|| {
            let all = LEVELS.map(|(_, w)| w).join(", ");
            Refusal::new(42203, format!("Invalid compatibility level. Valid values are {all}"))
        })
    }
    pub fn as_str(self) -> &'static str {
        LEVELS.iter().find(|(level, _)| *level == self).map_or("BACKWARD", |(_, word)| word)
    }
    /// Whether every version before counts, or the last one alone.
    pub fn is_transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }
    pub fn is_backward(self) -> bool {
        matches!(self, Self::Backward | Self::BackwardTransitive | Self::Full | Self::FullTransitive)
    }
    pub fn is_forward(self) -> bool {
        matches!(self, Self::Forward | Self::ForwardTransitive | Self::Full | Self::FullTransitive)
    }
}

/// Written to disk as its word: fixed for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    ReadWrite,
    ReadOnly,
    /// Read-only, whatever a subject's own mode says.
    ReadOnlyOverride,
    /// Schemas come with the ids and versions they had elsewhere, and are not compared.
    Import,
}

const MODES: [(Mode, &str); 4] =
    [(Mode::ReadWrite, "READWRITE"), (Mode::ReadOnly, "READONLY"), (Mode::ReadOnlyOverride, "READONLY_OVERRIDE"), (Mode::Import, "IMPORT")];

impl Mode {
    pub fn named(word: &str) -> Answer<Self> {
        let found = MODES.iter().find(|(_, w)| w.eq_ignore_ascii_case(word)).map(|(mode, _)| *mode);
        found.ok_or_else(|| Refusal::new(42204, format!("Invalid mode. Valid values are {}", MODES.map(|(_, w)| w).join(", "))))
    }
    pub fn as_str(self) -> &'static str {
        MODES.iter().find(|(mode, _)| *mode == self).map_or("READWRITE", |(_, word)| word)
    }
}
