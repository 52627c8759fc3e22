//! The event router: rules, kept as data, that look at records and write what they make of them to other topics.
//!
//! A rule is checked and compiled once ([`compiled`]), the enabled ones together are a [`RuleSet`] whose index finds the few
//! that a record can concern, and [`Router`] is the stage that runs a set. [`Rules`] keeps them in `loom.db` and
//! [`Supervisor`] runs the stage anew when they change: a record is seen by the set before or by the set after, never by
//! both. What a rule writes is sensitive: the wall is closed to it, and so are dead letters and Loom's own accounts.

mod anywhere;
mod compiled;
mod condition;
mod figures;
mod index;
mod loops;
mod pattern;
pub mod redrive;
mod replay;
mod rules;
mod set;
mod stage;
mod supervise;
mod tap;
mod transform;
mod trial;

pub use anywhere::from_anywhere;
pub use condition::{Condition, Subject, View};
pub use figures::{Figures, Outcome};
pub use pattern::Pattern;
pub use replay::{Into, MOST_RATE, Progress, RATE, Replay, Replays, Row as ReplayRow, State as ReplayState};
pub use rules::{Changed, Rules, Running};
pub use set::RuleSet;
pub use stage::{GROUP, Router};
pub use supervise::Supervisor;
pub use tap::{Passed, Tap, Took};
pub use trial::{Given, MOST_RECORDS as MOST_TRIED, Trial, TrialRow, TrialSummary};

/// Rules at once.
pub const MOST_RULES: usize = 2_000;
/// Topics that all rules together read.
pub const MOST_INPUT_TOPICS: usize = 1_000;
/// Stages that a record may have come through; a rule would otherwise feed itself for ever.
pub const MOST_HOPS: u32 = 16;

#[cfg(test)]
mod tests;
