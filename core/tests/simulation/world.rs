//! One life of a pipeline: recordings come in, stages run in a seeded order, the process dies and starts again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use loom_core::bus::memory::Memory;
use loom_core::bus::*;
use loom_core::env::{ManualClock, Seeded};
use loom_core::error::Fault;
use loom_core::pipeline::{self, Node, Progress, Revision, Sink, Spec, Step, Wiring, graph};
use loom_core::privacy::{self, Owner, Policy};
use loom_core::speech::fake::FakeDetector;
use loom_core::speech::{FRAME, Heard, Recognizer, SAMPLE_RATE};
use loom_core::store::Audio;
use loom_core::{Error, Result, Time};
use loom_schemas::payload::{AudioChunk, AudioSource, ReleasedText, SourceKind, StreamEnd, Word};
use uuid::Uuid;

use crate::faulty::Faulty;

/// As they are spoken; none may be read behind the wall.
pub const SECRETS: [&str; 3] = ["4111 1111 1111 1111", "jane.roe@example.org", "536-90-4399"];
const PHRASES: [&str; 8] = [
    "Good morning to everyone here.",
    "My card is 4111 1111 1111 1111 thanks.",
    "We meet at the old library.",
    "Write to jane.roe@example.org today.",
    "It rained the whole night.",
    "The number is 536-90-4399 as ever.",
    "Nothing else was said.",
    "The river was high again.",
];
/// Samples of phrase n stand at ±(0.2 + n · STEP), so that the recogniser below can read them.
const STEP: f32 = 0.05;
const DEVICE: Uuid = Uuid::from_u128(0x0190_c0de_0000_8000_8000_0000_0000_0001);

#[derive(Clone, Debug)]
pub struct Heard1 {
    pub message_id: Uuid,
    pub recorded_at: Time,
    pub stream: String,
    pub text: String,
}

pub struct Outcome {
    pub released: Vec<Heard1>,
    pub stored: Vec<Uuid>,
    pub beyond_the_wall: String,
    pub before_the_wall: String,
    pub lag: u64,
    pub parked: u64,
    pub crashes: u32,
    pub trace: String,
}

/// What survives the process.
pub struct World {
    clock: Arc<ManualClock>,
    log: Arc<Memory>,
    bus: Arc<Faulty>,
    disk: Arc<Disk>,
    kept: Arc<Mutex<Kept>>,
    chance: Seeded,
    recordings: Vec<Recording>,
    poisoned: bool,
}

#[derive(Default)]
struct Disk(Mutex<BTreeMap<String, Vec<f32>>>);

impl Audio for Disk {
    fn read(&self, stream_id: &str, first_sample: u64, samples: u64) -> Result<Arc<[f32]>> {
        let disk = self.0.lock().unwrap();
        let all = disk.get(stream_id).ok_or_else(|| Error::skip("no such stream"))?;
        all.get(first_sample as usize..(first_sample + samples) as usize).map(Arc::from).ok_or_else(|| Error::skip("not so long"))
    }
}

/// A recording and how it is cut into records; its samples are on the log up to the last record's end.
struct Recording {
    stream: String,
    started_at: Time,
    samples: Vec<f32>,
    chunk: usize,
}

impl Recording {
    fn new(chance: &Seeded, n: u64) -> Self {
        let mut samples = Vec::new();
        let quiet = |s: &mut Vec<f32>, frames: u64| s.resize(s.len() + frames as usize * FRAME + 37, 0.0);
        for _ in 0..2 + chance.below(3) {
            quiet(&mut samples, 30 + chance.below(30));
            let level = 0.2 + STEP * chance.below(PHRASES.len() as u64) as f32;
            let long = samples.len() + (10 + chance.below(20) as usize) * FRAME;
            while samples.len() < long {
                samples.push(if samples.len().is_multiple_of(2) { level } else { -level });
            }
        }
        if chance.below(2) == 0 {
            quiet(&mut samples, 40); // else the file is over in the middle of a word
        }
        let chunk = [512, 1_600, 3_200, 7_777, 16_000][chance.below(5) as usize];
        Self { stream: format!("{n:032x}"), started_at: Time::from_secs(1_700_000_000 + 1_000 * n as i64), samples, chunk }
    }

