//! The whole room without a sound card: a pretended device, real files, a real catalogue.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use loom_schemas::live::Listening;
use loom_schemas::payload::{AudioChunk, StreamEnd};
use tempfile::TempDir;
use uuid::Uuid;

use super::device::{Denied, Held, Opened};
use super::intake::{Bell, Intake, Trouble, ring};
use super::wishes::Wish;
use super::*;
use crate::bus::memory::Memory;
use crate::bus::{Bus, TopicName, names};
use crate::db::Key;
use crate::env::{Clock, Seeded, Time};
use crate::live::Live;
use crate::store::Audio;
use crate::store::audio::AudioStore;

/// A wall clock and one that never goes back, moved by hand.
#[derive(Default)]
struct Clocks {
    wall: AtomicI64,
    monotonic: AtomicI64,
}

impl Clocks {
    fn pass(&self, seconds: f64) {
        self.wall.fetch_add((seconds * 1e6) as i64, Ordering::SeqCst);
        self.monotonic.fetch_add((seconds * 1e9) as i64, Ordering::SeqCst);
    }
    fn set(&self, seconds: f64) {
        self.wall.fetch_add((seconds * 1e6) as i64, Ordering::SeqCst);
    }
}

impl Clock for Clocks {
    fn now(&self) -> Time {
        Time(self.wall.load(Ordering::SeqCst))
    }
    fn monotonic_ns(&self) -> u64 {
        self.monotonic.load(Ordering::SeqCst) as u64
    }
}

/// What the sound system has now.
struct Pretended {
    here: Mutex<Result<(), Denied>>,
    rate: u32,
    channels: u16,
    /// The callback's ends of the device that was opened last.
    ends: Mutex<Option<(Intake, Bell)>>,
    stands: Arc<Mutex<bool>>,
    opened: Mutex<usize>,
}

struct Stands(Arc<Mutex<bool>>);

impl Held for Stands {
    fn stands(&self) -> bool {
        *self.0.lock().unwrap()
    }
}

impl Sound for Pretended {
    fn list(&self) -> Vec<CaptureDevice> {
        vec![CaptureDevice { id: "x:desk".into(), name: "Desk".into(), default: true }]
    }
    fn open(&self, _: Option<&str>) -> Result<Opened, Denied> {
        (*self.here.lock().unwrap())?;
        let (intake, bell, outlet) = ring(self.rate, self.channels, std::thread::current());
        *self.ends.lock().unwrap() = Some((intake, bell));
        *self.stands.lock().unwrap() = true;
        *self.opened.lock().unwrap() += 1;
        Ok(Opened { name: "Desk".into(), rate: self.rate, outlet, held: Box::new(Stands(self.stands.clone())) })
    }
}

struct Room {
    folder: TempDir,
    db: Db,
    clocks: Arc<Clocks>,
    sound: Arc<Pretended>,
    log: Arc<Memory>,
    live: Arc<Live>,
    store: Arc<AudioStore>,
    wishes: Arc<Wishes>,
    ear: Ear,
    wish: Wish,
    /// Seconds of sound given in all, so that the signal goes on where it was.
    given: usize,
}

fn room(rate: u32, channels: u16) -> Room {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("loom.db"), &Key::new([1; 32])).unwrap();
    let store = Arc::new(AudioStore::open(&db, &folder.path().join("audio")).unwrap());
    let clocks = Arc::new(Clocks::default());
    clocks.wall.store(Time::parse("2024-05-06T07:08:09Z").unwrap().micros(), Ordering::SeqCst);
    let (ends, stands, opened) = Default::default();
    let sound = Arc::new(Pretended { here: Mutex::new(Ok(())), rate, channels, ends, stands, opened });
    let (log, live) = (Arc::new(Memory::new(clocks.clone())), Arc::new(Live::default()));
    let wishes = Arc::new(Wishes::load(&db).unwrap());
    let ear = Ear::new(parts(&store, &log, &live, &clocks), sound.clone(), wishes.clone());
    Room { folder, db, clocks, sound, log, live, store, wishes, ear, wish: Wish::default(), given: 0 }
}

fn parts(store: &Arc<AudioStore>, log: &Arc<Memory>, live: &Arc<Live>, clocks: &Arc<Clocks>) -> Parts {
    let (live, clock, entropy) = (live.clone(), clocks.clone(), Arc::new(Seeded::new(7)));
    Parts { road: Road { store: store.clone(), bus: log.clone() }, live, clock, entropy, device_id: Uuid::nil(), zone: TimeZone::UTC }
}

