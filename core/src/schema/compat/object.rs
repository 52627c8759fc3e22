//! Objects. What may stand in one besides its declared properties is its content model: open (anything), partly open (what a
//! pattern or a schema allows) or closed.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::compare::{Found, Walk, is_compatible};
use super::kind::Kind;
use super::scalar::Limit;
use super::view::{View, is_anything};
use crate::schema::walk::token;

type Node = Map<String, Value>;

pub fn compare<'a>(walk: &mut Walk<'a>, old: &'a Node, new: &'a Node, found: &mut Found) {
    required(old, new, found);
    properties(walk, old, new, found);
    patterns(walk, old, new, found);
    dependencies(walk, old, new, found);
    further(walk, old, new, found);
    unevaluated(walk, "unevaluatedProperties", &UNEVALUATED, (old, new), found);
    MOST.of_nodes(old, new, found);
    LEAST.of_nodes(old, new, found);
    if let Some(names) = new.get("propertyNames") {
        let before = old.get("propertyNames").map(|old| walk.pair(View::whole(old), View::whole(names)));
        if !is_anything(names) && before.is_none_or(|found| !found.is_empty()) {
            found.at("/propertyNames", Kind::PropertyNamesChanged);
        }
    }
}

const MOST: Limit = Limit {
    word: "maxProperties",
    added: Kind::MaxPropertiesAdded,
    removed: Kind::MaxPropertiesRemoved,
    higher: Kind::MaxPropertiesIncreased,
    lower: Kind::MaxPropertiesDecreased,
};
const LEAST: Limit = Limit {
    word: "minProperties",
    added: Kind::MinPropertiesAdded,
    removed: Kind::MinPropertiesRemoved,
    higher: Kind::MinPropertiesIncreased,
    lower: Kind::MinPropertiesDecreased,
};

pub fn names(node: &Node) -> BTreeSet<&str> {
    node.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn declared<'a>(node: &'a Node, name: &str) -> Option<&'a Value> {
    node.get("properties")?.as_object()?.get(name)
}

fn declared_names<'a>(node: &'a Node) -> impl Iterator<Item = &'a String> + use<'a> {
    node.get("properties").and_then(Value::as_object).into_iter().flat_map(|m| m.keys())
}

fn required(old: &Node, new: &Node, found: &mut Found) {
    let (was, is) = (names(old), names(new));
    for name in was.union(&is) {
        let path = format!("/required/{}", token(name));
        match (declared(old, name), declared(new, name)) {
            (Some(_), Some(_)) if was.contains(name) && !is.contains(name) => found.at(&path, Kind::RequiredAttributeRemoved),
            (Some(_), Some(schema)) if !was.contains(name) => {
                let default = schema.get("default").is_some();
                found.at(&path, if default { Kind::RequiredAttributeWithDefaultAdded } else { Kind::RequiredAttributeAdded });
            }
            (_, None) if is.contains(name) && !was.contains(name) => found.at(&path, Kind::UndeclaredPropertyRequired),
            _ => {}
        }
    }
}

/// What may stand under names that are not declared.
fn is_open(node: &Node) -> bool {
    let free = |key: &str| node.get(key).is_none_or(is_anything);
    let patterns = node.get("patternProperties").and_then(Value::as_object).is_some_and(|p| !p.is_empty());
    !patterns && free("additionalProperties") && (node.contains_key("additionalProperties") || free("unevaluatedProperties"))
}

/// The schema of an undeclared name in a partly open model.
fn covering<'a>(walk: &mut Walk<'a>, node: &'a Node, name: &str) -> Option<&'a Value> {
    let patterns = node.get("patternProperties").and_then(Value::as_object);
    let by_pattern = patterns.into_iter().flatten().find(|(pattern, _)| walk.matches(pattern, name)).map(|(_, schema)| schema);
    by_pattern.or_else(|| {
        let further = node.get("additionalProperties").or_else(|| node.get("unevaluatedProperties"));
        further.filter(|s| *s != &Value::Bool(false))
    })
}

