//! Measures the log: durable, encrypted appends, alone and in batches, on an empty log or after millions of records,
//! and retention beside an appender. One JSON object a line.
//!
//!     cargo run --release -p loom-core --example log_bench -- [--rows N] [--value BYTES] [--seconds S] [--folder PATH]

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use loom_core::bus::sqlite::Sqlite;
use loom_core::bus::{Bus, Class, Headers, NewRecord, Settings, TopicName, Trace};
use loom_core::db::{Db, Key};
use loom_core::env::{Clock, Entropy, Seeded, System, message_id};
use loom_core::{Result, Time};
use serde_json::json;
use uuid::Uuid;

const DAY_US: i64 = 86_400_000_000;

/// The system's clock, moved.
#[derive(Default)]
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Time {
        Time(System.now().0 + self.0.load(Ordering::Relaxed))
    }
    fn monotonic_ns(&self) -> u64 {
        System.monotonic_ns()
    }
}

struct Args {
    rows: u64,
    value: usize,
    seconds: f64,
    folder: PathBuf,
}

fn args() -> Args {
    let mut a = Args { rows: 0, value: 1024, seconds: 4.0, folder: std::env::temp_dir() };
    let mut it = std::env::args().skip(1);
    while let (Some(name), Some(value)) = (it.next(), it.next()) {
        match name.as_str() {
            "--rows" => a.rows = value.parse().expect("--rows takes a number"),
            "--value" => a.value = value.parse().expect("--value takes a number of bytes"),
            "--seconds" => a.seconds = value.parse().expect("--seconds takes a number"),
            "--folder" => a.folder = value.into(),
            _ => panic!("unknown argument {name}"),
        }
    }
    a
}

struct Bench {
    bus: Sqlite,
    clock: Arc<Moved>,
    topic: TopicName,
    args: Args,
}

struct Retained {
    records: u64,
    deleting: Duration,
    /// Deleting and giving space back.
    whole: Duration,
    /// Milliseconds of the appends beside it.
    beside: Vec<f64>,
}

impl Bench {
    fn record(&self, entropy: &dyn Entropy) -> NewRecord {
        let now = self.clock.now();
        let headers = Headers {
            schema: "device.bench.raw.v1".into(),
            trace: Trace { trace_id: [5; 16], span_id: [6; 8] },
            producer: "log-bench".into(),
            ..Headers::default()
        };
        NewRecord::new(self.topic.clone(), message_id(now, entropy), Uuid::from_u128(7), now, headers, vec![b'x'; self.args.value])
    }

    fn batch(&self, entropy: &dyn Entropy, n: u64) -> Vec<NewRecord> {
        (0..n).map(|_| self.record(entropy)).collect()
    }

    /// Records a second, from several appenders.
    fn batches(&self, appenders: u64, batch: u64) -> Result<f64> {
        let (began, end) = (Instant::now(), Duration::from_secs_f64(self.args.seconds));
        let appender = |seed| {
            let entropy = Seeded::new(began.elapsed().as_nanos() as u64 ^ seed);
            let mut done = 0;
            while began.elapsed() < end {
                self.bus.append(self.batch(&entropy, batch))?;
                done += batch;
            }
            Ok(done)
        };
        let done: u64 = std::thread::scope(|s| {
            let threads: Vec<_> = (0..appenders).map(|seed| s.spawn(move || appender(seed << 60))).collect();
            threads.into_iter().map(|t| t.join().expect("an appender panicked")).sum::<Result<u64>>()
        })?;
        Ok(done as f64 / began.elapsed().as_secs_f64())
    }

    /// Milliseconds of single appends and, in turn with them, of the disk's own flush.
    fn alone(&self) -> Result<(Vec<f64>, Vec<f64>)> {
        let entropy = Seeded::new(self.clock.now().0 as u64);
        let mut disk = Disk::open(&self.args.folder);
        let (mut appends, mut flushes) = (Vec::new(), Vec::new());
        let began = Instant::now();
        while began.elapsed().as_secs_f64() < 2.0 * self.args.seconds || appends.len() < 1000 {
            let record = vec![self.record(&entropy)];
            let t = Instant::now();
            self.bus.append(record)?;
            appends.push(t.elapsed().as_secs_f64() * 1e3);
            flushes.push(disk.flush());
        }
        Ok((appends, flushes))
    }

