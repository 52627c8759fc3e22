//! Who a device is: UUIDv8 ids of this install, and the names their owner gave them; what it says of itself (`look.rs`); and
//! which devices are one person's: evidence between two of them (`links/`), put together (`groups.rs`), or looked for
//! (`suggest.rs`). docs/devices.md tells it to whoever builds on it.

mod agent;
mod devices;
mod fingerprint;
mod groups;
mod links;
mod look;
mod own;
mod suggest;

pub use devices::{Change, Device, Devices, Policy};
pub use fingerprint::Salt;
pub use groups::{Groups, combined, together};
pub use links::{Evidence, Link, Linking, Links, MOST_AT_ONCE, forget};
pub use look::Look;
pub use own::own_device;
pub use suggest::{Suggestion, suggestions};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::Db;
use crate::env::Time;
use crate::error::Result;

const ROOM: &str = "identity";

const STEPS: &[&str] = &[
    "CREATE TABLE device(id BLOB PRIMARY KEY, own INTEGER NOT NULL, registered_at INTEGER NOT NULL) WITHOUT ROWID",
    "ALTER TABLE device ADD COLUMN alias TEXT;
     ALTER TABLE device ADD COLUMN name TEXT;
     ALTER TABLE device ADD COLUMN kind TEXT;
     ALTER TABLE device ADD COLUMN platform TEXT;
     ALTER TABLE device ADD COLUMN model TEXT;
     ALTER TABLE device ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
     ALTER TABLE device ADD COLUMN last_seen INTEGER;
     ALTER TABLE device ADD COLUMN revoked_at INTEGER;
     CREATE UNIQUE INDEX device_alias ON device(alias) WHERE alias IS NOT NULL;",
    "ALTER TABLE device ADD COLUMN agent TEXT;
     CREATE TABLE device_salt(one INTEGER PRIMARY KEY CHECK (one = 1), salt BLOB NOT NULL);
     CREATE TABLE device_link(
        id BLOB PRIMARY KEY,
        a BLOB NOT NULL, b BLOB NOT NULL CHECK (a < b),
        kind TEXT NOT NULL,
        confidence REAL NOT NULL,
        given_by TEXT NOT NULL,
        note TEXT,
        changed_at INTEGER NOT NULL,
        removed INTEGER NOT NULL       -- 1: taken back, and not suggested again
     ) WITHOUT ROWID;
     CREATE INDEX device_link_a ON device_link(a);
     CREATE INDEX device_link_b ON device_link(b);",
];

/// Makes the tables where there are none.
pub fn migrate(db: &Db) -> Result<()> {
    db.migrate(ROOM, STEPS)
}

/// UUIDv8 (RFC 9562): 48 bits of milliseconds, then 74 bits of a SHA-256 over what tells devices apart on this install.
/// Nothing of the device can be read from it, and two installs make different ids of the same name.
fn id_of(at: Time, install: Uuid, name: &str) -> Uuid {
    let mut h = Sha256::new();
    h.update(b"device");
    h.update(install.as_bytes());
    h.update(name.as_bytes());
    with_time(at, &h.finalize())
}

fn with_time(at: Time, rest: &[u8]) -> Uuid {
    let mut bytes = [0u8; 16];
    bytes[..6].copy_from_slice(&(at.millis().max(0) as u64).to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&rest[..10]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
