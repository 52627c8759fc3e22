//! Rules and records that nobody sane would write: the corpus of the fuzzer as it is, and thousands of seeded changes to it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::dedup::from_anywhere;

const CHANGES_EACH: usize = 300;
/// Of a debug build on a busy machine; what hangs takes for ever.
const SOON: Duration = Duration::from_secs(20);

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/dedup");
    let mut all: Vec<_> =
        fs::read_dir(folder).unwrap().flatten().map(|e| (e.path().display().to_string(), fs::read(e.path()).unwrap())).collect();
    all.sort();
    all
}

fn soon(name: &str, bytes: &[u8]) -> usize {
    let began = Instant::now();
    let said = from_anywhere(bytes);
    assert!(began.elapsed() < SOON, "{name}: {}", String::from_utf8_lossy(bytes));
    said
}

#[test]
fn the_corpus_is_alive() {
    let all = corpus();
    let said: usize = all.iter().map(|(name, bytes)| soon(name, bytes)).sum();
    assert!(all.len() >= 6 && said >= 8, "{said} things are said of {}", all.len());
}

#[test]
fn thousands_of_seeded_changes_are_answered() {
    let mut rng = fastrand::Rng::with_seed(1);
    let all = corpus();
    let words: [&[u8]; 14] = [
        b"99999999999999999999",
        b"-1",
        b"1e308",
        b"null",
        b"[[[[",
        b"\"\"",
        b"/",
        b"~",
        b"\xff",
        b"0.5",
        b"\\ud800",
        b"{}",
        b"recorded_at",
        b"\n\n",
    ];
    for (name, bytes) in &all {
        for _ in 0..CHANGES_EACH {
            let mut changed = bytes.clone();
            for _ in 0..rng.usize(1..6) {
                let at = rng.usize(0..=changed.len());
                match rng.u8(0..3) {
                    0 => _ = changed.splice(at..at, words[rng.usize(0..words.len())].iter().copied()),
                    1 if at < changed.len() => changed[at] = rng.u8(..),
                    _ => changed.truncate(at),
                }
            }
            soon(name, &changed);
        }
    }
}

#[test]
fn deep_long_and_huge_is_answered() {
    let rule = r#"{"id": "r", "topic": "in.a.x", "match": {"by": "fields", "fields": [{"field": "/v"}, {"field": "/n", "as": "number"}]}, "window_s": 10}"#;
    let text = r#"{"id": "r", "topic": "in.a.x", "match": {"by": "text", "fields": ["/v"]}, "window_s": 10}"#;
    let deep = format!("{{\"v\": {}1{}}}", "[".repeat(120), "]".repeat(120));
    let deeper = format!("{{\"v\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("{{\"v\": \"{}\"}}", "né ".repeat(500_000));
    for (rule, data, said) in
        [(rule, deep.as_str(), 2), (rule, &deeper, 0), (text, &long, 2), (rule, r#"{"n": 1e308}"#, 2), (text, r#"{"v": 5}"#, 2)]
    {
        assert_eq!(soon("made", format!("{rule}\n\n{data}").as_bytes()), said, "{}", &data[..data.len().min(60)]);
    }
}
