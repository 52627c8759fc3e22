//! A rule, checked and ready to run.

use std::collections::BTreeMap;
use std::sync::Arc;

use loom_schemas::routing::{Route, RoutingRule};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::condition::Condition;
use super::pattern::Pattern;
use super::transform::{Change, MOST_BYTES};
use crate::bus::TopicName;
use crate::door::Wrong;
use crate::error::{Error, Result};
use crate::rules::is_id;
use crate::schema::Pointer;

const MOST_PATTERNS: usize = 32;
const MOST_CHANGES: usize = 32;
const MOST_OUTPUTS: usize = 16;
const MOST_ROUTES: usize = 256;
const DESCRIPTION_BYTES: usize = 1_000;

/// One rule of a set.
#[derive(Debug)]
pub struct Compiled {
    pub id: Arc<str>,
    pub rule: RoutingRule,
    pub inputs: Vec<Pattern>,
    pub condition: Option<Condition>,
    changes: Vec<Change>,
    outputs: Vec<TopicName>,
    route: Option<Table>,
    /// Changes with whatever the rule says about what comes out of it.
    digest: [u8; 32],
}

#[derive(Debug)]
struct Table {
    field: Pointer,
    topics: BTreeMap<String, TopicName>,
    otherwise: Option<TopicName>,
}

/// A payload for a topic; `index` is part of the record's id.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub topic: TopicName,
    pub data: Arc<Value>,
    pub index: u64,
}

impl Compiled {
    /// Everything that is wrong with a rule by itself; whether its topics may be written is another question.
    pub fn compile(rule: &RoutingRule) -> Result<Self, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut say = |pointer: &str, rule: &str, expected: String| wrong.push(Wrong::new(pointer, rule, expected));
        // `try` is where rules are tried.
        if !is_id(&rule.id) || rule.id == "try" {
            say("/id", "format", "1 to 64 of a-z, 0-9, -, _ and .".into());
        }
        let limits = [
            ("/inputs", rule.inputs.len(), MOST_PATTERNS, "topics"),
            ("/transforms", rule.transforms.len(), MOST_CHANGES, "changes"),
            ("/outputs", rule.outputs.len(), MOST_OUTPUTS, "topics"),
            ("/route/table", rule.route.as_ref().map_or(0, |r| r.table.len()), MOST_ROUTES, "values"),
            ("/description", rule.description.len(), DESCRIPTION_BYTES, "bytes"),
        ];
        for (pointer, has, most, what) in limits.into_iter().filter(|(_, has, most, _)| has > most) {
            say(pointer, "maxItems", format!("at most {most} {what}: this one has {has}"));
        }
        if rule.inputs.is_empty() {
            say("/inputs", "minItems", "at least one topic to read".into());
        }
        if rule.outputs.is_empty() && rule.route.is_none() && !rule.stop {
            say("/outputs", "minItems", "at least one topic to write, a route, or stop".into());
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let inputs = each(&rule.inputs, "/inputs", &mut wrong, Pattern::parse);
        let outputs = each(&rule.outputs, "/outputs", &mut wrong, TopicName::parse);
        let route = rule.route.as_ref().and_then(|r| table(r, &mut wrong));
        let changes = rule.transforms.iter().enumerate();
        let changes: Vec<_> = changes.filter_map(|(i, t)| Change::compile(t, &format!("/transforms/{i}"), &mut wrong)).collect();
        let condition = rule.condition.as_deref().map(Condition::read).transpose();
        let condition = condition.unwrap_or_else(|e| {
            wrong.push(Wrong::new("/condition", "condition", e.message()));
            None
        });
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let digest = digest(rule);
        Ok(Self { id: rule.id.as_str().into(), rule: rule.clone(), inputs, condition, changes, outputs, route, digest })
    }

    pub fn reads(&self, topic: &TopicName) -> bool {
        self.inputs.iter().any(|p| p.matches(topic))
    }

