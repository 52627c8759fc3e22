use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::bus::memory::Memory;
use crate::bus::{Bus, Headers, NewRecord, Position, Positions, Record, TopicName, names};
use crate::env::{ManualClock, Time};
use crate::error::Kind;
use crate::pipeline::Sink;

const RAW: &str = names::AUDIO_RAW;
const WORDS: &str = names::TRANSCRIBED;

struct Rig {
    folder: tempfile::TempDir,
    bus: Memory,
    analytics: Arc<Analytics>,
    sink: AnalyticsSink,
}

fn rig() -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let analytics = Arc::new(Analytics::new(folder.path().join("analytics.duckdb")));
    let sink = AnalyticsSink::new(analytics.clone());
    Rig { folder, bus: Memory::new(Arc::new(ManualClock::at(Time::from_secs(1)))), analytics, sink }
}

impl Rig {
    fn put(&self, topic: &'static str, device: u128, at_s: i64, value: Value) {
        let id = Uuid::from_u128(self.bus.topic(&TopicName::of(topic)).unwrap().map_or(0, |t| t.records.into()));
        let value = serde_json::to_vec(&value).unwrap();
        let new = NewRecord::new(TopicName::of(topic), id, Uuid::from_u128(device), Time::from_secs(at_s), Headers::default(), value);
        self.bus.append(vec![new]).unwrap();
    }
    fn read(&self, from: &Positions) -> (Vec<Record>, Positions) {
        let mut upto = from.clone();
        let mut all = Vec::new();
        for topic in [RAW, WORDS] {
            let at = Position { topic: TopicName::of(topic), partition: 0 };
            let records = self.bus.read(&at.topic, 0, from.get(&at).copied().unwrap_or(0), 1000, 1 << 20).unwrap();
            if let Some(last) = records.last() {
                upto.insert(at, last.offset() + 1);
            }
            all.extend(records);
        }
        (all, upto)
    }
    /// As the runner does: from the sink's own positions to the end of the log.
    fn catch_up(&mut self) -> Result<()> {
        let from = self.sink.positions()?;
        let (records, upto) = self.read(&from);
        self.sink.write(&records, &upto)
    }
    fn counts(&self) -> Vec<(i64, String, u128, u64, u64, f64)> {
        self.ask(&minutes())
    }
    fn ask(&self, which: &Which) -> Vec<(i64, String, u128, u64, u64, f64)> {
        let plain = |r: CountRow| {
            let start = Time::parse(&r.start).unwrap().micros() / 1_000_000;
            (start, r.topic, Uuid::try_parse(&r.device_id).unwrap().as_u128(), r.records, r.words, r.seconds)
        };
        self.analytics.counts(which).unwrap().into_iter().map(plain).collect()
    }
    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("analytics.duckdb")
    }
    fn reopen(&mut self) {
        self.analytics = Arc::new(Analytics::new(self.file()));
        self.sink = AnalyticsSink::new(self.analytics.clone());
    }
}

fn minutes() -> Which {
    Which { from: None, to: None, bucket_seconds: 60, topic: None, device: None }
}

fn chunk(samples: u32) -> Value {
    json!({"samples": samples, "sample_rate": 16_000})
}

fn said(words: &[&str]) -> Value {
    let words: Vec<_> = words.iter().map(|w| json!({"text": w, "start_s": 0.0, "end_s": 0.1, "confidence": 1.0})).collect();
    json!({"duration_s": 2.5, "words": words, "text": "my card is 4111", "context": {"words": 9}})
}

#[test]
fn nothing_is_opened_before_it_is_needed() {
    let rig = rig();
    assert!(!rig.file().exists());
    assert_eq!(rig.counts(), []);
    assert!(rig.file().exists());
}

