//! Offers become records: device named, bytes put aside, schema held against, all good ones appended at once.

use std::borrow::Cow;
use std::sync::Arc;

use loom_schemas::payload::SourceKind;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::desk::Desk;
use super::pace::Pace;
use super::sequence::Sequences;
use super::sound::{self, Sound};
use super::{Offer, Wrong, shape};
use crate::bus::{Bus, Headers, NewRecord, TopicName, Trace};
use crate::env::{Clock, Entropy, Time, message_id};
use crate::error::{Error, Result};
use crate::identity::Devices;
use crate::store::blobs::Blobs;

/// Where uploads go that nothing can be made of; they are kept, and named.
pub(super) const UNREADABLE: &str = "device.upload.unreadable";

/// What a request gives all its records.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Which door it came by, for the `producer` header.
    pub producer: &'a str,
    pub trace: Trace,
    /// `Idempotency-Key`: a retry with the same one gets the same ids.
    pub key: Option<&'a [u8]>,
    /// Whether a record must name its device; else it is this machine's own.
    pub device_required: bool,
}

/// A record that is durable.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    pub message_id: Uuid,
    pub topic: TopicName,
    pub trace_id: [u8; 16],
    pub offset: u64,
    /// It was there before.
    pub repeat: bool,
    /// Kept, but nothing can be made of it: why.
    pub unreadable: Option<Cow<'static, str>>,
}

/// What became of one offer.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Taken(Taken),
    /// Its number in its stream was taken before, longer ago than the log may remember: nothing is done.
    Known {
        message_id: Uuid,
        topic: TopicName,
        trace_id: [u8; 16],
    },
    Refused(Vec<Wrong>),
    /// The topic is written by Loom's own stages alone: why.
    Closed(&'static str),
    /// Its device sends faster than it may: nothing of the request was taken, and after so many seconds it will be.
    Slow(f64),
}

/// An offer on its way: a record to append, or done with.
enum Made {
    Record(Box<NewRecord>, Option<Cow<'static, str>>),
    Done(Outcome),
}

/// What is as it should be, and what is needed beside the offer to make its record.
pub(super) struct Fit {
    pub offer: Offer,
    pub device: Uuid,
    pub unreadable: Option<Cow<'static, str>>,
}

/// The way in, for every door.
pub struct Door {
    pub bus: Arc<dyn Bus>,
    pub devices: Arc<Devices>,
    pub blobs: Blobs,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// This machine, for records that name no device.
    pub own: Uuid,
    /// Where sound goes that comes as bytes.
    pub sound: Arc<dyn Sound>,
    pub sequences: Arc<Sequences>,
    pub pace: Pace,
}

impl Door {
    /// Takes offers in, each on its own right or wrong; what is right is durable when it returns. Blocks.
    ///
    /// Errors: `Stop` when the disk is full; then nothing was taken.
    pub fn take(&self, offers: super::Offers, request: &Request) -> Result<Vec<Outcome>> {
        let now = self.clock.now();
        let mut desk = Desk::new(self, request);
        let mut checked = Vec::with_capacity(offers.len());
        for offer in offers {
            checked.push(match offer {
                Ok(offer) => self.checked(offer, &mut desk)?,
                Err(wrong) => Err(Outcome::Refused(wrong)),
            });
        }
        if let Err(seconds) = self.pace.take(&senders(&checked), self.clock.monotonic_ns()) {
            return Ok(checked.iter().map(|_| Outcome::Slow(seconds)).collect());
        }
        let (mut records, mut outcomes, mut came) = (Vec::with_capacity(checked.len()), Vec::with_capacity(checked.len()), Vec::new());
        for (index, fit) in checked.into_iter().enumerate() {
            let made = match fit {
                Ok(fit) => {
                    let number = fit.offer.stream.clone().map(|(stream, n)| (fit.device, stream, n));
                    let made = self.made(fit, index, now, &desk)?;
                    came.extend(number.filter(|_| matches!(made, Made::Record(..) | Made::Done(Outcome::Taken(_)))));
                    made
                }
                Err(outcome) => Made::Done(outcome),
            };
            outcomes.push(match made {
                Made::Done(outcome) => (outcome, false),
                Made::Record(record, unreadable) => {
                    let (message_id, topic, trace_id) = (record.message_id, record.topic.clone(), record.headers.trace.trace_id);
                    records.push(*record);
                    (Outcome::Taken(Taken { message_id, topic, trace_id, offset: 0, repeat: false, unreadable }), true)
                }
            });
        }
        let mut landed = if records.is_empty() { Vec::new() } else { self.bus.append(records)? }.into_iter();
        for (outcome, waits) in &mut outcomes {
            if let (Outcome::Taken(taken), true) = (outcome, *waits) {
                let at = landed.next().ok_or_else(|| Error::bug("the log answers fewer records than it was given"))?;
                (taken.offset, taken.repeat) = (at.offset, at.repeat);
            }
        }
        if !came.is_empty() {
            self.sequences.note(&came)?;
        }
        Ok(outcomes.into_iter().map(|(outcome, _)| outcome).collect())
    }

