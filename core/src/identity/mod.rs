//! Who a device is: UUIDv8 ids of this install, and the names their owner gave them.

mod devices;
mod own;

pub use devices::{Change, Device, Devices, Policy};
pub use own::own_device;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::env::Time;

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
];

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
