use tempfile::TempDir;

use super::*;
use crate::bus::memory::Memory;
use crate::bus::{Record, TopicName, Trace, names};
use crate::db::Key;
use crate::door::sound::Sample;
use crate::env::{Clock, ManualClock};
use crate::store::Audio;
use loom_schemas::payload::{AudioChunk, SourceKind};

/// Values and the seconds they last.
type Runs = Vec<(i16, f64)>;

const T0: Time = Time::from_secs(1_770_000_000);

struct Rig {
    uploads: Arc<Uploads>,
    road: Road,
    clock: Arc<ManualClock>,
    db: Db,
    dir: TempDir,
}

fn rig() -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("loom.db"), &Key::new([3; 32])).unwrap();
    let clock = Arc::new(ManualClock::at(T0));
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(clock.clone()));
    let store = Arc::new(AudioStore::open(&db, &dir.path().join("audio")).unwrap());
    let road = Road { store, bus };
    let uploads = open(&db, &road, &dir, Duration::ZERO);
    Rig { uploads, road, clock, db, dir }
}

fn open(db: &Db, road: &Road, dir: &TempDir, patience: Duration) -> Arc<Uploads> {
    Arc::new(Uploads::open(db, road.clone(), &dir.path().join("incoming"), patience).unwrap())
}

/// Raw samples at 16 kHz, `seconds` long, all of one value, taken `at` seconds after the start.
fn piece(value: i16, seconds: f64, at: Option<f64>) -> Piece {
    let bytes: Vec<u8> = (0..(seconds * 16_000.0) as usize).flat_map(|_| value.to_le_bytes()).collect();
    let mut key = [0; 16];
    key[..2].copy_from_slice(&value.to_le_bytes());
    key[2..10].copy_from_slice(&at.map_or(0, |at| T0.plus(at).micros()).to_le_bytes());
    Piece {
        device: Uuid::from_u128(1),
        name: "phone-001".into(),
        kind: SourceKind::Phone,
        stream: String::new(),
        number: None,
        at: at.map(|at| T0.plus(at)),
        key,
        message_id: None,
        trace: Trace::default(),
        producer: "test".into(),
        form: Form::Pcm { rate: 16_000, channels: 1, sample: Sample::S16Le },
        bytes,
        last: false,
        came_before: false,
        live: false,
    }
}

impl Rig {
    fn take(&self, piece: &Piece) -> Heard {
        self.uploads.take(piece, self.clock.now()).unwrap()
    }
    fn landed(&self, piece: &Piece) -> u64 {
        match self.take(piece) {
            Heard::Landed { offset, repeat: false, .. } => offset,
            other => panic!("{other:?}"),
        }
    }
    fn records(&self) -> Vec<(Record, AudioChunk)> {
        let all = self.road.bus.read(&TopicName::of(names::AUDIO_RAW), 0, 0, 10_000, usize::MAX).unwrap();
        all.into_iter().map(|r| (r.clone(), r.payload().unwrap())).collect()
    }
    /// Every stream: value and seconds of each run of samples, and whether it ended.
    fn streams(&self) -> Vec<(Runs, bool)> {
        let mut streams: Vec<(String, Runs, u64, bool)> = Vec::new();
        for (_, c) in self.records() {
            let i = streams.iter().position(|s| s.0 == c.stream_id).unwrap_or_else(|| {
                streams.push((c.stream_id.clone(), Vec::new(), 0, false));
                streams.len() - 1
            });
            let s = &mut streams[i];
            assert_eq!(c.first_sample, s.2, "no sample is missing and none is named twice");
            assert!(!s.3, "nothing comes after the end");
            s.2 += u64::from(c.samples);
            s.3 = c.end.is_some();
            for sample in self.road.store.read(&c.stream_id, c.first_sample, c.samples.into()).unwrap().iter() {
                let value = (sample * 32_768.0) as i16;
                match s.1.last_mut() {
                    Some((v, n)) if *v == value => *n += 1.0 / 16_000.0,
                    _ => s.1.push((value, 1.0 / 16_000.0)),
                }
            }
        }
        streams.into_iter().map(|s| (s.1.into_iter().map(|(v, n)| (v, (n * 1000.0).round() / 1000.0)).collect(), s.3)).collect()
    }
}