    fn record(&self, first: usize, disk: &Disk) -> NewRecord {
        let end = (first + self.chunk).min(self.samples.len());
        // Written first; what a crash leaves beyond the log's end is written over.
        disk.0.lock().unwrap().insert(self.stream.clone(), self.samples[..end].to_vec());
        let chunk = AudioChunk {
            stream_id: self.stream.clone(),
            first_sample: first as u64,
            samples: (end - first) as u32,
            sample_rate: SAMPLE_RATE,
            format: "pcm_s16le".into(),
            source: AudioSource { kind: SourceKind::Recording, name: "simulated".into() },
            end: (first == end).then_some(StreamEnd::FileOver),
        };
        let id = Uuid::from_u128((u128::from_str_radix(&self.stream, 16).unwrap() << 64) + first as u128);
        let at = self.started_at.plus(first as f64 / f64::from(SAMPLE_RATE));
        let headers = Headers { schema: "device.audio.raw.v1".into(), producer: "recording".into(), ..Headers::default() };
        NewRecord::new(TopicName::of(names::AUDIO_RAW), id, DEVICE, at, headers, serde_json::to_vec(&chunk).unwrap())
    }
}

/// Reads the phrase off the samples' level.
struct Reader;
impl Recognizer for Reader {
    fn id(&self) -> &str {
        "reader"
    }
    fn model(&self) -> &str {
        "level"
    }
    fn transcribe(&mut self, samples: &[f32]) -> Result<Heard> {
        let level = samples.iter().fold(0f32, |m, s| m.max(s.abs()));
        let phrase = PHRASES.get(((level - 0.2) / STEP).round() as usize).ok_or_else(|| Error::skip("no such phrase"))?;
        let words = phrase.split(' ').enumerate().map(|(i, w)| {
            let start_s = i as f64 * 0.05;
            Word { text: w.into(), start_s, end_s: start_s + 0.05, confidence: 0.9 }
        });
        Ok(Heard::new(words.collect(), "en"))
    }
}

/// A timeline that is only a list, with positions of its own.
#[derive(Default)]
struct Kept {
    lines: Vec<(Uuid, String)>,
    positions: Positions,
}
struct Timeline(Spec, Arc<Mutex<Kept>>);
impl Sink for Timeline {
    fn spec(&self) -> &Spec {
        &self.0
    }
    fn positions(&mut self) -> Result<Positions, Fault> {
        Ok(self.1.lock().unwrap().positions.clone())
    }
    fn write(&mut self, rs: &[Record], upto: &Positions) -> Result<(), Fault> {
        let lines = rs.iter().map(|r| {
            let text = privacy::open::<Owner, ReleasedText>(r)?;
            Ok((r.message_id(), text.get().text.clone()))
        });
        let lines = lines.collect::<Result<Vec<_>>>()?;
        let mut kept = self.1.lock().unwrap();
        kept.lines.extend(lines);
        kept.positions.clone_from(upto);
        Ok(())
    }
    fn rebuild(&mut self) -> Result<(), Fault> {
        *self.1.lock().unwrap() = Kept::default();
        Ok(())
    }
}

fn timeline(kept: Arc<Mutex<Kept>>) -> Node {
    pipeline::sink(Timeline(
        Spec {
            group: "timeline-consumer",
            description: "keeps lines",
            inputs: vec![TopicName::of(names::RELEASED)],
            outputs: vec![],
            revision: Revision { state: 1, label: "simulated".into() },
            ticks: false,
            audio: false,
        },
        kept,
    ))
}

impl World {
    pub fn new(seed: u64, crashes: u32) -> Self {
        let clock = Arc::new(ManualClock::at(Time::from_secs(1_700_000_000)));
        let log = Arc::new(Memory::new(clock.clone()));
        let recordings = Seeded::new(seed);
        Self {
            bus: Arc::new(Faulty::new(log.clone(), seed ^ 0xfa17, crashes)),
            recordings: (1..=2 + recordings.below(2)).map(|n| Recording::new(&recordings, n)).collect(),
            chance: Seeded::new(seed ^ 0x5eed),
            clock,
            log,
            disk: Arc::default(),
            kept: Arc::default(),
            poisoned: false,
        }
    }

    pub fn live(mut self) -> Outcome {
        while !self.one_life() {
            self.bus.revive();
        }
        self.outcome()
    }

