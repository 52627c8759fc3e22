//! Arrays: each item by one schema, or the first ones each by its own (a tuple) and the rest by another.

use serde_json::{Map, Value};

use super::compare::{Found, Walk, is_compatible};
use super::kind::Kind;
use super::object::{LeftOver, unevaluated};
use super::scalar::Limit;
use super::view::{View, is_anything};

type Node = Map<String, Value>;

/// How an array's items are described, whatever the draft's words for it.
struct Items<'a> {
    tuple: &'a [Value],
    /// Of every item, where there is no tuple.
    each: Option<&'a Value>,
    /// Of the items after the tuple.
    rest: Option<&'a Value>,
    unevaluated: Option<&'a Value>,
}

impl<'a> Items<'a> {
    fn of(node: &'a Node) -> Self {
        let said = |v: Option<&'a Value>| v.filter(|v| !is_anything(v));
        let (items, unevaluated) = (node.get("items"), said(node.get("unevaluatedItems")));
        if let Some(Value::Array(tuple)) = node.get("prefixItems") {
            return Self { tuple, each: None, rest: said(items), unevaluated };
        }
        match items {
            Some(Value::Array(tuple)) => Self { tuple, each: None, rest: said(node.get("additionalItems")), unevaluated },
            each => Self { tuple: &[], each: said(each), rest: None, unevaluated },
        }
    }

    fn is_open(&self) -> bool {
        self.each.is_none() && self.rest.is_none() && self.unevaluated.is_none()
    }

    /// The schema of an item past the tuple, where not all are allowed and some are.
    fn covering(&self) -> Option<&'a Value> {
        self.rest.or(self.each).or(self.unevaluated).filter(|s| *s != &Value::Bool(false))
    }
}

pub fn compare<'a>(walk: &mut Walk<'a>, old: &'a Node, new: &'a Node, found: &mut Found) {
    let (was, is) = (Items::of(old), Items::of(new));
    // A tuple's rest is compared as such; items without a tuple as the schema of each.
    walk.nodes(was.each, is.each, "/items", found);
    tuples(walk, &was, &is, found);
    ADDITIONAL.compare(walk, was.rest, is.rest, "/additionalItems", found);
    unevaluated(walk, "unevaluatedItems", &UNEVALUATED, (old, new), found);
    MOST.of_nodes(old, new, found);
    LEAST.of_nodes(old, new, found);
    let unique = |n: &Node| n.get("uniqueItems") == Some(&Value::Bool(true));
    match (unique(old), unique(new)) {
        (true, false) => found.at("/uniqueItems", Kind::UniqueItemsRemoved),
        (false, true) => found.at("/uniqueItems", Kind::UniqueItemsAdded),
        _ => {}
    }
    contains(walk, old, new, found);
}

const ADDITIONAL: LeftOver = LeftOver {
    opened: Kind::AdditionalItemsAdded,
    closed: Kind::AdditionalItemsRemoved,
    extended: Kind::AdditionalItemsExtended,
    narrowed: Kind::AdditionalItemsNarrowed,
};
const UNEVALUATED: LeftOver = LeftOver {
    opened: Kind::UnevaluatedItemsAdded,
    closed: Kind::UnevaluatedItemsRemoved,
    extended: Kind::UnevaluatedItemsExtended,
    narrowed: Kind::UnevaluatedItemsNarrowed,
};
const MOST: Limit = Limit {
    word: "maxItems",
    added: Kind::MaxItemsAdded,
    removed: Kind::MaxItemsRemoved,
    higher: Kind::MaxItemsIncreased,
    lower: Kind::MaxItemsDecreased,
};
const LEAST: Limit = Limit {
    word: "minItems",
    added: Kind::MinItemsAdded,
    removed: Kind::MinItemsRemoved,
    higher: Kind::MinItemsIncreased,
    lower: Kind::MinItemsDecreased,
};
const MOST_CONTAINED: Limit = Limit {
    word: "maxContains",
    added: Kind::MaxContainsAdded,
    removed: Kind::MaxContainsRemoved,
    higher: Kind::MaxContainsIncreased,
    lower: Kind::MaxContainsDecreased,
};
const LEAST_CONTAINED: Limit = Limit {
    word: "minContains",
    added: Kind::MinContainsAdded,
    removed: Kind::MinContainsRemoved,
    higher: Kind::MinContainsIncreased,
    lower: Kind::MinContainsDecreased,
};

fn tuples<'a>(walk: &mut Walk<'a>, old: &Items<'a>, new: &Items<'a>, found: &mut Found) {
    for index in 0..old.tuple.len().max(new.tuple.len()) {
        let path = format!("/items/{index}");
        match (old.tuple.get(index), new.tuple.get(index)) {
            (Some(was), None) => removed(walk, was, new, &path, found),
            (None, Some(is)) => added(walk, old, is, &path, found),
            (was, is) => walk.nodes(was, is, &path, found),
        }
    }
}

fn removed<'a>(walk: &mut Walk<'a>, was: &'a Value, new: &Items<'a>, path: &str, found: &mut Found) {
    if new.is_open() {
        return found.at(path, Kind::ItemRemovedFromOpenContentModel);
    }
    let kind = match new.covering() {
        Some(cover) => {
            let below = walk.pair(View::whole(was), View::whole(cover));
            found.all_at(path, &below);
            match is_compatible(&below) {
                true => Kind::ItemRemovedIsCoveredByPartiallyOpenContentModel,
                false => Kind::ItemRemovedNotCoveredByPartiallyOpenContentModel,
            }
        }
        None if was == &Value::Bool(false) => Kind::ItemWithFalseRemovedFromClosedContentModel,
        None => Kind::ItemRemovedFromClosedContentModel,
    };
    found.at(path, kind);
}

fn added<'a>(walk: &mut Walk<'a>, old: &Items<'a>, is: &'a Value, path: &str, found: &mut Found) {
    let kind = match (old.is_open(), old.covering()) {
        (true, _) if is_anything(is) => Kind::ItemWithEmptySchemaAddedToOpenContentModel,
        (true, _) => Kind::ItemAddedToOpenContentModel,
        (false, Some(cover)) => {
            let below = walk.pair(View::whole(cover), View::whole(is));
            found.all_at(path, &below);
            match is_compatible(&below) {
                true => Kind::ItemAddedIsCoveredByPartiallyOpenContentModel,
                false => Kind::ItemAddedNotCoveredByPartiallyOpenContentModel,
            }
        }
        (false, None) => Kind::ItemAddedToClosedContentModel,
    };
    found.at(path, kind);
}

/// How many items must be of a kind: at least one where nothing is said.
fn contains<'a>(walk: &mut Walk<'a>, old: &'a Node, new: &'a Node, found: &mut Found) {
    let (was, is) = (old.get("contains"), new.get("contains"));
    let least = |node: &Node| {
        let asked = node.get("minContains").and_then(Value::as_f64).unwrap_or(1.0);
        node.contains_key("contains").then_some(asked).filter(|n| *n > 0.0)
    };
    let most = |node: &Node| node.get("contains").and(node.get("maxContains")).and_then(Value::as_f64);
    LEAST_CONTAINED.compare(least(old), least(new), found);
    MOST_CONTAINED.compare(most(old), most(new), found);
    if let (Some(was), Some(is)) = (was, is)
        && !walk.pair(View::whole(was), View::whole(is)).is_empty()
    {
        found.at("/contains", Kind::ContainsChanged);
    }
}
