//! Documents worth trying, made for a node of the old schema with an eye on the same place in the new one.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::local::Local;
use super::places::{UNDECLARED, field, item, names_of, tuple_of};
use super::ways::{given, kinds, listed, ways};
use super::{Versions, scalars};
use crate::schema::resolve::{Targets, address};

type Node = Map<String, Value>;

/// Values kept for one place of a document, nodes looked at in all, and how deep a document is built.
const MOST_VALUES: usize = 24;
const MOST_NODES: usize = 1000;
const MOST_DEPTH: usize = 8;
/// Objects made of one node: at the root, and further in.
const MOST_OBJECTS: [usize; 2] = [3000, 300];
/// Elements an array gets, where its schema asks for many.
const MOST_ITEMS: u64 = 64;

/// A value, and whether the new schema refuses it here.
type Tried = (Value, bool);

/// Whether anything may stand in a place.
fn is_free(node: Option<&Value>) -> bool {
    node.is_none_or(|n| n == &Value::Bool(true) || n.as_object().is_some_and(Map::is_empty))
}

pub struct Candidates<'a, 'b> {
    targets: &'b Targets<'a>,
    old: &'a Value,
    new: &'a Value,
    takes: Local,
    refuses: Local,
    left: usize,
    /// The nodes being made, from the root down: one that leads to itself is followed once more and no further.
    open: Vec<usize>,
}

impl<'a, 'b> Candidates<'a, 'b> {
    pub fn new(targets: &'b Targets<'a>, versions: &Versions<'a>, parts: usize) -> Self {
        Self {
            targets,
            old: &versions.old.root,
            new: &versions.new.root,
            takes: Local::of(versions.old, parts),
            refuses: Local::of(versions.new, parts),
            left: MOST_NODES,
            open: Vec::new(),
        }
    }

    /// Whole documents: more of them than are kept for a place further in.
    pub fn of_root(&mut self) -> Vec<Value> {
        let mut all = self.made(Some(self.old), Some(self.new), 0);
        // What is refused needs something to stand beside: documents that the schemas show themselves.
        all.extend([self.old, self.new].iter().filter_map(|n| n.get("examples")?.as_array()).flatten().cloned());
        all
    }

    /// What may stand in a place, what the new schema refuses there first.
    fn of(&mut self, old: Option<&'a Value>, new: Option<&'a Value>, depth: usize) -> Vec<Tried> {
        if is_free(old) && is_free(new) {
            return [json!(null), json!(0), json!("a"), json!(true), json!(0.5), json!([]), json!({})].map(|v| (v, false)).into();
        }
        let open = old.map(address).filter(|key| self.open.iter().filter(|k| *k == key).count() > 1);
        if self.left == 0 || depth > MOST_DEPTH || open.is_some() {
            return Vec::new();
        }
        self.left -= 1;
        let made = self.made(old, new, depth);
        let taken: Vec<Value> = match old.and_then(|n| self.takes.get(n)) {
            Some(v) => made.into_iter().filter(|value| v.is_valid(value)).collect(),
            None => made,
        };
        let refused = |value: &Value| new.and_then(|n| self.refuses.get(n)).is_some_and(|v| !v.is_valid(value));
        let mut tried: Vec<Tried> = taken.into_iter().map(|v| (refused(&v), v)).map(|(r, v)| (v, r)).collect();
        tried.sort_by_key(|(_, refused)| !refused);
        // Some of each kind: what is refused, and what is not.
        let breaks = tried.iter().take_while(|t| t.1).count();
        if breaks > MOST_VALUES / 2 {
            tried.drain(MOST_VALUES / 2..breaks);
        }
        tried.truncate(MOST_VALUES);
        tried
    }

    fn made(&mut self, old: Option<&'a Value>, new: Option<&'a Value>, depth: usize) -> Vec<Value> {
        let hints: Vec<&'a Node> = self.hints(new);
        let mut out: Vec<Value> = Vec::new();
        for node in [old, new].into_iter().flatten() {
            out.extend(given(node));
        }
        if let Some(key) = old.map(address) {
            self.open.push(key);
        }
        for way in old.map_or_else(|| vec![Vec::new()], |node| ways(node, self.targets, 0)) {
            out.extend(way.iter().flat_map(|n| listed(n)));
            for kind in kinds(&way) {
                self.of_kind(kind, &way, &hints, depth, &mut out);
            }
        }
        if old.is_some() {
            self.open.pop();
        }
        let mut seen = HashSet::new();
        out.retain(|v| seen.insert(v.to_string()));
        out
    }

