//! Rules and records that nobody sane would write: the corpus of the fuzzer as it is, and thousands of seeded changes to it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::router::from_anywhere;

const CHANGES_EACH: usize = 400;
/// Of a debug build on a busy machine; what hangs takes for ever.
const SOON: Duration = Duration::from_secs(20);

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/router");
    let mut all: Vec<_> =
        fs::read_dir(folder).unwrap().flatten().map(|e| (e.path().display().to_string(), fs::read(e.path()).unwrap())).collect();
    all.sort();
    all
}

fn soon(name: &str, bytes: &[u8]) -> usize {
    let began = Instant::now();
    let took = from_anywhere(bytes);
    assert!(began.elapsed() < SOON, "{name}: {}", String::from_utf8_lossy(bytes));
    took
}

#[test]
fn the_corpus_is_alive() {
    let all = corpus();
    let took: usize = all.iter().map(|(name, bytes)| soon(name, bytes)).sum();
    assert!(all.len() >= 8 && took >= 5, "{took} of {} are taken", all.len());
}

#[test]
fn thousands_of_seeded_changes_are_answered() {
    let mut rng = fastrand::Rng::with_seed(1);
    let all = corpus();
    let words: [&[u8]; 24] = [
        b"data",
        b".",
        b"[",
        b"]",
        b"(",
        b")",
        b"{",
        b"}",
        b"'",
        b"\"",
        b"\\",
        b"&&",
        b"||",
        b"?",
        b":",
        b"!",
        b"-",
        b"9223372036854775807",
        b".map(x, ",
        b".all(y, ",
        b"matches('(a*)*')",
        b"\xff",
        b"\0",
        b"/~1/",
    ];
    for (name, original) in &all {
        for _ in 0..CHANGES_EACH {
            let mut bytes = original.clone();
            for _ in 0..rng.usize(1..6) {
                let at = rng.usize(..bytes.len().max(1)).min(bytes.len());
                let word = words[rng.usize(..words.len())];
                match rng.usize(..5) {
                    0 => drop(bytes.splice(at..at, word.iter().copied())),
                    1 => bytes.truncate(at.max(1)),
                    2 => {
                        let end = (at + rng.usize(..20)).min(bytes.len());
                        drop(bytes.drain(at..end));
                    }
                    3 if !bytes.is_empty() => {
                        let at = at.min(bytes.len() - 1);
                        bytes[at] ^= 1 << rng.usize(..8);
                    }
                    _ => {
                        let times = rng.usize(1..40);
                        drop(bytes.splice(at..at, word.repeat(times)));
                    }
                }
            }
            soon(name, &bytes);
        }
    }
}

#[test]
fn what_is_only_large_is_answered_too() {
    let rule = |condition: &str| {
        format!("{{\"id\": \"a\", \"inputs\": [\"**\"], \"outputs\": [\"my.a.raw\"], \"condition\": {}}}", serde_json::json!(condition))
    };
    for text in [
        "(".repeat(4_000),
        "[".repeat(4_000),
        "{".repeat(4_000),
        "!".repeat(4_000),
        "-".repeat(4_000),
        format!("{}1", "-(".repeat(2_000)),
        "data.".repeat(800),
        "data[0]".repeat(580),
        format!("data{}", "[0]".repeat(1_300)),
        "true?".repeat(800),
        "a.b(".repeat(1_000),
        "'".repeat(4_096),
        "\"\\x".repeat(1_300),
        "true||".repeat(680),
        "[1].map(x,".repeat(400),
        format!("{}true", "1 in [1] == ".repeat(340)),
        "9".repeat(4_000),
        "0x".repeat(2_000),
        "\u{202e}\u{1f600}".repeat(500),
        "e".repeat(1 << 20),
    ] {
        soon("large", text.as_bytes());
        soon("large rule", rule(&text).as_bytes());
    }
    let deep = format!("data == data\n\n{}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(soon("deep", deep.as_bytes()), 1);
    assert_eq!(soon("too deep", format!("true\n\n{}", "[".repeat(100_000)).as_bytes()), 0);
    assert_eq!(soon("broken", b"true\n\n{\"a\": \xff}"), 0);
}
