//! Whether a schema can be held against documents in bounded time: its in-place parts (`allOf`, `anyOf`, `$ref` …, which look
//! at the same place of a document) neither run in a circle nor multiply, and references do not go too deep.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::document::Flaw;
use super::resolve::{Targets, Whole, address};
use super::walk::{children, is_schema};

/// How often one place of a document may be looked at, at most.
const MOST_LOOKS: u64 = 20_000;
/// How deep schemas may lead into each other.
const MOST_DEPTH: usize = 300;

/// Deep recursion: to be called where there is room for it.
pub fn check(whole: &Whole) -> Result<(), Flaw> {
    let mut targets = Targets::default();
    targets.add(whole);
    let mut heights = Heights { targets: &targets, known: HashMap::new() };
    let mut looks = Looks { targets: &targets, known: HashMap::new(), open: HashSet::new() };
    for root in std::iter::once(&whole.root).chain(whole.references.iter().map(|(_, v)| v)) {
        heights.of(root, 0)?;
        let mut left = vec![root];
        while let Some(node) = left.pop() {
            looks.of(node)?;
            children(node, |child| left.push(child));
        }
    }
    Ok(())
}

struct Looks<'a, 'b> {
    targets: &'b Targets<'a>,
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
        let target = self.targets.of(node).map(|t| t.node);
        let mut sum = 1u64;
        for part in in_place(node).into_iter().chain(target) {
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
    targets: &'b Targets<'a>,
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
        let mut below: Vec<&Value> = self.targets.of(node).map(|t| t.node).into_iter().collect();
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
mod tests {
    use super::*;
    use serde_json::json;

    fn flaw(schema: Value) -> String {
        check(&Whole::alone(schema)).err().map(|f| f.0).unwrap_or_default()
    }

    #[test]
    fn parts_that_multiply_and_chains_without_end_are_refused() {
        let chain = |n: usize, step: &dyn Fn(usize) -> Value| {
            let defs: serde_json::Map<String, Value> =
                (0..n).map(|i| (format!("d{i}"), step(i))).chain([(format!("d{n}"), json!({}))]).collect();
            json!({"$ref": "#/definitions/d0", "definitions": defs})
        };
        let twice = |i: usize| {
            let next = json!({"$ref": format!("#/definitions/d{}", i + 1)});
            json!({"anyOf": [next, next]})
        };
        assert_eq!(flaw(chain(8, &twice)), "");
        assert!(flaw(chain(40, &twice)).contains("multiply"));
        let once = |i: usize| json!({"properties": {"a": {"$ref": format!("#/definitions/d{}", i + 1)}}});
        assert_eq!(flaw(chain(50, &once)), "");
        assert!(flaw(chain(2000, &once)).contains("deeper"));
    }
}
