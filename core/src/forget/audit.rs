//! The account of an erasure: how much, never what.

use loom_schemas::payload::Erasure;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Erased;
use super::intents::Intent;
use crate::bus::{Headers, NewRecord, TopicName, names};
use crate::error::{Error, Result};

/// The same wish is the same record, however often it is finished.
pub(super) fn record(intent: &Intent, erased: &Erased) -> Result<NewRecord> {
    let topic = TopicName::of(names::ERASURES);
    let scope = match intent.span {
        None => "lines",
        Some(s) if s.device.is_some() => "device",
        Some(_) => "span",
    };
    let account = Erasure {
        forget: intent.id.to_string(),
        asked_at: intent.asked_at.to_string(),
        scope: scope.into(),
        lines: erased.lines,
        records: erased.records.clone(),
        audio_s: erased.audio_s,
    };
    let value = serde_json::to_vec(&account).map_err(|e| Error::bug("the account of an erasure does not serialise").because(e))?;
    let mut id = *intent.id.as_bytes();
    id[8..].copy_from_slice(&Sha256::digest(intent.id.as_bytes())[..8]);
    let headers = Headers { schema: format!("{topic}.v1"), producer: "forget".into(), ..Headers::default() };
    let id = uuid::Builder::from_custom_bytes(id).into_uuid();
    Ok(NewRecord::new(topic, id, Uuid::nil(), intent.asked_at, headers, value))
}