    /// Runs retention beside an appender.
    fn retention(&self) -> Result<Retained> {
        let over = &AtomicBool::new(false);
        std::thread::scope(|s| {
            let appender = s.spawn(|| -> Result<Vec<f64>> {
                let entropy = Seeded::new(99);
                let mut took = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let records = self.batch(&entropy, 10);
                    let t = Instant::now();
                    self.bus.append(records)?;
                    took.push(t.elapsed().as_secs_f64() * 1e3);
                }
                Ok(took)
            });
            let t = Instant::now();
            // Deleting is over when the oldest kept offset moves no more; then space is given back.
            let watcher = s.spawn(move || -> Result<Duration> {
                let (mut low, mut moved) = (0, t.elapsed());
                while !over.load(Ordering::Relaxed) {
                    let now = self.bus.topic(&self.topic)?.map_or(0, |s| s.bounds[0].0);
                    if now != low {
                        (low, moved) = (now, t.elapsed());
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
                Ok(moved)
            });
            let records = self.bus.retain();
            let whole = t.elapsed();
            over.store(true, Ordering::Relaxed);
            let deleting = watcher.join().expect("the watcher panicked")?;
            Ok(Retained { records: records?, deleting, whole, beside: appender.join().expect("the appender panicked")? })
        })
    }

    /// Fills the log: a fifth of the rows a month before the others.
    fn fill(&self, rows: u64) -> Result<()> {
        self.fill_some(rows / 5)?;
        self.clock.0.fetch_add(31 * DAY_US, Ordering::Relaxed);
        self.fill_some(rows - rows / 5)
    }

    fn fill_some(&self, rows: u64) -> Result<()> {
        let fill = |seed| {
            let entropy = Seeded::new(self.clock.now().0 as u64 ^ seed);
            (0..rows / 2000).try_for_each(|_| self.bus.append(self.batch(&entropy, 1000)).map(drop))
        };
        std::thread::scope(|s| {
            let threads = [s.spawn(move || fill(1 << 60)), s.spawn(move || fill(2 << 60))];
            threads.into_iter().try_for_each(|t| t.join().expect("a filler panicked"))
        })
    }
}

/// A file that is written over and flushed, as a write-ahead log is.
struct Disk {
    file: File,
    page: Vec<u8>,
}

const DISK_BYTES: u64 = 16 << 20;

impl Disk {
    fn open(folder: &Path) -> Self {
        let mut file = tempfile::tempfile_in(folder).expect("the folder takes a file");
        file.write_all(&vec![1; DISK_BYTES as usize]).expect("the disk takes 16 MiB");
        file.sync_all().expect("the disk flushes");
        file.rewind().expect("a file rewinds");
        Self { file, page: vec![7; 4096] }
    }
    /// Milliseconds to write 4 KiB and flush them.
    fn flush(&mut self) -> f64 {
        let t = Instant::now();
        self.file.write_all(&self.page).expect("the disk takes 4 KiB");
        self.file.sync_data().expect("the disk flushes");
        let took = t.elapsed().as_secs_f64() * 1e3;
        if self.file.stream_position().is_ok_and(|at| at >= DISK_BYTES) {
            self.file.seek(SeekFrom::Start(0)).expect("a file seeks");
        }
        took
    }
}

fn percentile(of: &mut [f64], p: f64) -> f64 {
    of.sort_by(f64::total_cmp);
    of[((of.len() - 1) as f64 * p).round() as usize]
}

fn round(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}

fn main() -> Result<()> {
    let args = args();
    let folder = tempfile::tempdir_in(&args.folder).expect("the folder takes another");
    let clock = Arc::new(Moved::default());
    let bus = Sqlite::open(Db::open(&folder.path().join("loom.db"), &Key::new([9; 32]))?, clock.clone())?;
    let topic = TopicName::of("device.bench.raw");
    bus.create(&Settings::new(topic.clone(), Class::Sensitive).days(30))?;
    let b = Bench { bus, clock, topic, args };
    let (rows, value) = (b.args.rows, b.args.value);

    let t = Instant::now();
    b.fill(rows)?;
    let filled = t.elapsed().as_secs_f64();
    println!("{}", json!({"bench": "fill", "rows": rows, "value_bytes": value, "records_per_second": round(rows as f64 / filled)}));

    let scale = if rows == 0 { 1.0 } else { 0.5 };
    for (appenders, batch, target) in [(16, 10, 15_000.0), (16, 100, 50_000.0), (4, 1000, 80_000.0)] {
        let rate = b.batches(appenders, batch)?;
        println!(
            "{}",
            json!({"bench": "append", "batch": batch, "appenders": appenders, "rows": rows, "value_bytes": value,
                "records_per_second": rate.round(), "target": target * scale, "met": rate >= target * scale})
        );
    }

    let (mut appends, mut flushes) = b.alone()?;
    let (p99, disk) = (percentile(&mut appends, 0.99), percentile(&mut flushes, 0.99));
    println!(
        "{}",
        json!({"bench": "append_alone", "rows": rows, "samples": appends.len(), "p50_ms": round(percentile(&mut appends, 0.5)),
            "p99_ms": round(p99), "fdatasync_p50_ms": round(percentile(&mut flushes, 0.5)), "fdatasync_p99_ms": round(disk),
            "ratio": round(p99 / disk), "target": 5.0, "met": p99 <= 5.0 * disk})
    );

    if rows == 0 {
        b.fill_some(400_000)?;
        b.clock.0.fetch_add(31 * DAY_US, Ordering::Relaxed);
    }
    let size = || std::fs::metadata(folder.path().join("loom.db")).map_or(0, |m| m.len());
    let before = size();
    let mut r = b.retention()?;
    let (rate, longest) = (r.records as f64 / r.deleting.as_secs_f64(), percentile(&mut r.beside, 1.0));
    println!(
        "{}",
        json!({"bench": "retention", "rows": rows, "value_bytes": value, "deleted": r.records, "records_per_second": rate.round(),
            "target": 200_000.0, "seconds_with_giving_space_back": round(r.whole.as_secs_f64()),
            "given_back_mib": (before.saturating_sub(size())) >> 20, "appends_beside": r.beside.len(),
            "append_p99_ms": round(percentile(&mut r.beside, 0.99)), "longest_append_ms": round(longest),
            "longest_target_ms": 50.0, "met": rate >= 200_000.0 && longest <= 50.0})
    );
    Ok(())
}
