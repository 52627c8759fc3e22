//! A day of records on the log, at a tenth of it and at all of it: appending, reading by offset, reading by time, asking for
//! lag. Shows that no step grows faster than its output: what a record, a page or a question costs stays what it was. One
//! JSON object a line.
//!
//!     cargo run --release -p loom-core --example day_bench -- [--rows 10000000] [--value BYTES] [--folder PATH]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use loom_core::bus::sqlite::Sqlite;
use loom_core::bus::{Bus, Class, Commit, Headers, Join, NewRecord, Position, Positions, Settings, TopicName, Trace};
use loom_core::db::{Db, Key};
use loom_core::env::{Clock, Seeded, System, message_id};
use loom_core::{Result, Time};
use serde_json::json;
use uuid::Uuid;

const DAY_US: i64 = 86_400_000_000;
const BATCH: u64 = 1000;
/// Questions of each kind, at each size.
const QUESTIONS: u64 = 1000;
const PAGE: usize = 100;
const GROUPS: u64 = 10;
/// What a unit may cost at ten times the size: trees are a level deeper, caches hold a smaller share.
const TARGET: f64 = 2.0;

/// Moved by whoever appends: a day passes while it is filled.
struct Day(AtomicI64);

impl Clock for Day {
    fn now(&self) -> Time {
        Time(self.0.load(Ordering::Relaxed))
    }
    fn monotonic_ns(&self) -> u64 {
        System.monotonic_ns()
    }
}

struct Args {
    rows: u64,
    value: usize,
    folder: PathBuf,
}

fn args() -> Args {
    let mut a = Args { rows: 10_000_000, value: 100, folder: std::env::temp_dir() };
    let mut it = std::env::args().skip(1);
    while let (Some(name), Some(value)) = (it.next(), it.next()) {
        match name.as_str() {
            "--rows" => a.rows = value.parse().expect("--rows takes a number"),
            "--value" => a.value = value.parse().expect("--value takes a number of bytes"),
            "--folder" => a.folder = value.into(),
            _ => panic!("unknown argument {name}"),
        }
    }
    a
}

struct Bench {
    bus: Sqlite,
    clock: Arc<Day>,
    chance: Seeded,
    topic: TopicName,
    begun: Time,
    args: Args,
}

/// What one unit cost, microseconds.
#[derive(Clone, Copy)]
struct Costs {
    append: f64,
    by_offset: f64,
    by_time: f64,
    lag: f64,
}

impl Bench {
    fn record(&self) -> NewRecord {
        let now = self.clock.now();
        let headers = Headers {
            schema: "device.bench.raw.v1".into(),
            trace: Trace { trace_id: [5; 16], span_id: [6; 8] },
            producer: "day-bench".into(),
            ..Headers::default()
        };
        NewRecord::new(self.topic.clone(), message_id(now, &self.chance), Uuid::from_u128(7), now, headers, vec![b'x'; self.args.value])
    }

    /// From `have` to `want` records; the microseconds each of the last tenth took.
    fn fill(&self, have: u64, want: u64) -> Result<f64> {
        let step = DAY_US / self.args.rows as i64;
        let last = want - (want - have).min(self.args.rows / 10);
        let mut began = Instant::now();
        for done in (have..want).step_by(BATCH as usize) {
            if done <= last {
                began = Instant::now();
            }
            self.clock.0.fetch_add(step * BATCH as i64, Ordering::Relaxed);
            self.bus.append((0..BATCH).map(|_| self.record()).collect())?;
        }
        Ok(began.elapsed().as_secs_f64() * 1e6 / (want - last) as f64)
    }

    /// The median of so many questions, microseconds each.
    fn ask(&self, question: impl Fn() -> Result<usize>) -> Result<f64> {
        let mut took = Vec::new();
        for _ in 0..QUESTIONS {
            let t = Instant::now();
            assert!(question()? > 0, "a question found nothing");
            took.push(t.elapsed().as_secs_f64() * 1e6);
        }
        took.sort_by(f64::total_cmp);
        Ok(took[took.len() / 2])
    }

    fn measure(&self, append: f64, rows: u64) -> Result<Costs> {
        let page = |from| self.bus.read(&self.topic, 0, from, PAGE, usize::MAX).map(|r| r.len());
        let by_offset = self.ask(|| page(self.chance.below(rows - PAGE as u64)))?;
        let past = (self.clock.now().0 - self.begun.0) as u64;
        let by_time = self.ask(|| page(self.bus.offset_at(&self.topic, 0, Time(self.begun.0 + self.chance.below(past) as i64))?))?;
        let lag = self.ask(|| Ok(self.bus.groups()?.iter().filter(|g| g.total_lag() > 0).count()))?;
        Ok(Costs { append, by_offset, by_time, lag })
    }
}

/// Groups that stand somewhere in the first thousand.
fn groups(bus: &Sqlite, topic: &TopicName) -> Result<()> {
    for n in 0..GROUPS {
        let group = format!("bench-{n}-consumer");
        let m = bus.join(&Join { group: group.clone(), member: "1".into(), host: "here".into(), topics: vec![topic.clone()] })?;
        let to = Positions::from([(Position { topic: topic.clone(), partition: 0 }, n * 100)]);
        let commit = Commit {
            group,
            epoch: m.epoch,
            from: Positions::new(),
            to,
            outputs: Vec::new(),
            state: None,
            tick: None,
            rows: Default::default(),
        };
        bus.commit(commit)?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let args = args();
    let folder = tempfile::tempdir_in(&args.folder).expect("the folder takes another");
    let begun = Time::from_secs(1_800_000_000);
    let clock = Arc::new(Day(AtomicI64::new(begun.0)));
    let bus = Sqlite::open(Db::open(&folder.path().join("loom.db"), &Key::new([9; 32]))?, clock.clone())?;
    let topic = TopicName::of("device.bench.raw");
    bus.create(&Settings::new(topic.clone(), Class::Sensitive))?;
    groups(&bus, &topic)?;
    let b = Bench { bus, clock, chance: Seeded::new(11), topic, begun, args };
    let (tenth, all) = (b.args.rows / 10, b.args.rows);
    let first = b.measure(b.fill(0, tenth)?, tenth)?;
    let last = b.measure(b.fill(tenth, all)?, all)?;
    type Of = fn(&Costs) -> f64;
    let steps: [(&str, &str, Of); 4] = [
        ("append", "a record", |c| c.append),
        ("read_by_offset", "a page of 100", |c| c.by_offset),
        ("read_by_time", "a time and a page of 100", |c| c.by_time),
        ("lag", "all of ten groups", |c| c.lag),
    ];
    for (step, unit, of) in steps {
        let (before, after) = (of(&first), of(&last));
        let ratio = after / before;
        println!(
            "{}",
            json!({"bench": step, "unit": unit, "rows": [tenth, all], "value_bytes": b.args.value, "us_at_a_tenth": round(before),
                "us_at_all": round(after), "ratio": round(ratio), "target": TARGET, "met": ratio <= TARGET})
        );
    }
    Ok(())
}

fn round(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}