fn properties<'a>(walk: &mut Walk<'a>, old: &'a Node, new: &'a Node, found: &mut Found) {
    let all: BTreeSet<&String> = declared_names(old).chain(declared_names(new)).collect();
    for name in all {
        let path = format!("/properties/{}", token(name));
        match (declared(old, name), declared(new, name)) {
            (Some(was), Some(is)) => walk.nodes(Some(was), Some(is), &path, found),
            (Some(was), None) => removed(walk, was, new, (name, &path), found),
            (None, Some(is)) => added(walk, old, (is, new), (name, &path), found),
            (None, None) => {}
        }
    }
}

fn removed<'a>(walk: &mut Walk<'a>, was: &'a Value, new: &'a Node, (name, path): (&str, &str), found: &mut Found) {
    if is_open(new) {
        return found.at(path, Kind::PropertyRemovedFromOpenContentModel);
    }
    let kind = match covering(walk, new, name) {
        Some(cover) => {
            let below = walk.pair(View::whole(was), View::whole(cover));
            found.all_at(path, &below);
            match is_compatible(&below) {
                true => Kind::PropertyRemovedIsCoveredByPartiallyOpenContentModel,
                false => Kind::PropertyRemovedNotCoveredByPartiallyOpenContentModel,
            }
        }
        None if was == &Value::Bool(false) => Kind::PropertyWithFalseRemovedFromClosedContentModel,
        None => Kind::PropertyRemovedFromClosedContentModel,
    };
    found.at(path, kind);
}

fn added<'a>(walk: &mut Walk<'a>, old: &'a Node, (is, new): (&'a Value, &'a Node), (name, path): (&str, &str), found: &mut Found) {
    let needed = names(new).contains(name);
    if is_open(old) {
        let kind = match is_anything(is) {
            true if needed => Kind::UndeclaredPropertyRequired,
            true => Kind::PropertyWithEmptySchemaAddedToOpenContentModel,
            false => Kind::PropertyAddedToOpenContentModel,
        };
        return found.at(path, kind);
    }
    if let Some(cover) = covering(walk, old, name) {
        let below = walk.pair(View::whole(cover), View::whole(is));
        found.all_at(path, &below);
        let kind = match is_compatible(&below) {
            true => Kind::PropertyAddedIsCoveredByPartiallyOpenContentModel,
            false => Kind::PropertyAddedNotCoveredByPartiallyOpenContentModel,
        };
        found.at(path, kind);
    }
    let kind = match (needed, is.get("default").is_some()) {
        (true, true) => Kind::RequiredPropertyWithDefaultAddedToUnopenContentModel,
        (true, false) if names(old).contains(name) => return,
        (true, false) => Kind::RequiredPropertyAddedToUnopenContentModel,
        (false, _) => Kind::OptionalPropertyAddedToUnopenContentModel,
    };
    found.at(path, kind);
}

/// Patterns the old schema has not, or not so.
fn patterns<'a>(walk: &mut Walk<'a>, old: &'a Node, new: &'a Node, found: &mut Found) {
    let before = old.get("patternProperties");
    for (pattern, is) in new.get("patternProperties").and_then(Value::as_object).into_iter().flatten() {
        let kept = match before.and_then(|p| p.get(pattern)) {
            Some(was) => is_compatible(&walk.pair(View::whole(was), View::whole(is))),
            None => is_anything(is),
        };
        if !kept {
            found.at(&format!("/patternProperties/{}", token(pattern)), Kind::PatternPropertiesChanged);
        }
    }
}

