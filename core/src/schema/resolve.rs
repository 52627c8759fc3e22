//! Where each `$ref` leads, within a document and the documents it names as references. Nothing is ever fetched.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::draft::{self, Draft};
use super::walk::children;

/// A schema with what its references name.
#[derive(Clone, Debug)]
pub struct Whole {
    pub root: Value,
    /// By the name they are referred to.
    pub references: Vec<(String, Value)>,
    /// In drafts up to 7 a `$ref` makes everything beside it void.
    pub refs_stand_alone: bool,
}

impl Whole {
    pub fn alone(root: Value) -> Self {
        let refs_stand_alone = draft::of(&root).refs_stand_alone();
        Self { root, references: Vec::new(), refs_stand_alone }
    }
}

#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub node: &'a Value,
    /// What stands beside the `$ref` is void.
    pub alone: bool,
}

/// Every `$ref` of one or more documents, by where it stands in memory.
#[derive(Default)]
pub struct Targets<'a>(HashMap<usize, Target<'a>>);

pub fn address(node: &Value) -> usize {
    std::ptr::from_ref(node) as usize
}

impl<'a> Targets<'a> {
    pub fn add(&mut self, whole: &'a Whole) {
        let mut index = Index::default();
        let draft = draft::of(&whole.root);
        index.document(&whole.root, "", draft);
        for (name, document) in &whole.references {
            index.document(document, name, draft);
        }
        let mut next = 0;
        while let Some(from) = index.refs.get(next).cloned() {
            next += 1;
            if let Some((target, base)) = index.find(&from.base, from.reference) {
                self.0.insert(address(from.node), Target { node: target, alone: whole.refs_stand_alone });
                // Where no keyword leads to, references may lie too.
                index.below(target, base, from.draft);
            }
        }
    }

    pub fn of(&self, node: &Value) -> Option<Target<'a>> {
        self.0.get(&address(node)).copied()
    }
}

#[derive(Clone)]
struct From<'a> {
    node: &'a Value,
    base: String,
    reference: &'a str,
    draft: Draft,
}

#[derive(Default)]
struct Index<'a> {
    resources: HashMap<String, &'a Value>,
    anchors: HashMap<(String, &'a str), &'a Value>,
    refs: Vec<From<'a>>,
    seen: HashSet<usize>,
}

impl<'a> Index<'a> {
    fn document(&mut self, root: &'a Value, name: &str, draft: Draft) {
        self.resources.insert(name.to_string(), root);
        self.below(root, name.to_string(), draft);
    }

    fn below(&mut self, root: &'a Value, base: String, draft: Draft) {
        let mut left = vec![(root, base, draft)];
        while let Some((node, mut base, outer)) = left.pop() {
            if !self.seen.insert(address(node)) {
                continue;
            }
            let text = |key: &str| node.get(key).and_then(Value::as_str);
            let draft = text("$schema").and_then(draft::named).unwrap_or(outer);
            match draft.id_of(node) {
                Some(id) if id.starts_with('#') && draft.refs_stand_alone() => {
                    self.anchors.insert((base.clone(), &id[1..]), node);
                }
                Some(id) => {
                    base = joined(&base, id.trim_end_matches('#'));
                    self.resources.insert(base.clone(), node);
                }
                None => {}
            }
            for anchor in ["$anchor", "$dynamicAnchor"].into_iter().filter_map(text) {
                self.anchors.insert((base.clone(), anchor), node);
            }
            if let Some(reference) = ["$ref", "$dynamicRef", "$recursiveRef"].into_iter().find_map(text) {
                self.refs.push(From { node, base: base.clone(), reference, draft });
            }
            children(node, |child| left.push((child, base.clone(), draft)));
        }
    }

    /// Where a reference leads, and within which resource.
    fn find(&self, base: &str, reference: &str) -> Option<(&'a Value, String)> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let full = if uri.is_empty() { base.to_string() } else { joined(base, uri) };
        let resource = *self.resources.get(&full).or_else(|| self.resources.get(uri))?;
        let found = match fragment {
            "" => Some(resource),
            pointer if pointer.starts_with('/') => resource.pointer(&decoded(pointer)),
            anchor => self.anchors.get(&(full.clone(), anchor)).copied(),
        };
        Some((found?, full))
    }
}

/// A reference within its base: absolute ones as they are, others in the base's folder.
fn joined(base: &str, reference: &str) -> String {
    let absolute = reference.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    match base.rsplit_once('/') {
        Some((folder, _)) if !absolute => format!("{folder}/{}", reference.trim_start_matches('/')),
        _ => reference.to_string(),
    }
}

/// `%xx` undone, as in a URI's fragment.
fn decoded(text: &str) -> String {
    let (mut out, bytes, mut i) = (Vec::with_capacity(text.len()), text.as_bytes(), 0);
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        match (bytes[i], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 3;
            }
            (byte, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_lead_within_beside_and_nowhere_else() {
        let mut whole = Whole::alone(json!({
            "$id": "http://example.test/a.json",
            "properties": {
                "local": {"$ref": "#/$defs/x%20y"}, "anchored": {"$ref": "#here"}, "named": {"$ref": "other.json#/properties/z"},
                "itself": {"$ref": "#"}, "away": {"$ref": "http://elsewhere.test/b.json"}},
            "$defs": {"x y": {"type": "integer"}, "h": {"$anchor": "here", "type": "null"}},
            "examples": [{"$ref": "#"}]
        }));
        whole.references.push(("other.json".into(), json!({"properties": {"z": {"type": "boolean"}}})));
        let mut targets = Targets::default();
        targets.add(&whole);
        let to = |name: &str| targets.of(&whole.root["properties"][name]).map(|t| t.node.clone());
        assert_eq!(to("local"), Some(json!({"type": "integer"})));
        assert_eq!(to("anchored").unwrap()["type"], "null");
        assert_eq!(to("named"), Some(json!({"type": "boolean"})));
        assert_eq!(to("itself").as_ref(), Some(&whole.root));
        assert_eq!(to("away"), None);
        assert!(targets.of(&whole.root["examples"][0]).is_none(), "data holds no references");
    }

    #[test]
    fn references_are_found_where_no_keyword_leads_and_ids_count_by_draft() {
        let whole = Whole::alone(json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": "#/x-parts/a~1b",
            "x-parts": {"a/b": {"properties": {"deep": {"$ref": "#/x-parts/c"}}}, "c": {"type": "null"}},
            "properties": {"id": {"id": "#no", "type": "string"}, "named": {"$ref": "#no"}}
        }));
        let mut targets = Targets::default();
        targets.add(&whole);
        let deep = &whole.root["x-parts"]["a/b"]["properties"]["deep"];
        assert_eq!(targets.of(deep).map(|t| t.node), Some(&whole.root["x-parts"]["c"]));
        assert!(targets.of(&whole.root["properties"]["named"]).is_none(), "`id` names nothing here");
        let four = Whole::alone(json!({
            "$schema": "http://json-schema.org/draft-04/schema#",
            "properties": {"named": {"$ref": "#yes"}}, "definitions": {"a": {"id": "#yes", "type": "null"}}
        }));
        let mut targets = Targets::default();
        targets.add(&four);
        assert_eq!(targets.of(&four.root["properties"]["named"]).map(|t| t.node), Some(&four.root["definitions"]["a"]));
    }
}
