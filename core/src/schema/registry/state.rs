//! What the registry knows, in memory: schemas by id, subjects with their versions, settings.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::level::{Level, Mode};
use super::refusal::{Answer, Refusal};
use crate::env::Time;
use crate::schema::resolve::Whole;
use crate::schema::{document, parse};

/// Documents a schema may draw in by its references, and their size together, in bytes.
const MOST_REFERENCES: usize = 200;
const MOST_REFERENCED_BYTES: usize = 4 << 20;

/// A schema that is registered elsewhere, under the name it is referred to by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub name: String,
    pub subject: String,
    pub version: i64,
}

/// A schema as it is offered, or kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    pub text: String,
    pub references: Vec<Reference>,
    /// `metadata` and `ruleSet`, kept for those who gave them.
    pub extras: Map<String, Value>,
}

impl Content {
    /// What makes two schemas the same one: their JSON, whatever its order and spaces, with what they refer to.
    ///
    /// Errors: the text is no schema.
    pub fn hash(&self) -> Answer<[u8; 32]> {
        let root = parse(&self.text)?.root;
        let mut h = Sha256::new();
        for part in
            [root.to_string(), serde_json::to_string(&self.references).unwrap_or_default(), Value::from(self.extras.clone()).to_string()]
        {
            h.update((part.len() as u64).to_be_bytes());
            h.update(part);
        }
        Ok(h.finalize().into())
    }

    /// The same with its keys in order.
    pub fn normalized(mut self) -> Answer<Self> {
        self.text = parse(&self.text)?.root.to_string();
        Ok(self)
    }

    /// The same without the space between its tokens.
    pub fn compacted(mut self) -> Answer<Self> {
        parse(&self.text)?;
        self.text = document::compact(&self.text);
        Ok(self)
    }
}

/// A schema that is kept.
#[derive(Debug)]
pub struct Stored {
    pub id: i64,
    pub hash: [u8; 32],
    pub content: Content,
}

impl Stored {
    /// Made of its content, so that it is the same in every registry.
    pub fn guid(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.hash[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub id: i64,
    pub deleted: bool,
    /// It came with Loom.
    pub by_path: bool,
    pub registered_at: Time,
}

pub type Versions = BTreeMap<i64, Version>;

/// What is set for a subject, or for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    pub level: Option<Level>,
    pub mode: Option<Mode>,
    pub normalize: Option<bool>,
}

#[derive(Default)]
pub struct State {
    pub schemas: HashMap<i64, Arc<Stored>>,
    pub by_hash: HashMap<[u8; 32], i64>,
    pub subjects: BTreeMap<String, Versions>,
    /// By subject; what holds for all is under the empty name.
    pub settings: BTreeMap<String, Setting>,
}

/// Which versions are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    #[default]
    Living,
    All,
    Deleted,
}

impl Which {
    pub fn of(deleted: bool, deleted_only: bool) -> Self {
        match (deleted, deleted_only) {
            (_, true) => Self::Deleted,
            (true, false) => Self::All,
            (false, false) => Self::Living,
        }
    }
    pub fn takes(self, v: &Version) -> bool {
        match self {
            Self::Living => !v.deleted,
            Self::All => true,
            Self::Deleted => v.deleted,
        }
    }
}

impl State {
    pub fn schema(&self, id: i64) -> Answer<&Arc<Stored>> {
        self.schemas.get(&id).ok_or_else(|| Refusal::new(40403, format!("Schema {id} not found")))
    }

    /// Versions of a subject that has any of those.
    pub fn versions(&self, subject: &str, which: Which) -> Answer<Vec<(i64, &Version)>> {
        let all = self.subjects.get(subject).into_iter().flatten();
        let found: Vec<_> = all.filter(|(_, v)| which.takes(v)).map(|(n, v)| (*n, v)).collect();
        if found.is_empty() { Err(Refusal::no_subject(subject)) } else { Ok(found) }
    }

    /// The level in force for a subject.
    pub fn level(&self, subject: &str) -> Level {
        self.setting(subject, |s| s.level).unwrap_or_default()
    }

    pub fn mode(&self, subject: &str) -> Mode {
        match self.settings.get("").and_then(|s| s.mode) {
            Some(Mode::ReadOnlyOverride) => Mode::ReadOnlyOverride,
            _ => self.setting(subject, |s| s.mode).unwrap_or_default(),
        }
    }

    pub fn normalizes(&self, subject: &str) -> bool {
        self.setting(subject, |s| s.normalize).unwrap_or_default()
    }

    fn setting<T>(&self, subject: &str, read: impl Fn(&Setting) -> Option<T>) -> Option<T> {
        let of = |name: &str| self.settings.get(name).and_then(&read);
        of(subject).or_else(|| of(""))
    }

    /// A schema with every document it refers to, and those that they refer to.
    ///
    /// Errors: 42201 where a reference leads to nothing, or there are too many.
    pub fn whole(&self, content: &Content) -> Answer<Whole> {
        let mut whole = parse(&content.text)?;
        let mut left: Vec<Reference> = content.references.clone();
        let mut bytes = 0;
        while let Some(r) = left.pop() {
            if whole.references.iter().any(|(name, _)| *name == r.name) {
                continue;
            }
            let stored = self.referred(&r)?;
            bytes += stored.content.text.len();
            if whole.references.len() >= MOST_REFERENCES || bytes > MOST_REFERENCED_BYTES {
                return Err(Refusal::invalid_schema(format!("it draws in more than {MOST_REFERENCES} documents, or too large ones")));
            }
            whole.references.push((r.name, parse(&stored.content.text)?.root));
            left.extend(stored.content.references.iter().cloned());
        }
        Ok(whole)
    }

    fn referred(&self, r: &Reference) -> Answer<&Arc<Stored>> {
        let versions = self.subjects.get(&r.subject);
        let version = match r.version {
            -1 => versions.and_then(|v| v.values().rfind(|v| !v.deleted)),
            n => versions.and_then(|v| v.get(&n)),
        };
        let missing = || {
            Refusal::invalid_schema(format!(
                "no schema is registered as version {} of subject {:?}, which it refers to",
                r.version, r.subject
            ))
        };
        self.schema(version.ok_or_else(missing)?.id)
    }

    /// Ids of the living schemas that refer to a version.
    pub fn referrers(&self, subject: &str, version: i64) -> Vec<i64> {
        let refers = |s: &Stored| s.content.references.iter().any(|r| r.subject == subject && r.version == version);
        let living = self.subjects.values().flat_map(|v| v.values()).filter(|v| !v.deleted).map(|v| v.id);
        let mut ids: Vec<i64> = living.filter(|id| self.schemas.get(id).is_some_and(|s| refers(s))).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
