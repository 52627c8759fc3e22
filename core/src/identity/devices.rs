//! Every device that ever sent something: its id, the name it came under, what is known of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fingerprint::Salt;
use super::links::Links;
use super::look::Look;
use super::{ROOM, STEPS, id_of};
use crate::db::Db;
use crate::env::{Clock, Entropy, Time};
use crate::error::{Error, Result};

/// When a device was seen last is written down at most this often, in seconds.
const SEEN_EVERY_S: f64 = 60.0;
/// Names that become devices by themselves, at most: beyond it somebody makes them up.
const MOST_DEVICES: usize = 10_000;

const NAMES: &str = "a UUID, or a name of 1 to 64 letters, digits, dots, dashes and underscores";

/// What is done with a device nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// It is registered, under the name it gives itself.
    #[default]
    Register,
    /// It is refused: only registered devices, by their UUID or alias, may send.
    Strict,
}

/// A device as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Device {
    pub id: Uuid,
    /// This machine itself.
    pub own: bool,
    /// The name it came under, where that was no UUID.
    pub alias: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// `mobile_android`, `laptop` …
    pub kind: Option<String>,
    pub platform: Option<String>,
    pub model: Option<String>,
    /// The family of the program that sends.
    pub agent: Option<String>,
    pub tags: Vec<String>,
    pub registered_at: Time,
    pub last_seen: Option<Time>,
    pub revoked_at: Option<Time>,
}

/// What an owner says of a device; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Change {
    pub name: Option<String>,
    pub kind: Option<String>,
    pub platform: Option<String>,
    pub model: Option<String>,
    pub tags: Option<Vec<String>>,
}

#[derive(Clone, Copy)]
struct Known {
    id: Uuid,
    seen: Time,
    revoked: bool,
    /// What it says of itself with its requests was looked at since the start.
    looked: bool,
}

/// The devices of this install.
pub struct Devices {
    db: Db,
    own: Uuid,
    policy: Mutex<Policy>,
    clock: Arc<dyn Clock>,
    /// By UUID in its usual form, or alias.
    known: Mutex<HashMap<String, Known>>,
    links: Links,
    salt: Salt,
}

impl Devices {
    /// Reads what is known. `own` is this install's own device.
    pub fn open(db: &Db, own: Uuid, policy: Policy, clock: Arc<dyn Clock>, entropy: &dyn Entropy) -> Result<Self> {
        db.migrate(ROOM, STEPS)?;
        let links = Links::new(db.clone(), own, clock.clone());
        let salt = salt(db, entropy)?;
        let this = Self { db: db.clone(), own, policy: Mutex::new(policy), clock, known: Mutex::default(), links, salt };
        let mut known = HashMap::new();
        for d in this.list()? {
            let entry = Known { id: d.id, seen: d.last_seen.unwrap_or_default(), revoked: d.revoked_at.is_some(), looked: false };
            known.insert(d.id.to_string(), entry);
            if let Some(alias) = d.alias {
                known.insert(alias, entry);
            }
        }
        *lock(&this.known) = known;
        Ok(this)
    }

    /// What is done with unknown devices from now on.
    pub fn set_policy(&self, policy: Policy) {
        *lock(&self.policy) = policy;
    }

    /// Which of them are one person's.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// What marks of devices are made with.
    pub fn salt(&self) -> &Salt {
        &self.salt
    }

    /// What a device says of itself with what it sends: fills what nobody said yet, once from start to start.
    pub fn look(&self, id: Uuid, look: &Look) -> Result<()> {
        let news = !look.is_empty() && id != self.own && {
            let mut all = lock(&self.known);
            all.get_mut(&id.to_string()).is_some_and(|k| !std::mem::replace(&mut k.looked, true))
        };
        if !news {
            return Ok(());
        }
        let look = look.clone();
        self.db.write(move |tx| {
            tx.execute(
                "UPDATE device SET kind = coalesce(kind, ?2), platform = coalesce(platform, ?3), model = coalesce(model, ?4),
                    agent = coalesce(agent, ?5) WHERE id = ?1",
                params![id.as_bytes(), look.kind, look.platform, look.model, look.agent],
            )?;
            Ok(())
        })
    }

    /// The device that sends under this name, registered if it may be; noted as seen.
    ///
    /// Errors: `Invalid` with what a name must be, or because it is not known, or was revoked.
    pub fn resolve(&self, name: &str) -> Result<Uuid> {
        let now = self.clock.now();
        let mut key = name.to_string();
        let mut id = None;
        if let Ok(uuid) = name.parse::<Uuid>() {
            (key, id) = (uuid.to_string(), Some(uuid));
        } else if !is_alias(name) {
            return Err(Error::invalid(NAMES));
        }
        let found = lock(&self.known).get(&key).copied();
        match found {
            Some(known) if known.revoked => Err(Error::invalid("a device that was not revoked: pair it again to let it send")),
            Some(known) => {
                if now.seconds() - known.seen.seconds() > SEEN_EVERY_S {
                    self.seen(&key, known, now)?;
                }
                Ok(known.id)
            }
            None if *lock(&self.policy) == Policy::Strict => Err(Error::invalid("a registered device: register it first at /devices/")),
            None => self.register(key, id, now),
        }
    }

