//! This install's own device.

use uuid::Uuid;

use super::{ROOM, STEPS, with_time};
use crate::db::Db;
use crate::env::{Clock, Entropy};
use crate::error::{Error, Result};

/// Made once. UUIDv8 (RFC 9562): 48 bits of milliseconds, the rest chance.
pub fn own_device(db: &Db, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Uuid> {
    db.migrate(ROOM, STEPS)?;
    let now = clock.now();
    let mut chance = [0u8; 10];
    entropy.fill(&mut chance);
    let new = with_time(now, &chance);
    let found = db.read(move |c| {
        let mut rows = c.prepare("SELECT id FROM device WHERE own").map_err(unreadable)?;
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
