//! Whether a schema can be held against documents in bounded time: its in-place parts (`allOf`, `anyOf`, `$ref` …, which look
//! at the same place of a document) neither run in a circle nor multiply, and references do not go too deep, wherever in the
//! document they lead (`reach.rs`).

use std::collections::{HashMap, HashSet};

use referencing::Draft;
use serde_json::Value;

use super::document::Flaw;
use super::reach::Reach;
use super::resolve::address;
use super::validators::regex;
use super::walk::{children, is_schema};

/// How often one place of a document may be looked at, at most.
const MOST_LOOKS: u64 = 20_000;
/// How deep schemas may lead into each other.
const MOST_DEPTH: usize = 300;
const MOST_PATTERNS: usize = 500;

/// Deep recursion: to be called where there is room for it. Answers how many places a validator of it compiles.
pub fn check(registry: &referencing::Registry<'_>, root: &Value, draft: Draft) -> Result<usize, Flaw> {
    let reach = Reach::of(registry, root, draft)?;
    Heights { reach: &reach, known: HashMap::new() }.of(root, 0)?;
    let mut looks = Looks { reach: &reach, known: HashMap::new(), open: HashSet::new() };
    let mut patterns = 0;
    for node in &reach.nodes {
        looks.of(node)?;
        patterns = patterns_of(node, patterns)?;
    }
    Ok(reach.steps)
}

/// Every pattern has to run in linear time; and compiling very many is slow too.
fn patterns_of(node: &Value, mut seen: usize) -> Result<usize, Flaw> {
    let names = node.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(|m| m.keys().map(String::as_str));
    for pattern in names.chain(node.get("pattern").and_then(Value::as_str)) {
        seen += 1;
        if seen > MOST_PATTERNS {
            return Err(Flaw::new(format!("it has more than {MOST_PATTERNS} patterns")));
        }
        regex(pattern)?;
    }
    Ok(seen)
}

struct Looks<'a, 'b> {
    reach: &'b Reach<'a>,
    known: HashMap<usize, u64>,
    open: HashSet<usize>,
}

impl Looks<'_, '_> {
    fn of(&mut self, node: &Value) -> Result<u64, Flaw> {
        let key = address(node);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        if !self.open.insert(key) {
            return Err(Flaw::new("it refers to itself in a circle that leads nowhere deeper into a document"));
        }
        let mut sum = 1u64;
        for part in in_place(node).into_iter().chain(self.reach.targets(node).iter().copied()) {
            sum = sum.saturating_add(self.of(part)?);
        }
        if sum > MOST_LOOKS {
            return Err(Flaw::new(format!("its alternatives multiply to more than {MOST_LOOKS}: write them as one list")));
        }
        self.open.remove(&key);
        self.known.insert(key, sum);
        Ok(sum)
    }
}

/// The schemas within a node that look at the same place as the node itself.
fn in_place(node: &Value) -> Vec<&Value> {
    let lists = ["allOf", "anyOf", "oneOf"].iter().filter_map(|k| node.get(k)?.as_array()).flatten();
    let ones = ["not", "if", "then", "else"].iter().filter_map(|k| node.get(k));
    let maps = ["dependentSchemas", "dependencies"].iter().filter_map(|k| node.get(k)?.as_object()).flat_map(|m| m.values());
    lists.chain(ones).chain(maps).filter(|v| is_schema(v)).collect()
}

/// How many schemas lead into each other below a node; what leads back ends there.
struct Heights<'a, 'b> {
    reach: &'b Reach<'a>,
    /// `None` while it is being found out.
    known: HashMap<usize, Option<usize>>,
}

impl Heights<'_, '_> {
    fn of(&mut self, node: &Value, depth: usize) -> Result<usize, Flaw> {
        let too_deep =
            |n: usize| if n > MOST_DEPTH { Err(Flaw::new(format!("its references go deeper than {MOST_DEPTH} schemas"))) } else { Ok(n) };
        too_deep(depth)?;
        match self.known.get(&address(node)) {
            Some(Some(height)) => return too_deep(depth + height).map(|_| *height),
            Some(None) => return Ok(0),
            None => {}
        }
        self.known.insert(address(node), None);
        let mut below: Vec<&Value> = self.reach.targets(node).to_vec();
        children(node, |child| below.push(child));
        let mut height = 0;
        for child in below {
            height = height.max(1 + self.of(child, depth + 1)?);
        }
        self.known.insert(address(node), Some(height));
        Ok(height)
    }
}

#[cfg(test)]
mod tests;
