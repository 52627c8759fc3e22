//! A consumer of the graph: what it is connected to, and what one step of it does.

use std::sync::Arc;
use std::time::Duration;

use super::deferred::DeferredRunner;
use super::probe::Probe;
use super::runner::StageRunner;
use super::sink::SinkRunner;
use super::stage::{Deferred, Sink, Spec, Stage};
use crate::bus::{Bus, Membership};
use crate::env::Clock;
use crate::error::Result;
use crate::store::Audio;

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Worked,
    /// Nothing to read; wait for the log.
    Idle,
    /// What there is to read can wait so long.
    Resting(Duration),
}

/// A consumer that can be run one bounded step at a time. After an error its inputs are as committed last.
pub trait Step: Send {
    fn spec(&self) -> &Spec;
    fn membership(&self) -> &Membership;
    fn probe(&self) -> Arc<Probe>;
    fn step(&mut self) -> Result<Progress>;
    /// The next step rests no more.
    fn hurry(&mut self) {}
}

/// What every consumer is connected to.
#[derive(Clone)]
pub struct Wiring {
    pub bus: Arc<dyn Bus>,
    pub audio: Arc<dyn Audio>,
    pub clock: Arc<dyn Clock>,
    /// Unique to this process.
    pub member: String,
    pub host: String,
    /// Part of every derived id: empty in life, a name in a replay that shall write anew.
    pub run: String,
    /// Worker threads of a deferred stage; 0 runs jobs inside the step.
    pub workers: usize,
}

/// A consumer of the graph, not yet connected.
pub struct Node {
    pub spec: Spec,
    connect: Connect,
    pub(super) unhurried: bool,
}

type Connect = Box<dyn FnOnce(Wiring) -> Result<Box<dyn Step>> + Send>;

impl Node {
    /// Nobody waits for it: it rests between its steps, so that those who are waited for have the machine.
    pub fn unhurried(self) -> Self {
        Self { unhurried: true, ..self }
    }
    /// Joins the group and takes up its state.
    pub fn connect(self, wiring: Wiring) -> Result<Box<dyn Step>> {
        (self.connect)(wiring)
    }
}

pub fn stage(s: impl Stage + 'static) -> Node {
    Node { spec: s.spec().clone(), connect: Box::new(|w| Ok(Box::new(StageRunner::open(s, w)?))), unhurried: false }
}

pub fn deferred<D: Deferred + 'static>(d: D) -> Node {
    Node { spec: d.spec().clone(), connect: Box::new(|w| Ok(Box::new(DeferredRunner::open(d, w)?))), unhurried: false }
}

pub fn sink(s: impl Sink + 'static) -> Node {
    Node { spec: s.spec().clone(), connect: Box::new(|w| Ok(Box::new(SinkRunner::open(s, w)?))), unhurried: false }
}
