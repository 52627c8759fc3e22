//! Deduplication while its process dies at any commit, held against an oracle that remembers everything and never dies.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use loom_core::Time;
use loom_core::bus::memory::Memory;
use loom_core::bus::*;
use loom_core::dedup::{Compiled, Dedup, Figures, GROUP, Judge, NoPictures, Salt};
use loom_core::env::{Clock, ManualClock, Seeded};
use loom_core::pipeline::{Progress, Wiring, graph};
use loom_core::store::Audio;
use loom_core::{Error, Result};
use loom_schemas::dedup::Duplicate;
use serde_json::json;
use uuid::Uuid;

use crate::faulty::Faulty;

const TOPICS: [&str; 2] = ["in.a.raw", "in.b.raw"];
const WINDOW_S: i64 = 60;
const LATENESS_S: i64 = 120;
const RECORDS: usize = 160;
const BEGIN_S: i64 = 1_770_000_000;

struct Silent;
impl Audio for Silent {
    fn read(&self, _: &str, _: u64, _: u64) -> Result<Arc<[f32]>> {
        Err(Error::skip("no audio here"))
    }
}

/// Repeat, first and rule, of one topic and partition.
type Pair = (String, u64, u64, String);

fn judge() -> Arc<Judge> {
    let rule = |id: &str, topic: &str, into: Option<&str>| {
        let rule = json!({"id": id, "topic": topic, "match": {"by": "fields", "fields": [{"field": "/v"}]},
            "window_s": WINDOW_S, "lateness_s": LATENESS_S, "into": into});
        Arc::new(Compiled::compile(&serde_json::from_value(rule).unwrap()).unwrap())
    };
    let rules = [rule("a", TOPICS[0], Some("in.a.unique")), rule("b", TOPICS[1], None)];
    Arc::new(Judge::new(rules, Salt::new([3; 32]), Arc::new(NoPictures)))
}

struct Life {
    log: Arc<Memory>,
    crashes: u32,
    figures: Figures,
}

/// Records come in and the stage runs, a few of each by turns; the process may die at every write.
fn live(seed: u64, most_crashes: u32) -> Life {
    let clock = Arc::new(ManualClock::at(Time::from_secs(BEGIN_S)));
    let log = Arc::new(Memory::new(clock.clone()));
    let bus = Arc::new(Faulty::new(log.clone(), seed ^ 0xdead, most_crashes));
    let (judge, figures) = (judge(), Figures::default());
    let wiring = || Wiring {
        bus: bus.clone(),
        audio: Arc::new(Silent),
        clock: clock.clone(),
        member: "m".into(),
        host: "h".into(),
        run: String::new(),
        workers: 0,
    };
    let inputs = || TOPICS.iter().map(|t| TopicName::of(t)).collect();
    let connect = || graph::deduplication(Dedup::new(judge.clone(), inputs(), figures.clone())).connect(wiring()).unwrap();
    let (records, schedule) = (Seeded::new(seed), Seeded::new(seed ^ 0xcafe ^ u64::from(most_crashes)));
    let mut stage = connect();
    for n in 0..RECORDS {
        send(&log, &records, &*clock, n);
        clock.advance(records.below(9) as f64);
        for _ in 0..schedule.below(3) {
            // A process that died begins anew, and nothing else of it is known.
            if stage.step().is_err() && bus.is_dead() {
                bus.revive();
                stage = connect();
            }
        }
    }
    clock.advance(1.0);
    loop {
        match stage.step() {
            Ok(Progress::Idle | Progress::Resting(_)) => break,
            Ok(Progress::Worked) => {}
            Err(_) => {
                bus.revive();
                stage = connect();
            }
        }
    }
    Life { log, crashes: bus.crashes.load(Ordering::SeqCst), figures }
}

