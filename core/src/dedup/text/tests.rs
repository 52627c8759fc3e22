//! Texts that say nearly the same, on sentences from chapter 1 of Jane Austen's *Sense and Sensibility* (1811).

use std::collections::HashSet;
use std::sync::Arc;

use super::*;
use crate::bus::Bus;
use crate::bus::memory::Memory;
use crate::env::ManualClock;

const SENTENCES: &str = include_str!("sentences.txt");

fn sketcher() -> Sketcher {
    Sketcher::new(&Salt::new([9; 32]))
}

/// What a sketch estimates.
fn jaccard(a: &str, b: &str) -> f64 {
    let runs = |t: &str| plain(t).chars().collect::<Vec<_>>().windows(RUN).map(<[char]>::to_vec).collect::<HashSet<_>>();
    let (a, b) = (runs(a), runs(b));
    a.intersection(&b).count() as f64 / a.union(&b).count() as f64
}

/// The same said a little otherwise: as another recogniser, another program or a retry has it.
fn nearly(sentence: &str) -> Vec<(&'static str, String)> {
    let words: Vec<&str> = sentence.split(' ').collect();
    let middle = words.len() / 2;
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
        change(&mut words);
        words.join(" ")
    };
    vec![
        ("spoken", plain(&sentence.replace("Mr.", "mister").replace("Mrs.", "missis"))),
        ("shouted", sentence.to_uppercase().replace(' ', "  ")),
        ("a word left out", with(&|w| _ = w.remove(middle))),
        ("a word twice", with(&|w| w.insert(middle, w[middle].clone()))),
        ("a letter wrong", with(&|w| w[middle].replace_range(0..1, "x"))),
        ("cut short", with(&|w| _ = w.pop())),
    ]
}

/// Halves of two sentences: half of it is the same.
fn spliced() -> Vec<String> {
    let all: Vec<&str> = SENTENCES.lines().collect();
    let half = |s: &str, second: bool| {
        let words: Vec<&str> = s.split(' ').collect();
        let (a, b) = words.split_at(words.len() / 2);
        if second { b.join(" ") } else { a.join(" ") }
    };
    all.windows(2).map(|two| format!("{} {}", half(two[0], false), half(two[1], true))).collect()
}

#[test]
fn a_sketch_estimates_how_much_two_texts_share() {
    let s = sketcher();
    let mut errors = Vec::new();
    for sentence in SENTENCES.lines() {
        let Some(sketch) = s.sketch(sentence) else { continue };
        let others = nearly(sentence).into_iter().map(|(_, t)| t).chain(spliced().into_iter().take(5));
        errors.extend(others.filter_map(|t| Some(sketch.similarity(&s.sketch(&t)?) - jaccard(sentence, &t))));
    }
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let spread = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
    assert!(
        errors.len() > 300 && mean.abs() < 0.01 && spread < 0.05,
        "{} pairs: {mean:.3} off on average, spread {spread:.3}",
        errors.len()
    );
    assert_eq!(s.sketch("See you at three"), None, "too short to be nearly anything");
    assert_eq!(s.sketch("?!.,"), None);
    let long = "word ".repeat(100_000);
    assert_eq!(s.sketch(&long), s.sketch(&long[..long.len() - 5]), "beyond the bound nothing is looked at");
}

/// Two installs cannot compare what they remember.
#[test]
fn another_secret_makes_another_sketch() {
    let text = SENTENCES.lines().nth(1).unwrap();
    let (a, b) = (sketcher().sketch(text).unwrap(), Sketcher::new(&Salt::new([8; 32])).sketch(text).unwrap());
    assert!(a.similarity(&b) < 0.1 && a.bands.iter().zip(&b.bands).all(|(x, y)| x != y));
}

fn first(n: u128) -> First {
    First { id: uuid::Uuid::from_u128(n), recorded_at: Time(0), received_at: Time(0), partition: 0, offset: n as u64 }
}

/// What was found of a corpus, for a similarity asked for: found and missed of those that say nearly the same by this
/// measure and by a person's, and found of those that do not.
#[derive(Debug, Default)]
struct Found {
    alike: u32,
    missed: u32,
    /// Pairs that agree by at least the similarity asked for and a bit, or not by a bit less, and were judged otherwise.
    misjudged: u32,
    wrong: u32,
    strangers: u32,
}

fn found(least: f64) -> Found {
    const SLACK: f64 = 0.13; // three times the estimate's deviation
    let (s, scope, window) = (sketcher(), [3; 16], Window::new(60, 60));
    let all: Vec<&str> = SENTENCES.lines().filter(|l| s.sketch(l).is_some()).collect();
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(Arc::new(ManualClock::at(Time(0)))));
    let mut kept = Kept::of(bus, "none-consumer");
    for (n, text) in all.iter().enumerate() {
        put(&mut kept, &scope, &s.sketch(text).unwrap(), &first(n as u128), window).unwrap();
    }
    let mut ask = |text: &str| {
        let sketch = s.sketch(text)?;
        find(&mut kept, &scope, &sketch, &first(999), window, least).unwrap().0.map(|(f, _)| f.offset as usize)
    };
    let mut f = Found::default();
    for (n, sentence) in all.iter().enumerate() {
        for (_, text) in nearly(sentence) {
            let (hit, truth) = (ask(&text) == Some(n), jaccard(sentence, &text));
            f.alike += 1;
            f.missed += u32::from(!hit);
            f.misjudged += u32::from(if hit { truth < least - SLACK } else { truth > least + SLACK });
        }
    }
    for text in spliced() {
        f.strangers += 1;
        f.wrong += u32::from(ask(&text).is_some());
    }
    f
}

#[test]
fn what_says_nearly_the_same_is_found_and_nothing_else() {
    for (least, recall, precision) in [(0.6, 0.99, 0.99), (0.7, 0.97, 1.0), (0.8, 0.93, 1.0), (0.9, 0.75, 1.0)] {
        let f = found(least);
        let hits = f64::from(f.alike - f.missed);
        let (r, p) = (hits / f64::from(f.alike), hits / (hits + f64::from(f.wrong)));
        println!("similarity {least}: {f:?}, recall {r:.3}, precision {p:.3}");
        assert!(r >= recall && p >= precision, "similarity {least}: {f:?}, recall {r:.3}, precision {p:.3}");
        assert_eq!(f.misjudged, 0, "similarity {least}: {f:?}");
        assert!(f.alike > 200 && f.strangers > 30);
    }
}

#[test]
fn a_crowd_of_like_texts_is_bounded_and_said() {
    let (s, scope, window) = (sketcher(), [3; 16], Window::new(60, 60));
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(Arc::new(ManualClock::at(Time(0)))));
    let mut kept = Kept::of(bus, "none-consumer");
    let text = SENTENCES.lines().nth(2).unwrap();
    let sketch = s.sketch(text).unwrap();
    let left_out: u64 = (0..40).map(|n| put(&mut kept, &scope, &sketch, &first(n), window).unwrap()).sum();
    assert_eq!(left_out, (40 - ALIKE_A_BAND as u64) * BANDS as u64);
    let (best, _) = find(&mut kept, &scope, &sketch, &first(999), window, 0.8).unwrap();
    assert_eq!(best, Some((first(24), 1.0)), "the oldest of those that stay");
}
