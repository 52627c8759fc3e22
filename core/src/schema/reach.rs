//! Where a validator comes to within a schema: every place it compiles and where each reference leads from there, by the very
//! resolver it uses itself, so that nothing hides from the checks: not behind keywords that nobody knows, other drafts' places,
//! encoded pointers or ids that move a base. References of a schema that lead nowhere are a flaw.
//!
//! A validator compiles a place once for each chain of resources it was come to by (what `$dynamicRef` sees), so that a few
//! resources that refer to each other can be a great many places: the walk goes as the compiler does, and its steps are bounded.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use referencing::{Draft, Error, Registry, Resolver};
use serde_json::Value;

use super::document::Flaw;
use super::resolve::address;
use super::walk::children;

/// Places, each chain of resources counted, that compiling comes to at most; a long chain counts more than once.
const MOST_STEPS: usize = 200_000;
/// How deep references and parts may lead into each other on the way.
const MOST_DEPTH: usize = 2_000;
/// Resources of a chain that make a step of their own.
const CHAIN_A_STEP: usize = 16;
/// What a flaw says of a reference, in characters.
const MOST_SAID: usize = 400;
/// What a schema without an id is called.
const NAMELESS: &str = "json-schema:///";

/// What was come to.
pub struct Reach<'r> {
    pub nodes: Vec<&'r Value>,
    pub steps: usize,
    targets: HashMap<usize, Vec<&'r Value>>,
}

impl<'r> Reach<'r> {
    /// Whatever the references of a node may lead to.
    pub fn targets(&self, node: &Value) -> &[&'r Value] {
        self.targets.get(&address(node)).map_or(&[], Vec::as_slice)
    }

    /// Follows a schema that was registered under its own id.
    ///
    /// Errors: references that lead nowhere, and too many ways.
    pub fn of(registry: &'r Registry<'r>, root: &'r Value, draft: Draft) -> Result<Self, Flaw> {
        let base = referencing::uri::from_str(name_of(root, draft)).map_err(|e| said(&e))?;
        if !registry.contains_resource(base.as_str()) {
            return Err(Flaw::new("its id is none that references could be read against"));
        }
        let mut walk = Walk::default();
        let place = Place { resolver: registry.resolver(base), draft, chain: 0, length: 0 };
        walk.enter(root, &place, 0)?;
        Ok(walk.finish())
    }
}

/// What a root is registered as.
pub fn name_of(root: &Value, draft: Draft) -> &str {
    let key = draft.id_keyword();
    let stands = matches!(draft, Draft::Draft201909 | Draft::Draft202012 | Draft::Unknown) || root.get("$ref").is_none();
    let id = root.get(key).and_then(Value::as_str).filter(|id| stands && !id.starts_with('#'));
    id.map_or(NAMELESS, |id| id.trim_end_matches('#'))
}

/// From where references are read.
struct Place<'r> {
    resolver: Resolver<'r>,
    draft: Draft,
    /// The chain of resources that led here: a hash and how long it is.
    chain: u64,
    length: usize,
}

#[derive(Default)]
struct Walk<'r> {
    nodes: HashMap<usize, &'r Value>,
    targets: HashMap<usize, Vec<&'r Value>>,
    /// References by a name: where they stand. Which resource's schema of that name is meant depends on the way there.
    named: Vec<(usize, String)>,
    recursive: Vec<usize>,
    /// Compiled: a place with its base and its chain.
    done: HashSet<(usize, u64)>,
    /// Being compiled, as what they are referred to as.
    open: HashSet<u64>,
    hasher: RandomState,
    steps: usize,
}

impl<'r> Walk<'r> {
    fn enter(&mut self, node: &'r Value, place: &Place<'r>, depth: usize) -> Result<(), Flaw> {
        let key = (address(node), self.hasher.hash_one((place.resolver.base_uri().as_str(), place.chain)));
        if self.done.contains(&key) {
            return Ok(());
        }
        self.steps += 1 + place.length / CHAIN_A_STEP;
        if self.steps > MOST_STEPS {
            return Err(Flaw::new("its resources refer to each other in too many ways: leave ids of their own away where none is needed"));
        }
        if depth > MOST_DEPTH {
            return Err(Flaw::new(format!("its references go deeper than {MOST_DEPTH} schemas")));
        }
        self.nodes.insert(address(node), node);
        let mut below = Vec::new();
        children(node, |child| below.push(child));
        for child in below {
            let draft = place.draft.detect(child);
            let resolver = place.resolver.in_subresource(draft.create_resource_ref(child)).map_err(|e| said(&e))?;
            self.enter(child, &Place { resolver, draft, ..*place }, depth + 1)?;
        }
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = node.get(keyword).and_then(Value::as_str) {
                self.follow(node, (keyword, reference), place, depth)?;
            }
        }
        self.done.insert(key);
        Ok(())
    }

    fn follow(&mut self, node: &Value, (keyword, reference): (&str, &str), place: &Place<'r>, depth: usize) -> Result<(), Flaw> {
        let found = match keyword {
            "$recursiveRef" => place.resolver.lookup_recursive_ref(),
            _ => place.resolver.lookup(reference),
        };
        let (target, resolver, draft) = found.map_err(|e| said(&e))?.into_inner();
        let from = address(node);
        self.targets.entry(from).or_default().push(target);
        match reference.rsplit_once('#').map_or("", |(_, name)| name) {
            _ if keyword == "$recursiveRef" => self.recursive.push(from),
            name if !name.is_empty() && !name.starts_with('/') => self.named.push((from, name.into())),
            _ => {}
        }
        let uri = place.resolver.resolve_uri(&place.resolver.base_uri().borrow(), reference).map_err(|e| said(&e))?;
        let called = self.hasher.hash_one(uri.as_str());
        if !self.open.insert(called) {
            return Ok(());
        }
        let (mut chain, mut length) = (0u64, 0);
        for resource in &resolver.dynamic_scope() {
            chain = self.hasher.hash_one((chain, resource.as_str()));
            length += 1;
        }
        self.enter(target, &Place { resolver, draft, chain, length }, depth + 1)?;
        self.open.remove(&called);
        Ok(())
    }

    /// What is referred to by name may be any schema of that name.
    fn finish(mut self) -> Reach<'r> {
        let mut called: HashMap<&str, Vec<&'r Value>> = HashMap::new();
        let mut recursive = Vec::new();
        for node in self.nodes.values() {
            if let Some(name) = node.get("$dynamicAnchor").and_then(Value::as_str) {
                called.entry(name).or_default().push(node);
            }
            if node.get("$recursiveAnchor") == Some(&Value::Bool(true)) {
                recursive.push(*node);
            }
        }
        for (from, name) in &self.named {
            self.targets.entry(*from).or_default().extend(called.get(name.as_str()).into_iter().flatten());
        }
        for from in &self.recursive {
            self.targets.entry(*from).or_default().extend(&recursive);
        }
        for list in self.targets.values_mut() {
            list.sort_unstable_by_key(|node| address(node));
            list.dedup_by_key(|node| address(node));
        }
        Reach { nodes: self.nodes.into_values().collect(), steps: self.steps, targets: self.targets }
    }
}

/// A reference that cannot be followed, for the schema's author.
pub fn said(e: &Error) -> Flaw {
    let text: String = e.to_string().chars().take(MOST_SAID).collect();
    Flaw::new(format!("a reference leads nowhere: {text}"))
}