    /// Every topic it may ever write to, with where the rule names it.
    pub fn writes(&self) -> impl Iterator<Item = (String, &TopicName)> {
        let outputs = self.outputs.iter().enumerate().map(|(i, t)| (format!("/outputs/{i}"), t));
        let routed = self.route.iter().flat_map(|r| {
            let escaped = |v: &str| v.replace('~', "~0").replace('/', "~1");
            let table = r.topics.iter().map(move |(v, t)| (format!("/route/table/{}", escaped(v)), t));
            table.chain(r.otherwise.iter().map(|t| ("/route/otherwise".to_string(), t)))
        });
        outputs.chain(routed)
    }

    /// What it makes of a payload that it matched. `Skip` where a change cannot be made.
    pub fn make(&self, data: &Value) -> Result<Vec<Made>> {
        if self.outputs.is_empty() && self.route.is_none() {
            return Ok(Vec::new());
        }
        let mut changed = data.clone();
        for c in &self.changes {
            c.apply(&mut changed)?;
        }
        if !changed.is_object() {
            return Err(Error::skip("what comes out is no object"));
        }
        if !self.changes.is_empty() && changed.to_string().len() > MOST_BYTES {
            return Err(Error::skip(format!("the changed payload would be longer than {MOST_BYTES} bytes")));
        }
        let routed = self.route.as_ref().and_then(|r| r.choose(&changed)).cloned();
        let data = Arc::new(changed);
        let mut topics: Vec<TopicName> = Vec::new();
        for topic in self.outputs.iter().cloned().chain(routed) {
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        Ok(topics.into_iter().map(|topic| Made { index: self.index(&topic), topic, data: data.clone() }).collect())
    }

    /// The same rule makes the same ids of the same input, a changed one others. Part of the ids on disk: fixed for ever.
    fn index(&self, topic: &TopicName) -> u64 {
        let mut h = Sha256::new();
        h.update(self.digest);
        h.update(topic.as_str().as_bytes());
        let hash = h.finalize();
        u64::from_be_bytes(std::array::from_fn(|i| hash[i]))
    }
}

impl Table {
    fn choose(&self, data: &Value) -> Option<&TopicName> {
        let value = match self.field.get(data) {
            Some(Value::String(s)) => Some(s.clone()),
            Some(v @ (Value::Number(_) | Value::Bool(_))) => Some(v.to_string()),
            _ => None,
        };
        value.and_then(|v| self.topics.get(&v)).or(self.otherwise.as_ref())
    }
}

fn table(route: &Route, wrong: &mut Vec<Wrong>) -> Option<Table> {
    let field = Pointer::parse(&route.field).map_err(|e| wrong.push(Wrong::new("/route/field", "format", e.message()))).ok();
    let mut topic =
        |pointer: String, name: &str| TopicName::parse(name).map_err(|e| wrong.push(Wrong::new(pointer, "format", e.message()))).ok();
    let escaped = |v: &str| v.replace('~', "~0").replace('/', "~1");
    let topics = route.table.iter().filter_map(|(v, t)| Some((v.clone(), topic(format!("/route/table/{}", escaped(v)), t)?))).collect();
    let otherwise = route.otherwise.as_deref().and_then(|t| topic("/route/otherwise".into(), t));
    Some(Table { field: field?, topics, otherwise })
}

fn each<T>(texts: &[String], at: &str, wrong: &mut Vec<Wrong>, parse: impl Fn(&str) -> Result<T>) -> Vec<T> {
    let mut parsed = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        match parse(text) {
            Ok(p) => parsed.push(p),
            Err(e) => wrong.push(Wrong::new(format!("{at}/{i}"), "format", e.message())),
        }
    }
    parsed
}

/// Over what decides what comes out: neither description, priority nor whether it stops others.
fn digest(rule: &RoutingRule) -> [u8; 32] {
    let said = (&rule.id, &rule.condition, &rule.transforms, &rule.outputs, &rule.route);
    // Rules are plain data, which always serialises.
    Sha256::digest(serde_json::to_vec(&said).unwrap_or_default()).into()
}