#[test]
fn records_are_counted_by_minute_topic_and_device() {
    let mut rig = rig();
    rig.put(RAW, 1, 0, chunk(16_000));
    rig.put(RAW, 1, 59, chunk(8_000));
    rig.put(RAW, 1, 60, chunk(16_000));
    rig.put(RAW, 2, 60, chunk(16_000));
    rig.put(WORDS, 1, 61, said(&["two", "words"]));
    rig.put(WORDS, 1, -1, said(&["before", "all", "that"]));
    rig.catch_up().unwrap();
    let expected = [
        (-60, WORDS.to_owned(), 1, 1, 3, 2.5),
        (0, RAW.to_owned(), 1, 2, 0, 1.5),
        (60, RAW.to_owned(), 1, 1, 0, 1.0),
        (60, RAW.to_owned(), 2, 1, 0, 1.0),
        (60, WORDS.to_owned(), 1, 1, 2, 2.5),
    ];
    assert_eq!(rig.counts(), expected);
    rig.reopen();
    assert_eq!(rig.counts(), expected);
}

#[test]
fn batches_add_up_and_nothing_counts_twice() {
    let mut rig = rig();
    rig.put(RAW, 1, 0, chunk(16_000));
    rig.catch_up().unwrap();
    rig.put(RAW, 1, 1, chunk(16_000));
    rig.catch_up().unwrap();
    // More cells than go in one by one.
    (1..=6).for_each(|device| rig.put(RAW, device, 2, chunk(16_000)));
    rig.catch_up().unwrap();
    let twice = rig.read(&Positions::new());
    rig.sink.write(&twice.0, &twice.1).unwrap();
    rig.reopen();
    rig.catch_up().unwrap();
    rig.sink.write(&twice.0, &twice.1).unwrap();
    let others = (2..=6).map(|device| (0, RAW.to_owned(), device, 1, 0, 1.0));
    assert_eq!(rig.counts(), std::iter::once((0, RAW.to_owned(), 1, 3, 0, 3.0)).chain(others).collect::<Vec<_>>());
}

#[test]
fn odd_payloads_are_records_without_words_or_sound() {
    let mut rig = rig();
    for odd in
        [json!(null), json!([1]), json!({"words": 7}), json!({"duration_s": -3.0}), json!({"samples": 5, "sample_rate": 0}), json!("text")]
    {
        rig.put(WORDS, 1, 0, odd);
    }
    rig.catch_up().unwrap();
    assert_eq!(rig.counts(), [(0, WORDS.to_owned(), 1, 6, 0, 5.0)]);
}

#[test]
fn what_was_erased_counts_nothing() {
    let mut rig = rig();
    rig.put(WORDS, 1, 0, said(&["a"]));
    rig.put(WORDS, 1, 0, said(&["b"]));
    rig.bus.erase(&TopicName::of(WORDS), 0, &[0]).unwrap();
    rig.catch_up().unwrap();
    assert_eq!(rig.counts(), [(0, WORDS.to_owned(), 1, 1, 1, 2.5)]);
}

#[test]
fn questions_narrow_and_sum() {
    let mut rig = rig();
    for i in 0..10 {
        rig.put(RAW, 1 + i as u128 % 2, i * 60, chunk(16_000));
    }
    rig.put(WORDS, 1, 300, said(&["x"]));
    rig.catch_up().unwrap();
    let at = |s| Some(Time::from_secs(s));
    let raw = Some(TopicName::of(RAW));
    // What is asked, and each answer's start and records.
    let cases: [(Which, &[(i64, u64)]); 6] = [
        (Which { from: at(120), to: at(240), topic: raw.clone(), ..minutes() }, &[(120, 1), (180, 1)]),
        (Which { from: at(150), to: at(181), topic: raw.clone(), ..minutes() }, &[(120, 1), (180, 1)]),
        (Which { bucket_seconds: 300, topic: raw.clone(), device: Some(Uuid::from_u128(1)), ..minutes() }, &[(0, 3), (300, 2)]),
        (Which { bucket_seconds: 3600, topic: raw, ..minutes() }, &[(0, 5), (0, 5)]),
        (Which { topic: Some(TopicName::of(WORDS)), ..minutes() }, &[(300, 1)]),
        (Which { device: Some(Uuid::from_u128(9)), ..minutes() }, &[]),
    ];
    for (which, expected) in cases {
        assert_eq!(rig.ask(&which).iter().map(|r| (r.0, r.3)).collect::<Vec<_>>(), expected, "{which:?}");
    }
    for wrong in [0, 1, 61, 90] {
        let e = rig.analytics.counts(&Which { bucket_seconds: wrong, ..minutes() }).unwrap_err();
        assert_eq!(e.kind, Kind::Invalid, "{wrong}");
    }
    for extreme in [i64::MIN, i64::MAX] {
        let t = Some(Time(extreme));
        assert!(rig.analytics.counts(&Which { from: t, to: t, ..minutes() }).unwrap().is_empty());
    }
}

