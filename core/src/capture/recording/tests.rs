use std::fs;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use loom_schemas::payload::AudioChunk;
use tempfile::TempDir;

use super::super::decode::tests::wav;
use super::*;
use crate::Kind;
use crate::bus::memory::Memory;
use crate::bus::{
    Appended, Commit, GroupState, Headers, Join, Membership, Positions, Record, RowCount, Settings, TopicName, TopicState, names,
};
use crate::db::{Db, Key};
use crate::env::ManualClock;
use crate::store::Audio;

/// The log of a process that is killed at its n-th append: before it lands, or right after.
struct Killed {
    log: Arc<Memory>,
    left: Mutex<(usize, bool)>,
}

impl Bus for Killed {
    fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Appended>> {
        let mut left = self.left.lock().unwrap();
        if left.0 == 0 {
            if left.1 {
                self.log.append(records)?;
            }
            return Err(Error::retry("killed"));
        }
        left.0 -= 1;
        self.log.append(records)
    }
    fn create(&self, s: &Settings) -> Result<()> {
        self.log.create(s)
    }
    fn topics(&self) -> Result<Vec<TopicState>> {
        self.log.topics()
    }
    fn topic(&self, n: &TopicName) -> Result<Option<TopicState>> {
        self.log.topic(n)
    }
    fn read(&self, t: &TopicName, p: u32, from: u64, n: usize, b: usize) -> Result<Vec<Record>> {
        self.log.read(t, p, from, n, b)
    }
    fn offset_at(&self, t: &TopicName, p: u32, time: Time) -> Result<u64> {
        self.log.offset_at(t, p, time)
    }
    fn watermark(&self) -> Result<Time> {
        self.log.watermark()
    }
    fn wait(&self, seen: u64, timeout: Duration) -> u64 {
        self.log.wait(seen, timeout)
    }
    fn join(&self, j: &Join) -> Result<Membership> {
        self.log.join(j)
    }
    fn heartbeat(&self, m: &Membership) -> Result<()> {
        self.log.heartbeat(m)
    }
    fn leave(&self, m: &Membership) -> Result<()> {
        self.log.leave(m)
    }
    fn commit(&self, c: Commit) -> Result<Vec<Appended>> {
        self.log.commit(c)
    }
    fn groups(&self) -> Result<Vec<GroupState>> {
        self.log.groups()
    }
    fn seek(&self, g: &str, p: &Positions) -> Result<()> {
        self.log.seek(g, p)
    }
    fn rows(&self, g: &str, k: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        self.log.rows(g, k)
    }
    fn rows_from(&self, g: &str, p: &[u8], a: Option<&[u8]>, n: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.log.rows_from(g, p, a, n)
    }
    fn row_count(&self, g: &str) -> Result<RowCount> {
        self.log.row_count(g)
    }
    fn retain(&self) -> Result<u64> {
        self.log.retain()
    }
    fn erase(&self, t: &TopicName, p: u32, o: &[u64]) -> Result<u64> {
        self.log.erase(t, p, o)
    }
}

/// A data folder and a log that outlive the process.
struct Machine {
    folder: TempDir,
    db: Db,
    log: Arc<Memory>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("loom.db"), &Key::new([3; 32])).unwrap();
        let clock = ManualClock::at(Time::parse("2025-01-01T00:00:00Z").unwrap());
        Self { folder, db, log: Arc::new(Memory::new(Arc::new(clock))) }
    }
    /// A new process on it.
    fn start(&self) -> Arc<AudioStore> {
        let store = AudioStore::open(&self.db, &self.folder.path().join("audio")).unwrap();
        store.recover(self.log.as_ref()).unwrap();
        Arc::new(store)
    }
    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
    fn feed(&self, input: &Input) -> Recording {
        let mut r = Recording::open(input, self.start(), self.log.clone()).unwrap();
        while !r.step().unwrap() {}
        r
    }
    /// Feeds until the n-th append kills it; whether it came to its end.
    fn feed_killed(&self, input: &Input, appends: usize, lands: bool) -> bool {
        let bus = Arc::new(Killed { log: self.log.clone(), left: Mutex::new((appends, lands)) });
        let mut r = Recording::open(input, self.start(), bus).unwrap();
        loop {
            match r.step() {
                Ok(true) => return true,
                Ok(false) => {}
                Err(_) => return false,
            }
        }
    }
    fn records(&self) -> Vec<Record> {
        self.log.read(&TopicName::of(names::AUDIO_RAW), 0, 0, usize::MAX, usize::MAX).unwrap()
    }
}

