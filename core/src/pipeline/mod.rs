//! Stages and what runs them. Read `graph.rs` first: the whole pipeline, top to bottom.

mod outbox;
mod stage;

pub use outbox::{Outbox, Output};
pub use stage::{Deferred, Revision, Sink, Spec, Stage, Worker};