    fn seen(&self, key: &str, known: Known, now: Time) -> Result<()> {
        lock(&self.known).insert(key.to_string(), Known { seen: now, ..known });
        self.db.write(move |tx| {
            tx.execute("UPDATE device SET last_seen = ?2 WHERE id = ?1", (known.id.as_bytes(), now.micros()))?;
            Ok(())
        })
    }

    fn register(&self, key: String, id: Option<Uuid>, now: Time) -> Result<Uuid> {
        if lock(&self.known).len() >= MOST_DEVICES {
            return Err(Error::invalid(format!("one of the {MOST_DEVICES} devices known: no more are registered by themselves")));
        }
        let alias = id.is_none().then(|| key.clone());
        let new = id.unwrap_or_else(|| id_of(now, self.own, &key));
        // Two requests may bring the same new device: the first one's id holds.
        let id = self.db.write(move |tx| {
            tx.execute(
                "INSERT INTO device(id, own, registered_at, alias, last_seen) VALUES (?1, 0, ?2, ?3, ?2) ON CONFLICT DO NOTHING",
                params![new.as_bytes(), now.micros(), alias],
            )?;
            let Some(alias) = alias else { return Ok(new) };
            Ok(tx.query_row("SELECT id FROM device WHERE alias = ?1", [alias], |r| r.get(0).map(Uuid::from_bytes))?)
        })?;
        let known = Known { id, seen: now, revoked: false, looked: false };
        let mut all = lock(&self.known);
        all.insert(key, known);
        all.insert(id.to_string(), known);
        Ok(id)
    }

    /// Registers a device its owner names, whatever the policy, lets one back in that was revoked, and says more of it; and
    /// whether it is new.
    ///
    /// Errors: `Invalid` with what a name must be.
    pub fn enrol(&self, name: &str, change: Change) -> Result<(Device, bool)> {
        let now = self.clock.now();
        let uuid = name.parse::<Uuid>().ok();
        if uuid.is_none() && !is_alias(name) {
            return Err(Error::invalid(NAMES));
        }
        let known = self.get(name)?;
        let id = match &known {
            Some(device) => device.id,
            None => self.register(uuid.map_or_else(|| name.to_string(), |id| id.to_string()), uuid, now)?,
        };
        if known.as_ref().is_some_and(|d| d.revoked_at.is_some()) {
            self.revoke(id, false)?;
        }
        self.change(id, change)?;
        let device = self.get(&id.to_string())?.ok_or_else(|| Error::bug("a device is gone right after it was registered"))?;
        Ok((device, known.is_none()))
    }

    /// Every device, the own first, then as they came.
    pub fn list(&self) -> Result<Vec<Device>> {
        self.db.read(|c| {
            let mut rows = c.prepare_cached(&format!("{SELECT} ORDER BY own DESC, registered_at, id"))?;
            let all = rows.query_map([], device)?.collect::<rusqlite::Result<_>>()?;
            Ok(all)
        })
    }

    /// By UUID or alias.
    pub fn get(&self, name: &str) -> Result<Option<Device>> {
        let id = name.parse::<Uuid>().ok();
        let alias = name.to_string();
        self.db.read(move |c| {
            let mut rows = c.prepare_cached(&format!("{SELECT} WHERE id = ?1 OR alias = ?2"))?;
            Ok(rows.query_row(params![id.map(Uuid::into_bytes), alias], device).optional()?)
        })
    }

    /// Says more of a device.
    pub fn change(&self, id: Uuid, change: Change) -> Result<()> {
        let tags = change.tags.map(|t| serde_json::to_string(&t).unwrap_or_default());
        self.db.write(move |tx| {
            tx.execute(
                "UPDATE device SET name = coalesce(?2, name), kind = coalesce(?3, kind), platform = coalesce(?4, platform),
                    model = coalesce(?5, model), tags = coalesce(?6, tags) WHERE id = ?1",
                params![id.as_bytes(), change.name, change.kind, change.platform, change.model, tags],
            )?;
            Ok(())
        })
    }

    /// From now on it may send nothing; what it sent stays. Registering it again lets it back in.
    pub fn revoke(&self, id: Uuid, revoked: bool) -> Result<()> {
        let at = revoked.then(|| self.clock.now().micros());
        self.db.write(move |tx| {
            tx.execute("UPDATE device SET revoked_at = ?2 WHERE id = ?1", params![id.as_bytes(), at])?;
            Ok(())
        })?;
        lock(&self.known).values_mut().filter(|k| k.id == id).for_each(|k| k.revoked = revoked);
        Ok(())
    }
}