    /// From start to crash (`false`) or until everything is done (`true`).
    fn one_life(&mut self) -> bool {
        let wiring = Wiring {
            bus: self.bus.clone(),
            audio: self.disk.clone(),
            clock: self.clock.clone(),
            member: "simulated".into(),
            host: "simulated".into(),
            run: String::new(),
            workers: 0,
        };
        let parts = graph::Parts {
            detector: Box::new(FakeDetector::default()),
            engine: "reader",
            model: "level",
            recognizer: Arc::new(|| Ok(Box::new(Reader))),
            zone: jiff::tz::TimeZone::UTC,
            live: Arc::default(),
            policy: Policy::owner(),
            stores: vec![timeline(self.kept.clone())],
        };
        let nodes = graph::weave(parts).expect("the graph is sound");
        let Ok(mut steps) = nodes.into_iter().map(|n| n.connect(wiring.clone())).collect::<Result<Vec<_>>>() else { return false };
        let mut sources: Vec<usize> = self.recordings.iter().map(|r| self.durable(&r.stream)).collect();
        let mut idle = 0;
        while idle < 20 {
            self.clock.advance(self.chance.below(400) as f64 / 1000.0);
            let actor = self.chance.below((steps.len() + sources.len() + 1) as u64) as usize;
            let worked = match actor.checked_sub(steps.len()) {
                None => steps[actor].step().map(|p| p == Progress::Worked),
                Some(n) if n < sources.len() => self.feed(n, &mut sources[n]),
                Some(_) => self.poison(),
            };
            match worked {
                Ok(worked) => idle = if worked || !self.drained(&mut steps, &sources) { 0 } else { idle + 1 },
                Err(_) if self.bus.is_dead() => return false,
                Err(e) => panic!("a stage failed without a crash: {e}"),
            }
        }
        true
    }

    /// Where a recording goes on: after the last sample on the log.
    fn durable(&self, stream: &str) -> usize {
        let audio = TopicName::of(names::AUDIO_RAW);
        let all = self.log.read(&audio, 0, 0, usize::MAX, usize::MAX).unwrap();
        let chunks = all.iter().filter_map(|r| r.payload::<AudioChunk>().ok()).filter(|c| c.stream_id == stream);
        chunks.map(|c| if c.end.is_some() { usize::MAX } else { c.first_sample as usize + c.samples as usize }).max().unwrap_or(0)
    }

    fn feed(&self, n: usize, at: &mut usize) -> Result<bool> {
        let r = &self.recordings[n];
        if *at == usize::MAX {
            return Ok(false);
        }
        self.bus.append(vec![r.record(*at, &self.disk)])?;
        *at = if *at == r.samples.len() { usize::MAX } else { (*at + r.chunk).min(r.samples.len()) };
        Ok(true)
    }

    /// One record that is no audio at all.
    fn poison(&mut self) -> Result<bool> {
        let id = Uuid::from_u128(666);
        if std::mem::replace(&mut self.poisoned, true) {
            return Ok(false);
        }
        let bad = NewRecord::new(TopicName::of(names::AUDIO_RAW), id, DEVICE, Time(0), Headers::default(), b"{\"no\":1}".to_vec());
        let sent = self.bus.append(vec![bad]);
        self.poisoned = sent.is_ok();
        sent.map(|_| true)
    }

    fn drained(&self, steps: &mut [Box<dyn Step>], sources: &[usize]) -> bool {
        let read = self.log.groups().unwrap().iter().all(|g| g.total_lag() == 0);
        self.poisoned && read && !steps.is_empty() && sources.iter().all(|s| *s == usize::MAX)
    }

    fn outcome(self) -> Outcome {
        let read = |t: &'static str| self.log.read(&TopicName::of(t), 0, 0, usize::MAX, usize::MAX).unwrap();
        let text = |t: &'static str| read(t).iter().map(|r| String::from_utf8_lossy(r.value().unwrap()).into_owned()).collect::<String>();
        let kept = self.kept.lock().unwrap();
        let mut trace = String::new();
        for t in self.log.topics().unwrap() {
            for r in self.log.read(&t.settings.name, 0, 0, usize::MAX, usize::MAX).unwrap() {
                let _ = writeln!(trace, "{} {} {} {}", r.topic(), r.offset(), r.message_id(), r.received_at());
            }
        }
        let released = read(names::RELEASED).into_iter().map(|r| {
            let v: ReleasedText = r.payload().unwrap();
            Heard1 {
                message_id: r.message_id(),
                recorded_at: r.recorded_at(),
                stream: v.audio.map(|a| a.stream_id).unwrap_or_default(),
                text: v.text,
            }
        });
        Outcome {
            released: released.collect(),
            stored: kept.lines.iter().map(|(id, _)| *id).collect(),
            beyond_the_wall: text(names::RELEASED) + &text(names::SHARED) + &kept.lines.iter().map(|(_, t)| t.as_str()).collect::<String>(),
            before_the_wall: text(names::TRANSCRIBED),
            lag: self.log.groups().unwrap().iter().map(GroupState::total_lag).sum(),
            parked: self.log.topics().unwrap().iter().filter(|t| t.settings.name.is_dlq()).map(|t| t.records).sum(),
            crashes: self.bus.crashes.load(Ordering::SeqCst),
            trace,
        }
    }
}
