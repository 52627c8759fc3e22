use std::fs;
use std::path::PathBuf;

use loom_schemas::payload::SourceKind;
use tempfile::TempDir;

use super::*;
use crate::Kind;
use crate::bus::memory::Memory;
use crate::bus::{Headers, NewRecord};
use crate::db::Key;
use crate::env::ManualClock;

const ID: &str = "00112233445566778899aabbccddeeff";

struct Rig {
    folder: TempDir,
    db: Db,
    store: AudioStore,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("loom.db"), &Key::new([1; 32])).unwrap();
        let store = AudioStore::open(&db, &folder.path().join("audio")).unwrap();
        Self { folder, db, store }
    }
    /// As after a kill: what is in memory is gone.
    fn reopen(&mut self) {
        self.store = AudioStore::open(&self.db, &self.folder.path().join("audio")).unwrap();
    }
    fn begin(&self, id: &str, started_at: Time) -> StreamState {
        let source = AudioSource { kind: SourceKind::Recording, name: "built-in".into() };
        self.store.open_stream(&NewStream { stream_id: id.into(), device_id: Uuid::nil(), source, started_at }).unwrap()
    }
    fn files(&self) -> Vec<(PathBuf, u64)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().join("audio")];
        while let Some(f) = folders.pop() {
            for e in fs::read_dir(f).into_iter().flatten() {
                let (path, meta) = e.map(|e| (e.path(), e.metadata().unwrap())).unwrap();
                if meta.is_dir() { folders.push(path) } else { found.push((path, meta.len())) }
            }
        }
        found.sort();
        found
    }
}

fn day() -> Time {
    Time::parse("2024-05-06T23:30:00Z").unwrap()
}

fn ramp(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i as i64 * 37 % 65_536) - 32_768) as f32 / 32_768.0).collect()
}

/// A log that says the stream goes this far.
fn log(id: &str, chunks: &[(u64, u32, Option<StreamEnd>)]) -> Memory {
    let bus = Memory::new(Arc::new(ManualClock::at(day())));
    let source = AudioSource { kind: SourceKind::Recording, name: "built-in".into() };
    for (i, (first_sample, samples, end)) in chunks.iter().enumerate() {
        let chunk = AudioChunk {
            stream_id: id.into(),
            first_sample: *first_sample,
            samples: *samples,
            sample_rate: 16_000,
            format: "pcm_s16le".into(),
            source: source.clone(),
            end: *end,
        };
        let value = serde_json::to_vec(&chunk).unwrap();
        let id = Uuid::from_u128(i as u128);
        bus.append(vec![NewRecord::new(TopicName::of(names::AUDIO_RAW), id, Uuid::nil(), day(), Headers::default(), value)]).unwrap();
    }
    bus
}

#[test]
fn every_16_bit_sample_comes_back_as_it_was() {
    let rig = Rig::new();
    rig.begin(ID, day());
    let all: Vec<f32> = (i16::MIN..=i16::MAX).map(|s| f32::from(s) / 32_768.0).collect();
    rig.store.append(ID, 0, &all).unwrap();
    assert_eq!(&rig.store.read(ID, 0, 65_536).unwrap()[..], &all[..]);
    // What 16 bits cannot hold is the nearest they can.
    rig.store.append(ID, 65_536, &[2.0, -2.0, 1.0, f32::NAN, 0.499 / 32_768.0, 0.501 / 32_768.0]).unwrap();
    let unit = 1.0 / 32_768.0;
    assert_eq!(&rig.store.read(ID, 65_536, 6).unwrap()[..], [1.0 - unit, -1.0, 1.0 - unit, 0.0, 0.0, unit]);
}

#[test]
fn pieces_are_read_wherever_they_begin() {
    let mut rig = Rig::new();
    rig.begin(ID, day());
    let all = ramp(50_000);
    for (i, chunk) in all.chunks(3_000).enumerate() {
        rig.store.append(ID, i as u64 * 3_000, chunk).unwrap();
    }
    rig.store.flush(ID).unwrap();
    rig.reopen();
    for (first, n) in [(0, 1), (2_999, 2), (12_345, 20_000), (49_999, 1), (0, 50_000), (7, 0)] {
        assert_eq!(&rig.store.read(ID, first as u64, n as u64).unwrap()[..], &all[first..first + n]);
    }
}

#[test]
fn what_is_missing_is_skipped_and_never_made_up() {
    let rig = Rig::new();
    rig.begin(ID, day());
    rig.store.append(ID, 0, &ramp(100)).unwrap();
    for (id, first, n) in
        [(ID, 0, 101), (ID, 100, 1), (ID, u64::MAX, 1), (ID, 5_000_000_000, 1), ("ffffffffffffffffffffffffffffffff", 0, 1)]
    {
        assert_eq!(rig.store.read(id, first, n).err().map(|e| e.kind), Some(Kind::Skip), "{id} {first} {n}");
    }
}

