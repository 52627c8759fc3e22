//! Firsts that are the same as a record in all that its rule compares: one row a first, found by hash and slot of time.

use super::first::First;
use super::window::Window;
use crate::error::Result;
use crate::pipeline::Kept;

/// What makes rows of this kind; keys are fixed on disk.
const KIND: u8 = b'e';

fn key(hash: &[u8; 16], slot: i64) -> Vec<u8> {
    // Slots of before 1970 sort before the others.
    let slot = (slot as u64) ^ (1 << 63);
    [&[KIND], &hash[..], &slot.to_be_bytes()].concat()
}

/// Every row that may hold a first of this record.
pub fn keys(hash: &[u8; 16], at: &First, window: Window) -> [Vec<u8>; 3] {
    window.slots(at.recorded_at).map(|slot| key(hash, slot))
}

/// The first that came first, of those in whose window the record is; the record itself before any other.
pub fn find(kept: &mut Kept, hash: &[u8; 16], at: &First, window: Window) -> Result<Option<First>> {
    let mut found: Option<First> = None;
    for key in keys(hash, at, window) {
        let Some(value) = kept.get(&key)? else { continue };
        let (first, _) = First::decode(&value)?;
        if first.id == at.id {
            return Ok(Some(first));
        }
        let remembered = window.expires(first.received_at) >= at.received_at;
        let earlier = found.is_none_or(|f| first.arrival() < f.arrival());
        if remembered && window.holds(first.recorded_at, at.recorded_at) && earlier {
            found = Some(first);
        }
    }
    Ok(found)
}

pub fn put(kept: &mut Kept, hash: &[u8; 16], first: &First, window: Window) {
    let mut value = Vec::with_capacity(First::BYTES);
    first.encode(&mut value);
    kept.put(key(hash, window.slot(first.recorded_at)), value, window.expires(first.received_at));
}

/// The beginning of every row about the same content.
pub fn prefix(hash: &[u8; 16]) -> Vec<u8> {
    [&[KIND], &hash[..]].concat()
}
