//! The walk through two versions of a schema, pair of nodes by pair. A pair is compared once; one that is met again while it
//! is being compared (a schema that refers to itself) counts as compatible, and if that turns out to be wrong the walk is
//! done again with what was found: the greatest fixed point, as for recursive types (Amadio and Cardelli, 1993).

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use regex::Regex;
use serde_json::{Map, Value};

use super::kind::{Kind, Verdict};
use super::view::Primitive::{self, Array, Boolean, Integer, Null, Number, Object, Text};
use super::view::{Facet, Shape, View};
use super::{array, combined, object, scalar};
use crate::schema::resolve::Targets;
use crate::schema::validators::regex;

/// Pairs of nodes compared, at most; and how deep one may lie below another.
const MOST_PAIRS: usize = 100_000;
const MOST_DEPTH: usize = 256;
/// Differences kept of one pair.
const MOST_DIFFERENCES: usize = 1000;

/// One difference, at a path below the pair it was found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub kind: Kind,
    pub path: String,
}

type Key = ((usize, Facet), (usize, Facet));
pub type Differences = Rc<Vec<Difference>>;

/// What a walk knows.
pub struct Walk<'a> {
    pub targets: &'a Targets<'a>,
    memo: HashMap<Key, Differences>,
    open: HashSet<Key>,
    /// Pairs that an earlier walk found to break.
    broken: HashMap<Key, Differences>,
    assumed: bool,
    pairs: usize,
    patterns: HashMap<&'a str, Option<Regex>>,
}

/// Every difference between two versions.
pub fn differences<'a>(targets: &'a Targets<'a>, old: &'a Value, new: &'a Value) -> Vec<Difference> {
    let mut broken = HashMap::new();
    let mut pairs = 0;
    loop {
        let mut walk =
            Walk { targets, memo: HashMap::new(), open: HashSet::new(), broken, assumed: false, pairs, patterns: HashMap::new() };
        let found = walk.pair(View::whole(old), View::whole(new));
        let known = walk.broken.len();
        let now: HashMap<Key, Differences> = walk.memo.into_iter().filter(|(_, d)| !is_compatible(d)).collect();
        if !walk.assumed || now.len() == known || walk.pairs > MOST_PAIRS {
            return found.to_vec();
        }
        (broken, pairs) = (now, walk.pairs);
    }
}

/// Whether none of them breaks a reader for certain.
pub fn is_compatible(found: &[Difference]) -> bool {
    found.iter().all(|d| d.kind.verdict() != Verdict::Breaks)
}

/// What is found in one pair, and where.
#[derive(Default)]
pub struct Found {
    pub list: Vec<Difference>,
}

impl Found {
    pub fn here(&mut self, kind: Kind) {
        self.at("", kind);
    }
    /// `path` begins with a slash, or is empty.
    pub fn at(&mut self, path: &str, kind: Kind) {
        self.list.push(Difference { kind, path: path.into() });
    }
    /// What was found below. Definitions that are used in many places can multiply: then what breaks is kept first.
    pub fn all_at(&mut self, path: &str, found: &[Difference]) {
        for d in found {
            let most = if d.kind.verdict() == Verdict::Fine { MOST_DIFFERENCES / 2 } else { MOST_DIFFERENCES };
            if self.list.len() < most {
                self.list.push(Difference { kind: d.kind, path: format!("{path}{}", d.path) });
            }
        }
    }
}

impl<'a> Walk<'a> {
    /// Compares two nodes, or what is missing of one.
    pub fn nodes(&mut self, old: Option<&'a Value>, new: Option<&'a Value>, path: &str, found: &mut Found) {
        match (old, new) {
            (None, None) => {}
            (None, Some(_)) => found.at(path, Kind::SchemaAdded),
            (Some(_), None) => found.at(path, Kind::SchemaRemoved),
            (Some(old), Some(new)) => {
                let differences = self.pair(View::whole(old), View::whole(new));
                found.all_at(path, &differences);
            }
        }
    }

    pub fn pair(&mut self, old: View<'a>, new: View<'a>) -> Differences {
        let (old, new) = (old.settled(self.targets), new.settled(self.targets));
        let key = (old.key(), new.key());
        if let Some(known) = self.memo.get(&key) {
            return known.clone();
        }
        if self.open.contains(&key) {
            if let Some(broken) = self.broken.get(&key) {
                return broken.clone();
            }
            self.assumed = true;
            return Rc::default();
        }
        self.pairs += 1;
        let mut found = Found::default();
        if self.pairs > MOST_PAIRS || self.open.len() > MOST_DEPTH {
            found.here(Kind::TooLargeToCompare);
        } else {
            self.open.insert(key);
            self.shapes(old, new, &mut found);
            self.open.remove(&key);
        }
        let found = Rc::new(found.list);
        self.memo.insert(key, found.clone());
        found
    }

    fn shapes(&mut self, old: View<'a>, new: View<'a>, found: &mut Found) {
        let (a, b) = (old.shape(self.targets), new.shape(self.targets));
        if combined::one_side(self, (old, &a), (new, &b), found) {
            return;
        }
        scalar::annotations(old, new, found);
        match (a, b) {
            (Shape::Nothing, _) | (_, Shape::Anything) => {}
            (Shape::Combined(by, parts), Shape::Combined(new_by, new_parts)) => {
                combined::both(self, (by, parts), (new_by, new_parts), found);
            }
            (Shape::Of(was, old), Shape::Of(is, new)) => self.primitives((was, old), (is, new), found),
            (Shape::Enum(old), Shape::Enum(new)) => scalar::values(&old, &new, found),
            (Shape::Not(old), Shape::Not(new)) => {
                // What the old one excludes has to exclude all that the new one does.
                let reversed = self.pair(View::whole(new), View::whole(old));
                found.at("/not", if is_compatible(&reversed) { Kind::NotTypeNarrowed } else { Kind::NotTypeExtended });
            }
            (Shape::If(old), Shape::If(new)) => {
                if ["if", "then", "else"].iter().any(|k| old.get(*k) != new.get(*k)) {
                    found.here(Kind::ConditionChanged);
                }
            }
            _ => found.here(Kind::TypeChanged),
        }
    }

    /// Whether a name is one of a pattern's; a pattern that is none has no names.
    pub fn matches(&mut self, pattern: &'a str, name: &str) -> bool {
        let compiled = self.patterns.entry(pattern).or_insert_with(|| regex(pattern).ok());
        compiled.as_ref().is_some_and(|r| r.is_match(name))
    }

    fn primitives(
        &mut self,
        (was, old): (Primitive, &'a Map<String, Value>),
        (is, new): (Primitive, &'a Map<String, Value>),
        found: &mut Found,
    ) {
        match (was, is) {
            (Number | Integer, Number | Integer) => scalar::numbers((was == Integer, old), (is == Integer, new), found),
            (Text, Text) => scalar::texts(old, new, found),
            (Object, Object) => object::compare(self, old, new, found),
            (Array, Array) => array::compare(self, old, new, found),
            (Null, Null) | (Boolean, Boolean) => {}
            _ => found.here(Kind::TypeChanged),
        }
    }
}
