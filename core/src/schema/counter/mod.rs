//! A counter-example: a document that the old schema takes and the new one refuses. Candidates are made from both schemas at
//! once (`candidates.rs`: limits and a step beyond, values of lists, texts of patterns, one field too many or too few), and
//! only what the real validators confirm is shown, made as small as it can be. The search is bounded and always goes the same way;
//! that it found nothing proves nothing.

mod candidates;
mod defaults;
mod local;
mod places;
mod scalars;
mod smaller;
mod ways;

use jsonschema::Validator;
use serde_json::Value;

use candidates::Candidates;

use super::resolve::{Targets, Whole};

/// Objects and truth values within a schema, up to which each gets a validator of its own.
const MOST_PARTS: usize = 1200;

/// Two versions, compiled.
pub struct Versions<'a> {
    pub old: &'a Whole,
    pub new: &'a Whole,
    pub takes: &'a Validator,
    pub refuses: &'a Validator,
}

/// A document that `old` takes and `new` refuses, even once what it lacks is filled in with `new`'s defaults.
///
/// Deep recursion: to be called where there is room for it.
pub fn example(versions: &Versions) -> Option<Value> {
    let mut targets = Targets::default();
    targets.add(versions.old);
    targets.add(versions.new);
    let fill = |doc: &Value| {
        let mut doc = doc.clone();
        defaults::fill(&mut doc, &versions.new.root, &targets);
        doc
    };
    let shows = |doc: &Value| versions.takes.is_valid(doc) && !versions.refuses.is_valid(doc) && !versions.refuses.is_valid(&fill(doc));
    let mut candidates = Candidates::new(&targets, versions, MOST_PARTS);
    let roots = candidates.of_root();
    let found = roots.into_iter().filter(&shows).min_by_key(|d| (d.to_string().len(), d.to_string()))?;
    Some(smaller::of(found, &shows))
}

#[cfg(test)]
mod tests;
