//! The runners over the memory log, with stages small enough to see through.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::bus::memory::Memory;
use crate::bus::{Bus, Headers, NewRecord, Position, Positions, TopicName};
use crate::env::ManualClock;
use crate::error::{Error, Kind};
use crate::pipeline::{Deferred, MakeWorker, Node, Revision, Sink, deferred, sink, stage};
use crate::store::Audio;

struct NoAudio;
impl Audio for NoAudio {
    fn read(&self, _: &str, _: u64, _: u64) -> Result<Arc<[f32]>> {
        Err(Error::skip("no audio here"))
    }
}

struct World {
    bus: Arc<Memory>,
    clock: Arc<ManualClock>,
    wiring: Wiring,
    sent: u64,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Time::from_secs(1_000)));
        let bus = Arc::new(Memory::new(clock.clone()));
        let wiring = Wiring {
            bus: bus.clone(),
            audio: Arc::new(NoAudio),
            clock: clock.clone(),
            member: "m".into(),
            host: "h".into(),
            run: String::new(),
            workers: 0,
        };
        Self { bus, clock, wiring, sent: 0 }
    }
    fn send(&mut self, topic: &'static str, n: i64) {
        self.sent += 1;
        let id = Uuid::from_u128(u128::from(self.sent));
        let r = NewRecord::new(TopicName::of(topic), id, Uuid::nil(), Time(0), Headers::default(), n.to_string().into_bytes());
        self.bus.append(vec![r]).unwrap();
    }
    fn values(&self, topic: &'static str) -> Vec<String> {
        let rs = self.bus.read(&TopicName::of(topic), 0, 0, 1000, usize::MAX).unwrap();
        rs.iter().map(|r| String::from_utf8(r.value().unwrap().to_vec()).unwrap()).collect()
    }
    fn lag(&self) -> u64 {
        self.bus.groups().unwrap().iter().map(|g| g.total_lag()).sum()
    }
}

