//! The three kinds of consumer. None touches clock, disk or network.

use std::sync::Arc;
use std::time::Duration;

use super::outbox::Outbox;
use crate::bus::{Positions, Record, TopicName};
use crate::env::Time;
use crate::error::Fault;

/// Changes whenever the same input would give another output; part of every derived id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Of the saved state's layout; `load` is told which one it gets.
    pub state: u32,
    /// Engine, model, policy: `moonshine-tiny-en/1`.
    pub label: String,
}

/// What a consumer is called, reads and writes.
#[derive(Clone, Debug)]
pub struct Spec {
    /// `<service>-consumer`.
    pub group: &'static str,
    /// What it does, for a person, in a few words.
    pub description: &'static str,
    pub inputs: Vec<TopicName>,
    pub outputs: Vec<TopicName>,
    pub revision: Revision,
    /// Whether `on_time` is wanted.
    pub ticks: bool,
    /// Whether `stream_id, first_sample, samples` in the payload are resolved to audio before a record is seen.
    pub audio: bool,
}

/// Quick and deterministic: voice detection, context, privacy, windows.
pub trait Stage: Send {
    fn spec(&self) -> &Spec;
    fn on_record(&mut self, r: &Record, out: &mut Outbox) -> Result<(), Fault>;
    /// Keys of the rows it will ask `out.kept` for when it gets this record: all of a batch are read at once. One that is not
    /// named here is read when it is asked for.
    fn wants(&mut self, _r: &Record, _keys: &mut Vec<Vec<u8>>) {}
    /// Called for every whole second of the log's own time, before any record received after it.
    fn on_time(&mut self, _t: Time, _out: &mut Outbox) -> Result<(), Fault> {
        Ok(())
    }
    /// At most 64 KiB.
    fn save(&self, _to: &mut Vec<u8>) {}
    fn load(&mut self, _revision: u32, _from: &[u8]) -> Result<(), Fault> {
        Ok(())
    }
}

/// Slow work off the stage's thread: `start` and `finish` run in input order, the engine in between.
pub trait Deferred: Send {
    type Job: Send + 'static;
    type Done: Send + 'static;
    fn spec(&self) -> &Spec;
    /// Builds what does the work: called on each worker thread with its first job, and anew after a failure.
    fn worker(&self) -> MakeWorker<Self::Job, Self::Done>;
    fn start(&mut self, r: &Record) -> Result<Self::Job, Fault>;
    fn finish(&mut self, r: &Record, done: Self::Done, out: &mut Outbox) -> Result<(), Fault>;
}

/// Makes a worker thread's engine.
pub type MakeWorker<J, D> = Arc<dyn Fn() -> Result<Worker<J, D>, Fault> + Send + Sync>;
/// One worker thread's engine.
pub type Worker<J, D> = Box<dyn FnMut(J) -> Result<D, Fault> + Send>;

/// Writes to a store that keeps its own positions; the group's offsets mirror them.
pub trait Sink: Send {
    fn spec(&self) -> &Spec;
    fn positions(&mut self) -> Result<Positions, Fault>;
    /// Records and positions, all or none.
    fn write(&mut self, rs: &[Record], upto: &Positions) -> Result<(), Fault>;
    /// Empties the store and its positions: it will be written anew from the log.
    fn rebuild(&mut self) -> Result<(), Fault>;
    /// More than 0 where a commit is dear: what comes is then gathered for so long.
    fn between_writes(&self) -> Duration {
        Duration::ZERO
    }
}