#[test]
fn pieces_that_follow_each_other_are_one_stream_until_the_device_is_silent() {
    let rig = rig();
    for (n, jitter) in [(0, 0.0), (1, 0.4), (2, -0.4)] {
        rig.clock.set(T0.plus(30.0 * f64::from(n + 1)));
        rig.landed(&piece(100 + n as i16, 30.0, Some(30.0 * f64::from(n) + jitter)));
        rig.uploads.tend(rig.clock.now()).unwrap();
    }
    assert_eq!(rig.streams(), [(vec![(100, 30.0), (101, 30.0), (102, 30.0)], false)]);
    rig.clock.advance(34.0);
    rig.uploads.tend(rig.clock.now()).unwrap();
    assert!(!rig.streams()[0].1, "the next piece takes as long as this one");
    rig.clock.advance(2.0);
    rig.uploads.tend(rig.clock.now()).unwrap();
    assert!(rig.streams()[0].1);
    assert_eq!(rig.uploads.open(), []);
    let records = rig.records();
    assert_eq!(records.len(), 91, "a second each, and the end");
    assert_eq!(records[30].0.recorded_at(), T0.plus(30.4), "by the piece's own time");
    assert_eq!((records[0].1.source.name.as_str(), records[0].1.source.kind), ("phone-001", SourceKind::Phone));
}

#[test]
fn a_gap_is_another_stream_and_equal_silence_at_another_time_is_not_a_repeat() {
    let rig = rig();
    rig.landed(&piece(0, 2.0, Some(0.0)));
    rig.landed(&piece(0, 2.0, Some(2.0)));
    rig.landed(&piece(0, 2.0, Some(60.0)));
    assert_eq!(rig.streams(), [(vec![(0, 4.0)], true), (vec![(0, 2.0)], false)]);
}

#[test]
fn a_piece_sent_again_lands_where_it_did_even_after_a_restart() {
    let rig = rig();
    let first = rig.landed(&piece(1, 2.0, Some(0.0)));
    let second = rig.landed(&piece(2, 2.0, Some(2.0)));
    let again = |uploads: &Uploads, p: &Piece| match uploads.take(p, rig.clock.now()).unwrap() {
        Heard::Landed { offset, repeat: true, .. } => offset,
        other => panic!("{other:?}"),
    };
    assert_eq!(again(&rig.uploads, &piece(1, 2.0, Some(0.0))), first);
    assert_eq!(again(&rig.uploads, &piece(2, 2.0, Some(2.0))), second);
    let restarted = open(&rig.db, &rig.road, &rig.dir, Duration::ZERO);
    restarted.sweep().unwrap();
    assert_eq!(again(&restarted, &piece(2, 2.0, Some(2.0))), second);
    assert_eq!(rig.streams(), [(vec![(1, 2.0), (2, 2.0)], true)]);
}

#[test]
fn what_is_on_the_log_but_was_not_noted_as_known_is_named_once() {
    let rig = rig();
    rig.landed(&piece(1, 12.0, Some(0.0)));
    rig.db.write(|tx| Ok(tx.execute_batch("DELETE FROM upload_piece")?)).unwrap();
    let restarted = open(&rig.db, &rig.road, &rig.dir, Duration::ZERO);
    restarted.sweep().unwrap();
    assert!(matches!(restarted.take(&piece(1, 12.0, Some(0.0)), rig.clock.now()).unwrap(), Heard::Landed { repeat: true, .. }));
    restarted.take(&piece(2, 1.0, Some(12.0)), rig.clock.now()).unwrap();
    assert_eq!(rig.streams(), [(vec![(1, 12.0)], true), (vec![(2, 1.0)], false)]);
}

