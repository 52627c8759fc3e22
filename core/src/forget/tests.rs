//! The whole road with fake engines, a real timeline, real files, and a clock moved by hand.

use std::sync::Arc;

use loom_schemas::payload::{AudioChunk, AudioSource, Erasure, LineEdit, SourceKind, StreamEnd};

use super::*;
use crate::bus::memory::Memory;
use crate::bus::{Headers, NewRecord, SourceRange, TopicName, Trace, names};
use crate::db::Key;
use crate::env::{ManualClock, Seeded};
use crate::pipeline::graph::{self, Parts as Graph};
use crate::pipeline::{Progress, Sink, Step, Wiring, sink};
use crate::privacy::Policy;
use crate::speech::Recognizer;
use crate::speech::fake::{FakeDetector, FakeRecognizer};
use crate::store::audio::NewStream;
use crate::store::timeline::{EditSink, SqliteTimeline, TimelineSink};
use crate::store::{Audio, Range as Wanted, Timeline};

const RATE: usize = 16_000;
const DEVICE: Uuid = Uuid::from_u128(9);

struct Room {
    folder: tempfile::TempDir,
    db: Db,
    bus: Arc<Memory>,
    audio: Arc<AudioStore>,
    timeline: SqliteTimeline,
    clock: Arc<ManualClock>,
    live: Arc<Live>,
    forgetting: Forgetting,
    steps: Vec<Box<dyn Step>>,
}

fn room() -> Room {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("loom.db"), &Key::new([3; 32])).unwrap();
    let clock = Arc::new(ManualClock::at(Time::parse("2026-01-31T12:00:00Z").unwrap()));
    let bus = Arc::new(Memory::new(clock.clone()));
    let audio = Arc::new(AudioStore::open(&db, &folder.path().join("audio")).unwrap());
    let live = Arc::<Live>::default();
    let timeline = SqliteTimeline::open(db.clone()).unwrap();
    let forgetting = forgetting(&db, &bus, &audio, &clock, &live);
    let mut room = Room { folder, db, bus, audio, timeline, clock, live, forgetting, steps: Vec::new() };
    room.steps = room.weave();
    room
}

/// Which minutes were to be counted anew.
#[derive(Default)]
struct Asked(Mutex<std::collections::BTreeSet<Minute>>);

impl Recount for Asked {
    fn recount(&self, _: &dyn Bus, minutes: &std::collections::BTreeSet<Minute>) -> Result<()> {
        self.0.lock().unwrap().extend(minutes.iter().cloned());
        Ok(())
    }
}

fn forgetting(db: &Db, bus: &Arc<Memory>, audio: &Arc<AudioStore>, clock: &Arc<ManualClock>, live: &Arc<Live>) -> Forgetting {
    let (listen, entropy) = (Arc::new(crate::capture::Deaf), Arc::new(Seeded::new(clock.now().micros() as u64)));
    let counts = Arc::new(());
    let files = Blobs::at(&db.path().with_file_name("files"));
    let parts = Parts {
        files,
        db: db.clone(),
        bus: bus.clone(),
        audio: audio.clone(),
        live: live.clone(),
        listen,
        clock: clock.clone(),
        entropy,
        counts,
    };
    Forgetting::open(parts).unwrap()
}

impl Room {
    fn weave(&self) -> Vec<Box<dyn Step>> {
        let wiring = Wiring {
            bus: self.bus.clone(),
            audio: self.audio.clone(),
            clock: self.clock.clone(),
            member: "test".into(),
            host: "test".into(),
            run: String::new(),
            workers: 0,
        };
        let parts = Graph {
            detector: Box::new(FakeDetector::default()),
            engine: "fake-recognizer",
            model: "hash",
            recognizer: Arc::new(|| Ok(Box::new(FakeRecognizer))),
            zone: jiff::tz::TimeZone::UTC,
            live: self.live.clone(),
            policy: Policy::owner(),
            stores: vec![sink(TimelineSink::open(self.db.clone()).unwrap()), sink(EditSink::open(self.db.clone()).unwrap())],
        };
        graph::weave(parts).unwrap().into_iter().map(|n| n.connect(wiring.clone()).unwrap()).collect()
    }

    /// Runs one consumer until it has nothing to do.
    fn run(&mut self, group: &str) {
        let step = self.steps.iter_mut().find(|s| s.spec().group == group).unwrap();
        while step.step().unwrap() == Progress::Worked {}
    }

