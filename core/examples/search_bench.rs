//! How long a search takes among many utterances: `search_bench [ROWS] [FOLDER]`, one million in a temporary
//! folder unless told. A folder that holds them already is used as it is. Prints a JSON object a line.
//!
//! On one day in the midst a tenth of all is said, as after a year's recordings were taken in under one date.
//! Words are made up, follow Zipf's law and look like English; times are of warm queries, and of
//! the processor beside the wall, since only the first holds on a machine with other work.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;
use loom_core::db::{Db, Key};
use loom_core::env::{Clock, Seeded, System, Time};
use loom_core::store::timeline::{Line, SqliteTimeline, insert};
use loom_core::store::{Range, Timeline};
use loom_schemas::payload::{AudioRef, AudioSource, Context, ReleasedText, SourceKind, Word};
use serde_json::json;
use uuid::Uuid;

type Failure = Box<dyn std::error::Error>;

const VOCABULARY: u64 = 50_000;
const QUERIES: u64 = 200;
const FIRST_DAY: Time = Time::from_secs(1_700_000_000);
const DAYS: u64 = 730;
const DAY: f64 = 86_400.0;
/// 2024-11-14, a year after the first.
const CROWDED: Time = Time::from_secs(1_731_542_400);

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let rows: u64 = args.next().map_or(Ok(1_000_000), |n| n.parse())?;
    let temporary = tempfile::tempdir()?;
    let folder = args.next().map_or_else(|| temporary.path().to_path_buf(), PathBuf::from);
    let db = Db::open(&folder.join("loom.db"), &Key::new([42; 32]))?;
    let timeline = SqliteTimeline::open(db.clone())?;
    let corpus = Corpus::new(rows);
    if timeline.count()? != rows {
        fill(&db, &corpus)?;
    }
    let bytes = std::fs::metadata(db.path())?.len();
    println!("{}", json!({"rows": rows, "bytes": bytes, "started_at": SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs()}));
    for class in ["rare word", "common word", "phrase", "two common words", "time filter", "device filter"] {
        let asked: Vec<_> = (0..QUERIES).map(|i| corpus.query(class, &Seeded::new(i))).collect();
        measure(class, &asked, |(query, range)| {
            let found = timeline.search(query, range)?;
            Ok((found.hits.len(), found.capped))
        })?;
    }
    let days: Vec<_> = (0..QUERIES).map(|i| corpus.day(&Seeded::new(i))).collect();
    measure("lines of a day", &days, |range| Ok((timeline.lines(range)?.len(), false)))?;
    let zone = jiff::tz::TimeZone::UTC;
    let dates: Vec<Date> = days.iter().filter_map(|r| Some(r.from?.timestamp().to_zoned_datetime(zone.clone()).date())).collect();
    measure("a day", &dates, |date| Ok((timeline.day(*date, &zone)?.lines as usize, false)))?;
    measure("days of a quarter", &dates, |date| {
        let to = date.checked_add(jiff::Span::new().days(91))?;
        Ok((timeline.days(*date, to, &zone)?.days.len(), false))
    })?;
    let starred = Range { source: Some("Nowhere".into()), limit: 100, newest_first: true, ..Range::default() };
    measure("lines of a source that has none", &[starred], |range| Ok((timeline.lines(range)?.len(), false)))
}

/// Made-up words by rank, and how often each is said.
struct Corpus {
    rows: u64,
    words: Vec<String>,
    cumulative: Vec<f64>,
}

impl Corpus {
    fn new(rows: u64) -> Self {
        let chance = Seeded::new(7);
        let mut words = Vec::new();
        let mut seen = HashSet::new();
        while (words.len() as u64) < VOCABULARY {
            // The commoner a word, the shorter.
            let w: String = (0..1 + chance.below(1 + (words.len() as u64 + 50).ilog(20) as u64)).map(|_| syllable(&chance)).collect();
            if seen.insert(w.clone()) {
                words.push(w);
            }
        }
        let mut sum = 0.0;
        let cumulative = (1..=VOCABULARY).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self { rows, words, cumulative: cumulative.collect() }
    }

    fn word(&self, chance: &Seeded) -> &str {
        let total = self.cumulative[self.cumulative.len() - 1];
        let at = chance.next_u64() as f64 / u64::MAX as f64 * total;
        &self.words[self.cumulative.partition_point(|c| *c < at).min(self.words.len() - 1)]
    }

    /// Of the `n`th utterance: 4 to 20 words, always the same.
    fn text(&self, n: u64) -> Vec<&str> {
        let chance = Seeded::new(n);
        (0..4 + chance.below(17)).map(|_| self.word(&chance)).collect()
    }

    /// Evenly over the years, but for the crowd.
    fn said_at(&self, n: u64) -> Time {
        let crowd = self.rows / 10;
        let before = (self.rows - crowd) / 2;
        let evenly = |n: u64| FIRST_DAY.plus(DAYS as f64 * DAY * n as f64 / (self.rows - crowd) as f64);
        match n.checked_sub(before) {
            None => evenly(n),
            Some(nth) if nth < crowd => CROWDED.plus(DAY * nth as f64 / crowd as f64),
            Some(_) => evenly(n - crowd),
        }
    }