#[test]
fn one_that_comes_before_the_one_in_front_of_it_waits_for_it() {
    let rig = rig();
    let uploads = open(&rig.db, &rig.road, &rig.dir, Duration::from_secs(60));
    uploads.take(&piece(1, 2.0, Some(0.0)), T0).unwrap();
    std::thread::scope(|s| {
        let early = s.spawn(|| uploads.take(&piece(3, 2.0, Some(4.0)), T0).unwrap());
        let same = s.spawn(|| uploads.take(&piece(3, 2.0, Some(4.0)), T0).unwrap());
        uploads.take(&piece(2, 2.0, Some(2.0)), T0).unwrap();
        let repeats = [early, same].map(|t| matches!(t.join().unwrap(), Heard::Landed { repeat: true, .. }));
        assert_eq!(repeats.iter().filter(|r| **r).count(), 1, "the same one at once is one");
    });
    assert_eq!(rig.streams(), [(vec![(1, 2.0), (2, 2.0), (3, 2.0)], false)]);
}

#[test]
fn one_that_comes_too_late_is_a_stream_of_its_own_at_its_own_time() {
    let rig = rig();
    let numbered = |value, at, n| Piece { number: Some(n), stream: "walk".into(), ..piece(value, 2.0, at) };
    rig.landed(&numbered(1, None, 0));
    rig.landed(&numbered(3, None, 2));
    rig.landed(&numbered(2, Some(2.0), 1));
    rig.landed(&numbered(4, None, 3));
    assert_eq!(rig.streams(), [(vec![(1, 2.0)], true), (vec![(3, 2.0), (4, 2.0)], false), (vec![(2, 2.0)], true)]);
    let late = rig.records().into_iter().find(|(_, c)| rig.road.store.read(&c.stream_id, 0, 1).unwrap()[0] == 2.0 / 32_768.0).unwrap();
    assert_eq!(late.0.recorded_at(), T0.plus(2.0));
}

#[test]
fn without_times_arrival_tells_and_the_last_piece_ends_it() {
    let rig = rig();
    rig.clock.set(T0.plus(10.0));
    rig.landed(&Piece { key: [1; 16], ..piece(1, 10.0, None) });
    rig.clock.set(T0.plus(21.5));
    rig.landed(&Piece { key: [2; 16], last: true, ..piece(2, 10.0, None) });
    assert_eq!(rig.streams(), [(vec![(1, 10.0), (2, 10.0)], true)]);
    let records = rig.records();
    assert_eq!((records[0].0.recorded_at(), records[10].0.recorded_at()), (T0, T0.plus(11.5)));
    assert!(records[0].0.headers().timed_by_arrival);
}

#[test]
fn live_samples_at_another_rate_go_through_one_resampler() {
    let rig = rig();
    let sine = |from: usize, n: usize| -> Vec<u8> {
        let value = |i: usize| ((i as f64 * 440.0 * std::f64::consts::TAU / 48_000.0).sin() * 16_000.0) as i16;
        (from..from + n).flat_map(|i| value(i).to_le_bytes()).collect()
    };
    let form = Form::Pcm { rate: 48_000, channels: 1, sample: Sample::S16Le };
    for n in 0..20usize {
        let bytes = sine(n * 9600, 9600);
        rig.clock.advance(0.2);
        rig.take(&Piece { key: [n as u8 + 1; 16], bytes, live: true, form: form.clone(), ..piece(0, 0.0, None) });
    }
    let whole = Piece { key: [99; 16], ..piece(7, 1.0, None) };
    rig.clock.advance(1.0);
    rig.landed(&whole);
    let sine = rig.records().into_iter().map(|(_, c)| u64::from(c.samples)).sum::<u64>() - 16_000;
    assert_eq!(rig.road.store.read(&rig.records()[0].1.stream_id, sine, 1).unwrap()[0], 7.0 / 32_768.0, "what was held back comes first");
    assert_eq!(sine, 64_000, "to the sample");
    rig.uploads.close().unwrap();
    let records = rig.records();
    let all: u64 = records.iter().map(|(_, c)| u64::from(c.samples)).sum();
    assert_eq!((all, records.last().unwrap().1.end.is_some()), (80_000, true));
    let heard = rig.road.store.read(&records[0].1.stream_id, 1600, 60_000).unwrap();
    // A border would be a step between neighbours that a sine of this pitch and height does not have.
    let steepest = heard.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(steepest < 0.09, "{steepest}");
}