    fn run_all(&mut self) {
        let groups: Vec<_> = self.steps.iter().map(|s| s.spec().group).collect();
        groups.into_iter().for_each(|g| self.run(g));
    }

    /// A stream's samples and records, of a second each, as a microphone writes them; the clock goes with them.
    fn hear(&self, stream: u8, from: usize, samples: &[f32], end: bool) {
        let stream_id = format!("{stream:02x}").repeat(16);
        let source = AudioSource { kind: SourceKind::Microphone, name: "desk".into() };
        let started_at = self.clock.now();
        let new = NewStream { stream_id: stream_id.clone(), device_id: DEVICE, source: source.clone(), started_at };
        let started_at = self.audio.open_stream(&new).unwrap().started_at;
        self.audio.append(&stream_id, from as u64, samples).unwrap();
        self.audio.flush(&stream_id).unwrap();
        let ends = end.then_some((from + samples.len(), 0, Some(StreamEnd::Paused)));
        let chunks = (0..samples.len()).step_by(RATE).map(|at| (from + at, (samples.len() - at).min(RATE), None));
        for (first, n, end) in chunks.chain(ends) {
            let chunk = AudioChunk {
                stream_id: stream_id.clone(),
                first_sample: first as u64,
                samples: n as u32,
                sample_rate: RATE as u32,
                format: "pcm_s16le".into(),
                source: source.clone(),
                end,
            };
            let headers = Headers { trace: Trace { trace_id: [stream; 16], span_id: [1; 8] }, ..Headers::default() };
            let id = Uuid::from_u128(u128::from(stream) << 64 | (first as u128) << 1 | u128::from(end.is_some()));
            let at = started_at.plus(first as f64 / RATE as f64);
            let value = serde_json::to_vec(&chunk).unwrap();
            self.bus.append(vec![NewRecord::new(TopicName::of(names::AUDIO_RAW), id, DEVICE, at, headers, value)]).unwrap();
            self.clock.advance(n as f64 / RATE as f64);
        }
    }

    fn lines(&self) -> Vec<(Uuid, String)> {
        let all = self.timeline.lines(&Wanted { limit: 100, ..Wanted::default() }).unwrap();
        all.into_iter().map(|l| (l.message_id.parse().unwrap(), l.text)).collect()
    }

    /// Every value on the log, but for Loom's own account.
    fn values(&self) -> String {
        let topics = self.bus.topics().unwrap();
        let all = topics.iter().flat_map(|t| self.bus.read(&t.settings.name, 0, 0, usize::MAX, usize::MAX).unwrap());
        all.filter_map(|r| Some(String::from_utf8_lossy(r.value()?).into_owned())).collect()
    }

    fn parked(&self) -> u64 {
        self.bus.topics().unwrap().iter().filter(|t| t.settings.name.is_dlq()).map(|t| t.records).sum()
    }

    fn erasures(&self) -> Vec<Erasure> {
        let all = self.bus.read(&TopicName::of(names::ERASURES), 0, 0, 100, usize::MAX).unwrap();
        all.iter().map(|r| r.payload().unwrap()).collect()
    }

    fn later(&self, seconds: f64) -> usize {
        self.clock.advance(seconds);
        self.forgetting.finish_due().unwrap()
    }

    /// A new process over the same disk.
    fn restart(&mut self) {
        self.forgetting = forgetting(&self.db, &self.bus, &self.audio, &self.clock, &self.live);
        self.steps = self.weave();
    }

    /// What the owner changes about a line.
    fn edit(&self, n: u128, line: Uuid, starred: Option<bool>, text: Option<&str>) {
        let place = self.timeline.place(line).unwrap().unwrap();
        let value = serde_json::to_vec(&LineEdit { line: line.to_string(), starred, text: text.map(Into::into) }).unwrap();
        let (partition, offset) = (place.partition, place.offset);
        let sources = vec![SourceRange { topic: TopicName::of(names::RELEASED), partition, first: offset, last: offset }];
        let headers = Headers { sources, ..Headers::default() };
        let at = Time::parse(&self.timeline.line(line).unwrap().unwrap().recorded_at).unwrap();
        self.bus.append(vec![NewRecord::new(TopicName::of(names::EDITS_RAW), Uuid::from_u128(n), DEVICE, at, headers, value)]).unwrap();
    }
}

/// A tone that the fake recogniser spells in its own way.
fn tone(hz: f32, seconds: f32) -> Vec<f32> {
    (0..(seconds * RATE as f32) as usize).map(|i| (i as f32 * hz / 2500.0).sin() * 0.3).collect()
}