    /// Everything the new schema says of a place, in whatever combination, what it excludes too.
    fn hints(&self, new: Option<&'a Value>) -> Vec<&'a Node> {
        let Some(new) = new else { return Vec::new() };
        let mut all: Vec<&'a Node> = ways(new, self.targets, 0).into_iter().flatten().collect();
        let excluded: Vec<&'a Value> = all.iter().filter_map(|n| n.get("not")).collect();
        all.extend(excluded.into_iter().flat_map(|n| ways(n, self.targets, 0)).flatten());
        let mut seen = HashSet::new();
        all.retain(|n| seen.insert(std::ptr::from_ref(*n) as usize));
        all
    }

    fn of_kind(&mut self, kind: &str, way: &[&'a Node], hints: &[&'a Node], depth: usize, out: &mut Vec<Value>) {
        let both: Vec<&Node> = way.iter().chain(hints).copied().collect();
        out.extend(hints.iter().flat_map(|n| listed(n)));
        match kind {
            "null" => out.push(Value::Null),
            "boolean" => out.extend([json!(true), json!(false)]),
            "integer" => out.extend(scalars::numbers(&both, true)),
            "number" => out.extend(scalars::numbers(&both, false)),
            "string" => out.extend(scalars::texts(&both)),
            "array" => self.arrays(way, hints, depth, out),
            "object" => self.objects(way, hints, depth, out),
            _ => {}
        }
    }

    fn arrays(&mut self, way: &[&'a Node], hints: &[&'a Node], depth: usize, out: &mut Vec<Value>) {
        let both = || way.iter().chain(hints);
        let tuple = both().map(|n| tuple_of(n).len()).max().unwrap_or(0);
        let limits = both().flat_map(|n| ["minItems", "maxItems"].map(|w| n.get(w).and_then(Value::as_u64))).flatten();
        let mut lengths: BTreeSet<usize> =
            limits.filter(|l| *l < MOST_ITEMS).flat_map(|l| [l.saturating_sub(1), l, l + 1]).map(|l| l as usize).collect();
        lengths.extend([0, 1, 2, tuple, tuple + 1, tuple.saturating_sub(1)]);
        let least = way.iter().filter_map(|n| n.get("minItems")?.as_u64()).max().unwrap_or(0).min(MOST_ITEMS) as usize;
        let longest = lengths.iter().max().copied().unwrap_or(0).min(tuple + 3).max(1);
        let items: Vec<Vec<Tried>> = (0..longest).map(|i| self.of(item(way, i), item(hints, i), depth + 1)).collect();
        let at = |i: usize| items.get(i).or(items.last()).map_or(&[][..], Vec::as_slice);
        let calm = |i: usize| at(i).iter().find(|t| !t.1).or(at(i).first()).map(|t| t.0.clone());
        for length in lengths {
            // The same item again and again, and all of them unlike.
            out.extend((0..length).map(&calm).collect::<Option<Vec<_>>>().map(Value::Array));
            let unlike = (0..length).map(|i| at(i).get(at(i).len().checked_sub(1 + i % at(i).len().max(1))?).map(|t| t.0.clone()));
            out.extend(unlike.collect::<Option<Vec<_>>>().map(Value::Array));
        }
        for i in 0..longest {
            let rest: Option<Vec<Value>> = (0..least.max(i + 1)).map(&calm).collect();
            let Some(rest) = rest else { continue };
            for (value, _) in at(i) {
                let mut array = rest.clone();
                array[i] = value.clone();
                out.push(array.into());
            }
        }
    }

    fn objects(&mut self, way: &[&'a Node], hints: &[&'a Node], depth: usize, out: &mut Vec<Value>) {
        let names = names_of(way, hints);
        let mut values: HashMap<String, Vec<Tried>> = HashMap::new();
        for name in &names {
            let (old, new) = (field(way, name), field(hints, name));
            values.insert(name.clone(), self.of(old, new, depth + 1));
        }
        let calm = |name: &str| {
            let tried = values.get(name)?;
            tried.iter().find(|t| !t.1).or(tried.first()).map(|t| t.0.clone())
        };
        let required: BTreeSet<&str> = way.iter().flat_map(|n| crate::schema::required(n)).collect();
        let declared = |n: &String| way.iter().any(|w| w.get("properties").is_some_and(|p| p.get(n).is_some()));
        let least: Map<String, Value> = required.iter().filter_map(|n| Some(((*n).to_string(), calm(n)?))).collect();
        let mut most = least.clone();
        most.extend(names.iter().filter(|n| declared(n)).filter_map(|n| Some((n.clone(), calm(n)?))));
        let shown = way.iter().filter_map(|n| n.get("examples")?.as_array()?.first()?.as_object().cloned());
        let bases: Vec<Map<String, Value>> = [least, most].into_iter().chain(shown.take(1)).collect();
        let share = (MOST_OBJECTS[depth.min(1)] / (names.len() * bases.len())).max(1);
        for base in &bases {
            out.push(Value::Object(base.clone()));
            for name in &names {
                for (value, _) in values.get(name).into_iter().flatten().take(share) {
                    let mut object = base.clone();
                    object.insert(name.clone(), value.clone());
                    out.push(object.into());
                }
                let mut without = base.clone();
                if without.remove(name).is_some() {
                    out.push(without.into());
                }
            }
        }
        let both = || way.iter().chain(hints);
        let limits = both().flat_map(|n| ["minProperties", "maxProperties"].map(|w| n.get(w).and_then(Value::as_u64))).flatten();
        for size in limits.filter(|l| *l < MOST_ITEMS).flat_map(|l| [l.saturating_sub(1), l, l + 1]) {
            let mut padded = bases[0].clone();
            let more = names.iter().cloned().chain((0..size).map(|i| format!("field{i}")));
            for name in more {
                if padded.len() as u64 >= size {
                    break;
                }
                let value = calm(&name).or_else(|| calm(UNDECLARED)).unwrap_or(json!(1));
                padded.entry(name).or_insert(value);
            }
            out.push(padded.into());
        }
    }
}
