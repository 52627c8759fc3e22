//! Stages and what runs them. Read `graph.rs` first: the whole pipeline, top to bottom.

mod consumer;
mod deferred;
pub mod graph;
mod kept;
mod node;
mod outbox;
mod park;
mod probe;
mod runner;
mod sink;
mod stage;
mod threads;

pub use kept::Kept;
pub use node::{Node, Progress, Step, Wiring, deferred, sink, stage};
pub use outbox::{Outbox, Output, derived_id};
pub use probe::{Probe, Seen};
pub use stage::{Deferred, MakeWorker, Revision, Sink, Spec, Stage, Worker};
pub use threads::Running;