impl Room {
    fn step(&mut self) -> Duration {
        self.ear.step(&self.wish)
    }
    /// The device gives so many seconds of a sound this loud, a tenth at a time.
    fn hear(&mut self, amplitude: f32, tenths: usize) {
        for _ in 0..tenths {
            self.clocks.pass(0.1);
            self.give(amplitude);
            self.step();
        }
    }
    fn give(&mut self, amplitude: f32) {
        let (frames, channels) = (self.sound.rate as usize / 10, usize::from(self.sound.channels));
        let sine = (self.given..self.given + frames).map(|i| amplitude * (i as f32 * 2000.0 / self.sound.rate as f32).sin());
        let samples: Vec<f32> = sine.flat_map(|s| std::iter::repeat_n(s, channels)).collect();
        self.given += frames;
        self.sound.ends.lock().unwrap().as_mut().unwrap().0.take(&samples);
    }
    fn state(&self) -> (Listening, Option<String>) {
        let now = self.live.capture.borrow().clone();
        (now.state, now.message)
    }
    fn chunks(&self) -> Vec<(Time, AudioChunk)> {
        let records = self.log.read(&TopicName::of(names::AUDIO_RAW), 0, 0, usize::MAX, usize::MAX).unwrap_or_default();
        records.iter().map(|r| (r.recorded_at(), r.payload().unwrap())).collect()
    }
    /// Each stream: its samples and its end. Checks that records lie end to end and name what is there.
    fn streams(&self) -> Vec<(u64, Option<StreamEnd>)> {
        let mut found: Vec<(String, u64, Option<StreamEnd>)> = Vec::new();
        for (_, c) in self.chunks() {
            if found.last().is_none_or(|(id, ..)| *id != c.stream_id) {
                found.push((c.stream_id.clone(), 0, None));
            }
            let last = found.last_mut().unwrap();
            assert_eq!((c.first_sample, last.2), (last.1, None), "records lie end to end");
            if c.samples > 0 {
                assert_eq!(self.store.read(&c.stream_id, c.first_sample, c.samples.into()).unwrap().len(), c.samples as usize);
            }
            (last.1, last.2) = (last.1 + u64::from(c.samples), c.end);
        }
        found.into_iter().map(|(_, n, end)| (n, end)).collect()
    }
}

#[test]
fn above_the_gate_records_come_five_times_a_second_and_below_it_once() {
    let mut r = room(16_000, 1);
    r.step();
    assert_eq!(r.state(), (Listening::Listening, None));
    r.hear(0.3, 20);
    assert_eq!(r.chunks().len(), 10);
    r.hear(0.0, 30);
    let before = r.chunks().len();
    r.hear(0.0, 50);
    assert_eq!(r.chunks().len(), before + 5);
    // The first word after silence does not wait.
    r.hear(0.3, 1);
    r.hear(0.3, 1);
    assert!(r.chunks().len() > before + 5);
    let (at, last) = r.chunks().pop().unwrap();
    let started = Time::parse("2024-05-06T07:08:09Z").unwrap();
    assert!((at.seconds() - started.seconds() - last.first_sample as f64 / 16_000.0).abs() < 1e-3);
}

#[test]
fn eight_channels_at_192_khz_become_16_khz_mono() {
    let mut r = room(192_000, 8);
    r.step();
    r.hear(0.5, 30);
    r.wish.paused = true;
    r.step();
    assert_eq!(r.streams(), [(48_000, Some(StreamEnd::Paused))]);
    let id = r.chunks()[0].1.stream_id.clone();
    let sound = r.store.read(&id, 16_000, 16_000).unwrap();
    let rms = (sound.iter().map(|s| f64::from(s * s)).sum::<f64>() / 16_000.0).sqrt();
    assert!((rms - 0.5 / 2f64.sqrt()).abs() < 0.01, "{rms}");
}

#[test]
fn a_pause_in_the_middle_of_a_word_ends_the_stream_with_all_that_was_heard() {
    let mut r = room(48_000, 2);
    r.step();
    r.hear(0.3, 13);
    r.give(0.3);
    r.wish.paused = true;
    r.step();
    assert_eq!(r.streams(), [(14 * 1600, Some(StreamEnd::Paused))]);
    assert_eq!(r.state(), (Listening::Paused, None));
    assert!(r.sound.ends.lock().unwrap().as_ref().unwrap().0.is_abandoned(), "the device is still read");
    assert_eq!(r.live.level.borrow().rms_db, -100.0);
    r.wish.paused = false;
    r.step();
    r.hear(0.3, 10);
    let streams = r.streams();
    assert_eq!((streams.len(), streams[1].1), (2, None));
    assert!(streams[1].0 > 12_000, "{streams:?}");
}

