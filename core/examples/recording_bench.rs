//! How fast recordings come in, and in how much memory: JSON lines.
//!
//! `recording_bench SECONDS` makes a WAV (44.1 kHz, stereo) of that length and feeds it to a log of its own, on disk;
//! `recording_bench FILE…` decodes files and says what they are.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;
use loom_core::bus::sqlite::Sqlite;
use loom_core::bus::{Bus, TopicName, names};
use loom_core::capture::decode;
use loom_core::capture::recording::{Input, Recording};
use loom_core::db::{Db, Key};
use loom_core::env::System;
use loom_core::store::audio::AudioStore;
use serde_json::{Value, json};
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(Ok(seconds)) = args.first().map(|a| a.parse::<u32>()) {
        return feed(seconds);
    }
    for path in &args {
        let line = decoded(Path::new(path)).unwrap_or_else(|e| json!({ "file": path, "error": e.to_string() }));
        println!("{line}");
    }
    Ok(())
}

fn decoded(path: &Path) -> Outcome<Value> {
    let start = Instant::now();
    let mut decoder = decode::open(path)?;
    let mut samples = 0u64;
    let mut peak = 0f32;
    for block in &mut decoder {
        let block = block?;
        samples += block.len() as u64;
        peak = block.iter().fold(peak, |p, s| p.max(s.abs()));
    }
    let (seconds, took) = (samples as f64 / 16_000.0, start.elapsed().as_secs_f64());
    let at = decoder.container_time(&TimeZone::UTC).map(|t| t.to_string());
    Ok(json!({
        "file": path.file_name().map(|n| n.to_string_lossy()), "seconds": seconds, "hint_s": decoder.duration_hint_s(), "peak": peak,
        "truncated": decoder.truncated(), "made_at": at, "warnings": decoder.warnings(),
        "times_real_time": (seconds / took).round(), "resident_mb": resident_mb(),
    }))
}

/// The whole way in: hash, decode, resample, write, flush, records.
fn feed(seconds: u32) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("long.wav");
    synthesise(&path, seconds)?;
    let decoding = Instant::now();
    let samples: usize = decode::open(&path)?.filter_map(Result::ok).map(|b| b.len()).sum();
    let decode_s = decoding.elapsed().as_secs_f64();
    let decode_mb = resident_mb();

    let db = Db::open(&folder.path().join("loom.db"), &Key::new([1; 32]))?;
    let store = Arc::new(AudioStore::open(&db, &folder.path().join("audio"))?);
    let log = Arc::new(Sqlite::open(db, Arc::new(System))?);
    let input = Input { path: path.clone(), at: None, device_id: Uuid::from_u128(1), zone: TimeZone::UTC };
    let whole = Instant::now();
    let mut recording = Recording::open(&input, store, log.clone())?;
    let open_s = whole.elapsed().as_secs_f64();
    while !recording.step()? {}
    let feed_s = whole.elapsed().as_secs_f64();
    let mb = fs::metadata(&path)?.len() as f64 / 1e6;
    let records = log.topic(&TopicName::of(names::AUDIO_RAW))?.map_or(0, |t| t.records);
    let length = samples as f64 / 16_000.0;
    println!(
        "{}",
        json!({
            "seconds": length, "file_mb": mb, "hash_mb_s": (mb / open_s).round(), "decode_times_real_time": (length / decode_s).round(),
            "feed_times_real_time": (length / feed_s).round(), "records": records, "decode_resident_mb": decode_mb,
            "feed_resident_mb": resident_mb(),
        })
    );
    Ok(())
}

/// A tone that glides, in stereo.
fn synthesise(path: &Path, seconds: u32) -> Outcome<()> {
    let (rate, data) = (44_100u32, u64::from(seconds) * 44_100 * 4);
    let size = u32::try_from(data).unwrap_or(u32::MAX);
    let mut out = BufWriter::new(fs::File::create(path)?);
    out.write_all(&[&b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0"[..], &rate.to_le_bytes(), &(rate * 4).to_le_bytes()].concat())?;
    out.write_all(&[&b"\x04\0\x10\0data"[..], &size.to_le_bytes()].concat())?;
    let mut phase = 0f32;
    for n in 0..u64::from(seconds) * u64::from(rate) {
        phase = (phase + 0.01 + (n % 44_100) as f32 * 1e-6) % std::f32::consts::TAU;
        let s = ((phase.sin() * 12_000.0) as i16).to_le_bytes();
        out.write_all(&[s, s].concat())?;
    }
    Ok(out.flush()?)
}

/// The most memory this process ever held; 0 where the system does not tell.
fn resident_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    (kb.unwrap_or(0.0) / 102.4).round() / 10.0
}
