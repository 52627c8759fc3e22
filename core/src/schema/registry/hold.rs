//! Payloads held against schemas. A validator is compiled once and remembered by the name it was asked for, so that a record
//! costs one look into a table; whatever is registered or removed empties the table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::Registry;
use super::names::{name_of, resolve, subject_of, version_of};
use super::refusal::{Answer, Refusal};
use crate::bus::TopicName;
use crate::schema::compile;
use crate::schema::validators::roomy;

/// Validators remembered; more than anyone has topics.
const MOST_HELD: usize = 2000;
/// Complaints about one payload, at most: a broken one has thousands.
const MOST_COMPLAINTS: usize = 20;
/// Levels that payloads nest; deeper ones are followed where there is room for it.
const USUAL_DEPTH: usize = 8;

/// A schema to hold payloads against.
#[derive(Clone)]
pub struct Held {
    /// As a record carries it: `device.sensor.gps.raw.v1`.
    pub name: Arc<str>,
    validator: Arc<Validator>,
}

/// One thing wrong with a payload. Says what was expected, never what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// `required`, `type`, `minimum` …
    pub rule: String,
    pub expected: String,
}

impl Held {
    pub fn complaints(&self, data: &Value) -> Vec<Complaint> {
        if !nests(data, USUAL_DEPTH) {
            return self.found(data);
        }
        let cannot =
            |_| vec![Complaint { pointer: String::new(), rule: "depth".into(), expected: "a payload that nests less deep".into() }];
        roomy(|| self.found(data)).unwrap_or_else(cannot)
    }

    fn found(&self, data: &Value) -> Vec<Complaint> {
        if self.validator.is_valid(data) {
            return Vec::new();
        }
        self.validator.iter_errors(data).take(MOST_COMPLAINTS).map(|e| complaint(&e)).collect()
    }
}

#[derive(Default)]
pub struct Holding {
    known: RwLock<HashMap<String, Held>>,
    held: AtomicU64,
    refused: AtomicU64,
}

/// How often something was held against a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub held: u64,
    pub refused: u64,
    pub validators: usize,
}

impl Holding {
    pub fn forget(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
    fn get(&self, key: &str) -> Option<Held> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
}

impl Registry {
    /// The schema a record of this topic is held against: the version that `said` names, else the topic's newest. `None` where
    /// the topic has none.
    ///
    /// Errors: `Bug` where a registered schema does not compile.
    pub fn held(&self, topic: &TopicName, said: Option<&str>) -> crate::Result<Option<Held>> {
        if let Some(said) = said
            && let Some(held) = self.by_name(said, Some(topic))?
        {
            // Another topic's schema says nothing about this one, where it has its own.
            let own = self.by_name(topic.as_str(), None)?;
            return Ok(Some(own.filter(|own| family(&own.name) != family(&held.name)).unwrap_or(held)));
        }
        self.by_name(topic.as_str(), None)
    }

    /// The schema of this name. Names that nobody has are not remembered: anyone could send ten thousand.
    pub fn by_name(&self, name: &str, topic: Option<&TopicName>) -> crate::Result<Option<Held>> {
        // A bare version means another schema under each topic.
        let bare = topic.filter(|_| name.len() <= 12 && name.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()));
        let key = bare.map_or(Cow::Borrowed(name), |topic| Cow::Owned(format!("{topic} {name}")));
        if let Some(held) = self.holding.get(&key) {
            return Ok(Some(held));
        }
        let found = {
            let state = self.state();
            match bare.map(|topic| subject_of(topic.as_str())) {
                Some(subject) => version_of(&state, &subject, name).map(|v| (subject, v)),
                None => resolve(&state, name),
            }
        };
        let Some((subject, version)) = found else { return Ok(None) };
        let broken = |r: Refusal| crate::Error::bug("a registered schema does not compile").because(r.message);
        let validator = Arc::new(self.validator(&subject, version).map_err(broken)?);
        let held = Held { name: name_of(&subject, version).into(), validator };
        let mut known = self.holding.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_HELD {
            known.clear();
        }
        known.insert(key.into_owned(), held.clone());
        Ok(Some(held))
    }

    fn validator(&self, subject: &str, version: i64) -> Answer<Validator> {
        let whole = {
            let state = self.state();
            let id = state.subjects.get(subject).and_then(|v| v.get(&version)).map(|v| v.id);
            state.whole(&state.schema(id.ok_or_else(Refusal::no_schema)?)?.content)?
        };
        Ok(compile(&whole)?)
    }

    /// Counts what was held against a schema.
    pub fn note(&self, complaints: &[Complaint]) {
        self.holding.held.fetch_add(1, Ordering::Relaxed);
        self.holding.refused.fetch_add(u64::from(!complaints.is_empty()), Ordering::Relaxed);
    }

    pub fn tally(&self) -> Tally {
        Tally {
            held: self.holding.held.load(Ordering::Relaxed),
            refused: self.holding.refused.load(Ordering::Relaxed),
            validators: self.holding.known.read().unwrap_or_else(PoisonError::into_inner).len(),
        }
    }
}

/// Whether a payload nests deeper than so many levels.
fn nests(data: &Value, levels: usize) -> bool {
    match data {
        Value::Array(all) => levels == 0 || all.iter().any(|v| nests(v, levels - 1)),
        Value::Object(all) => levels == 0 || all.values().any(|v| nests(v, levels - 1)),
        _ => false,
    }
}

/// A schema's name without its version.
fn family(name: &str) -> &str {
    name.rsplit_once(".v").map_or(name, |(stem, _)| stem)
}

fn complaint(e: &ValidationError) -> Complaint {
    let mut pointer = e.instance_path().as_str().to_string();
    let rule = e.schema_path().as_str().rsplit('/').find(|p| !p.chars().all(|c| c.is_ascii_digit())).unwrap_or("schema").to_string();
    let expected = match e.kind() {
        ValidationErrorKind::Required { property } => {
            pointer = format!("{pointer}/{}", property.as_str().unwrap_or_default());
            "it is required".to_string()
        }
        ValidationErrorKind::Maximum { limit } | ValidationErrorKind::ExclusiveMaximum { limit } => format!("at most {limit}"),
        ValidationErrorKind::Minimum { limit } | ValidationErrorKind::ExclusiveMinimum { limit } => format!("at least {limit}"),
        ValidationErrorKind::MaxLength { limit } => format!("at most {limit} characters"),
        ValidationErrorKind::MinLength { limit } => format!("at least {limit} characters"),
        ValidationErrorKind::MaxItems { limit } => format!("at most {limit} items"),
        ValidationErrorKind::Enum { options } => format!("one of {options}"),
        ValidationErrorKind::Format { format } => format!("a {format}"),
        ValidationErrorKind::Type { kind } => format!("type {}", type_name(kind)),
        ValidationErrorKind::Pattern { pattern } => format!("a text like {pattern}"),
        ValidationErrorKind::AnyOf { .. } => "one of the ways its schema allows: see what is required there".to_string(),
        _ => format!("what its schema says under {rule}"),
    };
    Complaint { pointer, rule, expected }
}

fn type_name(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(many) => many.iter().map(|t| t.to_string()).collect::<Vec<_>>().join(" or "),
    }
}
