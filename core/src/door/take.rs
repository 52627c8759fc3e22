//! Offers become records: device named, bytes put aside, schema held against, all good ones appended at once.

use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Offer, Wrong, shape};
use crate::bus::{Bus, Class, Headers, NewRecord, TopicName, Trace, catalogued};
use crate::env::{Clock, Entropy, Time, message_id};
use crate::error::{Error, Result};
use crate::identity::Devices;
use crate::schema::{Complaint, Registry};
use crate::store::blobs::Blobs;

/// Where uploads go that nothing can be made of; they are kept, and named.
const UNREADABLE: &str = "device.upload.unreadable";

/// What a request gives all its records.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Which door it came by, for the `producer` header.
    pub producer: &'static str,
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
    pub unreadable: Option<&'static str>,
}

/// What became of one offer.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Taken(Taken),
    Refused(Vec<Wrong>),
    /// The topic is written by Loom's own stages alone: why.
    Closed(&'static str),
}

/// An offer on its way: the record, and why nothing can be made of it where that is so.
enum Made {
    Record(NewRecord, Option<&'static str>),
    Not(Outcome),
}

/// The way in, for every door.
pub struct Door {
    pub bus: Arc<dyn Bus>,
    /// What payloads are held against.
    pub registry: Arc<Registry>,
    pub devices: Arc<Devices>,
    pub blobs: Blobs,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// This machine, for records that name no device.
    pub own: Uuid,
}

impl Door {
    /// Takes offers in, each on its own right or wrong; what is right is durable when it returns. Blocks.
    ///
    /// Errors: `Stop` when the disk is full; then nothing was taken.
    pub fn take(&self, offers: super::Offers, request: &Request) -> Result<Vec<Outcome>> {
        let now = self.clock.now();
        let mut records = Vec::with_capacity(offers.len());
        let mut outcomes = Vec::with_capacity(offers.len());
        for (index, offer) in offers.into_iter().enumerate() {
            let made = match offer {
                Ok(offer) => self.made(offer, index, now, request)?,
                Err(wrong) => Made::Not(Outcome::Refused(wrong)),
            };
            outcomes.push(match made {
                Made::Not(outcome) => outcome,
                Made::Record(record, unreadable) => {
                    let (message_id, topic, trace_id) = (record.message_id, record.topic.clone(), record.headers.trace.trace_id);
                    records.push(record);
                    Outcome::Taken(Taken { message_id, topic, trace_id, offset: 0, repeat: false, unreadable })
                }
            });
        }
        let mut landed = if records.is_empty() { Vec::new() } else { self.bus.append(records)? }.into_iter();
        for outcome in &mut outcomes {
            if let Outcome::Taken(taken) = outcome {
                let at = landed.next().ok_or_else(|| Error::bug("the log answers fewer records than it was given"))?;
                (taken.offset, taken.repeat) = (at.offset, at.repeat);
            }
        }
        Ok(outcomes)
    }

    /// The record of an offer, or why there is none.
    fn made(&self, offer: Offer, index: usize, now: Time, request: &Request) -> Result<Made> {
        let (mut offer, unreadable) = self.readable(offer);
        if let Some(why) = self.closed(&offer.topic)? {
            return Ok(Made::Not(Outcome::Closed(why)));
        }
        self.put_aside(&mut offer)?;
        let data = Value::Object(std::mem::take(&mut offer.data));
        let (schema, mut wrong) = self.fits(&offer, &data)?;
        // Only what is right otherwise makes a device known.
        let device = match self.device(&offer, request, wrong.is_empty()) {
            Ok(device) => device,
            Err(w) => {
                wrong.push(w);
                self.own
            }
        };
        if !wrong.is_empty() {
            return Ok(Made::Not(Outcome::Refused(wrong)));
        }
        let trace = Trace { trace_id: offer.trace_id.unwrap_or(request.trace.trace_id), span_id: request.trace.span_id };
        let headers = Headers {
            schema,
            trace,
            producer: request.producer.into(),
            timed_by_arrival: offer.recorded_at.is_none(),
            ..Headers::default()
        };
        let id = offer.message_id.unwrap_or_else(|| self.new_id(&offer.topic, request.key, index, now));
        let value = data.to_string().into_bytes();
        let record = NewRecord::new(offer.topic, id, device, offer.recorded_at.unwrap_or(now), headers, value);
        Ok(Made::Record(record, unreadable))
    }