const SELECT: &str = "SELECT id, own, alias, name, kind, platform, model, tags, registered_at, last_seen, revoked_at, agent FROM device";

fn device(r: &Row) -> rusqlite::Result<Device> {
    let time = |n: Option<i64>| n.map(Time::from_micros);
    Ok(Device {
        id: Uuid::from_bytes(r.get(0)?),
        own: r.get(1)?,
        alias: r.get(2)?,
        name: r.get(3)?,
        kind: r.get(4)?,
        platform: r.get(5)?,
        model: r.get(6)?,
        tags: serde_json::from_str(&r.get::<_, String>(7)?).unwrap_or_default(),
        registered_at: Time::from_micros(r.get(8)?),
        last_seen: time(r.get(9)?),
        revoked_at: time(r.get(10)?),
        agent: r.get(11)?,
    })
}

/// Made once.
fn salt(db: &Db, entropy: &dyn Entropy) -> Result<Salt> {
    let mut new = [0u8; 32];
    entropy.fill(&mut new);
    db.write(move |tx| {
        tx.execute("INSERT INTO device_salt(one, salt) VALUES (1, ?1) ON CONFLICT DO NOTHING", [new])?;
        Ok(Salt(tx.query_row("SELECT salt FROM device_salt", [], |r| r.get(0))?))
    })
}

fn is_alias(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Key;
    use crate::env::{ManualClock, Seeded};

    fn open(dir: &tempfile::TempDir, policy: Policy) -> Devices {
        let db = Db::open(&dir.path().join("loom.db"), &Key::new([7; 32])).unwrap();
        let clock = Arc::new(ManualClock::at(Time::from_secs(1_770_000_000)));
        let own = super::super::own_device(&db, &*clock, &Seeded::new(1)).unwrap();
        Devices::open(&db, own, policy, clock, &Seeded::new(2)).unwrap()
    }

    #[test]
    fn a_name_is_one_device_for_ever_and_a_uuid_is_itself() {
        let dir = tempfile::tempdir().unwrap();
        let devices = open(&dir, Policy::Register);
        let phone = devices.resolve("phone-001").unwrap();
        assert_eq!(phone.get_version_num(), 8);
        assert_eq!(devices.resolve("phone-001").unwrap(), phone);
        assert_eq!(devices.resolve(&phone.to_string()).unwrap(), phone);
        let uuid: Uuid = "017F22E2-79B0-8CC3-98C4-DC0C0C07398F".parse().unwrap();
        assert_eq!(devices.resolve("017F22E2-79B0-8CC3-98C4-DC0C0C07398F").unwrap(), uuid);
        drop(devices);
        let devices = open(&dir, Policy::Strict);
        assert_eq!(devices.resolve("phone-001").unwrap(), phone);
        assert_eq!(devices.list().unwrap().len(), 3, "the own one, the named one and the UUID");
        assert!(devices.resolve("stranger").is_err());
    }

    #[test]
    fn names_that_are_none_and_revoked_devices_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let devices = open(&dir, Policy::Register);
        for bad in ["", "a b", "ü", "../x", &"x".repeat(65)] {
            assert!(devices.resolve(bad).is_err(), "{bad}");
        }
        let watch = devices.resolve("watch").unwrap();
        devices.change(watch, Change { name: Some("My watch".into()), ..Change::default() }).unwrap();
        assert_eq!(devices.get("watch").unwrap().unwrap().name.as_deref(), Some("My watch"));
        devices.revoke(watch, true).unwrap();
        assert!(devices.resolve("watch").is_err() && devices.resolve(&watch.to_string()).is_err());
        devices.revoke(watch, false).unwrap();
        assert_eq!(devices.resolve("watch").unwrap(), watch);
    }

    #[test]
    fn what_a_device_says_of_itself_fills_what_nobody_said() {
        let dir = tempfile::tempdir().unwrap();
        let devices = open(&dir, Policy::Register);
        let phone = devices.resolve("phone").unwrap();
        devices.change(phone, Change { model: Some("My own words".into()), ..Change::default() }).unwrap();
        let look = Look { platform: Some("Android".into()), model: Some("Pixel 8".into()), ..Look::default() };
        devices.look(phone, &look).unwrap();
        let of = |d: &Devices| d.get("phone").unwrap().map(|d| (d.platform, d.model)).unwrap();
        let (android, own) = (Some("Android".to_string()), Some("My own words".to_string()));
        assert_eq!(of(&devices), (android.clone(), own.clone()));
        devices.look(phone, &Look { platform: Some("Windows".into()), ..look }).unwrap();
        assert_eq!(of(&devices), (android, own));
        let (before, after) = (devices.salt().0, open(&dir, Policy::Register).salt().0);
        assert_eq!(before, after, "the salt is made once");
    }
}
