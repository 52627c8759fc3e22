//! A schema's node as the comparison sees it: one thing, or several at once.
//!
//! A node that says several things (`type` and `enum`, `type` and `oneOf`) is seen as all of them at once, each a view of its
//! own on the same node; so the comparison knows plain shapes and combinations of them and nothing else.

use serde_json::{Map, Value};

use crate::schema::resolve::{Targets, address};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Primitive {
    Null,
    Boolean,
    Text,
    Number,
    Integer,
    Object,
    Array,
}

impl Primitive {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "string" => Self::Text,
            "number" => Self::Number,
            "integer" => Self::Integer,
            "object" => Self::Object,
            "array" => Self::Array,
            _ => return None,
        })
    }
}

/// Which of the things that a node says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Facet {
    Whole,
    Of(Primitive),
    Types,
    Enum,
    Not,
    If,
    All,
    Any,
    One,
    Ref,
}

#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub node: &'a Value,
    pub facet: Facet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    All,
    Any,
    One,
}

pub enum Shape<'a> {
    Anything,
    Nothing,
    Of(Primitive, &'a Map<String, Value>),
    Enum(Vec<&'a Value>),
    Not(&'a Value),
    If(&'a Map<String, Value>),
    Combined(Criterion, Vec<View<'a>>),
}

pub static ANYTHING: Value = Value::Bool(true);

const OBJECT_WORDS: [&str; 12] = [
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "maxProperties",
];
const ARRAY_WORDS: [&str; 8] =
    ["items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains", "unevaluatedItems"];
const NUMBER_WORDS: [&str; 5] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const TEXT_WORDS: [&str; 4] = ["minLength", "maxLength", "pattern", "format"];

impl<'a> View<'a> {
    pub fn whole(node: &'a Value) -> Self {
        Self { node, facet: Facet::Whole }
    }

    pub fn key(&self) -> (usize, Facet) {
        (address(self.node), self.facet)
    }

    fn part(&self, facet: Facet) -> Self {
        Self { node: self.node, facet }
    }

    /// The same, past references and nodes that say one thing only. One that leads nowhere, or in a circle, allows anything.
    pub fn settled(mut self, targets: &Targets<'a>) -> Self {
        for _ in 0..32 {
            let facets = if self.facet == Facet::Whole { facets(self.node, targets) } else { vec![self.facet] };
            match facets[..] {
                [Facet::Ref] => match targets.of(self.node) {
                    Some(target) => self = View::whole(target.node),
                    None => return View::whole(&ANYTHING),
                },
                [one] => return self.part(one),
                _ => return self,
            }
        }
        View::whole(&ANYTHING)
    }

    /// What a settled view shows.
    pub fn shape(&self, targets: &Targets<'a>) -> Shape<'a> {
        let Value::Object(map) = self.node else {
            return if self.node == &Value::Bool(false) { Shape::Nothing } else { Shape::Anything };
        };
        let list = |key: &str| map.get(key).and_then(Value::as_array).into_iter().flatten().map(View::whole).collect();
        match self.facet {
            Facet::Whole => {
                let parts: Vec<_> = facets(self.node, targets).into_iter().map(|f| self.part(f)).collect();
                if parts.is_empty() { Shape::Anything } else { Shape::Combined(Criterion::All, parts) }
            }
            Facet::Of(primitive) => Shape::Of(primitive, map),
            Facet::Types => {
                let names = map.get("type").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
                Shape::Combined(Criterion::Any, names.filter_map(Primitive::named).map(|p| self.part(Facet::Of(p))).collect())
            }
            Facet::Enum => Shape::Enum(match map.get("const") {
                Some(constant) => vec![constant],
                None => map.get("enum").and_then(Value::as_array).into_iter().flatten().collect(),
            }),
            Facet::Not => Shape::Not(map.get("not").unwrap_or(&ANYTHING)),
            Facet::If => Shape::If(map),
            Facet::All => Shape::Combined(Criterion::All, list("allOf")),
            Facet::Any => Shape::Combined(Criterion::Any, list("anyOf")),
            Facet::One => Shape::Combined(Criterion::One, list("oneOf")),
            Facet::Ref => Shape::Combined(Criterion::All, vec![View::whole(targets.of(self.node).map_or(&ANYTHING, |t| t.node))]),
        }
    }
}

/// The things a node says, in a fixed order.
fn facets(node: &Value, targets: &Targets) -> Vec<Facet> {
    let Value::Object(map) = node else { return Vec::new() };
    let mut found = Vec::new();
    let refers = ["$ref", "$dynamicRef", "$recursiveRef"].iter().any(|k| map.contains_key(*k));
    if refers {
        found.push(Facet::Ref);
        if targets.of(node).is_some_and(|t| t.alone) {
            return found;
        }
    }
    match map.get("type") {
        Some(Value::String(name)) => found.extend(Primitive::named(name).map(Facet::Of)),
        Some(Value::Array(_)) => found.push(Facet::Types),
        _ => found.extend(sniffed(map)),
    }
    for (word, facet) in [
        ("enum", Facet::Enum),
        ("const", Facet::Enum),
        ("not", Facet::Not),
        ("if", Facet::If),
        ("allOf", Facet::All),
        ("anyOf", Facet::Any),
        ("oneOf", Facet::One),
    ] {
        if map.contains_key(word) && !found.contains(&facet) {
            found.push(facet);
        }
    }
    found
}

/// Without `type`, what its words are about.
fn sniffed(map: &Map<String, Value>) -> impl Iterator<Item = Facet> {
    let has = |words: &[&str]| words.iter().any(|w| map.contains_key(*w));
    let about = [
        (Primitive::Object, has(&OBJECT_WORDS)),
        (Primitive::Array, has(&ARRAY_WORDS)),
        (Primitive::Number, has(&NUMBER_WORDS)),
        (Primitive::Text, has(&TEXT_WORDS)),
    ];
    about.into_iter().filter(|(_, says)| *says).map(|(primitive, _)| Facet::Of(primitive))
}

/// Whether a schema allows anything, as it is written.
pub fn is_anything(node: &Value) -> bool {
    matches!(node, Value::Bool(true)) || node.as_object().is_some_and(Map::is_empty)
}
