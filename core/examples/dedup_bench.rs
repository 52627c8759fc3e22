//! Measures deduplication over `loom.db` on disk: records a second through the whole stage, commits included, while a million
//! keys are remembered, and what they take. One JSON object a line.
//!
//!     cargo run --release -p loom-core --example dedup_bench -- [--keys N] [--records N]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use loom_core::Result;
use loom_core::bus::sqlite::Sqlite;
use loom_core::bus::{Bus, Headers, NewRecord, TopicName};
use loom_core::db::{Db, Key};
use loom_core::dedup::{Compiled, Dedup, Figures, GROUP, Judge, NoPictures, Salt, Sketcher};
use loom_core::env::{Clock, System};
use loom_core::error::Error;
use loom_core::pipeline::{Progress, Step, Wiring, graph};
use loom_core::store::Audio;
use serde_json::{Value, json};
use uuid::Uuid;

const KEY: Key = Key::new([7; 32]);
/// Of ten records one repeats an earlier one.
const REPEATS: u64 = 10;
const BATCH: u64 = 5_000;

struct Silent;
impl Audio for Silent {
    fn read(&self, _: &str, _: u64, _: u64) -> Result<Arc<[f32]>> {
        Err(Error::skip("no audio here"))
    }
}

struct Bench {
    bus: Arc<dyn Bus>,
    topic: TopicName,
    step: Box<dyn Step>,
    sent: u64,
}

impl Bench {
    fn new(folder: &Path, by: &Value) -> Result<Self> {
        let bus: Arc<dyn Bus> = Arc::new(Sqlite::open(Db::open(&folder.join("loom.db"), &KEY)?, Arc::new(System))?);
        let topic = TopicName::parse("bench.dedup.raw")?;
        let rule = json!({"id": "bench", "topic": topic, "match": by, "window_s": 86_400});
        let rule = serde_json::from_value(rule).map_err(|e| Error::bug("the rule of the bench is no rule").because(e))?;
        let rule = Compiled::compile(&rule).unwrap_or_else(|wrong| panic!("the rule of the bench is refused: {wrong:?}"));
        let judge = Arc::new(Judge::new([Arc::new(rule)], Salt::new([1; 32]), Arc::new(NoPictures)));
        let wiring = Wiring {
            bus: bus.clone(),
            audio: Arc::new(Silent),
            clock: Arc::new(System),
            member: "bench".into(),
            host: "here".into(),
            run: String::new(),
            workers: 0,
        };
        let step = graph::deduplication(Dedup::new(judge, vec![topic.clone()], Figures::default())).connect(wiring)?;
        Ok(Self { bus, topic, step, sent: 0 })
    }

    /// Appends records and lets the stage read them; seconds that the stage took.
    fn run(&mut self, records: u64, data: fn(u64) -> Value) -> Result<f64> {
        let (mut seconds, upto) = (0.0, self.sent + records);
        while self.sent < upto {
            let some = BATCH.min(upto - self.sent);
            let new = (self.sent..self.sent + some).map(|n| {
                let said = if n % REPEATS == REPEATS - 1 { n / 2 } else { n };
                let value = data(said).to_string().into_bytes();
                NewRecord::new(self.topic.clone(), Uuid::from_u128(u128::from(n) + 1), Uuid::nil(), System.now(), Headers::default(), value)
            });
            self.bus.append(new.collect())?;
            self.sent += some;
            let began = Instant::now();
            while self.step.step()? == Progress::Worked {}
            seconds += began.elapsed().as_secs_f64();
        }
        Ok(seconds)
    }
}

/// Fields that are the same only in a repeat.
fn fields(n: u64) -> Value {
    json!({"from": format!("+1555{n:07}"), "message": format!("message number {n} of a day like many others")})
}

/// Sentences of words by chance, so that none is like another.
fn text(n: u64) -> Value {
    let mut rng = fastrand::Rng::with_seed(n);
    let word = |rng: &mut fastrand::Rng| (0..rng.usize(2..9)).map(|_| rng.lowercase()).collect::<String>();
    json!({"text": (0..16).map(|_| word(&mut rng)).collect::<Vec<_>>().join(" ")})
}

fn size(folder: &Path) -> u64 {
    std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|e| e.metadata().ok()).map(|m| m.len()).sum()
}

fn measure(what: &str, by: &Value, data: fn(u64) -> Value, keys: u64, records: u64) -> Result<()> {
    let folder = tempfile::tempdir().map_err(|e| Error::stop("no folder to measure in").because(e))?;
    let mut bench = Bench::new(folder.path(), by)?;
    let empty = bench.run(records, data)?;
    let fill = keys.saturating_sub(records);
    bench.run(fill, data)?;
    let full = bench.run(records, data)?;
    let rows = bench.bus.row_count(GROUP)?;
    println!(
        "{}",
        json!({"what": what, "records_a_second_at_first": records as f64 / empty, "records_a_second_full": records as f64 / full,
            "records_before": keys, "rows": rows.rows, "row_bytes": rows.bytes, "file_bytes_all": size(folder.path()),
            "bytes_a_row": rows.bytes as f64 / rows.rows.max(1) as f64})
    );
    Ok(())
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let of = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).and_then(|n| n.parse().ok());
    let (keys, records) = (of("--keys").unwrap_or(1_000_000), of("--records").unwrap_or(100_000));
    let exact = json!({"by": "fields", "fields": [{"field": "/from", "as": "digits"}, {"field": "/message", "as": "text"}]});
    measure("exact", &exact, fields, keys, records)?;
    let like = json!({"by": "text", "fields": ["/text"], "similarity": 0.8});
    // A text leaves twenty-two rows.
    measure("text", &like, text, keys / 20, records / 20)?;
    let sketcher = Sketcher::new(&Salt::new([1; 32]));
    let said = text(1)["text"].as_str().unwrap_or_default().to_string();
    let began = Instant::now();
    let sketches = (0..10_000).filter(|_| sketcher.sketch(&said).is_some()).count();
    let ns = began.elapsed().as_nanos() as f64 / sketches.max(1) as f64;
    println!("{}", json!({"what": "sketch", "characters": said.len(), "ns": ns}));
    Ok(())
}