    /// The offer with its device, held against its schema, or what is to be said of it.
    fn checked(&self, offer: Offer, desk: &mut Desk) -> Result<std::result::Result<Fit, Outcome>> {
        let (mut offer, unreadable) = self.readable(offer);
        let topic = desk.topic(&offer.topic)?;
        if let Some(why) = topic.closed {
            return Ok(Err(Outcome::Closed(why)));
        }
        let mut wrong = if sound::is_sound(&offer) {
            sound::complaints(&offer)
        } else {
            self.put_aside(&mut offer)?;
            let schema = offer.schema.get_or_insert_with(|| topic.schema.clone());
            let data = Value::Object(std::mem::take(&mut offer.data));
            let wrong = desk.complaints(schema, &data)?;
            if let Value::Object(data) = data {
                offer.data = data;
            }
            wrong
        };
        wrong.iter_mut().for_each(|w| w.pointer.insert_str(0, &offer.at));
        // Only what is right otherwise makes a device known.
        let device = desk.device(offer.device.as_deref(), wrong.is_empty());
        match (device, wrong.is_empty()) {
            (Ok(device), true) => Ok(Ok(Fit { offer, device, unreadable })),
            (device, _) => {
                wrong.extend(device.err());
                Ok(Err(Outcome::Refused(wrong)))
            }
        }
    }

    /// The record of an offer that fits; sound is done with here.
    fn made(&self, fit: Fit, index: usize, now: Time, desk: &Desk) -> Result<Made> {
        let request = desk.request;
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

    /// Sound goes to the pipeline; what cannot be decoded is kept, and named.
    fn hear(&self, mut fit: Fit, index: usize, now: Time, request: &Request, trace: Trace) -> Result<Made> {
        let mut chance = [0; 16];
        self.entropy.fill(&mut chance);
        let mut piece = sound::piece(&mut fit, request, index, trace, chance);
        if let Some((stream, n)) = &fit.offer.stream {
            piece.came_before = self.sequences.has(fit.device, stream, *n)?;
        }
        if let Some(known) = self.devices.get(&fit.device.to_string())? {
            let phone = known.kind.is_some_and(|k| ["mobile", "phone", "android", "ios"].iter().any(|p| k.starts_with(p)));
            piece.kind = if phone { SourceKind::Phone } else { SourceKind::Upload };
            piece.name = known.name.or(known.alias).unwrap_or_default();
        }
        match self.sound.take(&piece, now)? {
            sound::Heard::Landed { message_id, offset, repeat } => Ok(Made::Done(Outcome::Taken(Taken {
                message_id,
                topic: fit.offer.topic,
                trace_id: trace.trace_id,
                offset,
                repeat,
                unreadable: None,
            }))),
            sound::Heard::Held => {
                let message_id = piece.record_id(0, piece.at.unwrap_or(now));
                Ok(Made::Done(Outcome::Known { message_id, topic: fit.offer.topic, trace_id: trace.trace_id }))
            }
            sound::Heard::Unreadable(why) => {
                let bytes = &piece.bytes;
                let file_id = if bytes.is_empty() { None } else { Some(self.blobs.put(bytes)?) };
                let mut data = unreadable(fit.offer.topic.as_str(), &why, file_id, bytes.len());
                if let Some(format) = fit.offer.data.get("format").and_then(Value::as_str).filter(|f| f.len() <= 50) {
                    data.insert("format".into(), format.into());
                }
                let message_id = Some(fit.offer.message_id.unwrap_or_else(|| piece.record_id(0, fit.offer.recorded_at.unwrap_or(now))));
                let offer = Offer {
                    topic: TopicName::of(UNREADABLE),
                    data,
                    message_id,
                    schema: Some(format!("{UNREADABLE}.v1")),
                    bytes: None,
                    ..fit.offer
                };
                self.made(
                    Fit { offer: Offer { stream: None, ..offer }, device: fit.device, unreadable: Some(why.into()) },
                    index,
                    now,
                    &Desk::new(self, request),
                )
            }
        }
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
    fn readable(&self, offer: Offer) -> (Offer, Option<Cow<'static, str>>) {
        let uploads = shape::bytes_field(offer.topic.as_str()).is_some_and(|field| field != "file_data");
        if !uploads || !offer.data.is_empty() || offer.bytes.is_some() {
            return (offer, None);
        }
        let why = "nothing came with it";
        let data = unreadable(offer.topic.as_str(), why, None, 0);
        (Offer { topic: TopicName::of(UNREADABLE), data, stream: None, ..offer }, Some(why.into()))
    }

    /// Bytes go to a file of their own; the record names it. What is no base64 stays, for its schema to judge.
    fn put_aside(&self, offer: &mut Offer) -> Result<()> {
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

/// How many records each device sends.
fn senders(checked: &[std::result::Result<Fit, Outcome>]) -> Vec<(Uuid, usize)> {
    let mut all: Vec<(Uuid, usize)> = Vec::new();
    for fit in checked.iter().flatten() {
        match all.iter_mut().find(|(device, _)| *device == fit.device) {
            Some((_, records)) => *records += 1,
            None => all.push((fit.device, 1)),
        }
    }
    all
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
