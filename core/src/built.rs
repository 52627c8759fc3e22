//! What the running program was built from. Core knows only its own version: the program says the rest, once, so that a
//! commit makes it, and not all of core, compile again.

use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Built {
    /// Of the source; `unknown` outside a checkout.
    pub commit: &'static str,
    /// RFC 3339.
    pub date: &'static str,
}

static BUILT: OnceLock<Built> = OnceLock::new();

/// Said by the program as it starts; the first word counts.
pub fn say(built: Built) {
    BUILT.get_or_init(|| built);
}

pub fn built() -> Built {
    BUILT.get().copied().unwrap_or(Built { commit: "unknown", date: "unknown" })
}
