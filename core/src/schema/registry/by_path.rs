//! What comes with Loom (`schemas/`): each schema is a version of its topic's subject, there before anything is registered.

use std::sync::Arc;

use loom_schemas::catalogue;

use super::names::subject_of;
use super::state::{Content, State, Stored, Version};
use super::table;
use crate::db::Db;
use crate::env::Time;
use crate::error::{Error, Result};
use crate::schema::document::compact;

/// Brings versions up to date with this Loom's own schemas. Where somebody registered a version under a number that a schema
/// by path has now, his stays, and the one by path becomes the next.
pub fn take_in(db: &Db, state: &mut State, now: Time) -> Result<()> {
    let mut missing = Vec::new();
    for name in catalogue::names() {
        let Some((topic, number)) = name.rsplit_once(".v").and_then(|(t, n)| Some((t, n.parse::<i64>().ok()?))) else { continue };
        let Some(text) = catalogue::schema(&name) else { continue };
        let content = Content { text: compact(text), ..Content::default() };
        let hash = content.hash().map_err(|e| Error::bug("a schema of Loom's own is none").because(e.message))?;
        let subject = subject_of(topic);
        let versions = state.subjects.get(&subject);
        let is_there = |v: &Version| v.by_path && state.by_hash.get(&hash) == Some(&v.id);
        if versions.is_some_and(|all| all.values().any(is_there)) {
            continue;
        }
        let taken = versions.and_then(|all| all.get(&number)).is_some_and(|v| !v.by_path);
        let next = versions.and_then(|all| all.keys().max()).map_or(1, |last| last + 1);
        missing.push((subject, if taken { next } else { number }, hash, content));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let kept = db.maintain(move |tx| {
        let mut kept = Vec::with_capacity(missing.len());
        for (subject, number, hash, content) in missing {
            let version = Version { id: table::keep(tx, &hash, &content, None)?, deleted: false, by_path: true, registered_at: now };
            table::put_version(tx, &subject, number, &version)?;
            kept.push((subject, number, version, hash, content));
        }
        Ok(kept)
    })?;
    for (subject, number, version, hash, content) in kept {
        let stored = Stored { id: version.id, hash, content };
        state.by_hash.insert(hash, version.id);
        state.schemas.entry(version.id).or_insert_with(|| Arc::new(stored));
        state.subjects.entry(subject).or_default().insert(number, version);
    }
    Ok(())
}