#[test]
fn a_device_that_goes_is_said_once_and_gone_on_with_when_it_is_back() {
    let mut r = room(16_000, 1);
    r.step();
    r.hear(0.3, 10);
    *r.sound.here.lock().unwrap() = Err(Denied::Absent);
    r.sound.ends.lock().unwrap().as_ref().unwrap().1.ring(Trouble::Lost);
    r.step();
    assert_eq!(r.streams(), [(16_000, Some(StreamEnd::DeviceLost))]);
    let (state, message) = r.state();
    let message = message.unwrap();
    assert_eq!(state, Listening::Lost);
    assert!(message.starts_with("“Desk” is gone. Listening stopped at 07:08:10; all before it is kept."), "{message}");
    for _ in 0..10 {
        let wait = r.step();
        assert!(wait >= Duration::from_millis(200), "it would spin: {wait:?}");
        r.clocks.pass(wait.as_secs_f64());
    }
    assert_eq!(r.state(), (Listening::Lost, Some(message)));
    *r.sound.here.lock().unwrap() = Ok(());
    r.clocks.pass(0.3);
    r.step();
    assert_eq!(r.state(), (Listening::Listening, None));
    r.hear(0.3, 10);
    assert_eq!(r.streams().len(), 2);
}

#[test]
fn a_device_that_falls_silent_altogether_is_lost() {
    let mut r = room(16_000, 1);
    r.step();
    r.hear(0.3, 10);
    *r.sound.here.lock().unwrap() = Err(Denied::Broken);
    r.clocks.pass(3.5);
    r.step();
    assert_eq!((r.state().0, r.streams()), (Listening::Lost, vec![(16_000, Some(StreamEnd::DeviceLost))]));
}

#[test]
fn another_default_device_begins_another_stream_at_once() {
    let mut r = room(16_000, 1);
    r.step();
    r.hear(0.3, 10);
    *r.sound.stands.lock().unwrap() = false;
    r.hear(0.3, 11);
    while r.streams().len() < 2 {
        r.step();
        r.hear(0.3, 10);
        assert!(*r.sound.opened.lock().unwrap() < 4);
    }
    assert_eq!(r.streams()[0].1, Some(StreamEnd::DeviceLost));
    assert_eq!(*r.sound.opened.lock().unwrap(), 2);
    assert_eq!(r.state().0, Listening::Listening);
}

#[test]
fn no_device_busy_and_forbidden_are_told_apart_and_waited_for() {
    let mut r = room(16_000, 1);
    let cases = [
        (Denied::Absent, Listening::None, "Connect one"),
        (Denied::Busy, Listening::Refused, "Another program"),
        (Denied::Forbidden, Listening::Refused, "privacy settings"),
    ];
    for (denied, state, words) in cases {
        *r.sound.here.lock().unwrap() = Err(denied);
        let wait = r.step();
        assert!(wait >= Duration::from_secs(1), "{wait:?}");
        assert_eq!(r.state().0, state);
        assert!(r.state().1.unwrap().contains(words));
        r.clocks.pass(10.0);
    }
    *r.sound.here.lock().unwrap() = Ok(());
    r.step();
    assert_eq!(r.state().0, Listening::Listening);
}

#[test]
fn a_clock_that_is_set_a_day_off_begins_a_new_stream_with_right_times() {
    for jump in [86_400.0, -86_400.0, 90.0] {
        let mut r = room(16_000, 1);
        r.step();
        r.hear(0.3, 10);
        r.clocks.set(jump);
        r.hear(0.3, 10);
        let streams = r.streams();
        assert_eq!(streams.iter().map(|s| s.0).sum::<u64>(), 19 * 1600 + 1600 * (streams[1].0 / 1600 - 8), "{streams:?}");
        assert_eq!(streams[0].1, Some(StreamEnd::Paused));
        let (at, last) = r.chunks().pop().unwrap();
        let end = at.plus(f64::from(last.samples) / 16_000.0);
        assert!((end.seconds() - r.clocks.now().seconds()).abs() < 0.3, "{jump}: {end}");
    }
}

#[test]
fn a_device_whose_clock_runs_differently_begins_a_new_stream_before_times_are_wrong() {
    let mut r = room(16_000, 1);
    r.step();
    // It gives 5 % less than it should.
    for _ in 0..500 {
        r.clocks.pass(0.105);
        r.give(0.3);
        r.step();
    }
    let streams = r.streams();
    assert!((2..6).contains(&streams.len()), "{streams:?}");
}

