//! Evidence between two devices, as an edge that can be taken away again. The same two devices, kind and giver are one edge:
//! giving it anew changes its confidence. What was taken back stays as history, so that it is not suggested again.

mod table;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use loom_schemas::payload::DeviceLink;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use self::table::forget;
use super::groups::Groups;
use crate::bus::{Headers, NewRecord, TopicName, names};
use crate::db::Db;
use crate::env::{Clock, Time};
use crate::error::{Error, Result};

/// Devices that one call links with each other: every two of them.
pub const MOST_AT_ONCE: usize = 20;
/// Links kept, those taken back included.
const MOST_LINKS: i64 = 100_000;

/// What a link rests on. Written to disk and to the log by name: fixed for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The owner says so.
    Declared,
    /// One was paired from the other.
    Pairing,
    /// One account is used on both.
    Account,
    /// They say the same of themselves.
    Fingerprint,
    /// They have one name.
    Name,
    /// They are on one network.
    Network,
    /// They are used at the same times, or one after the other.
    Time,
}

impl Evidence {
    pub const ALL: [Self; 7] = [Self::Declared, Self::Pairing, Self::Account, Self::Fingerprint, Self::Name, Self::Network, Self::Time];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Pairing => "pairing",
            Self::Account => "account",
            Self::Fingerprint => "fingerprint",
            Self::Name => "name",
            Self::Network => "network",
            Self::Time => "time",
        }
    }
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.as_str() == name)
    }
}

/// One edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// UUIDv8 (RFC 9562) of a SHA-256 over what makes it this link; no time in it.
    pub id: Uuid,
    /// The smaller of the two ids.
    pub a: Uuid,
    pub b: Uuid,
    pub kind: Evidence,
    /// 0 to 1.
    pub confidence: f64,
    /// `owner`, or a service's name.
    pub given_by: String,
    /// What its giver says about it; not on the log.
    pub note: Option<String>,
    /// When it was given, changed or taken back.
    pub changed_at: Time,
    pub removed: bool,
}

impl Link {
    pub(super) fn new(install: Uuid, (one, other): (Uuid, Uuid), kind: Evidence, confidence: f64, given_by: &str) -> Self {
        let (a, b) = (one.min(other), one.max(other));
        let mut h = Sha256::new();
        h.update(b"device link");
        [install, a, b].iter().for_each(|id| h.update(id.as_bytes()));
        h.update(kind.as_str());
        h.update(given_by);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&h.finalize()[..16]);
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        Self { id, a, b, kind, confidence, given_by: given_by.into(), note: None, changed_at: Time::default(), removed: false }
    }

    /// Said on the log. The same state of the same link is the same record.
    pub fn record(&self, own: Uuid) -> Result<NewRecord> {
        let state = if self.removed { "removed" } else { "linked" };
        let told = DeviceLink {
            link: self.id.to_string(),
            a: self.a.to_string(),
            b: self.b.to_string(),
            kind: self.kind.as_str().into(),
            confidence: self.confidence,
            given_by: self.given_by.clone(),
            state: state.into(),
            changed_at: self.changed_at.to_string(),
        };
        let value = serde_json::to_vec(&told).map_err(|e| Error::bug("a link does not serialise").because(e))?;
        let id = super::with_time(self.changed_at, &Sha256::digest(&value));
        let topic = TopicName::of(names::LINKS);
        let headers = Headers { schema: format!("{topic}.v1"), producer: "device-identity".into(), ..Headers::default() };
        Ok(NewRecord::new(topic, id, own, self.changed_at, headers, value))
    }
}

/// What somebody says: that these devices, each with each other, are one person's.
#[derive(Clone, Debug)]
pub struct Linking {
    pub devices: Vec<Uuid>,
    pub kind: Evidence,
    pub confidence: f64,
    pub given_by: String,
    pub note: Option<String>,
}

/// Every link of this install.
pub struct Links {
    db: Db,
    own: Uuid,
    clock: Arc<dyn Clock>,
    /// How sure a pair has to be, 0 to 1.
    threshold: Mutex<f64>,
}

impl Links {
    pub(super) fn new(db: Db, own: Uuid, clock: Arc<dyn Clock>) -> Self {
        Self { db, own, clock, threshold: Mutex::new(0.8) }
    }

    pub fn threshold(&self) -> f64 {
        *self.threshold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_threshold(&self, sure: f64) {
        *self.threshold.lock().unwrap_or_else(PoisonError::into_inner) = sure;
    }

    /// Links every two of some devices; what is so already stays as it is. The links, in the order of the pairs.
    ///
    /// Errors: `Invalid` where there are too many links.
    pub fn link(&self, said: Linking) -> Result<Vec<Link>> {
        let (now, own) = (self.clock.now(), self.own);
        self.db.write(move |tx| {
            let mut links = Vec::new();
            for (i, a) in said.devices.iter().enumerate() {
                for b in &said.devices[i + 1..] {
                    let mut link = Link::new(own, (*a, *b), said.kind, said.confidence, &said.given_by);
                    (link.note, link.changed_at) = (said.note.clone(), now);
                    links.push(table::give(tx, link)?);
                }
            }
            if table::count(tx)? > MOST_LINKS {
                return Err(Error::invalid(format!("there are {MOST_LINKS} links between devices: take some back first")));
            }
            Ok(links)
        })
    }

    /// Takes a link back; `None` where there is none, and no change where it was taken back before.
    pub fn unlink(&self, id: Uuid) -> Result<Option<Link>> {
        let now = self.clock.now();
        self.db.write(move |tx| {
            table::remove(tx, id, now)?;
            table::one(tx, id)
        })
    }

    /// Takes every link of a device back; those that were.
    pub fn part(&self, device: Uuid) -> Result<Vec<Link>> {
        let now = self.clock.now();
        self.db.write(move |tx| {
            let mut gone = Vec::new();
            for link in table::of(tx, Some(device), false)? {
                table::remove(tx, link.id, now)?;
                gone.extend(table::one(tx, link.id)?);
            }
            Ok(gone)
        })
    }

    /// Links in order, of one device or all; those taken back too if so asked.
    pub fn list(&self, device: Option<Uuid>, removed: bool) -> Result<Vec<Link>> {
        self.db.read(move |c| table::of(c, device, removed))
    }

    /// Who belongs together by what is linked now.
    pub fn groups(&self, threshold: f64) -> Result<Groups> {
        Ok(Groups::of(&self.list(None, false)?, threshold))
    }
}
