//! What was a duplicate of what, to be asked either way: rows beside the firsts, in the same transaction.

use loom_schemas::dedup::Duplicate;
use uuid::Uuid;

use super::first::First;
use super::stage::GROUP;
use crate::bus::Bus;
use crate::error::{Error, Result};
use crate::pipeline::Kept;

/// As long as `internal.dedup.duplicates` is kept.
const REMEMBERED_S: f64 = 90.0 * 86_400.0;
/// Repeats in one answer.
pub const MOST_LISTED: usize = 1_000;

/// What makes rows of these kinds; keys are fixed on disk.
const REPEAT: u8 = b'r';
const FIRST: u8 = b'o';

fn repeat_key(id: Uuid, rule: &str) -> Vec<u8> {
    [&[REPEAT], &id.as_bytes()[..], rule.as_bytes()].concat()
}

/// Repeats of a first, in the order they came.
fn first_key(id: Uuid, repeat: &First, rule: &str) -> Vec<u8> {
    let (received_at, partition, offset) = repeat.arrival();
    let arrival = [&received_at.0.to_be_bytes()[..], &partition.to_be_bytes(), &offset.to_be_bytes()].concat();
    [&[FIRST], &id.as_bytes()[..], &arrival, repeat.id.as_bytes(), rule.as_bytes()].concat()
}

/// Bytes of a place in the order.
const ARRIVAL: usize = 20;

pub fn put(kept: &mut Kept, at: &First, of: &First, said: &Duplicate) -> Result<()> {
    let value = serde_json::to_vec(said).map_err(|e| Error::bug("what is said of a duplicate does not serialise").because(e))?;
    let expires = at.received_at.plus(REMEMBERED_S);
    kept.put(repeat_key(at.id, &said.rule), value, expires);
    kept.put(first_key(of.id, at, &said.rule), Vec::new(), expires);
    Ok(())
}

fn read(value: &[u8]) -> Result<Duplicate> {
    serde_json::from_slice(value).map_err(|e| Error::bug("what was said of a duplicate cannot be read").because(e))
}

/// What a record is a repeat of, by each rule that says so.
pub fn of_repeat(bus: &dyn Bus, id: Uuid) -> Result<Vec<Duplicate>> {
    let rows = bus.rows_from(GROUP, &repeat_key(id, ""), None, super::MOST_RULES)?;
    rows.iter().map(|(_, value)| read(value)).collect()
}

/// Repeats of a record after a place in the list, at most so many, and the place to go on from if there may be more.
pub fn repeats_of(bus: &dyn Bus, id: Uuid, after: Option<&[u8]>, most: usize) -> Result<(Vec<Duplicate>, Option<Vec<u8>>)> {
    let prefix = [&[FIRST], &id.as_bytes()[..]].concat();
    let after = after.map(|a| [&prefix[..], a].concat());
    let rows = bus.rows_from(GROUP, &prefix, after.as_deref(), most)?;
    let tail = |key: &[u8]| key.get(prefix.len()..).map(<[u8]>::to_vec);
    let next = rows.last().filter(|_| rows.len() == most).and_then(|(key, _)| tail(key));
    // What follows: the repeat's id and the rule.
    let keys = rows.iter().filter_map(|(key, _)| key.get(prefix.len() + ARRIVAL..)).map(|rest| [&[REPEAT], rest].concat());
    let said = bus.rows(GROUP, &keys.collect::<Vec<_>>())?;
    Ok((said.iter().flatten().map(|value| read(value)).collect::<Result<_>>()?, next))
}
