//! Who a device is: UUIDv8 ids of this install. Registration and linking of other devices will live here.

use uuid::Uuid;

use crate::db::Db;
use crate::env::{Clock, Entropy};
use crate::error::{Error, Result};

const STEPS: &[&str] = &["CREATE TABLE device(id BLOB PRIMARY KEY, own INTEGER NOT NULL, registered_at INTEGER NOT NULL) WITHOUT ROWID"];

/// This install's own device, made once. UUIDv8 (RFC 9562): 48 bits of milliseconds, the rest chance.
pub fn own_device(db: &Db, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Uuid> {
    db.migrate("identity", STEPS)?;
    let now = clock.now();
    let mut bytes = [0u8; 16];
    entropy.fill(&mut bytes);
    bytes[..6].copy_from_slice(&(now.millis().max(0) as u64).to_be_bytes()[2..]);
    let new = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    let own = "SELECT id FROM device WHERE own";
    let found = db.read(move |c| {
        let mut rows = c.prepare(own).map_err(unreadable)?;
        let mut rows = rows.query([]).map_err(unreadable)?;
        rows.next().map_err(unreadable)?.map(|r| r.get(0).map(Uuid::from_bytes).map_err(unreadable)).transpose()
    })?;
    if let Some(id) = found {
        return Ok(id);
    }
    db.write(move |tx| {
        tx.execute("INSERT INTO device(id, own, registered_at) VALUES (?, 1, ?)", (new.as_bytes(), now.micros()))
            .map(|_| new)
            .map_err(|e| Error::stop("this device's identity cannot be stored").because(e))
    })
}

fn unreadable(e: rusqlite::Error) -> Error {
    Error::stop("this device's identity cannot be read from loom.db").because(e)
}
