//! Pictures that look nearly the same, by difference hash: a picture is made nine by eight grey places, and each of 64 bits
//! says whether a place is brighter than its left neighbour (N. Krawetz, "Kind of Like That", 2013). Other sizes, other
//! compression and another brightness change few of them.
//!
//! The bits are kept in an order and with signs of this install's own, which leaves distances as they are and the picture
//! unknown. What differs in at most seven bits differs in at most one of some of its four quarters (M. Norouzi, A. Punjani,
//! D. Fleet, "Fast search in Hamming space with multi-index hashing", 2012), so candidates are found by quarter.

use super::first::{First, take};
use super::salt::{Salt, Scope};
use super::window::Window;
use crate::error::Result;
use crate::pipeline::Kept;

/// Bits that may differ, at most.
pub const MOST_DISTANCE: u32 = 7;
const QUARTERS: u32 = 4;
const QUARTER_BITS: u32 = 16;
/// Pictures remembered by one quarter; the newest stay.
const ALIKE_A_QUARTER: usize = 64;
/// Width and height of what is compared.
pub(super) const WIDTH: usize = 9;
pub(super) const HEIGHT: usize = 8;
/// Row by row.
pub const PLACES: usize = WIDTH * HEIGHT;

/// What makes rows of this kind; keys are fixed on disk.
const KIND: u8 = b'i';

/// Where pictures are: outside of the log, by the ids that records have of them.
pub trait Pictures: Send + Sync {
    /// Nine by eight grey places of a picture, row by row; `None` where there is no such file or it is no picture.
    fn places(&self, file_id: &str) -> Result<Option<[u8; PLACES]>>;
}

/// Nothing can be looked at.
pub struct NoPictures;

impl Pictures for NoPictures {
    fn places(&self, _: &str) -> Result<Option<[u8; PLACES]>> {
        Ok(None)
    }
}

/// A bit for each pair of neighbours in a row.
pub fn difference_hash(places: &[u8; PLACES]) -> u64 {
    let pairs = places.chunks_exact(WIDTH).flat_map(|row| row.windows(2));
    pairs.fold(0, |bits, pair| (bits << 1) | u64::from(pair[0] < pair[1]))
}

/// The same bits in the order and with the signs of a scope.
pub fn veiled(bits: u64, salt: &Salt, scope: &Scope) -> u64 {
    let mut places: Vec<_> = (0..64u8).map(|n| (salt.key(scope, &[b'p', n]), n)).collect();
    places.sort_unstable();
    let order = places.iter().enumerate().fold(0, |out, (to, (_, from))| out | ((bits >> from) & 1) << to);
    let signs = salt.key(scope, b"signs");
    order ^ u64::from_be_bytes(std::array::from_fn(|i| signs[i]))
}

fn key(scope: &Scope, quarter: u32, bits: u16) -> Vec<u8> {
    [&[KIND], &scope[..8], &[quarter as u8], &bits.to_be_bytes()].concat()
}

fn quarter(bits: u64, n: u32) -> u16 {
    (bits >> (n * QUARTER_BITS)) as u16
}

/// Every row that may hold a picture so near.
pub fn keys(scope: &Scope, bits: u64, distance: u32) -> Vec<Vec<u8>> {
    let near = if distance < QUARTERS { 0 } else { QUARTER_BITS };
    let of = |n: u32| {
        let own = quarter(bits, n);
        std::iter::once(own).chain((0..near).map(move |bit| own ^ (1 << bit))).map(move |q| key(scope, n, q))
    };
    (0..QUARTERS).flat_map(of).collect()
}

fn alike(kept: &mut Kept, key: &[u8]) -> Result<Vec<(u64, First)>> {
    let Some(value) = kept.get(key)? else { return Ok(Vec::new()) };
    let mut rest = &value[..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (bits, after) = take::<8>(rest)?;
        let (first, after) = First::decode(after)?;
        found.push((u64::from_be_bytes(bits), first));
        rest = after;
    }
    Ok(found)
}

/// The picture that is most like this one, of several the one that came first.
pub fn find(kept: &mut Kept, scope: &Scope, bits: u64, at: &First, window: Window, most: u32) -> Result<Option<(First, f64)>> {
    let mut best: Option<(u32, First)> = None;
    for key in keys(scope, bits, most) {
        for (other, first) in alike(kept, &key)? {
            let distance = (bits ^ other).count_ones();
            if first.id == at.id {
                return Ok(Some((first, 1.0)));
            }
            let remembered = window.expires(first.received_at) >= at.received_at;
            let better = best.is_none_or(|(d, b)| distance < d || (distance == d && first.arrival() < b.arrival()));
            if distance <= most && remembered && window.holds(first.recorded_at, at.recorded_at) && better {
                best = Some((distance, first));
            }
        }
    }
    Ok(best.map(|(distance, first)| (first, 1.0 - f64::from(distance) / 64.0)))
}

/// How many had to make room.
pub fn put(kept: &mut Kept, scope: &Scope, bits: u64, first: &First, window: Window) -> Result<u64> {
    let mut left_out = 0;
    for n in 0..QUARTERS {
        let key = key(scope, n, quarter(bits, n));
        let mut alike = alike(kept, &key)?;
        alike.retain(|(_, f)| window.expires(f.received_at) >= first.received_at);
        alike.push((bits, *first));
        let crowd = alike.len().saturating_sub(ALIKE_A_QUARTER);
        left_out += crowd as u64;
        let mut value = Vec::new();
        for (bits, first) in &alike[crowd..] {
            value.extend(bits.to_be_bytes());
            first.encode(&mut value);
        }
        kept.put(key, value, window.expires(first.received_at));
    }
    Ok(left_out)
}