#[test]
fn what_the_ring_cannot_hold_ends_the_stream_at_the_gap() {
    let mut r = room(16_000, 1);
    r.step();
    r.hear(0.3, 10);
    // The disk is slow: nobody empties the ring for twelve seconds.
    for _ in 0..120 {
        r.clocks.pass(0.1);
        r.give(0.3);
    }
    r.step();
    assert_eq!(r.streams(), [(11 * 16_000, Some(StreamEnd::DeviceLost))]);
    r.hear(0.3, 10);
    let (at, _) = r.chunks().into_iter().find(|(_, c)| c.stream_id != r.chunks()[0].1.stream_id).unwrap();
    assert!((at.seconds() - Time::parse("2024-05-06T07:08:09Z").unwrap().seconds() - 13.0).abs() < 0.01, "{at}");
}

#[test]
fn a_full_disk_stops_intake_and_it_goes_on_by_itself() {
    let mut r = room(16_000, 1);
    r.step();
    r.hear(0.3, 9);
    r.db.keep_free(u64::MAX);
    r.hear(0.3, 1);
    assert_eq!(r.state().0, Listening::Full);
    assert!(r.state().1.unwrap().starts_with("The disk is full"));
    assert!(r.sound.ends.lock().unwrap().as_ref().unwrap().0.is_abandoned(), "the device is still read");
    r.clocks.pass(6.0);
    assert!(r.step() >= Duration::from_secs(1));
    assert_eq!(*r.sound.opened.lock().unwrap(), 1);
    r.db.keep_free(0);
    r.clocks.pass(6.0);
    r.step();
    assert_eq!(r.state().0, Listening::Listening);
    assert_eq!(r.streams(), [(10 * 1600, Some(StreamEnd::Paused))], "what was heard before is all there");
}

#[test]
fn what_was_heard_before_a_kill_is_named_at_the_next_start() {
    let mut r = room(16_000, 1);
    r.step();
    r.hear(0.0, 30);
    r.hear(0.0, 5);
    let named: u64 = r.chunks().iter().map(|(_, c)| u64::from(c.samples)).sum();
    assert!((40_000..35 * 1600).contains(&named), "nothing is left to name: {named}");
    // Killed: what is in memory is gone.
    let Room { folder, db, clocks, log, .. } = r;
    let store = Arc::new(AudioStore::open(&db, &folder.path().join("audio")).unwrap());
    store.recover(&*log).unwrap();
    let road = Road { store: store.clone(), bus: log.clone() };
    assert_eq!(recover(&road).unwrap(), 1);
    let mut next = room(16_000, 1);
    (next.store, next.log, next.clocks) = (store.clone(), log, clocks);
    assert_eq!(next.streams(), [(35 * 1600, Some(StreamEnd::DeviceLost))]);
    assert_eq!(recover(&road).unwrap(), 0, "once is enough");
}

#[test]
fn begun_anew_the_stream_ends_with_what_was_heard_and_the_device_stays_open() {
    let mut r = room(16_000, 1);
    r.step();
    r.hear(0.3, 7);
    r.clocks.pass(0.1);
    r.give(0.3);
    r.wish.streams += 1;
    r.step();
    assert_eq!(r.streams(), [(8 * 1600, Some(StreamEnd::Paused))]);
    r.hear(0.3, 4);
    assert_eq!(r.streams(), [(8 * 1600, Some(StreamEnd::Paused)), (4 * 1600, None)]);
    assert_eq!((*r.sound.opened.lock().unwrap(), r.state().0), (1, Listening::Listening));
}

#[test]
fn a_running_microphone_pauses_resumes_and_ends_in_order() {
    let r = room(16_000, 1);
    let microphone = Microphone { sound: r.sound.clone(), wishes: r.wishes.clone() };
    let hearing = microphone.start(parts(&r.store, &r.log, &r.live, &r.clocks)).unwrap();
    microphone.resume().unwrap();
    assert_eq!(r.live.capture.borrow().state, Listening::Listening);
    microphone.pause().unwrap();
    assert_eq!(r.live.capture.borrow().state, Listening::Paused);
    assert_eq!(microphone.choose(Some("x:none")).unwrap_err().kind, crate::Kind::Invalid);
    microphone.choose(Some("x:desk")).unwrap();
    microphone.resume().unwrap();
    let now = r.live.capture.borrow().clone();
    assert_eq!((now.state, now.chosen.as_deref(), now.device.as_deref()), (Listening::Listening, Some("x:desk"), Some("Desk")));
    drop(hearing);
    assert_eq!(r.live.capture.borrow().state, Listening::Off);
}
