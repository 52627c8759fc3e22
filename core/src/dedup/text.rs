//! Texts that say nearly the same, by MinHash: A. Broder, "On the resemblance and containment of documents" (1997).
//!
//! A text is the set of its runs of four characters, words alone, case aside. The least value of a hash over the set is the
//! same in two texts as often as their sets agree (Jaccard: those in both, of those in either), so a hundred hashes estimate
//! that, give or take 0.04. Of each 16 bits are kept (P. Li, A. C. König, "b-bit minwise hashing", 2010). Candidates come
//! by bands of five hashes (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4): of texts that agree by 0.8,
//! 9,996 in 10,000 share one of the twenty, of texts that agree by 0.3 one in twenty.

use std::collections::BTreeMap;

use super::first::{First, take};
use super::salt::{Salt, Scope};
use super::window::Window;
use crate::env::Time;
use crate::error::Result;
use crate::pipeline::Kept;

/// Characters of a run.
const RUN: usize = 4;
const BANDS: usize = 20;
const HASHES_A_BAND: usize = 5;
const HASHES: usize = BANDS * HASHES_A_BAND;
/// Characters below which only what is the same counts: too few runs to compare.
const LEAST_CHARS: usize = 24;
/// Characters looked at.
pub const MOST_CHARS: usize = 32_768;
/// Texts remembered by one band; the newest stay.
const ALIKE_A_BAND: usize = 16;
/// Candidates compared with one record: those that share the most bands.
const MOST_CANDIDATES: usize = 64;

/// What makes rows of these kinds; keys are fixed on disk.
const BAND: u8 = b'b';
const TEXT: u8 = b't';

/// What is left of a text: nothing that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    bands: [u64; BANDS],
    hashes: [u16; HASHES],
}

/// Makes sketches with this install's hashes.
#[derive(Clone, Debug)]
pub struct Sketcher {
    /// Multiply-shift hashing: Dietzfelbinger and others, "A reliable randomized algorithm for the closest-pair problem" (1997).
    factors: Vec<(u64, u64)>,
}

impl Sketcher {
    pub fn new(salt: &Salt) -> Self {
        let number = |n: usize, what: &[u8]| {
            let h = salt.hash(&[b"minhash", what, &(n as u64).to_be_bytes()]);
            u64::from_be_bytes(std::array::from_fn(|i| h[i]))
        };
        Self { factors: (0..HASHES).map(|n| (number(n, b"factor") | 1, number(n, b"term"))).collect() }
    }

    /// `None` of a text too short to be nearly anything.
    pub fn sketch(&self, text: &str) -> Option<Sketch> {
        let chars: Vec<char> = plain(text).chars().take(MOST_CHARS).collect();
        if chars.len() < LEAST_CHARS {
            return None;
        }
        let mut least = [u32::MAX; HASHES];
        for run in chars.windows(RUN) {
            let x = run.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, c| mixed(h ^ u64::from(*c as u32)));
            for (least, (factor, term)) in least.iter_mut().zip(&self.factors) {
                *least = (*least).min((factor.wrapping_mul(x).wrapping_add(*term) >> 32) as u32);
            }
        }
        let band = |b: usize| least[b * HASHES_A_BAND..(b + 1) * HASHES_A_BAND].iter().fold(0, |h, n| mixed(h ^ u64::from(*n)));
        Some(Sketch { bands: std::array::from_fn(band), hashes: least.map(|n| n as u16) })
    }
}

/// Words of letters and digits, without case, a space between.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// The last step of SplitMix64 (Steele, Lea and Flood 2014). What it gives is on disk: fixed for ever.
fn mixed(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Sketch {
    /// From 0 to 1.
    pub fn similarity(&self, other: &Self) -> f64 {
        let same = self.hashes.iter().zip(&other.hashes).filter(|(a, b)| a == b).count();
        same as f64 / HASHES as f64
    }

    fn encode(&self, to: &mut Vec<u8>) {
        self.hashes.iter().for_each(|h| to.extend(h.to_be_bytes()));
    }

    fn similarity_to(&self, encoded: &[u8]) -> f64 {
        let other = encoded.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]]));
        self.hashes.iter().zip(other).filter(|(a, b)| **a == *b).count() as f64 / HASHES as f64
    }
}