#[test]
fn a_gap_is_refused_and_a_repeat_changes_nothing() {
    let rig = Rig::new();
    rig.begin(ID, day());
    let all = ramp(300);
    rig.store.append(ID, 0, &all).unwrap();
    rig.store.append(ID, 100, &all[100..200]).unwrap();
    assert_eq!(rig.store.append(ID, 301, &[0.1]).err().map(|e| e.kind), Some(Kind::Bug));
    assert_eq!(&rig.store.read(ID, 0, 300).unwrap()[..], &all[..]);
    assert_eq!(rig.store.stream(ID).unwrap().unwrap().on_disk, 300);
}

#[test]
fn a_stream_is_what_it_was_the_first_time() {
    let rig = Rig::new();
    rig.begin(ID, day());
    let again = rig.begin(ID, day().plus(1000.0));
    assert_eq!((again.started_at, again.on_disk, again.logged, again.ended), (day(), 0, 0, None));
    let bad = NewStream { stream_id: "../../etc/passwd".into(), device_id: Uuid::nil(), source: again.source, started_at: day() };
    assert_eq!(rig.store.open_stream(&bad).err().map(|e| e.kind), Some(Kind::Invalid));
}

#[test]
fn a_long_stream_goes_through_files_of_an_hour() {
    let mut rig = Rig::new();
    rig.begin(ID, day());
    let minute = ramp(60 * 16_000);
    for m in 0..62u64 {
        rig.store.append(ID, m * 960_000, &minute).unwrap();
    }
    rig.store.flush(ID).unwrap();
    rig.reopen();
    let names: Vec<_> =
        rig.files().iter().map(|(p, len)| (p.strip_prefix(rig.folder.path()).unwrap().display().to_string(), *len)).collect();
    // The second hour began after midnight.
    let want = [(format!("audio/2024/05/06/{ID}-0.pcm"), 115_200_000), (format!("audio/2024/05/07/{ID}-57600000.pcm"), 3_840_000)];
    assert_eq!(names, want);
    let across = rig.store.read(ID, 57_600_000 - 500, 1000).unwrap();
    assert_eq!(&across[..500], &minute[959_500..]);
    assert_eq!(&across[500..], &minute[..500]);
    // The first hour is finished and may be let go, the one that grows may not.
    assert_eq!(rig.store.retain(0).unwrap(), 115_200_000);
    assert_eq!(rig.store.retain(0).unwrap(), 0);
    assert_eq!(rig.store.read(ID, 0, 10).err().map(|e| e.kind), Some(Kind::Skip));
    assert_eq!(rig.store.read(ID, 57_600_000, 10).unwrap().len(), 10);
}

#[test]
#[cfg(unix)]
fn only_their_owner_reads_them() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::new();
    rig.begin(ID, day());
    rig.store.append(ID, 0, &ramp(10)).unwrap();
    let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
    let file = &rig.files()[0].0;
    assert_eq!(mode(file), 0o600);
    for above in file.ancestors().skip(1).take(4) {
        assert_eq!(mode(above), 0o700, "{}", above.display());
    }
}

#[test]
fn at_start_what_the_log_does_not_name_is_cut() {
    let mut rig = Rig::new();
    rig.begin(ID, day());
    let all = ramp(40_000);
    rig.store.append(ID, 0, &all).unwrap();
    let bus = log(ID, &[(0, 16_000, None), (16_000, 16_000, None)]);
    rig.reopen();
    rig.store.recover(&bus).unwrap();
    let state = rig.store.stream(ID).unwrap().unwrap();
    assert_eq!((state.on_disk, state.logged, state.ended), (32_000, 32_000, None));
    // And it goes on there.
    rig.store.append(ID, 32_000, &all[32_000..]).unwrap();
    assert_eq!(&rig.store.read(ID, 0, 40_000).unwrap()[..], &all[..]);
}

#[test]
fn at_start_a_stream_without_a_record_is_empty_and_half_a_sample_goes() {
    let mut rig = Rig::new();
    rig.begin(ID, day());
    rig.store.append(ID, 0, &ramp(1000)).unwrap();
    let path = rig.files()[0].0.clone();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(333).unwrap();
    rig.reopen();
    rig.store.recover(&log(ID, &[(0, 100, None)])).unwrap();
    assert_eq!(rig.files()[0].1, 200);
    let mut other = Rig::new();
    other.begin(ID, day());
    other.store.append(ID, 0, &ramp(1000)).unwrap();
    other.reopen();
    other.store.recover(&Memory::new(Arc::new(ManualClock::at(day())))).unwrap();
    assert!(other.files().is_empty());
    assert_eq!(other.begin(ID, day()).on_disk, 0);
}

