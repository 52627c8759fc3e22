//! What anyone may send to the registry, whatever it is: one function for the fuzzer and for the tests.

use serde_json::Value;

use super::compat::{Verdict, differences};
use super::describe::fields;
use super::{Depth, Whole, check, compile, document, parse};

/// Reads bytes as an old schema, a new one and a document, with lines of `---` between, and does with them all that the
/// registry does. Answers with the verdict where both are schemas. Panics where an invariant does not hold.
pub fn registry(bytes: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut parts = text.split("\n---\n");
    let (old, new) = (schema(parts.next()?)?, schema(parts.next()?)?);
    let (takes, refuses) = (compile(&old).ok()?, compile(&new).ok()?);
    let report = check(&old, &new, Depth::Example).ok()?;
    if let Some(shown) = &report.counter_example {
        assert!(!report.compatible && takes.is_valid(shown) && !refuses.is_valid(shown), "what is shown is no counter-example");
    }
    assert!(
        check(&old, &old, Depth::Verdict).is_ok_and(|same| same.compatible || too_large(&old)),
        "a schema is not compatible with itself"
    );
    if let Some(document) = parts.next().and_then(|t| document::parse(t).ok()) {
        let _ = takes.iter_errors(&document).take(20).count();
    }
    assert!(fields(&new).len() <= 500);
    Some(report.compatible)
}

fn schema(text: &str) -> Option<Whole> {
    let whole = parse(text).ok()?;
    // Written anew it is the same.
    let again = parse(&document::compact(text)).map(|w| w.root);
    assert_eq!(again.as_ref().map(Value::to_string), Ok(whole.root.to_string()), "compacting changes a schema");
    Some(whole)
}

fn too_large(whole: &Whole) -> bool {
    differences(whole, whole).iter().all(|d| d.kind.verdict() != Verdict::Breaks || d.kind == super::compat::Kind::TooLargeToCompare)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The fuzzer's own corpus, and thousands of inputs made from it by chance: nothing panics, nothing hangs.
    #[test]
    fn the_corpus_and_what_comes_of_it_by_chance() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/registry");
        let mut corpus: Vec<(String, Vec<u8>)> = Vec::new();
        for file in std::fs::read_dir(folder).unwrap().flatten() {
            corpus.push((file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path()).unwrap()));
        }
        corpus.sort();
        assert!(corpus.len() >= 10);
        let verdicts = corpus.iter().filter(|(_, bytes)| registry(bytes).is_some()).count();
        assert!(verdicts * 2 > corpus.len(), "half of the corpus reaches a verdict: {verdicts} of {}", corpus.len());
        let mut rng = fastrand::Rng::with_seed(11);
        for _ in 0..3000 {
            let mut bytes = corpus[rng.usize(..corpus.len())].1.clone();
            for _ in 0..rng.usize(1..4) {
                mutate(&mut rng, &mut bytes, &corpus);
            }
            registry(&bytes);
        }
    }

    fn mutate(rng: &mut fastrand::Rng, bytes: &mut Vec<u8>, corpus: &[(String, Vec<u8>)]) {
        const TOKENS: [&str; 14] = [
            "{}",
            "true",
            "false",
            "null",
            "-1",
            "1e300",
            "\"\"",
            "[]",
            "\"$ref\":\"#\"",
            "\"not\":{}",
            "\"type\":[\"null\"]",
            ",",
            "}",
            "\\u0000",
        ];
        let at = |rng: &mut fastrand::Rng, bytes: &Vec<u8>| rng.usize(..=bytes.len());
        match rng.usize(..5) {
            0 if !bytes.is_empty() => {
                let i = rng.usize(..bytes.len());
                bytes[i] = rng.u8(..);
            }
            1 => {
                let (a, b) = (at(rng, bytes), at(rng, bytes));
                bytes.drain(a.min(b)..(a.min(b) + 8).min(a.max(b)));
            }
            2 => {
                let i = at(rng, bytes);
                bytes.splice(i..i, TOKENS[rng.usize(..TOKENS.len())].bytes());
            }
            3 => {
                // One schema of one, the other of another.
                let other = &corpus[rng.usize(..corpus.len())].1;
                let tail = other.windows(5).position(|w| w == b"\n---\n").unwrap_or(0);
                let head = bytes.windows(5).position(|w| w == b"\n---\n").unwrap_or(bytes.len());
                bytes.truncate(head);
                bytes.extend_from_slice(&other[tail..]);
            }
            _ => {
                // A word of the one where another stood.
                let words: Vec<usize> = bytes.windows(2).enumerate().filter(|(_, w)| w == b"\":").map(|(i, _)| i).collect();
                if let Some(i) = words.get(rng.usize(..words.len().max(1))) {
                    let word = ["properties", "items", "anyOf", "required", "enum", "pattern", "minimum", "$ref", "if", "dependencies"]
                        [rng.usize(..10)];
                    let start = bytes[..*i].iter().rposition(|b| *b == b'"').map_or(0, |s| s + 1);
                    bytes.splice(start..*i, word.bytes());
                }
            }
        }
    }
}