fn band_key(scope: &Scope, band: usize, hash: u64) -> Vec<u8> {
    [&[BAND], &scope[..8], &[band as u8], &hash.to_be_bytes()].concat()
}

fn text_key(scope: &Scope, id: &[u8; 16]) -> Vec<u8> {
    [&[TEXT], &scope[..8], &id[..]].concat()
}

pub fn keys<'a>(scope: &'a Scope, sketch: &'a Sketch) -> impl Iterator<Item = Vec<u8>> + 'a {
    sketch.bands.iter().enumerate().map(|(band, hash)| band_key(scope, band, *hash))
}

/// Ids of texts in a band and until when they are remembered, the newest last.
type Alike = Vec<([u8; 16], Time)>;

fn alike(kept: &mut Kept, key: &[u8], now: Time) -> Result<Alike> {
    let Some(value) = kept.get(key)? else { return Ok(Alike::new()) };
    let mut rest = &value[..];
    let mut found = Alike::new();
    while !rest.is_empty() {
        let (id, after) = take::<16>(rest)?;
        let (expires, after) = take::<8>(after)?;
        found.push((id, Time(i64::from_be_bytes(expires))));
        rest = after;
    }
    found.retain(|(_, expires)| *expires >= now);
    Ok(found)
}

/// The text that is most like this one, of several the one that came first; and how many candidates were left out.
pub fn find(
    kept: &mut Kept,
    scope: &Scope,
    sketch: &Sketch,
    at: &First,
    window: Window,
    least: f64,
) -> Result<(Option<(First, f64)>, u64)> {
    let mut shared: BTreeMap<[u8; 16], usize> = BTreeMap::new();
    for key in keys(scope, sketch) {
        for (id, _) in alike(kept, &key, at.received_at)? {
            *shared.entry(id).or_default() += 1;
        }
    }
    let mut candidates: Vec<_> = shared.into_iter().collect();
    candidates.sort_by_key(|(id, bands)| (std::cmp::Reverse(*bands), *id));
    let left_out = candidates.len().saturating_sub(MOST_CANDIDATES) as u64;
    candidates.truncate(MOST_CANDIDATES);
    let keys: Vec<_> = candidates.iter().map(|(id, _)| text_key(scope, id)).collect();
    kept.read_ahead(keys.clone())?;
    let mut best: Option<(First, f64)> = None;
    for key in keys {
        let Some(value) = kept.get(&key)? else { continue };
        let (first, hashes) = First::decode(&value)?;
        let similarity = sketch.similarity_to(hashes);
        let better = best.is_none_or(|(b, s)| similarity > s || (similarity == s && first.arrival() < b.arrival()));
        if first.id == at.id || (similarity >= least && window.holds(first.recorded_at, at.recorded_at) && better) {
            best = Some((first, similarity));
        }
        if first.id == at.id {
            break;
        }
    }
    Ok((best, left_out))
}

/// How many had to make room.
pub fn put(kept: &mut Kept, scope: &Scope, sketch: &Sketch, first: &First, window: Window) -> Result<u64> {
    let expires = window.expires(first.received_at);
    let mut value = Vec::with_capacity(First::BYTES + 2 * HASHES);
    first.encode(&mut value);
    sketch.encode(&mut value);
    kept.put(text_key(scope, first.id.as_bytes()), value, expires);
    let mut left_out = 0;
    for key in keys(scope, sketch) {
        let mut alike = alike(kept, &key, first.received_at)?;
        alike.push((first.id.into_bytes(), expires));
        let crowd = alike.len().saturating_sub(ALIKE_A_BAND);
        left_out += crowd as u64;
        let value = alike[crowd..].iter().flat_map(|(id, t)| id.iter().copied().chain(t.0.to_be_bytes())).collect();
        kept.put(key, value, expires);
    }
    Ok(left_out)
}

#[cfg(test)]
mod tests;