fn input(path: PathBuf) -> Input {
    let at = Some(Time::parse("2024-05-06T07:08:09.000500Z").unwrap());
    Input { path, at, device_id: Uuid::from_u128(7), zone: TimeZone::UTC }
}

fn noise(samples: usize) -> Vec<i16> {
    let mut rng = fastrand::Rng::with_seed(5);
    (0..samples).map(|_| rng.i16(..)).collect()
}

/// All that the log says of a recording.
fn told(records: &[Record]) -> Vec<(Uuid, Time, Uuid, Headers, AudioChunk)> {
    records.iter().map(|r| (r.message_id(), r.recorded_at(), r.device_id(), r.headers().clone(), r.payload().unwrap())).collect()
}

#[test]
fn a_recording_is_on_the_log_second_by_second() {
    let m = Machine::new();
    let samples = noise(35 * 16_000 + 123);
    let bytes = wav(16_000, 1, &samples);
    let r = m.feed(&input(m.put("talk.wav", &bytes)));
    assert_eq!(r.stream_id(), hex::encode(&Sha256::digest(&bytes)[..16]));
    assert_eq!((r.ended(), r.resumed_at_s(), r.warnings().len()), (Some(StreamEnd::FileOver), 0.0, 0));
    assert_eq!(r.progress(), Progress { seconds: 35.0076875, total: Some(35.0076875) });
    let records = told(&m.records());
    assert_eq!(records.len(), 37);
    for (i, (id, at, device, headers, chunk)) in records.iter().enumerate() {
        assert_eq!(at.to_string(), Time::parse("2024-05-06T07:08:09.000500Z").unwrap().plus((i as f64).min(35.0076875)).to_string());
        assert_eq!((*device, id.get_version_num(), headers.producer.as_str()), (Uuid::from_u128(7), 8, "recording"));
        assert_eq!((headers.schema.as_str(), hex::encode(headers.trace.trace_id)), ("device.audio.raw.v1", r.stream_id().to_owned()));
        assert_eq!(chunk.source, AudioSource { kind: SourceKind::Recording, name: "talk.wav".into() });
        let (first, n, end) = match i {
            0..35 => (i as u64 * 16_000, 16_000, None),
            35 => (560_000, 123, None),
            _ => (560_123, 0, Some(StreamEnd::FileOver)),
        };
        assert_eq!((chunk.first_sample, chunk.samples, chunk.end), (first, n, end));
    }
    let spans: std::collections::HashSet<_> = records.iter().map(|r| r.3.trace.span_id).collect();
    assert_eq!(spans.len(), 37);
    let back = m.start().read(r.stream_id(), 0, samples.len() as u64).unwrap();
    assert!(back.iter().zip(&samples).all(|(a, b)| *a == f32::from(*b) / 32_768.0));
}

#[test]
fn a_kill_at_any_moment_costs_nothing_and_doubles_nothing() {
    let bytes = wav(16_000, 1, &noise(30 * 16_000 + 5));
    let whole = Machine::new();
    let r = whole.feed(&input(whole.put("a.wav", &bytes)));
    let want = told(&whole.records());
    let want_audio = whole.start().read(r.stream_id(), 0, 480_005).unwrap();
    for kill in 0..5 {
        for lands in [false, true] {
            let m = Machine::new();
            let i = input(m.put("a.wav", &bytes));
            assert_eq!(m.feed_killed(&i, kill, lands), kill >= 4, "kill {kill}");
            let r = m.feed(&i);
            assert_eq!(told(&m.records()), want, "kill {kill}, landed {lands}");
            assert_eq!(m.start().read(r.stream_id(), 0, 480_005).unwrap(), want_audio);
        }
    }
    // And killed again and again.
    let m = Machine::new();
    let i = input(m.put("a.wav", &bytes));
    while !m.feed_killed(&i, 1, true) {}
    assert_eq!(told(&m.records()), want);
}