#[test]
fn an_end_on_the_log_ends_the_stream() {
    let mut rig = Rig::new();
    rig.begin(ID, day());
    rig.store.append(ID, 0, &ramp(20_000)).unwrap();
    let bus = log(ID, &[(0, 16_000, None), (16_000, 4_000, None), (20_000, 0, Some(StreamEnd::FileOver))]);
    rig.reopen();
    rig.store.recover(&bus).unwrap();
    let state = rig.store.stream(ID).unwrap().unwrap();
    assert_eq!((state.on_disk, state.logged, state.ended), (20_000, 20_000, Some(StreamEnd::FileOver)));
    // Nothing is looked at twice.
    assert_eq!(rig.store.catalogue.followed(0).unwrap(), 3);
    assert_eq!(rig.store.retain(u64::MAX).unwrap(), 0);
    assert_eq!(rig.store.retain(39_999).unwrap(), 40_000);
    assert!(rig.files().is_empty());
}

#[test]
fn the_oldest_goes_first() {
    let rig = Rig::new();
    let id = |n: u8| format!("{n:032x}");
    for (n, hours) in [(1u8, 5.0), (2, 1.0), (3, 9.0)] {
        rig.begin(&id(n), day().plus(hours * 3600.0));
        rig.store.append(&id(n), 0, &ramp(1000)).unwrap();
        rig.store.end_stream(&id(n), 1000, StreamEnd::Paused).unwrap();
    }
    assert_eq!(rig.store.retain(4_500).unwrap(), 2_000);
    let left: Vec<bool> = (1..=3).map(|n| rig.store.read(&id(n), 0, 1000).is_ok()).collect();
    assert_eq!(left, [true, false, true]);
}

#[test]
fn a_full_disk_stops_intake_and_keeps_what_was_there() {
    let rig = Rig::new();
    rig.begin(ID, day());
    let all = ramp(16_000);
    rig.store.append(ID, 0, &all).unwrap();
    rig.store.flush(ID).unwrap();
    rig.db.keep_free(u64::MAX);
    let e = rig.store.append(ID, 16_000, &all).err().unwrap();
    assert_eq!(e.kind, Kind::Stop);
    assert!(e.message().contains("disk is full"), "{e}");
    assert_eq!(&rig.store.read(ID, 0, 16_000).unwrap()[..], &all[..]);
    // Space came back.
    rig.db.keep_free(0);
    rig.store.append(ID, 16_000, &all).unwrap();
    assert_eq!(rig.store.stream(ID).unwrap().unwrap().on_disk, 32_000);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up_on_the_way_says_so() {
    let rig = Rig::new();
    rig.begin(ID, day());
    let folder = rig.folder.path().join("audio/2024/05/06");
    fs::create_dir_all(&folder).unwrap();
    // The device every write to which finds the disk full.
    std::os::unix::fs::symlink("/dev/full", folder.join(format!("{ID}-0.pcm"))).unwrap();
    let e = rig.store.append(ID, 0, &ramp(100)).err().unwrap();
    assert_eq!(e.kind, Kind::Stop);
    assert!(e.message().contains("disk is full"), "{e}");
}

#[test]
fn playback_is_a_wav_whole_and_in_parts() {
    let rig = Rig::new();
    rig.begin(ID, day());
    let all = ramp(1000);
    rig.store.append(ID, 0, &all).unwrap();
    let wav = rig.store.wav(ID, 100, 500).unwrap();
    assert_eq!(wav.len() as u64, wav_len(500));
    assert_eq!(&wav[..12], b"RIFF\x0c\x04\0\0WAVE");
    assert_eq!(&wav[36..44], b"data\xe8\x03\0\0");
    let samples: Vec<f32> = wav[44..].chunks(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0).collect();
    assert_eq!(samples, all[100..600]);
    for (from, len) in [(0u64, 1u64), (0, 44), (40, 8), (43, 2), (44, 1), (45, 1), (45, 4), (1043, 50), (1044, 5), (9999, 1), (0, u64::MAX)]
    {
        let want = &wav[(from as usize).min(wav.len())..(from.saturating_add(len) as usize).min(wav.len())];
        assert_eq!(rig.store.wav_part(ID, 100, 500, from, len).unwrap(), want, "{from} {len}");
    }
    assert_eq!(rig.store.wav(ID, 900, 101).err().map(|e| e.kind), Some(Kind::Skip));
}