/// One of few values, of one of two devices, recorded some time ago or a little ahead.
fn send(log: &Memory, chance: &Seeded, clock: &dyn Clock, n: usize) {
    let topic = TopicName::of(TOPICS[chance.below(2) as usize]);
    let ago = chance.below(WINDOW_S as u64 * 4) as f64 - 20.0;
    let value = json!({"v": chance.below(4)}).to_string().into_bytes();
    let device = Uuid::from_u128(u128::from(chance.below(2)));
    let at = clock.now().plus(-ago);
    log.append(vec![NewRecord::new(topic, Uuid::from_u128(n as u128 + 1), device, at, Headers::default(), value)]).unwrap();
}

fn all(log: &Memory, topic: &str) -> Vec<Record> {
    log.read(&TopicName::parse(topic).unwrap(), 0, 0, 10_000, usize::MAX).unwrap()
}

/// What must be said, and how many are firsts.
fn oracle(log: &Memory) -> (Vec<Pair>, usize) {
    let (mut pairs, mut unique) = (Vec::new(), 0);
    for (topic, rule) in TOPICS.into_iter().zip(["a", "b"]) {
        let mut firsts: Vec<Record> = Vec::new();
        for r in all(log, topic) {
            let near = |f: &&Record| {
                let apart = (f.recorded_at().micros() - r.recorded_at().micros()).abs();
                let remembered = f.received_at().plus((WINDOW_S + LATENESS_S) as f64) >= r.received_at();
                f.value() == r.value() && f.device_id() == r.device_id() && apart <= WINDOW_S * 1_000_000 && remembered
            };
            match firsts.iter().find(near) {
                Some(f) => pairs.push((topic.to_string(), r.offset(), f.offset(), rule.to_string())),
                None => firsts.push(r),
            }
        }
        unique += firsts.len();
    }
    pairs.sort();
    (pairs, unique)
}

fn said(log: &Memory) -> Vec<Pair> {
    let of = |d: Duplicate| (d.topic, d.offset, d.of_offset, d.rule);
    let mut pairs: Vec<Pair> = all(log, names::DUPLICATES).iter().map(|r| of(r.payload().unwrap())).collect();
    pairs.sort();
    pairs
}

#[test]
fn whatever_dies_the_same_is_said_and_nothing_twice() {
    let mut crashes = 0;
    for seed in 0..60 {
        let (calm, wild) = (live(seed, 0), live(seed, 30));
        crashes += wild.crashes;
        let (expected, unique) = oracle(&wild.log);
        assert!(expected.len() > 20 && unique > 20, "seed {seed}: {} repeats, {unique} firsts", expected.len());
        assert_eq!(said(&calm.log), expected, "seed {seed}: without a crash");
        assert_eq!(said(&wild.log), expected, "seed {seed}: {} crashes", wild.crashes);
        let ids =
            |l: &Life, topic: &str| all(&l.log, topic).iter().map(|r| (r.message_id(), r.value().map(<[u8]>::to_vec))).collect::<Vec<_>>();
        for topic in ["in.a.unique", names::DUPLICATES] {
            assert_eq!(ids(&calm, topic), ids(&wild, topic), "seed {seed}: the same records, ids and order on {topic}");
        }
        // Rows and figures are those of one life, however often it was broken off.
        let all_rows = |l: &Life| l.log.rows_from(GROUP, b"", None, 100_000).unwrap();
        let repeats = |l: &Life| all_rows(l).into_iter().filter(|(k, _)| matches!(k[0], b'r' | b'o')).collect::<Vec<_>>();
        assert_eq!(repeats(&calm), repeats(&wild), "seed {seed}: what was a duplicate of what");
        let count =
            |l: &Life| judge().rules().map(|r| (l.figures.of(r).unique, l.figures.of(r).exact, l.figures.of(r).late)).collect::<Vec<_>>();
        let (mut a, mut b) = (count(&calm), count(&wild));
        a.sort_unstable();
        b.sort_unstable();
        assert_eq!(a, b, "seed {seed}");
        assert_eq!(b.iter().map(|c| c.0).sum::<u64>() as usize, unique, "seed {seed}");
        assert_eq!(b.iter().map(|c| c.1).sum::<u64>() as usize, expected.len(), "seed {seed}");
    }
    assert!(crashes > 300, "{crashes} crashes in all: nothing was tried");
}
