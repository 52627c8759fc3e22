//! Rules as data: kept in `loom.db`, changed while Loom runs, and run as one consumer group on the topics they name.
//!
//! A room that has rules says as an [`Engine`] what one of them is and what becomes of all together; the enabled ones are a
//! [`Set`]. [`Rules`] keeps them: each is checked before it is written, and a change rings a bell. [`Supervisor`] hears it and
//! runs the set anew: a record is seen by the set before or by the set after, never by both.

mod at_work;
mod in_force;
mod kept;
mod supervise;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::bus::TopicName;
use crate::door::Wrong;
use crate::pipeline::{Node, Wiring};

pub use at_work::Running;
pub use in_force::{Changed, Rules};
pub use supervise::Supervisor;

/// Topics that all rules of a room together read.
pub const MOST_INPUT_TOPICS: usize = 1_000;
/// Stages that a record may have come through; a rule would otherwise feed itself for ever.
pub const MOST_HOPS: u32 = 16;

/// What a room makes of its rules.
pub trait Engine: Send + Sync + Sized + 'static {
    /// As it is written and kept.
    type Rule: Serialize + DeserializeOwned;
    /// Checked and ready.
    type Compiled: Send + Sync;
    type Set: Set;
    /// A rule with its figures, for whoever asks.
    type Row;

    /// Who it is, in what is said to a person.
    const WHO: &'static str;
    const GROUP: &'static str;
    /// Names of its tables begin with this: fixed on disk.
    const TABLES: &'static str;

    /// Everything that is wrong with a rule by itself.
    fn compile(rule: &Self::Rule) -> Result<Self::Compiled, Vec<Wrong>>;
    fn rule(compiled: &Self::Compiled) -> &Self::Rule;
    fn row(&self, compiled: &Self::Compiled) -> Self::Row;
    /// Those that are enabled.
    fn set(&self, rules: &All<Self>) -> Self::Set;
    fn node(&self, set: Arc<Self::Set>, inputs: Vec<TopicName>, wiring: &Wiring) -> Node;
    /// These are in force from now on.
    fn changed(&self, _rules: &All<Self>) {}
}

/// Rules that are in force together.
pub trait Set: Send + Sync + 'static {
    /// Changes with anything they say.
    fn revision(&self) -> String;
    fn reads(&self, topic: &TopicName) -> bool;
    /// What is read while these topics are there, by name.
    fn inputs(&self, there: Vec<TopicName>) -> Vec<TopicName>;
    /// Whether topics may come that would be read beside these.
    fn may_grow(&self, inputs: &[TopicName]) -> bool;
    fn writes(&self) -> impl Iterator<Item = &TopicName>;
}

/// Rules by id.
pub type All<E> = BTreeMap<String, Arc<<E as Engine>::Compiled>>;

/// Of rules in their order.
pub fn revision<'a, R: Serialize + 'a>(rules: impl Iterator<Item = &'a R>) -> String {
    let mut h = Sha256::new();
    for rule in rules {
        // Rules are plain data, which always serialises.
        h.update(serde_json::to_vec(rule).unwrap_or_default());
    }
    hex::encode(&h.finalize()[..6])
}

pub fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'))
}

#[cfg(test)]
pub(crate) mod tests;
