//! What was going on when it was said: one file an enricher, and the stage that asks them all.

pub mod daypart;
mod language;
mod stage;

use loom_schemas::payload::{Context, Transcript};

pub use daypart::Daypart;
pub use language::Language;
pub use stage::Enrich;

use crate::env::Time;

/// Adds what it knows to the context of an utterance. Quick and deterministic.
pub trait Enricher: Send {
    /// Name and version; part of what names a derived record.
    fn revision(&self) -> String;
    fn enrich(&self, recorded_at: Time, said: &Transcript, context: &mut Context);
}