#[test]
fn no_word_gets_in() {
    let mut rig = rig();
    rig.put(WORDS, 1, 0, said(&["zebrafinch", "4111"]));
    rig.catch_up().unwrap();
    rig.sink.write(&[], &Positions::new()).unwrap();
    drop(std::mem::replace(&mut rig.analytics, Arc::new(Analytics::new("unused"))));
    rig.sink = AnalyticsSink::new(rig.analytics.clone());
    let mut bytes = 0;
    for entry in fs::read_dir(rig.folder.path()).unwrap() {
        let file = fs::read(entry.unwrap().path()).unwrap();
        bytes += file.len();
        for secret in ["zebrafinch", "4111", "card"] {
            assert!(!file.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret}");
        }
    }
    assert!(bytes > 0);
}

#[test]
fn it_is_counted_again_from_the_log() {
    let mut rig = rig();
    for i in 0..5 {
        rig.put(RAW, 1, i * 60, chunk(16_000));
    }
    rig.catch_up().unwrap();
    let before = rig.counts();
    rig.analytics.rebuild().unwrap();
    assert_eq!(rig.counts(), []);
    // A consumer that runs meanwhile is told to ask for its positions, rather than to leave a gap.
    rig.put(RAW, 1, 999, chunk(16_000));
    let (records, upto) = rig.read(&Positions::new());
    assert_eq!(rig.sink.write(&records[5..], &upto).unwrap_err().kind, Kind::Retry);
    rig.catch_up().unwrap();
    assert_eq!(rig.counts()[..5], before);
    assert_eq!(rig.counts().len(), 6);
}

#[test]
fn a_damaged_file_is_set_aside_and_counted_again() {
    type Damage = fn(&mut Vec<u8>);
    let garbage: &[(&str, Damage)] = &[
        ("text", |b| *b = b"this is no database at all, only a few words of text".repeat(100)),
        ("main header", |b| b[8..200].fill(0x55)),
        ("database header", |b| b[4096..12288].fill(0x55)),
        ("blocks", |b| b[12288..].fill(0x55)),
        ("cut", |b| b.truncate(5000)),
        ("cut in the blocks", |b| b.truncate(b.len() - 4096)),
    ];
    for (name, damage) in garbage {
        let mut rig = rig();
        for i in 0..2000 {
            rig.put(RAW, 1, i * 60, chunk(16_000));
        }
        let (mut records, _) = rig.read(&Positions::new());
        while records.len() < 2000 {
            let next = [(Position { topic: TopicName::of(RAW), partition: 0 }, records.len() as u64)].into();
            records.extend(rig.read(&next).0);
        }
        let upto: Positions = [(Position { topic: TopicName::of(RAW), partition: 0 }, 2000)].into();
        rig.sink.write(&records, &upto).unwrap();
        let before = rig.counts();
        rig.reopen();
        let mut bytes = fs::read(rig.file()).unwrap();
        damage(&mut bytes);
        fs::write(rig.file(), bytes).unwrap();
        // Where DuckDB reads lazily, the damage shows with the first question.
        let first = rig.sink.positions().and_then(|p| rig.analytics.counts(&minutes()).map(|_| p));
        if let Err(e) = &first {
            assert_eq!(e.kind, Kind::Retry, "{name}: {e:?}");
        }
        assert_eq!(rig.sink.positions().unwrap(), Positions::new(), "{name}");
        assert!(rig.file().with_added_extension("damaged").exists(), "{name}");
        rig.sink.write(&records, &upto).unwrap();
        assert_eq!(rig.counts(), before, "{name}");
    }
}

#[test]
fn a_folder_in_its_place_is_named_and_kept() {
    let mut rig = rig();
    fs::create_dir(rig.file()).unwrap();
    let e = rig.sink.positions().unwrap_err();
    assert_eq!(e.kind, Kind::Stop, "{e:?}");
    assert!(rig.file().is_dir());
}