fn spec(inputs: &[&'static str], ticks: bool) -> Spec {
    Spec {
        group: "sum-consumer",
        description: "adds up",
        inputs: inputs.iter().map(|t| TopicName::of(t)).collect(),
        outputs: vec![TopicName::of(OUT)],
        revision: Revision { state: 1, label: "sum/1".into() },
        ticks,
        audio: false,
    }
}

const A: &str = "test.a.raw";
const B: &str = "test.b.raw";
const OUT: &str = "test.sum.made";

/// Emits the running sum; -1 cannot be taken, -2 panics, -3 has to wait.
struct Sum {
    spec: Spec,
    sum: i64,
}
impl Stage for Sum {
    fn spec(&self) -> &Spec {
        &self.spec
    }
    fn on_record(&mut self, r: &Record, out: &mut Outbox) -> Result<(), Fault> {
        let n: i64 = r.payload()?;
        self.sum += n; // spoilt before the fault, on purpose
        match n {
            -1 => Err(Error::skip("minus one")),
            -2 => panic!("minus two"),
            -3 => Err(Error::retry("wait")),
            _ => out.emit(&TopicName::of(OUT), r.recorded_at(), &self.sum),
        }
    }
    fn on_time(&mut self, _: Time, _: &mut Outbox) -> Result<(), Fault> {
        self.sum += 1000;
        Ok(())
    }
    fn save(&self, to: &mut Vec<u8>) {
        to.extend(self.sum.to_le_bytes());
    }
    fn load(&mut self, _: u32, from: &[u8]) -> Result<(), Fault> {
        self.sum = i64::from_le_bytes(from.try_into().map_err(|_| Error::bug("state of another size"))?);
        Ok(())
    }
}

fn sum(w: &World, inputs: &[&'static str], ticks: bool) -> Box<dyn Step> {
    stage(Sum { spec: spec(inputs, ticks), sum: 0 }).connect(w.wiring.clone()).unwrap()
}

fn drain(step: &mut dyn Step) {
    while step.step().unwrap() == Progress::Worked {}
}

#[test]
fn a_record_that_cannot_be_taken_is_parked_and_leaves_no_trace_in_the_state() {
    let mut w = World::new();
    [1, 2, -1, 3, -2, 4].into_iter().for_each(|n| w.send(A, n));
    drain(&mut *sum(&w, &[A], false));
    assert_eq!(w.values(OUT), ["1", "3", "6", "10"]);
    let letters = w.values("test.a.raw.dlq");
    assert_eq!(letters.len(), 2);
    assert!(letters[0].contains(r#""message":"minus one""#) && letters[0].contains(r#""error_kind":"skip""#));
    assert!(letters[0].contains(r#""offset":2"#) && letters[0].contains(r#""data":-1"#));
    assert!(letters[1].contains(r#""error_kind":"bug""#));
    assert_eq!(w.lag(), 0);
}

#[test]
fn a_record_that_may_work_later_keeps_its_place() {
    let mut w = World::new();
    [1, -3, 2].into_iter().for_each(|n| w.send(A, n));
    let mut s = sum(&w, &[A], false);
    assert_eq!(s.step().unwrap(), Progress::Worked); // finds the fault
    assert_eq!(s.step().unwrap(), Progress::Worked); // commits what came before it
    for _ in 0..3 {
        assert_eq!(s.step().unwrap_err().kind, Kind::Retry);
    }
    assert_eq!(w.values(OUT), ["1"]);
    assert_eq!(w.lag(), 2);
}

#[test]
fn state_and_offsets_survive_the_process() {
    let mut w = World::new();
    [1, 2].into_iter().for_each(|n| w.send(A, n));
    drain(&mut *sum(&w, &[A], false));
    [3, 4].into_iter().for_each(|n| w.send(A, n));
    drain(&mut *sum(&w, &[A], false));
    assert_eq!(w.values(OUT), ["1", "3", "6", "10"]);
}

#[test]
fn the_member_that_was_replaced_is_fenced() {
    let mut w = World::new();
    let mut zombie = sum(&w, &[A], false);
    w.send(A, 1);
    drain(&mut *sum(&w, &[A], false));
    w.send(A, 2);
    assert_eq!(zombie.step().unwrap_err().kind, Kind::Stop);
    assert_eq!(w.values(OUT), ["1"]);
}

#[test]
fn ticks_come_before_the_records_that_follow_them_and_while_idle_and_never_twice() {
    let mut w = World::new();
    let mut s = sum(&w, &[A], true);
    w.send(A, 1); // the first tick is this record's own second
    drain(&mut *s);
    w.clock.advance(2.5);
    w.send(A, 1); // two ticks ahead of it
    drain(&mut *s);
    w.clock.advance(3.0);
    drain(&mut *s); // idle: ticks up to the last second that is certainly over
    w.send(A, 1);
    drain(&mut *sum(&w, &[A], true)); // a new process does not see them again
    assert_eq!(w.values(OUT), ["1001", "3002", "6003"]);
}

#[test]
fn several_inputs_are_merged_in_the_order_they_were_received() {
    let mut w = World::new();
    for (topic, n) in [(A, 1), (B, 10), (A, 100), (B, 1000)] {
        w.send(topic, n);
        w.clock.advance(0.1);
    }
    drain(&mut *sum(&w, &[A, B], false));
    assert_eq!(w.values(OUT), ["1", "11", "111", "1111"]);
}

#[test]
fn derived_ids_do_not_depend_on_how_inputs_were_batched() {
    let ids = |batches: &[&[i64]]| {
        let mut w = World::new();
        for b in batches {
            b.iter().for_each(|n| w.send(A, *n));
            drain(&mut *sum(&w, &[A], false));
        }
        let rs = w.bus.read(&TopicName::of(OUT), 0, 0, 100, usize::MAX).unwrap();
        rs.iter().map(|r| r.message_id()).collect::<Vec<_>>()
    };
    let once = ids(&[&[1, 2, 3, 4]]);
    assert_eq!(once, ids(&[&[1], &[2, 3], &[4]]));
    assert_eq!(once.len(), 4);
    assert!(once.iter().all(|id| id.get_version_num() == 8));
}

/// Doubles slowly; -1 fails in the worker, -2 panics there.
struct Double(Spec, Arc<AtomicU32>);
impl Deferred for Double {
    type Job = i64;
    type Done = i64;
    fn spec(&self) -> &Spec {
        &self.0
    }
    fn worker(&self) -> MakeWorker<i64, i64> {
        let built = self.1.clone();
        Arc::new(move || {
            if built.fetch_add(1, Ordering::SeqCst) == 0 {
                return Err(Error::retry("the model is not there yet"));
            }
            Ok(Box::new(|n| match n {
                -1 => Err(Error::skip("minus one")),
                -2 => panic!("minus two"),
                n => Ok(n * 2),
            }))
        })
    }
    fn start(&mut self, r: &Record) -> Result<i64, Fault> {
        r.payload()
    }
    fn finish(&mut self, r: &Record, done: i64, out: &mut Outbox) -> Result<(), Fault> {
        out.emit(&TopicName::of(OUT), r.recorded_at(), &done)
    }
}

#[test]
fn deferred_work_ends_in_input_order_whatever_the_threads_do() {
    for workers in [0, 1, 3] {
        let mut w = World::new();
        w.wiring.workers = workers;
        (1..=20).chain([-1, -2]).chain(21..=40).for_each(|n| w.send(A, n));
        let mut s = deferred(Double(spec(&[A], false), Arc::default())).connect(w.wiring.clone()).unwrap();
        let mut retries = 0;
        while w.lag() > 0 {
            retries += u32::from(s.step().is_err_and(|e| e.kind == Kind::Retry));
        }
        assert!(retries >= 1, "the engine was not there at first");
        let expect: Vec<String> = (1..=40).map(|n| (n * 2).to_string()).collect();
        assert_eq!(w.values(OUT), expect, "{workers} workers");
        assert_eq!(w.values("test.a.raw.dlq").len(), 2);
    }
}

/// A store that refuses -1.
#[derive(Clone, Default)]
struct Kept(Arc<std::sync::Mutex<(Vec<i64>, Positions)>>);
struct Keep {
    spec: Spec,
    kept: Kept,
    between: Duration,
}

fn keep(kept: &Kept, between: Duration) -> Node {
    sink(Keep { spec: spec(&[A], false), kept: kept.clone(), between })
}

impl Sink for Keep {
    fn spec(&self) -> &Spec {
        &self.spec
    }
    fn positions(&mut self) -> Result<Positions, Fault> {
        Ok(self.kept.0.lock().unwrap().1.clone())
    }
    fn write(&mut self, rs: &[Record], upto: &Positions) -> Result<(), Fault> {
        let values = rs.iter().map(|r| r.payload::<i64>()).collect::<Result<Vec<_>>>()?;
        if values.contains(&-1) {
            return Err(Error::skip("minus one"));
        }
        let mut kept = self.kept.0.lock().unwrap();
        kept.0.extend(values);
        kept.1.clone_from(upto);
        Ok(())
    }
    fn rebuild(&mut self) -> Result<(), Fault> {
        *self.kept.0.lock().unwrap() = Default::default();
        Ok(())
    }
    fn between_writes(&self) -> Duration {
        self.between
    }
}

#[test]
fn a_sink_whose_writes_are_dear_rests_between_them_until_somebody_waits() {
    let (mut w, kept, gathers) = (World::new(), Kept::default(), Duration::from_secs(5));
    let mut step = keep(&kept, gathers).connect(w.wiring.clone()).unwrap();
    w.send(A, 1);
    assert_eq!(step.step().unwrap(), Progress::Worked);
    w.send(A, 2);
    assert_eq!(step.step().unwrap(), Progress::Resting(gathers));
    w.clock.advance(3.0);
    w.send(A, 3);
    assert_eq!(step.step().unwrap(), Progress::Resting(Duration::from_secs(2)));
    w.clock.advance(2.0);
    assert_eq!(step.step().unwrap(), Progress::Worked);
    assert_eq!(kept.0.lock().unwrap().0, [1, 2, 3]);
    drop(step);

    let running = crate::pipeline::Running::start(vec![keep(&kept, Duration::from_secs(3600))], &w.wiring).unwrap();
    let caught_up = |w: &World| {
        let mut seen = w.bus.wait(0, Duration::ZERO);
        (0..20).any(|_| {
            let over = w.lag() == 0;
            seen = if over { seen } else { w.bus.wait(seen, Duration::from_secs(5)) };
            over
        })
    };
    w.send(A, 4);
    assert!(caught_up(&w));
    w.send(A, 5);
    running.hurry();
    assert!(caught_up(&w), "it rests for an hour otherwise");
    assert_eq!(kept.0.lock().unwrap().0, [1, 2, 3, 4, 5]);
}

#[test]
fn a_sink_parks_what_it_cannot_take_and_its_store_says_where_it_stands() {
    let mut w = World::new();
    let kept = Kept::default();
    let open = |w: &World| keep(&kept, Duration::ZERO).connect(w.wiring.clone()).unwrap();
    (0..10).chain([-1]).chain(10..20).for_each(|n| w.send(A, n));
    drain(&mut *open(&w));
    assert_eq!(kept.0.lock().unwrap().0, (0..20).collect::<Vec<_>>());
    assert_eq!(w.values("test.a.raw.dlq").len(), 1);
    // A crash between the store's commit and the group's: the group is moved to where the store stands.
    let ahead = Position { topic: TopicName::of(A), partition: 0 };
    w.send(A, 20);
    kept.0.lock().unwrap().1.insert(ahead, 22);
    drain(&mut *open(&w));
    assert_eq!(kept.0.lock().unwrap().0.len(), 20);
    assert_eq!(w.lag(), 0);
    // A store that was emptied is written anew, and so is one that knows more than the log.
    for spoil in [Positions::new(), [(Position { topic: TopicName::of(A), partition: 0 }, 99)].into()] {
        *kept.0.lock().unwrap() = (Vec::new(), spoil);
        drain(&mut *open(&w));
        assert_eq!(kept.0.lock().unwrap().0, (0..=20).collect::<Vec<_>>());
        assert_eq!((w.lag(), w.values("test.a.raw.dlq").len()), (0, 1), "the letter is not doubled");
    }
}

#[test]
fn a_running_pipeline_stops_in_order_and_leaves_its_groups() {
    let mut w = World::new();
    w.wiring.workers = 1;
    let mut running = crate::pipeline::Running::start(vec![stage(Sum { spec: spec(&[A], false), sum: 0 })], &w.wiring).unwrap();
    (1..=100).for_each(|n| w.send(A, n));
    let mut seen = 0;
    while w.lag() > 0 {
        seen = w.bus.wait(seen, Duration::from_secs(5));
    }
    assert_eq!(w.bus.groups().unwrap()[0].state(), "Stable");
    running.stop();
    assert_eq!(w.bus.groups().unwrap()[0].state(), "Empty");
    assert_eq!(w.values(OUT).len(), 100);
    assert_eq!(running.probes[0].seen().records, 100);
}

/// Tells how often it has seen a number; what it has seen it keeps by key. -1 cannot be taken.
struct Counts(Spec);
impl Stage for Counts {
    fn spec(&self) -> &Spec {
        &self.0
    }
    fn wants(&mut self, r: &Record, keys: &mut Vec<Vec<u8>>) {
        keys.extend(r.value().map(<[u8]>::to_vec));
    }
    fn on_record(&mut self, r: &Record, out: &mut Outbox) -> Result<(), Fault> {
        let key = r.value().unwrap_or_default().to_vec();
        let times = out.kept.get(&key)?.map_or(1, |v| v[0] + 1);
        out.kept.put(key, vec![times], Time::from_secs(2_000)); // before the fault, on purpose
        match r.payload()? {
            -1 => Err(Error::skip("minus one")),
            n if n > 100 => {
                let seen_one = out.kept.get(b"1")?.is_some();
                out.emit(&TopicName::of(OUT), r.recorded_at(), &seen_one)
            }
            _ => out.emit(&TopicName::of(OUT), r.recorded_at(), &times),
        }
    }
}

#[test]
fn rows_are_kept_with_what_they_led_to_and_not_with_a_record_that_faulted() {
    let mut w = World::new();
    [1, 2, 1, -1, 1, -1, 200].into_iter().for_each(|n| w.send(A, n));
    let counts = || stage(Counts(spec(&[A], false))).connect(w.wiring.clone()).unwrap();
    drain(&mut *counts());
    assert_eq!(w.values(OUT), ["1", "1", "2", "3", "true"], "one step sees what it put itself, and what the one before it left");
    let rows = |keys: [&str; 3]| w.bus.rows("sum-consumer", &keys.map(|k| k.as_bytes().to_vec())).unwrap();
    assert_eq!(rows(["1", "2", "-1"]), [Some(vec![3]), Some(vec![1]), None]);
    // Another process goes on with them; they go when the log's time is past them.
    w.send(A, 1);
    let counts = || stage(Counts(spec(&[A], false))).connect(w.wiring.clone()).unwrap();
    drain(&mut *counts());
    assert_eq!(w.values(OUT).last().unwrap(), "4");
    w.clock.advance(2_000.0);
    w.send(A, 5);
    let counts = || stage(Counts(spec(&[A], false))).connect(w.wiring.clone()).unwrap();
    drain(&mut *counts());
    assert_eq!(w.bus.row_count("sum-consumer").unwrap().rows, 0, "its own was put past its time");
}
