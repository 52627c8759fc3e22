//! Sound that comes as bytes: on its way to the pipeline, or kept as what it is.

use loom_schemas::payload::SourceKind;
use serde_json::{Map, Value};

use super::Offer;
use super::batch::Made;
use super::sound::{self, Heard, Piece};
use super::take::{Door, Fit, Outcome, Request, Taken};
use crate::bus::{TopicName, Trace};
use crate::env::Time;
use crate::error::Result;

/// Where uploads go that nothing can be made of; they are kept, and named.
pub(super) const UNREADABLE: &str = "device.upload.unreadable";

impl Door {
    /// Puts sound on the pipeline; what cannot be decoded is kept, and named.
    pub(super) fn hear(&self, mut fit: Fit, index: usize, now: Time, request: &Request, trace: Trace) -> Result<Made> {
        let piece = self.piece(&mut fit, index, request, trace)?;
        let (topic, trace_id) = (fit.offer.topic.clone(), trace.trace_id);
        Ok(match self.sound.take(&piece, now)? {
            Heard::Landed { message_id, offset, repeat } => {
                Made::Done(Outcome::Taken(Taken { message_id, topic, trace_id, offset, repeat, unreadable: None }))
            }
            Heard::Held => Made::Done(Outcome::Known { message_id: piece.record_id(0), topic, trace_id }),
            Heard::Unreadable(why) => self.made(self.kept(fit, &piece, why)?, index, now, request)?,
        })
    }

    fn piece(&self, fit: &mut Fit, index: usize, request: &Request, trace: Trace) -> Result<Piece> {
        let mut chance = [0; 16];
        self.entropy.fill(&mut chance);
        let mut piece = sound::piece(fit, request, index, trace, chance);
        if let Some((stream, n)) = &fit.offer.stream {
            piece.came_before = self.sequences.has(fit.device, stream, *n)?;
        }
        if let Some(known) = self.devices.get(&fit.device.to_string())? {
            let phone = known.kind.is_some_and(|k| ["mobile", "phone", "android", "ios"].iter().any(|p| k.starts_with(p)));
            piece.kind = if phone { SourceKind::Phone } else { SourceKind::Upload };
            piece.name = known.name.or(known.alias).unwrap_or_default();
        }
        Ok(piece)
    }

    /// The record of what nothing can be made of.
    fn kept(&self, fit: Fit, piece: &Piece, why: String) -> Result<Fit> {
        let Fit { offer, device, .. } = fit;
        let file_id = if piece.bytes.is_empty() { None } else { Some(self.blobs.put(&piece.bytes)?) };
        let mut data = unreadable(offer.topic.as_str(), &why, file_id, piece.bytes.len());
        if let Some(format) = offer.data.get("format").and_then(Value::as_str).filter(|f| f.len() <= 50) {
            data.insert("format".into(), format.into());
        }
        let (message_id, schema) = (Some(piece.record_id(0)), Some(format!("{UNREADABLE}.v1")));
        let offer = Offer { topic: TopicName::of(UNREADABLE), data, message_id, schema, bytes: None, stream: None, ..offer };
        Ok(Fit { offer, device, unreadable: Some(why.into()) })
    }
}

/// The payload of what cannot be read.
pub(super) fn unreadable(meant_for: &str, why: &str, file_id: Option<String>, size: usize) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("meant_for".into(), meant_for.into());
    data.insert("reason".into(), why.into());
    data.insert("size".into(), size.into());
    if let Some(id) = file_id {
        data.insert("file_id".into(), id.into());
    }
    data
}
