//! The rules in force, asked about one record after the other.

use std::collections::HashMap;
use std::sync::Arc;

use loom_schemas::dedup::DuplicateKind;
use serde_json::Value;

use super::first::First;
use super::image::{self, Pictures};
use super::rule::{Compiled, How};
use super::salt::{Salt, Scope};
use super::text::{self, Sketch, Sketcher};
use super::{exact, fields};
use crate::bus::{Record, TopicName};
use crate::error::Result;
use crate::pipeline::Kept;
use crate::rules::{self, Set};

/// Enabled rules, by topic, with this install's secret.
pub struct Judge {
    rules: HashMap<TopicName, Vec<Arc<Compiled>>>,
    salt: Salt,
    sketcher: Sketcher,
    pictures: Arc<dyn Pictures>,
}

/// What a rule sees of a record, worked out once: nothing of it could be read.
pub struct Look {
    pub rule: Arc<Compiled>,
    print: Print,
}

enum Print {
    Nothing,
    Exact([u8; 16]),
    Text { scope: Scope, same: [u8; 16], sketch: Option<Box<Sketch>> },
    Image { scope: Scope, bits: u64 },
}

/// What a rule says of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing like it came before within the window.
    First,
    /// It has been looked at before: read again, or set aside and given back.
    Again,
    Repeat {
        of: First,
        kind: DuplicateKind,
        similarity: f64,
    },
    /// It has nothing in the fields that are compared.
    WithoutKey,
}

impl Judge {
    pub fn new(rules: impl IntoIterator<Item = Arc<Compiled>>, salt: Salt, pictures: Arc<dyn Pictures>) -> Self {
        let mut by_topic: HashMap<_, Vec<_>> = HashMap::new();
        for rule in rules.into_iter().filter(|r| r.rule.enabled) {
            by_topic.entry(rule.topic.clone()).or_default().push(rule);
        }
        by_topic.values_mut().for_each(|rules| rules.sort_by(|a, b| a.rule.id.cmp(&b.rule.id)));
        Self { rules: by_topic, sketcher: Sketcher::new(&salt), salt, pictures }
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
    pub fn topics(&self) -> impl Iterator<Item = &TopicName> {
        self.rules.keys()
    }
    pub fn rules(&self) -> impl Iterator<Item = &Arc<Compiled>> {
        self.rules.values().flatten()
    }

    /// What every rule of its topic sees of a record. `Skip` for a payload that is no JSON.
    pub fn look(&self, r: &Record) -> Result<Vec<Look>> {
        let Some(rules) = self.rules.get(r.topic()) else { return Ok(Vec::new()) };
        let data: Value = if rules.iter().all(|c| matches!(c.how, How::Id)) { Value::Null } else { r.payload()? };
        rules.iter().map(|rule| Ok(Look { rule: rule.clone(), print: self.print(rule, r, &data)? })).collect()
    }

    fn print(&self, rule: &Compiled, r: &Record, data: &Value) -> Result<Print> {
        let scope = self.scope(rule, r.device_id());
        Ok(match &rule.how {
            How::Id => Print::Exact(self.salt.key(&scope, r.origin().message_id.as_bytes())),
            How::Fields(compared) => match fields::fingerprint(&rule.rule.id, compared, data, r.recorded_at()) {
                Some(print) => Print::Exact(self.salt.key(&scope, &print)),
                None => Print::Nothing,
            },
            How::Text { fields, .. } => {
                let texts: Vec<&str> = fields.iter().filter_map(|f| f.get(data)?.as_str()).collect();
                let text = fields::folded(&texts.join("\n"));
                if text.is_empty() {
                    return Ok(Print::Nothing);
                }
                Print::Text { scope, same: self.salt.key(&scope, text.as_bytes()), sketch: self.sketcher.sketch(&text).map(Box::new) }
            }
            How::Image { field, .. } => match field.get(data).and_then(Value::as_str) {
                Some(id) => self.picture(scope, id)?,
                None => Print::Nothing,
            },
        })
    }

    fn picture(&self, scope: Scope, id: &str) -> Result<Print> {
        let places = self.pictures.places(id)?;
        Ok(places.map_or(Print::Nothing, |p| Print::Image { scope, bits: image::veiled(image::difference_hash(&p), &self.salt, &scope) }))
    }

    pub fn scope(&self, rule: &Compiled, device: uuid::Uuid) -> Scope {
        self.salt.scope(&rule.digest, (!rule.rule.across_devices).then_some(device))
    }

    /// What stands for the fingerprint that a device made by itself.
    pub fn key_of(&self, scope: &Scope, fingerprint: &[u8; 32]) -> [u8; 16] {
        self.salt.key(scope, fingerprint)
    }
}

impl Set for Judge {
    fn revision(&self) -> String {
        let mut rules: Vec<_> = self.rules().map(|r| &r.rule).collect();
        rules.sort_by_key(|r| &r.id);
        rules::revision(rules.into_iter())
    }
    fn reads(&self, topic: &TopicName) -> bool {
        self.rules.contains_key(topic)
    }
    /// None is made by being read.
    fn inputs(&self, mut there: Vec<TopicName>) -> Vec<TopicName> {
        there.retain(|t| self.reads(t));
        there
    }
    fn may_grow(&self, inputs: &[TopicName]) -> bool {
        self.rules.len() > inputs.len()
    }
    fn writes(&self) -> impl Iterator<Item = &TopicName> {
        self.rules().filter_map(|r| r.into.as_ref())
    }
}

impl Look {
    /// Rows that [`Look::decide`] will read, but for candidates that they name.
    pub fn keys(&self, at: &First, keys: &mut Vec<Vec<u8>>) {
        match (&self.print, &self.rule.how) {
            (Print::Nothing, _) => {}
            (Print::Exact(hash), _) => keys.extend(exact::keys(hash, at, self.rule.window)),
            (Print::Text { scope, same, sketch }, _) => {
                keys.extend(exact::keys(same, at, self.rule.window));
                keys.extend(sketch.iter().flat_map(|s| text::keys(scope, s)));
            }
            (Print::Image { scope, bits }, how) => {
                let distance = if let How::Image { distance, .. } = how { *distance } else { 0 };
                keys.extend(image::keys(scope, *bits, distance));
            }
        }
    }