fn quiet(seconds: f32) -> Vec<f32> {
    vec![0.0; (seconds * RATE as f32) as usize]
}

/// Three utterances with pauses of 3 s.
fn three() -> Vec<f32> {
    [quiet(2.0), tone(220.0, 2.0), quiet(3.0), tone(330.0, 2.0), quiet(3.0), tone(440.0, 2.0), quiet(3.0)].concat()
}

fn told_three() -> Room {
    let mut r = room();
    r.hear(1, 0, &three(), true);
    r.run_all();
    assert_eq!(r.lines().len(), 3);
    r
}

#[test]
fn a_deleted_line_is_out_of_sight_at_once_and_comes_back_as_it_was() {
    let r = told_three();
    let before = r.timeline.lines(&Wanted { limit: 100, ..Wanted::default() }).unwrap();
    let (id, text) = r.lines().remove(1);
    let word = text.split(' ').next().unwrap().to_owned();
    let found = |r: &Room| r.timeline.search(&word, &Wanted { limit: 9, ..Wanted::default() }).unwrap().hits.len();
    let day = |r: &Room| r.timeline.day("2026-01-31".parse().unwrap(), &jiff::tz::TimeZone::UTC).unwrap();
    let (seen, whole) = (found(&r), day(&r));
    let mut news = r.live.lines.subscribe();
    let asked = r.forgetting.line(id).unwrap().unwrap();
    assert_eq!(asked.lines, 1);
    assert_eq!(news.try_recv().unwrap(), LineNews::Gone(id));
    assert_eq!((r.lines().len(), r.timeline.line(id).unwrap(), r.timeline.audio(id).unwrap()), (2, None, None));
    assert_eq!((found(&r), day(&r).lines), (seen - 1, 2));
    assert_eq!(r.timeline.count().unwrap(), 2);
    assert_eq!(r.forgetting.line(id).unwrap(), None, "it is gone already");
    assert_eq!(r.later(9.9), 0);
    let wish = asked.forget_id.parse().unwrap();
    assert_eq!(r.forgetting.undo(wish).unwrap(), Undone::Back(1));
    assert_eq!(news.try_recv().unwrap(), LineNews::Changed(id));
    assert_eq!(r.timeline.lines(&Wanted { limit: 100, ..Wanted::default() }).unwrap(), before);
    assert_eq!((found(&r), day(&r)), (seen, whole));
    assert_eq!(r.forgetting.undo(wish).unwrap(), Undone::Back(0), "twice is once");
    assert_eq!(r.later(100.0), 0, "what came back is not erased");
    assert_eq!(r.forgetting.undo(Uuid::from_u128(5)).unwrap(), Undone::Unknown);
}

#[test]
fn after_ten_seconds_it_is_erased_for_good_and_its_neighbours_are_whole() {
    let r = told_three();
    let lines = r.lines();
    let (id, text) = lines[1].clone();
    let audio = r.timeline.audio(id).unwrap().unwrap();
    let others: Vec<_> = [0, 2].map(|i| r.timeline.audio(lines[i].0).unwrap().unwrap()).into();
    let heard = |a: &loom_schemas::payload::AudioRef| r.audio.read(&a.stream_id, a.first_sample, a.samples).unwrap();
    let whole: Vec<_> = others.iter().map(heard).collect();
    assert!(r.values().contains(&text));
    let asked = r.forgetting.line(id).unwrap().unwrap();
    assert!(r.values().contains(&text), "there is time for second thoughts");
    assert_eq!(r.later(10.0), 1);
    assert_eq!(r.forgetting.undo(asked.forget_id.parse().unwrap()).unwrap(), Undone::TooLate);
    let values = r.values();
    assert!(!values.contains(&text) && text.split(' ').all(|w| !values.contains(w)));
    assert!(values.contains(&lines[0].1) && values.contains(&lines[2].1));
    assert!(heard(&audio).iter().all(|s| *s == 0.0));
    assert_eq!(others.iter().map(heard).collect::<Vec<_>>(), whole);
    assert_eq!(r.lines(), [lines[0].clone(), lines[2].clone()]);
    let account = r.erasures().remove(0);
    assert_eq!((account.scope.as_str(), account.lines, account.audio_s), ("lines", 1, audio.samples as f64 / RATE as f64));
    let road = [names::VAD_FILTERED, names::TRANSCRIBED, names::ENRICHED, names::RELEASED, names::SHARED];
    assert!(road.iter().all(|t| account.records[*t] == 1), "{account:?}");
    assert_eq!(r.later(100.0), 0);
}