/// What else must be there where one property is: names, or a schema of the whole.
fn dependencies<'a>(walk: &mut Walk<'a>, old: &'a Node, new: &'a Node, found: &mut Found) {
    fn of<'a>(node: &'a Node, name: &str, lists: bool) -> Option<&'a Value> {
        let own = node.get(if lists { "dependentRequired" } else { "dependentSchemas" }).and_then(|d| d.get(name));
        own.or_else(|| node.get("dependencies").and_then(|d| d.get(name)).filter(|v| v.is_array() == lists))
    }
    let maps = [old, new].into_iter().flat_map(|n| ["dependencies", "dependentRequired", "dependentSchemas"].map(|k| n.get(k)));
    let keys: BTreeSet<&String> = maps.flatten().filter_map(Value::as_object).flat_map(|m| m.keys()).collect();
    for name in keys {
        let path = format!("/dependencies/{}", token(name));
        match (of(old, name, true), of(new, name, true)) {
            (None, None) => {}
            (Some(_), None) => found.at(&path, Kind::DependencyArrayRemoved),
            (None, Some(_)) => found.at(&path, Kind::DependencyArrayAdded),
            (Some(was), Some(is)) => {
                let set = |v: &'a Value| v.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<BTreeSet<_>>();
                let (was, is) = (set(was), set(is));
                match (is.is_superset(&was), is.is_subset(&was)) {
                    (true, true) => {}
                    (true, false) => found.at(&path, Kind::DependencyArrayExtended),
                    (false, true) => found.at(&path, Kind::DependencyArrayNarrowed),
                    (false, false) => found.at(&path, Kind::DependencyArrayChanged),
                }
            }
        }
        match (of(old, name, false), of(new, name, false)) {
            (None, None) => {}
            (Some(_), None) => found.at(&path, Kind::DependencySchemaRemoved),
            (None, Some(_)) => found.at(&path, Kind::DependencySchemaAdded),
            (was, is) => walk.nodes(was, is, &path, found),
        }
    }
}

/// `additionalProperties`, and what else is left over: `true` and `{}` are as if it were not said.
fn further<'a>(walk: &mut Walk<'a>, old: &'a Node, new: &'a Node, found: &mut Found) {
    const LEFT_OVER: LeftOver = LeftOver {
        opened: Kind::AdditionalPropertiesAdded,
        closed: Kind::AdditionalPropertiesRemoved,
        extended: Kind::AdditionalPropertiesExtended,
        narrowed: Kind::AdditionalPropertiesNarrowed,
    };
    LEFT_OVER.compare(walk, old.get("additionalProperties"), new.get("additionalProperties"), "/additionalProperties", found);
}

const UNEVALUATED: LeftOver = LeftOver {
    opened: Kind::UnevaluatedPropertiesAdded,
    closed: Kind::UnevaluatedPropertiesRemoved,
    extended: Kind::UnevaluatedPropertiesExtended,
    narrowed: Kind::UnevaluatedPropertiesNarrowed,
};

pub fn unevaluated<'a>(walk: &mut Walk<'a>, word: &str, kinds: &LeftOver, (old, new): (&'a Node, &'a Node), found: &mut Found) {
    kinds.compare(walk, old.get(word), new.get(word), &format!("/{word}"), found);
}

/// What becomes of what is not declared.
pub struct LeftOver {
    pub opened: Kind,
    pub closed: Kind,
    pub extended: Kind,
    pub narrowed: Kind,
}

impl LeftOver {
    pub fn compare<'a>(&self, walk: &mut Walk<'a>, old: Option<&'a Value>, new: Option<&'a Value>, path: &str, found: &mut Found) {
        let said = |v: Option<&'a Value>| v.filter(|v| !is_anything(v));
        let closed = |v: Option<&Value>| v == Some(&Value::Bool(false));
        match (said(old), said(new)) {
            (old, new) if closed(old) != closed(new) => found.at(path, if closed(old) { self.opened } else { self.closed }),
            (None, Some(_)) => found.at(path, self.narrowed),
            (Some(_), None) => found.at(path, self.extended),
            (old, new) => walk.nodes(old, new, path, found),
        }
    }
}
