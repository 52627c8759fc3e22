//! The event router: rules, kept as data, that look at records and write what they make of them to other topics.
//!
//! A rule is checked and compiled once ([`compiled`]), the enabled ones together are a [`RuleSet`] whose index finds the few
//! that a record can concern, and [`Router`] is the stage that runs a set. How they are kept and changed while they run is
//! [`crate::rules`]. What a rule writes is sensitive: the wall is closed to it, and so are dead letters and Loom's own accounts.

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
mod tap;
mod transform;
mod trial;

pub use anywhere::from_anywhere;
pub use condition::{Condition, Subject, View};
pub use figures::{Figures, Outcome};
pub use pattern::Pattern;
pub use replay::{Into, MOST_RATE, Progress, RATE, Replay, Replays, Row as ReplayRow, State as ReplayState};
pub use rules::{Routing, Rules, Supervisor};
pub use set::RuleSet;
pub use stage::{GROUP, Router};
pub use tap::{Passed, Tap, Took};
pub use trial::{Given, MOST_RECORDS as MOST_TRIED, Trial, TrialRow, TrialSummary};

/// Rules at once.
pub const MOST_RULES: usize = 2_000;

#[cfg(test)]
mod tests;
