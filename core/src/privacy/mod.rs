//! The privacy filter: finds what must not be seen, masks it, and is the only maker of [`Released`].
//! Left of it everything is sensitive and stays; right of it stands what the owner sees, and what may leave.
//!
//! [`analyze()`] asks one recogniser a kind over a text taken apart once; a [`Policy`] says what is covered and how;
//! [`Filter`] is the stage that does it to every transcript and keeps the account of what it decided.

mod analyze;
mod carry;
mod edits;
mod filter;
mod operators;
mod permit;
mod policy;
mod recognizers;
mod released;
mod spoken;
mod stage;
mod text;

use loom_schemas::api::PrivacyFinding;

pub use analyze::analyze;
pub use edits::EditFilter;
pub use filter::{filter, filter_json, unsettled};
pub use operators::{HashKey, Operator};
pub use permit::Permit;
pub(crate) use permit::permit_to_set_aside;
pub use policy::{Policy, Rule};
pub use recognizers::{Finding, Supported, supported};
pub use released::{Destination, Export, Owner, Plugin, Released, Sync, open};
pub use stage::Filter;

/// What a policy would cover in a text, for a person; places are Unicode scalar values.
pub fn report(text: &str, policy: &Policy) -> Vec<PrivacyFinding> {
    let (mut bytes, mut chars) = (0, 0);
    let mut place = |to: usize| {
        chars += text[bytes..to].chars().count();
        bytes = to;
        chars as u32
    };
    let row = |f: Finding| PrivacyFinding {
        entity_type: f.entity_type.into(),
        start: place(f.start),
        end: place(f.end),
        score: f.score,
        why: f.why.into(),
    };
    analyze(text, policy).into_iter().map(row).collect()
}