#[test]
fn a_kill_in_between_changes_nothing_about_it() {
    for crash_after in ["asking", "half of it"] {
        let mut r = told_three();
        let (id, text) = r.lines().remove(0);
        r.forgetting.line(id).unwrap().unwrap();
        if crash_after == "half of it" {
            // The values went, and the process before it could say so.
            let intent = r.db.read(|c| intents::due(c, Time(i64::MAX))).unwrap().remove(0);
            r.db.maintain(move |tx| intents::set_state(tx, intent.id, State::Erasing, None)).unwrap();
            let again = r.db.read(|c| intents::one(c, intent.id)).unwrap().unwrap();
            r.forgetting.mark(&again).unwrap().erase(&*r.bus).unwrap();
        }
        r.restart();
        assert_eq!((r.lines().len(), r.forgetting.later_than_now()), (2, crash_after == "half of it"), "{crash_after}");
        assert_eq!(r.later(10.0), 1, "{crash_after}");
        assert!(!r.values().contains(&text), "{crash_after}");
        let account = r.erasures().remove(0);
        assert_eq!((account.lines, account.records[names::ENRICHED]), (1, 1), "{crash_after}");
        assert!(account.audio_s > 1.0, "{crash_after}");
    }
}

impl Forgetting {
    /// Whether something is due at once.
    fn later_than_now(&self) -> bool {
        !self.parts.db.read(|c| intents::due(c, self.parts.clock.now())).unwrap().is_empty()
    }
}

#[test]
fn what_is_under_way_does_not_appear() {
    let road = ["silero-vad-consumer", "parakeet-tdt-consumer", "context-enrichment-consumer", "privacy-filter-consumer"];
    // Up to which consumer the road had come when the owner asked.
    for reached in 0..=road.len() {
        let mut r = room();
        r.hear(1, 0, &three(), false);
        // Three hours later: what was said before is not meant.
        r.clock.advance(3.0 * 3600.0);
        r.run_all();
        let kept = r.lines();
        r.hear(2, 0, &[quiet(1.0), tone(500.0, 2.0), quiet(2.0)].concat(), false);
        road[..reached].iter().for_each(|g| r.run(g));
        let asked = r.forgetting.last(5).unwrap();
        assert_eq!(asked.lines, 0);
        if reached % 2 == 0 {
            // Some of it is made while it can still be undone, and is not seen.
            r.run_all();
            assert_eq!(r.lines(), kept, "{reached}");
        }
        r.later(10.0);
        r.hear(3, 0, &[tone(600.0, 1.0), quiet(1.0)].concat(), true);
        r.run_all();
        let lines = r.lines();
        assert_eq!(lines.len(), kept.len() + 1, "{reached}: what is said afterwards is written");
        assert_eq!(r.parked(), 0, "{reached}");
        let sound = r.audio.read(&"02".repeat(16), 0, 5 * RATE as u64).unwrap();
        assert!(sound.iter().all(|s| *s == 0.0), "{reached}");
        let said = FakeRecognizer.transcribe(&tone(500.0, 2.0)[..RATE / 2]).unwrap().text;
        assert!(!r.values().contains(&said), "{reached}");
        assert_eq!(r.erasures()[0].scope, "span");
    }
}

#[test]
fn what_was_made_while_it_could_be_undone_comes_back_with_the_rest() {
    let mut r = room();
    r.hear(1, 0, &[quiet(1.0), tone(500.0, 2.0), quiet(2.0)].concat(), true);
    r.run("silero-vad-consumer");
    let asked = r.forgetting.last(1).unwrap();
    r.run_all();
    assert_eq!(r.lines(), []);
    assert_eq!(r.forgetting.undo(asked.forget_id.parse().unwrap()).unwrap(), Undone::Back(1));
    assert_eq!(r.lines().len(), 1);
}