    /// Says what the record is, and remembers it if it is a first; and how many that look alike were left out.
    pub fn decide(&self, at: &First, kept: &mut Kept) -> Result<(Outcome, u64)> {
        let window = self.rule.window;
        let (found, kind, mut left_out) = match (&self.print, &self.rule.how) {
            (Print::Nothing, _) => return Ok((Outcome::WithoutKey, 0)),
            (Print::Exact(hash), _) => (exact::find(kept, hash, at, window)?.map(|f| (f, 1.0)), DuplicateKind::Exact, 0),
            (Print::Text { scope, same, sketch }, how) => {
                let least = if let How::Text { similarity, .. } = how { *similarity } else { 1.0 };
                let (found, left_out) = match (exact::find(kept, same, at, window)?, sketch) {
                    (Some(first), _) => (Some((first, 1.0)), 0),
                    (None, Some(sketch)) => text::find(kept, scope, sketch, at, window, least)?,
                    (None, None) => (None, 0),
                };
                (found, DuplicateKind::Text, left_out)
            }
            (Print::Image { scope, bits }, how) => {
                let most = if let How::Image { distance, .. } = how { *distance } else { 0 };
                (image::find(kept, scope, *bits, at, window, most)?, DuplicateKind::Image, 0)
            }
        };
        Ok(match found {
            Some((of, _)) if of.id == at.id => (Outcome::Again, left_out),
            Some((of, similarity)) => (Outcome::Repeat { of, kind, similarity }, left_out),
            None => {
                left_out += self.remember(at, kept)?;
                (Outcome::First, left_out)
            }
        })
    }

    fn remember(&self, first: &First, kept: &mut Kept) -> Result<u64> {
        let window = self.rule.window;
        match &self.print {
            Print::Nothing => Ok(0),
            Print::Exact(hash) => {
                exact::put(kept, hash, first, window);
                Ok(0)
            }
            Print::Text { scope, same, sketch } => {
                exact::put(kept, same, first, window);
                sketch.as_ref().map_or(Ok(0), |s| text::put(kept, scope, s, first, window))
            }
            Print::Image { scope, bits } => image::put(kept, scope, *bits, first, window),
        }
    }
}