#[test]
fn the_same_file_again_adds_nothing() {
    let m = Machine::new();
    let bytes = wav(16_000, 1, &noise(20_000));
    m.feed(&input(m.put("a.wav", &bytes)));
    let before = told(&m.records());
    // By another name, at another time, it is the same recording.
    let again = m.feed(&Input { at: Some(Time::from_secs(1)), ..input(m.put("copy.wav", &bytes)) });
    assert_eq!(told(&m.records()), before);
    assert_eq!((again.resumed_at_s(), again.progress().seconds), (1.25, 1.25));
    assert_eq!(again.started_at(), input(PathBuf::new()).at.unwrap());
}

#[test]
fn a_start_once_found_stays() {
    let m = Machine::new();
    let path = m.put("a.wav", &wav(16_000, 1, &noise(30 * 16_000)));
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_030);
    let touch = |t| fs::File::options().write(true).open(&path).unwrap().set_modified(t).unwrap();
    touch(written);
    let i = Input { at: None, ..input(path.clone()) };
    assert!(!m.feed_killed(&i, 2, true));
    touch(written + Duration::from_secs(500));
    let r = m.feed(&i);
    // Written to the end when its last sample was taken.
    assert_eq!(r.started_at(), Time::from_secs(1_700_000_000));
    assert_eq!(m.records()[3].recorded_at(), Time::from_secs(1_700_000_003));
    assert_eq!(r.resumed_at_s(), 24.0);
}

#[test]
fn the_container_knows_better_than_the_folder() {
    let m = Machine::new();
    let aac = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/chirp-aac.m4a");
    let r = m.feed(&Input { at: None, ..input(aac) });
    assert_eq!(r.started_at().to_string(), "2024-05-06T07:08:09.000000Z");
}

#[test]
fn a_truncated_file_ends_so() {
    let m = Machine::new();
    let bytes = wav(16_000, 1, &noise(40_000));
    let r = m.feed(&input(m.put("cut.wav", &bytes[..50_000])));
    assert_eq!((r.ended(), r.warnings().len()), (Some(StreamEnd::Truncated), 1));
    assert_eq!(told(&m.records()).last().unwrap().4.end, Some(StreamEnd::Truncated));
    assert_eq!(r.progress().seconds, 24_978.0 / 16_000.0);
}

#[test]
fn a_bad_file_leaves_no_trace() {
    let m = Machine::new();
    let e = Recording::open(&input(m.put("a.wav", b"not a sound at all")), m.start(), m.log.clone()).err().unwrap();
    assert_eq!(e.kind, Kind::Invalid);
    assert!(m.records().is_empty() && !m.folder.path().join("audio").exists());
}

#[test]
fn a_full_disk_stops_it_and_it_goes_on_later() {
    let m = Machine::new();
    let i = input(m.put("a.wav", &wav(16_000, 1, &noise(30 * 16_000))));
    let mut r = Recording::open(&i, m.start(), m.log.clone()).unwrap();
    assert!(!r.step().unwrap());
    m.db.keep_free(u64::MAX);
    assert_eq!(r.step().err().map(|e| e.kind), Some(Kind::Stop));
    assert_eq!(r.step().err().map(|e| e.kind), Some(Kind::Stop));
    assert_eq!(m.records().len(), 8);
    m.db.keep_free(0);
    let r = m.feed(&i);
    assert_eq!((r.resumed_at_s(), m.records().len()), (8.0, 31));
}

#[test]
fn lost_samples_are_written_again() {
    let m = Machine::new();
    let samples = noise(30 * 16_000);
    let i = input(m.put("a.wav", &wav(16_000, 1, &samples)));
    assert!(!m.feed_killed(&i, 2, true));
    let id = m.start().clone();
    let stream: AudioChunk = m.records()[0].payload().unwrap();
    let file = m.folder.path().join(format!("audio/2024/05/06/{}-0.pcm", stream.stream_id));
    fs::File::options().write(true).open(file).unwrap().set_len(32_000 * 5).unwrap();
    drop(id);
    let r = m.feed(&i);
    assert_eq!((r.resumed_at_s(), m.records().len()), (5.0, 31));
    let back = m.start().read(r.stream_id(), 0, 480_000).unwrap();
    assert!(back.iter().zip(&samples).all(|(a, b)| *a == f32::from(*b) / 32_768.0));
}
