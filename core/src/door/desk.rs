//! What one request has looked up: a batch names the same few topics, schemas and devices over and over.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::{Door, Offer, Request, Wrong};
use crate::bus::{Class, TopicName, catalogued};
use crate::error::Result;
use crate::schema::Held;

/// A topic, as far as the door cares.
#[derive(Clone)]
pub struct Seat {
    /// Why nobody may write to it from outside.
    pub closed: Option<&'static str>,
}

pub struct Desk<'a> {
    door: &'a Door,
    request: &'a Request<'a>,
    topics: Vec<(TopicName, Arc<Seat>)>,
    schemas: Vec<(TopicName, Option<String>, Option<Held>)>,
    devices: Vec<(String, Result<Uuid, Wrong>)>,
}

/// Different names remembered; beyond it the newest takes the last one's place.
const MOST: usize = 64;

impl<'a> Desk<'a> {
    pub fn new(door: &'a Door, request: &'a Request<'a>) -> Self {
        Self { door, request, topics: Vec::new(), schemas: Vec::new(), devices: Vec::new() }
    }

    pub fn topic(&mut self, topic: &TopicName) -> Result<Arc<Seat>> {
        if let Some((_, seat)) = self.topics.iter().find(|(t, _)| t == topic) {
            return Ok(seat.clone());
        }
        let made = catalogued(topic);
        let class = self.door.bus.topic(topic)?.map_or(made.class, |known| known.settings.class);
        let seat = Arc::new(Seat { closed: closed(class, topic) });
        remember(&mut self.topics, (topic.clone(), seat.clone()));
        Ok(seat)
    }

    /// What is wrong with a payload, by the schema of its topic that it names, or the newest; the schema's name stays with
    /// the offer. Nothing where there is none.
    pub fn fits(&mut self, offer: &mut Offer, data: &Value) -> Result<Vec<Wrong>> {
        let Some(held) = self.held(&offer.topic, offer.schema.as_deref())? else {
            offer.schema.get_or_insert_with(|| catalogued(&offer.topic).schema);
            return Ok(Vec::new());
        };
        let complaints = held.complaints(data);
        self.door.registry.note(&complaints);
        offer.schema = Some(held.name.to_string());
        Ok(complaints.into_iter().map(|c| Wrong { pointer: c.pointer, rule: c.rule, expected: c.expected }).collect())
    }

    fn held(&mut self, topic: &TopicName, said: Option<&str>) -> Result<Option<Held>> {
        if let Some((.., held)) = self.schemas.iter().find(|(t, s, _)| t == topic && s.as_deref() == said) {
            return Ok(held.clone());
        }
        let held = self.door.registry.held(topic, said)?;
        remember(&mut self.schemas, (topic.clone(), said.map(String::from), held.clone()));
        Ok(held)
    }

    /// Who sends. Where nothing is to be made known, a name is not looked at.
    pub fn device(&mut self, name: Option<&str>, resolve: bool) -> Result<Uuid, Wrong> {
        let Some(name) = name else {
            let missing = || Wrong::new("/device_id", "required", "which device sends: a UUID, or its name");
            return if self.request.device_required { Err(missing()) } else { Ok(self.door.own) };
        };
        if !resolve {
            return Ok(self.door.own);
        }
        if let Some((_, found)) = self.devices.iter().find(|(n, _)| n == name) {
            return found.clone();
        }
        let found = self.door.devices.resolve(name).map_err(|e| Wrong::new("/device_id", "device", e.message()));
        remember(&mut self.devices, (name.to_owned(), found.clone()));
        found
    }
}

fn remember<T>(all: &mut Vec<T>, one: T) {
    all.truncate(MOST - 1);
    all.push(one);
}

/// Behind the wall the privacy filter alone writes; dead letters and accounts are written by the stages they are of.
fn closed(class: Class, topic: &TopicName) -> Option<&'static str> {
    if class.is_walled() {
        Some("this topic is behind the privacy wall: only the privacy filter writes to it")
    } else if class == Class::Internal {
        Some("this topic is Loom's own account of its workings: nobody else writes to it")
    } else if topic.is_dlq() {
        Some("dead letters are written by the stages alone: produce to the topic itself")
    } else {
        None
    }
}
