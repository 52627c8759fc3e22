//! Rules and records that nobody sane would write: the corpus of a fuzzer as it is, and seeded changes to it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Of a debug build on a busy machine; what hangs takes for ever.
const SOON: Duration = Duration::from_secs(20);

/// Who takes bytes from anywhere, and what was found to be hard.
pub struct Hostile {
    from_anywhere: fn(&[u8]) -> usize,
    corpus: Vec<(String, Vec<u8>)>,
}

impl Hostile {
    pub fn of(fuzzed: &str, from_anywhere: fn(&[u8]) -> usize) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(fuzzed);
        let files = fs::read_dir(folder).unwrap().flatten();
        let mut corpus: Vec<_> = files.map(|e| (e.path().display().to_string(), fs::read(e.path()).unwrap())).collect();
        corpus.sort();
        Self { from_anywhere, corpus }
    }

    pub fn soon(&self, name: &str, bytes: &[u8]) -> usize {
        let began = Instant::now();
        let answer = (self.from_anywhere)(bytes);
        assert!(began.elapsed() < SOON, "{name}: {}", String::from_utf8_lossy(bytes));
        answer
    }

    /// How many there are, and what is answered to all together.
    pub fn as_it_is(&self) -> (usize, usize) {
        (self.corpus.len(), self.corpus.iter().map(|(name, bytes)| self.soon(name, bytes)).sum())
    }

    /// Each, so many times, with a few changes that bring in these words.
    pub fn changed(&self, times: usize, words: &[&[u8]]) {
        let mut rng = fastrand::Rng::with_seed(1);
        for (name, original) in &self.corpus {
            for _ in 0..times {
                let mut bytes = original.clone();
                for _ in 0..rng.usize(1..6) {
                    change(&mut rng, &mut bytes, words);
                }
                self.soon(name, &bytes);
            }
        }
    }
}

fn change(rng: &mut fastrand::Rng, bytes: &mut Vec<u8>, words: &[&[u8]]) {
    let at = rng.usize(..=bytes.len());
    let word = words[rng.usize(..words.len())];
    match rng.usize(..6) {
        0 => drop(bytes.splice(at..at, word.iter().copied())),
        1 => bytes.truncate(at.max(1)),
        2 => drop(bytes.drain(at..(at + rng.usize(..20)).min(bytes.len()))),
        3 if at < bytes.len() => bytes[at] ^= 1 << rng.usize(..8),
        4 if at < bytes.len() => bytes[at] = rng.u8(..),
        _ => drop(bytes.splice(at..at, word.repeat(rng.usize(1..40)))),
    }
}
