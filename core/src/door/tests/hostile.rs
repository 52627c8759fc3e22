//! The corpus with seeded changes: whatever comes, an answer within bounds; no panic, no hang.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::{Offers, PATHS, Wrong, cloud_events, offers, overland, own_tracks, strict};
use super::{request, rig};
use crate::env::Seeded;

/// Changed bodies a run.
const BODIES: u64 = 1500;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/door");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files.iter().map(|f| std::fs::read(f).unwrap()).collect()
}

/// Flips, cuts, doubles and mixes bytes; puts in what parsers stumble over.
fn changed(chance: &Seeded, all: &[Vec<u8>]) -> Vec<u8> {
    const ODD: [&[u8]; 12] = [
        b"null",
        b"-1",
        b"1e308",
        b"[]",
        b"{}",
        b"\"\"",
        b"\\u0000",
        b"\xff",
        b"9999999999999999999999",
        b"\"9999-12-31T23:59:60Z\"",
        b"[[[[[[",
        b"true",
    ];
    let pick = |n: usize| chance.below(n as u64) as usize;
    let mut body = all[pick(all.len())].clone();
    for _ in 0..=pick(3) {
        let at = pick(body.len().max(1)).min(body.len());
        match pick(10) {
            0 if at < body.len() => body[at] ^= 1 << pick(8),
            1 => body.truncate(at),
            2 => drop(body.splice(at..at, ODD[pick(ODD.len())].iter().copied())),
            3..=7 => {
                // A value for another: what stands between two colons or commas.
                let to = body[at..].iter().position(|b| matches!(b, b',' | b'}' | b']')).map_or(body.len(), |n| at + n);
                let from = body[..at].iter().rposition(|b| *b == b':').map_or(at, |n| n + 1);
                body.splice(from..to.max(from), ODD[pick(ODD.len())].iter().copied());
            }
            8 => {
                let other = &all[pick(all.len())];
                body.splice(at..at, other[pick(other.len())..].iter().copied());
            }
            _ => {
                let part = body[at..(at + 40).min(body.len())].to_vec();
                body.splice(at..at, part);
            }
        }
    }
    body
}

/// Every shape a body may be read in.
fn shapes(value: &Value) -> Vec<Result<Offers, Vec<Wrong>>> {
    let mut all: Vec<_> = PATHS.iter().map(|(_, entry)| offers(*entry, value.clone())).collect();
    all.push(cloud_events::batch(value.clone()));
    all.push(Ok(vec![cloud_events::offer(value.clone())]));
    all.push(Ok(vec![own_tracks::offer(value.clone(), Some("u"), None)]));
    all.push(overland::offers(value.clone()));
    all
}

#[test]
fn changed_bodies_are_answered_within_bounds() {
    let (rig, all, chance) = (rig(), corpus(), Seeded::new(20260131));
    assert!(all.len() >= 10);
    let (began, mut read) = (Instant::now(), 0);
    for n in 0..BODIES {
        let body = changed(&chance, &all);
        let Ok(value) = strict::parse(&body) else { continue };
        read += 1;
        for offers in shapes(&value) {
            match offers {
                Ok(offers) => {
                    assert!(offers.len() <= 10_000);
                    // Most of it is the same for all: a few go the whole way.
                    if n % 10 == 0 {
                        let expected = offers.len();
                        assert_eq!(rig.door.take(offers, &request()).unwrap().len(), expected);
                    }
                }
                Err(wrong) => assert!(!wrong.is_empty() && wrong.len() <= 100),
            }
        }
        rig.ear.0.lock().unwrap().clear();
    }
    assert!(read > BODIES / 10, "only {read} of {BODIES} are JSON");
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
}