/// What a crash leaves: the file, and DuckDB's own log of changes cut anywhere.
#[test]
fn counts_and_positions_survive_or_fall_together() {
    let mut rig = rig();
    for i in 0..30 {
        rig.put(RAW, 1, i * 7, chunk(16_000));
        rig.catch_up().unwrap();
    }
    let before = rig.counts();
    let wal = fs::read(rig.file().with_added_extension("wal")).unwrap();
    let file = fs::read(rig.file()).unwrap();
    let mut reached = std::collections::BTreeSet::new();
    for eighth in 0..=8 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("analytics.duckdb");
        fs::write(&path, &file).unwrap();
        fs::write(path.with_added_extension("wal"), &wal[..wal.len() * eighth / 8]).unwrap();
        rig.analytics = Arc::new(Analytics::new(path));
        rig.sink = AnalyticsSink::new(rig.analytics.clone());
        let positions = rig.sink.positions().unwrap();
        let counted: u64 = rig.counts().iter().map(|c| c.3).sum();
        assert_eq!(counted, positions.values().sum::<u64>(), "{eighth}/8");
        reached.insert(counted);
        rig.catch_up().unwrap();
        assert_eq!(rig.counts(), before, "{eighth}/8");
    }
    assert!(reached.len() > 3 && reached.contains(&30), "the cuts fell between commits: {reached:?}");
}

/// The test runs itself as the other program.
#[test]
fn a_file_that_another_program_holds_is_left_alone() {
    const HELD: &str = "LOOM_TEST_HELD_FILE";
    if let Some(path) = std::env::var_os(HELD) {
        let other = Analytics::new(path);
        other.counts(&minutes()).unwrap();
        println!("held");
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        return;
    }
    let mut rig = rig();
    let name = "store::analytics::tests::a_file_that_another_program_holds_is_left_alone";
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(HELD, rig.file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(other.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|l| l.ends_with("held")));
    let e = rig.sink.positions().unwrap_err();
    assert_eq!(e.kind, Kind::Stop);
    assert!(e.message().contains("another program"), "{e}");
    assert!(rig.file().exists() && !rig.file().with_added_extension("damaged").exists());
    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    assert_eq!(rig.sink.positions().unwrap(), Positions::new());
}

#[test]
fn what_was_erased_leaves_the_counts_of_its_minute_and_nothing_else() {
    use crate::forget::{Minute, Recount};
    let mut rig = rig();
    for (device, at) in [(1, 0), (1, 30), (2, 30), (1, 90)] {
        rig.put(WORDS, device, at, said(&["a", "b"]));
    }
    rig.put(RAW, 1, 30, chunk(16_000));
    rig.catch_up().unwrap();
    // One that is on the log and not counted yet stays so.
    rig.put(WORDS, 1, 45, said(&["late"]));
    let before = rig.counts();
    let minute = |topic, device, at_s: i64| Minute { topic: TopicName::of(topic), device: Uuid::from_u128(device), at: at_s * 1_000_000 };
    let words = TopicName::of(WORDS);
    rig.bus.erase(&words, 0, &[1]).unwrap();
    let touched = [minute(WORDS, 1, 0), minute(names::EDITS, 1, 0)].into();
    rig.analytics.recount(&rig.bus, &touched).unwrap();
    let half: Vec<_> = before
        .iter()
        .map(|row| if (row.0, row.1.as_str(), row.2) == (0, WORDS, 1) { (0, WORDS.into(), 1, 1, 2, 2.5) } else { row.clone() })
        .collect();
    assert_eq!(rig.counts(), half);
    rig.analytics.recount(&rig.bus, &touched).unwrap();
    assert_eq!(rig.counts(), half, "twice is the same");
    rig.bus.erase(&words, 0, &[0]).unwrap();
    rig.analytics.recount(&rig.bus, &touched).unwrap();
    assert_eq!(rig.counts().len(), before.len() - 1, "a minute of which nothing is left is gone");
    rig.catch_up().unwrap();
    assert!(rig.counts().contains(&(0, WORDS.into(), 1, 1, 1, 2.5)), "{:?}", rig.counts());
}
