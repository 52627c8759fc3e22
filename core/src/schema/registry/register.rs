//! A schema comes in: written without spaces, compiled, held against the versions before it, kept.

use std::sync::Arc;

use super::level::Mode;
use super::read::Named;
use super::refusal::{Answer, Refusal};
use super::state::{Content, Stored, Version, Which};
use super::{Registry, table};
use crate::schema::{Depth, compile};

/// What a registry holds at most. A personal one has some dozens of each.
const MOST_SUBJECTS: usize = 10_000;
const MOST_SCHEMAS: usize = 50_000;
const MOST_VERSIONS: usize = 1000;
const LONGEST_SUBJECT: usize = 400;

/// A schema on its way in.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    pub content: Content,
    /// Keep it with its keys in order.
    pub normalize: bool,
    /// Import alone: the id and the version it had elsewhere.
    pub id: Option<i64>,
    pub version: Option<i64>,
}

impl Registry {
    /// Registers a schema under a subject; one that is there already is found again.
    ///
    /// Errors: 42201 no schema, 409 incompatible, 42205 the mode does not let it in, 42208 no name for a subject.
    pub fn register(&self, subject: &str, offer: Offer) -> Answer<Named> {
        check_subject(subject)?;
        let _writing = self.writing();
        let (mode, normalize) = {
            let state = self.state();
            (state.mode(subject), offer.normalize || state.normalizes(subject))
        };
        check_mode(subject, mode, offer.id)?;
        let content = if normalize { offer.content.clone().normalized()? } else { offer.content.clone().compacted()? };
        let hash = content.hash()?;
        if let Some(there) = self.there(subject, &hash).filter(|n| offer.id.is_none_or(|id| id == n.stored.id)) {
            return Ok(there);
        }
        let whole = self.state().whole(&content)?;
        compile(&whole)?;
        if mode != Mode::Import {
            let judgement = self.judged(subject, &whole, None, Depth::Example)?;
            if !judgement.is_compatible() {
                let said = judgement.messages().join(", ");
                let what =
                    format!("Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{said}]");
                return Err(Refusal::new(409, what));
            }
        }
        let number = self.next_number(subject, &offer, &hash)?;
        self.keep(subject.to_string(), number, hash, content, offer.id)
    }

    /// The newest living version of a subject with this content.
    fn there(&self, subject: &str, hash: &[u8; 32]) -> Option<Named> {
        let state = self.state();
        let id = *state.by_hash.get(hash)?;
        let (number, version) = state.versions(subject, Which::Living).ok()?.into_iter().rfind(|(_, v)| v.id == id)?;
        Some(Named { subject: subject.into(), number, version: version.clone(), stored: state.schema(id).ok()?.clone() })
    }

    fn next_number(&self, subject: &str, offer: &Offer, hash: &[u8; 32]) -> Answer<i64> {
        let state = self.state();
        let versions = state.subjects.get(subject);
        let count = versions.map_or(0, |v| v.len());
        let full =
            state.subjects.len() >= MOST_SUBJECTS && versions.is_none() || state.schemas.len() >= MOST_SCHEMAS || count >= MOST_VERSIONS;
        if full {
            return Err(Refusal::not_permitted("the registry is full: permanently delete what nobody uses"));
        }
        let known = state.by_hash.get(hash);
        if let Some(id) = offer.id
            && (state.schemas.contains_key(&id) || known.is_some())
            && known != Some(&id)
        {
            return Err(Refusal::not_permitted(format!(
                "Schema id {id} cannot be given: the id or the schema is there already, under another"
            )));
        }
        let next = versions.and_then(|v| v.keys().max()).map_or(1, |last| last + 1);
        match offer.version {
            Some(n) if offer.id.is_some() && n > 0 && versions.is_none_or(|v| !v.contains_key(&n)) => Ok(n),
            Some(n) if n != next && n != -1 => Err(Refusal::invalid_schema(format!("version {n} is not the next one, {next}"))),
            _ => Ok(next),
        }
    }

    fn keep(&self, subject: String, number: i64, hash: [u8; 32], content: Content, wanted: Option<i64>) -> Answer<Named> {
        let (name, kept, now) = (subject.clone(), content.clone(), self.clock.now());
        let version = self.db.write(move |tx| {
            let id = table::keep(tx, &hash, &kept, wanted)?;
            let version = Version { id, deleted: false, by_path: false, registered_at: now };
            table::put_version(tx, &name, number, &version)?;
            Ok(version)
        })?;
        let stored = self.apply(|state| {
            state.by_hash.insert(hash, version.id);
            state.subjects.entry(subject.clone()).or_default().insert(number, version.clone());
            state.schemas.entry(version.id).or_insert_with(|| Arc::new(Stored { id: version.id, hash, content })).clone()
        });
        Ok(Named { subject, number, version, stored })
    }

    /// The version of a subject that has this schema.
    ///
    /// Errors: 40401 no such subject, 40403 no such schema in it, 42201 no schema.
    pub fn lookup(&self, subject: &str, content: &Content, which: Which) -> Answer<Named> {
        let state = self.state();
        let versions = state.versions(subject, which)?;
        let hash = content.hash()?;
        let id = state.by_hash.get(&hash).ok_or_else(Refusal::no_schema)?;
        let (number, version) = versions.into_iter().rfind(|(_, v)| v.id == *id).ok_or_else(Refusal::no_schema)?;
        Ok(Named { subject: subject.into(), number, version: version.clone(), stored: state.schema(*id)?.clone() })
    }
}

fn check_subject(subject: &str) -> Answer<()> {
    let fits = !subject.is_empty() && subject.len() <= LONGEST_SUBJECT && !subject.chars().any(char::is_control);
    if fits && !matches!(subject, "__GLOBAL" | "__EMPTY") {
        return Ok(());
    }
    Err(Refusal::new(
        42208,
        format!("The specified subject is not a valid subject: 1 to {LONGEST_SUBJECT} characters, none of them control characters"),
    ))
}

fn check_mode(subject: &str, mode: Mode, id: Option<i64>) -> Answer<()> {
    match (mode, id) {
        (Mode::ReadOnly | Mode::ReadOnlyOverride, _) => Err(Refusal::not_permitted(format!("Subject {subject} is in read-only mode"))),
        (Mode::Import, None) => Err(Refusal::not_permitted(format!("Subject {subject} is in import mode: schemas come with their ids"))),
        (Mode::ReadWrite, Some(_)) => Err(Refusal::not_permitted(format!("Subject {subject} is not in import mode"))),
        (Mode::Import, Some(id)) if id < 1 => Err(Refusal::invalid_schema("an id is a number from 1 on")),
        _ => Ok(()),
    }
}
