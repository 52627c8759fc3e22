use std::sync::Mutex;

use super::*;
use crate::env::{ManualClock, Time};
use crate::speech::stt::{Heard, Recognizer, Word};

/// Says one word a second of samples, the given ones in turn, and takes its time by the clock.
struct Speaker(&'static [&'static str], Arc<ManualClock>, f64);

impl Recognizer for Speaker {
    fn id(&self) -> &str {
        "speaker"
    }
    fn model(&self) -> &str {
        "m"
    }
    fn transcribe(&mut self, samples: &[f32]) -> Result<Heard> {
        self.1.advance(self.2);
        let words = self.0.iter().take(samples.len() / SAMPLE_RATE as usize);
        let word = |w: &&str| Word { text: (*w).into(), start_s: 0.0, end_s: 0.0, confidence: 1.0 };
        Ok(Heard::new(words.map(word).collect(), "en"))
    }
}

/// Any samples at all, and how often they were asked for.
#[derive(Default)]
struct Tape(Mutex<u32>);

impl Audio for Tape {
    fn read(&self, _: &str, _: u64, samples: u64) -> Result<Arc<[f32]>> {
        *self.0.lock().unwrap() += 1;
        Ok(vec![0.1; samples as usize].into())
    }
}

struct Bench {
    guess: Guess,
    clock: Arc<ManualClock>,
    tape: Arc<Tape>,
}

fn bench(words: &'static [&'static str], seconds: f64) -> Bench {
    let clock = Arc::new(ManualClock::at(Time::from_secs(1_800_000_000)));
    let (tape, beside) = (Arc::new(Tape::default()), clock.clone());
    let engine = Shared::new("speaker", "m", Arc::new(move || Ok(Box::new(Speaker(words, beside.clone(), seconds)))));
    let parts = Parts { live: Arc::default(), audio: tape.clone(), engine, clock: clock.clone(), policy: Policy::owner() };
    Bench { guess: Guess::new(parts), clock, tape }
}

fn speaking(first: u64, seconds: f64, going_on: bool) -> Option<Speaking> {
    let upto = first + (seconds * f64::from(SAMPLE_RATE)) as u64;
    Some(Speaking { stream_id: "s".into(), first_sample: first, upto, began_at: Time::from_secs(1_800_000_000), going_on })
}

impl Bench {
    fn after(&mut self, now: Option<Speaking>) -> String {
        self.guess.step(now);
        self.guess.parts.live.partial.borrow().text.clone()
    }
    fn guesses(&self) -> u32 {
        *self.tape.0.lock().unwrap()
    }
}

#[test]
fn a_guess_grows_with_what_is_said_and_names_its_beginning() {
    let mut b = bench(&["the", "earliest", "book"], 0.0);
    assert_eq!(b.after(speaking(160, 0.5, true)), "", "too short to say anything");
    assert_eq!(b.after(speaking(160, 1.0, true)), "the");
    assert_eq!(b.after(speaking(160, 1.1, true)), "the");
    assert_eq!(b.guesses(), 1, "a tenth of a second is not worth another");
    assert_eq!(b.after(speaking(160, 2.2, true)), "the earliest");
    let partial = b.guess.parts.live.partial.borrow().clone();
    assert_eq!((partial.first_sample, partial.began_at.as_str()), (160, "2027-01-15T08:00:00.000000Z"));
}

#[test]
fn a_pause_belongs_to_whoever_settles_it() {
    let mut b = bench(&["the", "earliest"], 0.0);
    b.after(speaking(0, 1.0, true));
    assert_eq!(b.after(speaking(0, 2.0, false)), "the");
    assert_eq!(b.after(None), "the", "it stays until its line comes");
    assert_eq!(b.guesses(), 1);
}

#[test]
fn it_rests_twice_as_long_as_it_worked() {
    let mut b = bench(&["a", "b", "c", "d"], 0.5);
    b.after(speaking(0, 1.0, true));
    assert_eq!(b.after(speaking(0, 2.0, true)), "a");
    b.clock.advance(0.9);
    assert_eq!(b.after(speaking(0, 3.0, true)), "a");
    b.clock.advance(0.2);
    assert_eq!(b.after(speaking(0, 4.0, true)), "a b c d");
}

#[test]
fn a_number_that_may_become_a_card_is_not_shown_while_it_is_said() {
    let mut b = bench(&["my", "card", "is", "four", "one", "one", "one", "one", "thanks"], 0.0);
    for seconds in 1..10 {
        let text = b.after(speaking(0, f64::from(seconds), true));
        assert!(!text.contains("one one"), "{text}");
    }
    assert_eq!(b.guess.parts.live.partial.borrow().text, "my card is … thanks");
}