/// The store had read its records before they were erased, and writes them after.
#[test]
fn a_reader_that_was_slow_writes_no_line_and_no_wording() {
    let r = told_three();
    let (id, _) = r.lines().remove(1);
    r.edit(70, id, None, Some("zebrafinch"));
    let mut steps = r.weave();
    steps.iter_mut().filter(|s| s.spec().group == "edit-filter-consumer").for_each(|s| while s.step().unwrap() == Progress::Worked {});
    let read = |t: &'static str| r.bus.read(&TopicName::of(t), 0, 0, 100, usize::MAX).unwrap();
    let (old, edits) = (read(names::RELEASED), read(names::EDITS));
    assert_eq!((old.len(), edits.len()), (3, 1));
    r.forgetting.last(5).unwrap();
    r.later(10.0);
    r.timeline.rebuild().unwrap();
    let (mut lines, mut words) = (TimelineSink::open(r.db.clone()).unwrap(), EditSink::open(r.db.clone()).unwrap());
    lines.write(&old, &Default::default()).unwrap();
    words.write(&edits, &Default::default()).unwrap();
    assert_eq!(r.lines(), []);
    let left: i64 = r.db.read(|c| Ok(c.query_row("SELECT count(*) FROM timeline_edit", [], |r| r.get(0))?)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn stars_and_wordings_are_lines_own_and_are_made_again_from_the_log() {
    let mut r = told_three();
    let lines = r.lines();
    let (id, text) = lines[1].clone();
    r.edit(70, id, Some(true), None);
    r.edit(71, id, None, Some("write to jane.roe@example.org zebrafinch"));
    r.edit(72, lines[0].0, None, Some("passing"));
    r.edit(73, lines[0].0, None, Some(&lines[0].1));
    r.run_all();
    let line = r.timeline.line(id).unwrap().unwrap();
    assert_eq!((line.starred, line.text.as_str()), (true, "write to <EMAIL_ADDRESS> zebrafinch"));
    assert_eq!(line.original.as_deref(), Some(text.as_str()));
    assert_eq!(line.words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "), line.text);
    assert_eq!(line.masked.iter().map(|m| (m.start, m.end)).collect::<Vec<_>>(), [(9, 24)]);
    let back = r.timeline.line(lines[0].0).unwrap().unwrap();
    assert_eq!((back.text.as_str(), back.original), (lines[0].1.as_str(), None), "the recogniser's wording again");
    let found = |r: &Room, q: &str| r.timeline.search(q, &Wanted { limit: 9, ..Wanted::default() }).unwrap().hits.len();
    let old = text.split(' ').next().unwrap();
    assert_eq!((found(&r, "zebrafinch"), found(&r, old), found(&r, "passing")), (1, 0, 0));
    r.timeline.rebuild().unwrap();
    // The changes come first now: they wait for their lines.
    r.restart();
    r.run("timeline-edits-consumer");
    r.run("timeline-consumer");
    assert_eq!(r.timeline.line(id).unwrap().unwrap(), line);
    assert_eq!((found(&r, "zebrafinch"), found(&r, old), r.lines().len()), (1, 0, 3));
    // With the line goes what the owner wrote about it.
    r.forgetting.line(id).unwrap().unwrap();
    assert_eq!(found(&r, "zebrafinch"), 0);
    r.later(10.0);
    assert!(!r.values().contains("zebrafinch"));
    let left: i64 =
        r.db.read(|c| Ok(c.query_row("SELECT count(*) FROM timeline_edit WHERE text LIKE '%zebra%'", [], |r| r.get(0))?)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_span_a_device_and_what_matches_are_weighed_before_they_are_erased() {
    let r = told_three();
    let lines = r.lines();
    let (id, text) = lines[2].clone();
    let found = r.forgetting.matching(&format!("\"{text}\""), None, None, Some(DEVICE)).unwrap();
    assert_eq!(found, [id]);
    let scope = Scope::Lines(found);
    let dry = r.forgetting.erase_now(&scope, true).unwrap();
    assert_eq!((dry.lines, r.lines().len(), dry.records[names::RELEASED]), (1, 3, 1));
    assert_eq!(r.forgetting.erase_now(&scope, false).unwrap(), dry);
    assert_eq!(r.lines().len(), 2);
    let other = Scope::Span(Span { from: Span::EVER, to: Span::NEVER, device: Some(Uuid::from_u128(77)) });
    assert_eq!(r.forgetting.erase_now(&other, false).unwrap(), Erased::default());
    let all = Scope::Span(Span { from: Span::EVER, to: Span::NEVER, device: Some(DEVICE) });
    let dry = r.forgetting.erase_now(&all, true).unwrap();
    assert_eq!(r.forgetting.erase_now(&all, false).unwrap(), dry);
    // All that was heard but the two seconds whose records went with the line before.
    assert_eq!((r.lines().len(), dry.audio_s), (0, 15.0));
    assert!(lines.iter().all(|l| !r.values().contains(&l.1)));
    // What the device says from now on is not meant.
    let mut r = r;
    r.clock.advance(60.0);
    r.hear(3, 0, &[tone(300.0, 2.0), quiet(2.0)].concat(), true);
    r.run_all();
    assert_eq!(r.lines().len(), 1);
}

#[test]
fn files_go_with_their_records_unless_another_names_them() {
    let r = room();
    let blobs = &r.forgetting.parts.files;
    let (mine, shared) = (blobs.put(b"mine").unwrap(), blobs.put(b"twice").unwrap());
    let mut n = 0;
    let mut take = |file: &str| {
        n += 1;
        let topic = TopicName::of("device.image.camera.raw");
        let value = serde_json::json!({"file_id": file}).to_string().into_bytes();
        r.bus.append(vec![NewRecord::new(topic, Uuid::from_u128(n), DEVICE, r.clock.now(), Headers::default(), value)]).unwrap();
    };
    take(&shared);
    r.clock.advance(3600.0);
    [mine.as_str(), shared.as_str(), "../../outside"].into_iter().for_each(&mut take);
    r.clock.advance(1.0);
    r.forgetting.last(5).unwrap();
    r.later(10.0);
    assert_eq!((blobs.path(&mine).exists(), blobs.path(&shared).exists()), (false, true));
    assert_eq!(r.erasures()[0].records["device.image.camera.raw"], 3);
}

#[test]
fn nothing_of_what_was_forgotten_is_left_in_the_files() {
    let r = told_three();
    let (id, text) = r.lines().remove(0);
    r.forgetting.line(id).unwrap().unwrap();
    r.later(10.0);
    let rows = |sql: &str| -> i64 { r.db.read(|c| Ok(c.query_row(sql, [], |r| r.get(0))?)).unwrap() };
    let word = text.split(' ').next().unwrap();
    assert_eq!(rows(&format!("SELECT count(*) FROM utterance WHERE text LIKE '%{word}%'")), 0);
    assert_eq!(rows(&format!("SELECT count(*) FROM utterance_text_data WHERE instr(block, CAST('{word}' AS BLOB)) > 0")), 0);
    assert!(r.folder.path().join("audio").exists());
}

#[test]
fn the_minutes_that_were_erased_are_counted_anew() {
    let mut room = room();
    room.hear(1, 0, &[0.5; RATE], true);
    room.run_all();
    let asked = Arc::<Asked>::default();
    room.forgetting.parts.counts = asked.clone();
    let span = Scope::Span(Span { from: Span::EVER, to: Span::NEVER, device: Some(DEVICE) });
    room.forgetting.erase_now(&span, false).unwrap();
    let minutes = asked.0.lock().unwrap();
    let topics: Vec<&str> = minutes.iter().map(|m| m.topic.as_str()).collect();
    assert!(topics.contains(&names::AUDIO_RAW), "{topics:?}");
    assert!(minutes.iter().all(|m| m.at % 60_000_000 == 0));
}

#[test]
fn a_device_is_forgotten_with_what_was_said_of_it_and_others_unless_a_time_is_named() {
    use crate::identity::{Devices, Evidence, Linking, Policy};
    let room = room();
    let devices = Devices::open(&room.db, Uuid::from_u128(1), Policy::Register, room.clock.clone(), &Seeded::new(4)).unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| devices.resolve(name).unwrap());
    let said = Linking { devices: vec![a, b, c], kind: Evidence::Declared, confidence: 1.0, given_by: "owner".into(), note: None };
    let links = devices.links().link(said).unwrap();
    let topic = TopicName::of(names::LINKS);
    room.bus.append(links.iter().map(|l| l.record(Uuid::nil()).unwrap()).collect()).unwrap();
    let values = || room.bus.read(&topic, 0, 0, 100, usize::MAX).unwrap().iter().filter(|r| r.value().is_some()).count();
    let some = Scope::Span(Span { from: Span::EVER, to: room.clock.now(), device: Some(b) });
    room.forgetting.erase_now(&some, false).unwrap();
    assert_eq!((devices.links().list(None, true).unwrap().len(), values()), (3, 3), "of a span of time the links are no part");
    let whole = Scope::Span(Span { from: Span::EVER, to: Span::NEVER, device: Some(b) });
    let weighed = room.forgetting.erase_now(&whole, true).unwrap();
    assert_eq!((weighed.records.get(names::LINKS), values()), (Some(&2), 3));
    let erased = room.forgetting.erase_now(&whole, false).unwrap();
    assert_eq!((erased.records.get(names::LINKS), values()), (Some(&2), 1));
    assert_eq!(devices.links().list(None, true).unwrap().len(), 1);
    assert!(devices.get("b").unwrap().is_some());
}
