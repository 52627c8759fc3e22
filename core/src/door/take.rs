//! Offers become records: device named, bytes put aside, schema held against, all good ones appended at once.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::batch::Batch;
use super::desk::Desk;
use super::pace::Pace;
use super::sequence::Sequences;
use super::sound::{self, Sound};
use super::{Offer, Wrong};
use crate::bus::{Bus, TopicName, Trace};
use crate::env::{Clock, Entropy};
use crate::error::Result;
use crate::identity::{Devices, Look};
use crate::schema::Registry;
use crate::store::blobs::Blobs;

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
    /// What the program that sends says of the device it runs on; kept where one device alone sends.
    pub look: Look,
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

/// What is as it should be, and what is needed beside the offer to make its record.
pub(super) struct Fit {
    pub offer: Offer,
    pub device: Uuid,
    pub unreadable: Option<Cow<'static, str>>,
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
    /// Where sound goes that comes as bytes.
    pub sound: Arc<dyn Sound>,
    pub sequences: Arc<Sequences>,
    pub pace: Pace,
}

impl Door {
    /// Takes offers in, each on its own right or wrong; what is right is durable when it returns. Blocks.
    ///
    /// Errors: `Stop` when the disk is full; then nothing was taken, but sound that a retry finds again.
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
        let from = senders(&checked);
        if let Err(seconds) = self.pace.take(&from, self.clock.monotonic_ns()) {
            return Ok(checked.iter().map(|_| Outcome::Slow(seconds)).collect());
        }
        if let [(device, _)] = from[..] {
            self.devices.look(device, &request.look)?;
        }
        let mut batch = Batch::of(checked.len());
        for (index, fit) in checked.into_iter().enumerate() {
            match fit {
                Ok(fit) => {
                    let number = fit.offer.stream.clone().map(|(stream, n)| (fit.device, stream, n));
                    batch.add(self.made(fit, index, now, request)?, number);
                }
                Err(outcome) => batch.done(outcome),
            }
        }
        batch.land(&*self.bus, &self.sequences)
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
            let data = Value::Object(std::mem::take(&mut offer.data));
            let wrong = desk.fits(&mut offer, &data)?;
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