#[test]
fn files_are_decoded_and_what_is_none_is_named() {
    let rig = rig();
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav.extend([8000u32.to_le_bytes(), 16_000u32.to_le_bytes()].concat());
    wav.extend(b"\x02\0\x10\0data\0\0\0\0");
    wav.extend((0..8000).flat_map(|_| 500i16.to_le_bytes()));
    let size = (wav.len() - 8) as u32;
    wav[4..8].copy_from_slice(&size.to_le_bytes());
    let data = 16_000u32.to_le_bytes();
    wav[40..44].copy_from_slice(&data);
    let file =
        |bytes: &[u8]| Piece { form: Form::File { extension: Some("wav".into()) }, bytes: bytes.to_vec(), ..piece(1, 0.0, Some(0.0)) };
    rig.landed(&file(&wav));
    assert_eq!(rig.records().iter().map(|(_, c)| c.samples).sum::<u32>(), 16_000);
    for bad in [&b"fake audio data"[..], &wav[..40], b"OggS", b"fLaC\0\0\0\x22", &[0xff; 5000]] {
        assert!(matches!(rig.take(&Piece { key: [bad.len() as u8; 16], ..file(bad) }), Heard::Unreadable(_)), "{} bytes", bad.len());
    }
    let cut = rig.take(&Piece { key: [9; 16], at: Some(T0.plus(100.0)), last: true, ..file(&wav[..wav.len() / 2]) });
    assert!(matches!(cut, Heard::Landed { .. }));
    assert_eq!(rig.records().last().unwrap().1.end, Some(StreamEnd::Truncated));
    assert_eq!(std::fs::read_dir(rig.dir.path().join("incoming")).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn every_raw_sample_is_read_as_it_lies() {
    let rig = rig();
    let forms: [(Sample, usize, Vec<u8>); 6] = [
        (Sample::U8, 1, vec![192]),
        (Sample::S16Le, 2, vec![0, 64, 0, 64]),
        (Sample::S16Be, 1, vec![64, 0]),
        (Sample::S24Le, 1, vec![0, 0, 64]),
        (Sample::S32Le, 1, vec![0, 0, 0, 64]),
        (Sample::F32Le, 2, [0.25f32.to_le_bytes(), 0.75f32.to_le_bytes()].concat()),
    ];
    for (n, (sample, channels, frame)) in forms.into_iter().enumerate() {
        let form = Form::Pcm { rate: 16_000, channels, sample };
        let mut bytes = frame.repeat(100);
        bytes.pop();
        rig.take(&Piece { key: [n as u8; 16], form, bytes, stream: n.to_string(), ..piece(0, 0.0, Some(0.0)) });
        let (_, c) = rig.records().pop().unwrap();
        let heard = rig.road.store.read(&c.stream_id, 0, 99).unwrap();
        assert_eq!((c.samples, heard.iter().all(|s| *s == 0.5)), (99, true), "{sample:?}: half a frame is dropped");
    }
}

#[test]
fn streams_are_bounded_and_each_ends() {
    let rig = rig();
    for n in 0..MOST_STREAMS + 20 {
        rig.clock.advance(0.01);
        rig.landed(&Piece { device: Uuid::from_u128(n as u128), key: [n as u8; 16], ..piece(7, 0.1, Some(0.0)) });
        assert!(rig.uploads.open().len() <= MOST_STREAMS + 1);
    }
    rig.uploads.close().unwrap();
    assert!(rig.streams().iter().all(|(_, ended)| *ended));
}
