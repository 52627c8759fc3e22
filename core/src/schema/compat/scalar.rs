//! Numbers, texts and lists of values; and what stands on every schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::compare::Found;
use super::kind::Kind;
use super::view::{Facet, View};

type Node = Map<String, Value>;

/// Words that say something of a schema and nothing of its documents.
pub fn annotations(old: View, new: View, found: &mut Found) {
    let plain = |f: Facet| matches!(f, Facet::Whole | Facet::Of(_) | Facet::Enum);
    if !plain(old.facet) || !plain(new.facet) {
        return;
    }
    for (word, kind) in [
        ("$id", Kind::IdChanged),
        ("title", Kind::TitleChanged),
        ("description", Kind::DescriptionChanged),
        ("default", Kind::DefaultChanged),
    ] {
        if old.node.get(word) != new.node.get(word) {
            found.here(kind);
        }
    }
}

/// What became of a limit: where it was added, where it was removed, where it is higher or lower now.
pub struct Limit {
    pub word: &'static str,
    pub added: Kind,
    pub removed: Kind,
    pub higher: Kind,
    pub lower: Kind,
}

impl Limit {
    pub fn compare(&self, old: Option<f64>, new: Option<f64>, found: &mut Found) {
        let kind = match (old, new) {
            (None, Some(_)) => self.added,
            (Some(_), None) => self.removed,
            (Some(old), Some(new)) if old < new => self.higher,
            (Some(old), Some(new)) if old > new => self.lower,
            _ => return,
        };
        found.at(&format!("/{}", self.word), kind);
    }

    pub fn of_nodes(&self, old: &Node, new: &Node, found: &mut Found) {
        let value = |node: &Node| node.get(self.word).and_then(Value::as_f64);
        self.compare(value(old), value(new), found);
    }
}

const MAXIMUM: Limit = Limit {
    word: "maximum",
    added: Kind::MaximumAdded,
    removed: Kind::MaximumRemoved,
    higher: Kind::MaximumIncreased,
    lower: Kind::MaximumDecreased,
};
const MINIMUM: Limit = Limit {
    word: "minimum",
    added: Kind::MinimumAdded,
    removed: Kind::MinimumRemoved,
    higher: Kind::MinimumIncreased,
    lower: Kind::MinimumDecreased,
};
const ABOVE: Limit = Limit {
    word: "exclusiveMaximum",
    added: Kind::ExclusiveMaximumAdded,
    removed: Kind::ExclusiveMaximumRemoved,
    higher: Kind::ExclusiveMaximumIncreased,
    lower: Kind::ExclusiveMaximumDecreased,
};
const BELOW: Limit = Limit {
    word: "exclusiveMinimum",
    added: Kind::ExclusiveMinimumAdded,
    removed: Kind::ExclusiveMinimumRemoved,
    higher: Kind::ExclusiveMinimumIncreased,
    lower: Kind::ExclusiveMinimumDecreased,
};

pub fn numbers((was_integer, old): (bool, &Node), (is_integer, new): (bool, &Node), found: &mut Found) {
    for (closed, open) in [(&MAXIMUM, &ABOVE), (&MINIMUM, &BELOW)] {
        let (old, new) = (bounds(old, closed.word, open.word), bounds(new, closed.word, open.word));
        closed.compare(old.0, new.0, found);
        open.compare(old.1, new.1, found);
    }
    multiples(old, new, found);
    match (was_integer, is_integer) {
        (true, false) => found.here(Kind::TypeExtended),
        (false, true) => found.here(Kind::TypeNarrowed),
        _ => {}
    }
}

/// A limit that may be reached and one that may not; draft 4 says which by a boolean beside it.
fn bounds(node: &Node, closed: &str, open: &str) -> (Option<f64>, Option<f64>) {
    let limit = node.get(closed).and_then(Value::as_f64);
    match node.get(open) {
        Some(Value::Bool(true)) => (None, limit),
        other => (limit, other.and_then(Value::as_f64)),
    }
}

fn multiples(old: &Node, new: &Node, found: &mut Found) {
    let of = |node: &Node| node.get("multipleOf").and_then(Value::as_f64);
    let divides = |a: f64, b: f64| a != 0.0 && ((b / a) - (b / a).round()).abs() < 1e-9;
    let kind = match (of(old), of(new)) {
        (None, Some(_)) => Kind::MultipleOfAdded,
        (Some(_), None) => Kind::MultipleOfRemoved,
        (Some(old), Some(new)) if old == new => return,
        (Some(old), Some(new)) if divides(old, new) => Kind::MultipleOfExpanded,
        (Some(old), Some(new)) if divides(new, old) => Kind::MultipleOfReduced,
        (Some(_), Some(_)) => Kind::MultipleOfChanged,
        (None, None) => return,
    };
    found.at("/multipleOf", kind);
}

const LONGEST: Limit = Limit {
    word: "maxLength",
    added: Kind::MaxLengthAdded,
    removed: Kind::MaxLengthRemoved,
    higher: Kind::MaxLengthIncreased,
    lower: Kind::MaxLengthDecreased,
};
const SHORTEST: Limit = Limit {
    word: "minLength",
    added: Kind::MinLengthAdded,
    removed: Kind::MinLengthRemoved,
    higher: Kind::MinLengthIncreased,
    lower: Kind::MinLengthDecreased,
};

pub fn texts(old: &Node, new: &Node, found: &mut Found) {
    LONGEST.of_nodes(old, new, found);
    SHORTEST.of_nodes(old, new, found);
    match (old.get("pattern"), new.get("pattern")) {
        (None, Some(_)) => found.at("/pattern", Kind::PatternAdded),
        (Some(_), None) => found.at("/pattern", Kind::PatternRemoved),
        (old, new) if old != new => found.at("/pattern", Kind::PatternChanged),
        _ => {}
    }
    if new.contains_key("format") && old.get("format") != new.get("format") {
        found.at("/format", Kind::FormatChanged);
    }
}

/// Lists of values; a constant is a list of one.
pub fn values(old: &[&Value], new: &[&Value], found: &mut Found) {
    let (old, new): (BTreeSet<String>, BTreeSet<String>) = (old.iter().map(|v| key(v)).collect(), new.iter().map(|v| key(v)).collect());
    match (new.is_superset(&old), new.is_subset(&old)) {
        (true, true) => {}
        (true, false) => found.at("/enum", Kind::EnumArrayExtended),
        (false, true) => found.at("/enum", Kind::EnumArrayNarrowed),
        (false, false) => found.at("/enum", Kind::EnumArrayChanged),
    }
}

/// The same text for values that are one to JSON Schema: 1 and 1.0 are.
fn key(value: &Value) -> String {
    match value.as_f64() {
        Some(number) => format!("{number:?}"),
        None => value.to_string(),
    }
}
