//! One offer becomes one record: its bytes put aside, its id found.

use std::borrow::Cow;

use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::batch::Made;
use super::hear::{UNREADABLE, unreadable};
use super::take::{Door, Fit, Outcome, Request};
use super::{Offer, shape, sound};
use crate::bus::{Headers, NewRecord, TopicName, Trace};
use crate::env::{Time, message_id};
use crate::error::{Error, Result};

impl Door {
    /// The record of an offer that fits; sound is done with here.
    pub(super) fn made(&self, fit: Fit, index: usize, now: Time, request: &Request) -> Result<Made> {
        let trace = Trace { trace_id: fit.offer.trace_id.unwrap_or(request.trace.trace_id), span_id: request.trace.span_id };
        if sound::is_sound(&fit.offer) {
            return self.hear(fit, index, now, request, trace);
        }
        if let Some((stream, n)) = &fit.offer.stream
            && self.sequences.has(fit.device, stream, *n)?
        {
            let message_id = self.id(&fit, index, now, request);
            return Ok(Made::Done(Outcome::Known { message_id, topic: fit.offer.topic, trace_id: trace.trace_id }));
        }
        let id = self.id(&fit, index, now, request);
        let Fit { mut offer, device, unreadable } = fit;
        let schema = offer.schema.take().unwrap_or_default();
        let headers = Headers {
            schema,
            trace,
            producer: request.producer.into(),
            timed_by_arrival: offer.recorded_at.is_none(),
            ..Headers::default()
        };
        let value = serde_json::to_vec(&offer.data).map_err(|e| Error::bug("a payload does not serialise").because(e))?;
        let record = NewRecord::new(offer.topic, id, device, offer.recorded_at.unwrap_or(now), headers, value);
        Ok(Made::Record(Box::new(record), unreadable))
    }

    /// The record's own id, or one that a retry gets again, or a new one.
    fn id(&self, fit: &Fit, index: usize, now: Time, request: &Request) -> Uuid {
        let offer = &fit.offer;
        match (&offer.stream, offer.message_id) {
            (_, Some(id)) => id,
            (Some((stream, n)), None) => {
                id_over(&[b"stream", fit.device.as_bytes(), offer.topic.as_str().as_bytes(), stream.as_bytes(), &n.to_be_bytes()])
            }
            (None, None) => match request.key {
                Some(key) => id_over(&[b"idempotency-key", offer.topic.as_str().as_bytes(), key, &(index as u64).to_be_bytes()]),
                None => message_id(now, &*self.entropy),
            },
        }
    }

    /// An upload in which nothing came is kept as what it is, so that its sender does not try for ever and somebody hears of it.
    pub(super) fn readable(&self, offer: Offer) -> (Offer, Option<Cow<'static, str>>) {
        let uploads = shape::bytes_field(offer.topic.as_str()).is_some_and(|field| field != "file_data");
        if !uploads || !offer.data.is_empty() || offer.bytes.is_some() {
            return (offer, None);
        }
        let why = "nothing came with it";
        let data = unreadable(offer.topic.as_str(), why, None, 0);
        (Offer { topic: TopicName::of(UNREADABLE), data, stream: None, ..offer }, Some(why.into()))
    }

    /// Bytes go to a file of their own; the record names it. What is no base64 stays, for its schema to judge.
    pub(super) fn put_aside(&self, offer: &mut Offer) -> Result<()> {
        let Some(field) = shape::bytes_field(offer.topic.as_str()) else { return Ok(()) };
        let came = offer.bytes.take().or_else(|| offer.data.get(field).and_then(Value::as_str).and_then(shape::decoded));
        let Some(bytes) = came.filter(|b| !b.is_empty()) else { return Ok(()) };
        let size = bytes.len();
        offer.data.remove(field);
        offer.data.insert("file_id".into(), self.blobs.put(&bytes)?.into());
        offer.data.insert("file_size".into(), size.into());
        Ok(())
    }
}

/// UUIDv8 over a SHA-256 of what names a record. Written to disk and wire: fixed for ever.
fn id_over(parts: &[&[u8]]) -> Uuid {
    let mut h = Sha256::new();
    for part in parts {
        h.update((part.len() as u32).to_be_bytes());
        h.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&h.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
