//! Deduplication: rules, kept as data, that say what makes a record of a topic the repeat of an earlier one.
//!
//! A rule is checked and compiled once ([`rule`]); the enabled ones together are a [`Judge`], and [`Dedup`] is the stage that
//! asks it about every record. How rules are kept and changed while they run is [`crate::rules`]. What was first is kept in rows on disk ([`crate::bus::Row`]), in the transaction of what was
//! said of it, so a crash doubles nothing and forgets nothing. Nothing is taken from the log: a repeat is named on
//! `internal.dedup.duplicates`, and a rule may copy the firsts alone to a topic of their own.
//!
//! What is kept is ids, times and hashes under this install's secret ([`salt`]), never a word: the hash of a text that its
//! owner took back tells nobody what it was, who has not the whole database and the text itself to compare. So forgetting has
//! nothing to empty here. What names an erased repeat on `internal.dedup.duplicates` is found by its `sources`, like anything
//! that was made of it, and rows go with their window.

mod anywhere;
mod check;
mod exact;
mod fields;
mod figures;
mod first;
pub mod image;
mod judge;
mod ledger;
#[cfg(feature = "pictures")]
mod pictures;
mod rule;
mod rules;
mod salt;
mod stage;
mod text;
mod window;

pub use anywhere::from_anywhere;
pub use check::{Checked, Given, Listed, check, manifest};
pub use figures::Figures;
pub use first::First;
pub use image::{NoPictures, Pictures};
pub use judge::{Judge, Outcome};
pub use ledger::{MOST_LISTED, of_repeat, repeats_of};
#[cfg(feature = "pictures")]
pub use pictures::FilePictures;
pub use rule::Compiled;
pub use rules::{Deduplicating, Rules, Supervisor};
pub use salt::Salt;
pub use stage::{Dedup, GROUP};
pub use text::Sketcher;

/// Rules at once.
pub const MOST_RULES: usize = 200;
/// Fields that one rule compares.
pub const MOST_FIELDS: usize = 16;
/// The longest window, and the longest lateness: 366 days.
pub const LONGEST_S: u64 = 366 * 86_400;

#[cfg(test)]
mod tests;