    /// The schema that a payload was held against, and what is wrong with it. Where a topic has none, the record keeps the name
    /// that it came with.
    fn fits(&self, offer: &Offer, data: &Value) -> Result<(String, Vec<Wrong>)> {
        let said = offer.schema.as_deref();
        let Some(held) = self.registry.held(&offer.topic, said)? else {
            return Ok((said.map_or_else(|| catalogued(&offer.topic).schema, String::from), Vec::new()));
        };
        let complaints = held.complaints(data);
        self.registry.note(&complaints);
        let placed = |c: Complaint| Wrong { pointer: format!("{}{}", offer.at, c.pointer), rule: c.rule, expected: c.expected };
        Ok((held.name.to_string(), complaints.into_iter().map(placed).collect()))
    }

    fn device(&self, offer: &Offer, request: &Request, resolve: bool) -> std::result::Result<Uuid, Wrong> {
        match &offer.device {
            Some(_) if !resolve => Ok(self.own),
            Some(name) => self.devices.resolve(name).map_err(|e| Wrong::new("/device_id", "device", e.message())),
            None if request.device_required => Err(Wrong::new("/device_id", "required", "which device sends: a UUID, or its name")),
            None => Ok(self.own),
        }
    }

    /// An upload in which nothing came is kept as what it is, so that its sender does not try for ever and somebody hears of it.
    fn readable(&self, offer: Offer) -> (Offer, Option<&'static str>) {
        let pictures = shape::bytes_field(offer.topic.as_str()).is_some_and(|field| field != "file_data");
        if !pictures || !offer.data.is_empty() {
            return (offer, None);
        }
        let why = "nothing came with it";
        let data = unreadable(offer.topic.as_str(), why, None, 0);
        (Offer { topic: TopicName::of(UNREADABLE), data, ..offer }, Some(why))
    }

    /// Bytes go to a file of their own; the record names it. What is no base64 stays, for its schema to judge.
    fn put_aside(&self, offer: &mut Offer) -> Result<()> {
        let Some(field) = shape::bytes_field(offer.topic.as_str()) else { return Ok(()) };
        let Some(bytes) = offer.data.get(field).and_then(Value::as_str).and_then(shape::decoded) else { return Ok(()) };
        if bytes.is_empty() {
            return Ok(());
        }
        let size = bytes.len();
        offer.data.remove(field);
        offer.data.insert("file_id".into(), self.blobs.put(&bytes)?.into());
        offer.data.insert("file_size".into(), size.into());
        Ok(())
    }

    /// Behind the wall the privacy filter alone writes; dead letters and accounts are written by the stages they are of.
    fn closed(&self, topic: &TopicName) -> Result<Option<&'static str>> {
        let class = match self.bus.topic(topic)? {
            Some(known) => known.settings.class,
            None => catalogued(topic).class,
        };
        Ok(if class.is_walled() {
            Some("this topic is behind the privacy wall: only the privacy filter writes to it")
        } else if class == Class::Internal {
            Some("this topic is Loom's own account of its workings: nobody else writes to it")
        } else if topic.is_dlq() {
            Some("dead letters are written by the stages alone: produce to the topic itself")
        } else {
            None
        })
    }

    /// A retry with the same `Idempotency-Key` gets the same ids, so the log knows the repeats.
    fn new_id(&self, topic: &TopicName, key: Option<&[u8]>, index: usize, now: Time) -> Uuid {
        let Some(key) = key else { return message_id(now, &*self.entropy) };
        let mut h = Sha256::new();
        for part in [b"idempotency-key".as_slice(), topic.as_str().as_bytes(), key, &(index as u64).to_be_bytes()] {
            h.update((part.len() as u32).to_be_bytes());
            h.update(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&h.finalize()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
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