    fn line(&self, n: u64) -> Line {
        let words = self.text(n);
        let at = self.said_at(n);
        let timed = words.iter().enumerate().map(|(i, w)| Word {
            text: (*w).into(),
            start_s: i as f64 * 0.31,
            end_s: i as f64 * 0.31 + 0.27,
            confidence: 0.9 + i as f32 / 1000.0,
        });
        let text = ReleasedText {
            audio: Some(AudioRef {
                stream_id: format!("{:032x}", n / 1000),
                first_sample: n * 50_000,
                samples: 50_000,
                sample_rate: 16_000,
            }),
            duration_s: words.len() as f64 * 0.31,
            text: words.join(" "),
            words: timed.collect(),
            language: "en".into(),
            engine: "bench".into(),
            model: "bench".into(),
            context: Context {
                local_time: at.to_string(),
                time_zone: "UTC".into(),
                daypart: "morning".into(),
                weekday: "monday".into(),
                language: "en".into(),
                duration_s: 1.0,
                words: words.len() as u32,
            },
            source: AudioSource { kind: SourceKind::Microphone, name: "Kitchen microphone".into() },
            masked: vec![],
            policy: "bench".into(),
        };
        // As derived ids are: milliseconds, then a hash.
        let hash = Seeded::new(n ^ 0xabcd).next_u64();
        let message_id = Uuid::from_u128((at.millis() as u128) << 80 | u128::from(hash));
        Line { message_id, place: None, recorded_at: at, device_id: device(n % 4), text }
    }

    fn query(&self, class: &str, chance: &Seeded) -> (String, Range) {
        let common = || self.words[chance.below(100) as usize].clone();
        let mut range = Range { limit: 50, newest_first: true, ..Range::default() };
        let query = match class {
            "rare word" => self.words[(5_000 + chance.below(VOCABULARY - 5_000)) as usize].clone(),
            "phrase" => {
                let words = self.text(chance.below(self.rows));
                let at = chance.below(words.len() as u64 - 1) as usize;
                format!("\"{} {}\"", words[at], words[at + 1])
            }
            "two common words" => format!("{} {}", common(), common()),
            "time filter" => {
                let from = FIRST_DAY.plus(chance.below(DAYS - 30) as f64 * DAY);
                (range.from, range.to) = (Some(from), Some(from.plus(30.0 * DAY)));
                common()
            }
            "device filter" => {
                range.device = Some(device(chance.below(4)));
                common()
            }
            _ => common(),
        };
        (query, range)
    }

    fn day(&self, chance: &Seeded) -> Range {
        let from = FIRST_DAY.plus(chance.below(DAYS) as f64 * DAY);
        Range { from: Some(from), to: Some(from.plus(DAY)), limit: 10_000, ..Range::default() }
    }
}

fn syllable(chance: &Seeded) -> String {
    let of = |parts: &[&'static str]| parts[chance.below(parts.len() as u64) as usize];
    let begin = of(&["b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "w", "st", "tr", "br", "ch", "sh", "th", "pl", ""]);
    let middle = of(&["a", "e", "i", "o", "u", "ea", "ou", "ai", "ee"]);
    let end = of(&["", "", "", "n", "r", "s", "t", "l", "m", "nd", "ng", "st", "ck"]);
    [begin, middle, end].concat()
}

fn device(n: u64) -> Uuid {
    Uuid::from_u128(0xd0d0_0000 + u128::from(n))
}

fn fill(db: &Db, corpus: &Corpus) -> Result<(), Failure> {
    let began = System.monotonic_ns();
    for first in (0..corpus.rows).step_by(512) {
        let lines: Vec<_> = (first..corpus.rows.min(first + 512)).map(|n| corpus.line(n)).collect();
        db.write(move |tx| lines.iter().try_for_each(|l| insert(tx, l).map(drop)))?;
    }
    let seconds = (System.monotonic_ns() - began) as f64 / 1e9;
    println!("{}", json!({"class": "write", "rows": corpus.rows, "rows_per_s": (corpus.rows as f64 / seconds).round()}));
    Ok(())
}

fn measure<Q>(class: &str, asked: &[Q], ask: impl Fn(&Q) -> Result<(usize, bool), Failure>) -> Result<(), Failure> {
    let (mut wall, mut cpu, mut answers, mut capped) = (vec![], vec![], 0, 0);
    for warm in [false, true] {
        for q in asked {
            let (began, used) = (System.monotonic_ns(), cpu_ns());
            let (n, cap) = ask(q)?;
            if warm {
                wall.push((System.monotonic_ns() - began) as f64 / 1e6);
                cpu.push((cpu_ns() - used) as f64 / 1e6);
                (answers, capped) = (answers + n, capped + u64::from(cap));
            }
        }
    }
    let p = |v: &mut Vec<f64>, part: f64| {
        v.sort_by(f64::total_cmp);
        (v[((v.len() as f64 * part) as usize).min(v.len() - 1)] * 100.0).round() / 100.0
    };
    let line = json!({"class": class, "queries": asked.len(), "p50_ms": p(&mut wall, 0.5), "p95_ms": p(&mut wall, 0.95),
        "cpu_p50_ms": p(&mut cpu, 0.5), "cpu_p95_ms": p(&mut cpu, 0.95), "answers": answers, "capped": capped});
    println!("{line}");
    Ok(())
}

/// Of this thread, which is the one that searches.
fn cpu_ns() -> u64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills the struct it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}
