use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::bus::*;
use crate::env::{Seeded, System};
use crate::router::tests::rig::{rig, until};

fn wish(topic: &str, into: &str) -> Replay {
    let into = TopicName::parse(into).map_or_else(|_| Into::Group(into.into()), Into::Topic);
    Replay {
        topic: TopicName::parse(topic).unwrap(),
        from: None,
        to: None,
        offset_from: None,
        offset_to: None,
        device_id: None,
        into,
        rate: MOST_RATE,
    }
}

#[test]
fn copies_have_ids_of_their_replay_and_the_trace_they_had() {
    let rig = rig();
    for n in 0..30 {
        rig.put("in.a.x", json!({"n": n}));
    }
    rig.put_with("in.a.x", json!({"n": 30}), |r| r.device_id = Uuid::from_u128(6));
    let range = Replay { offset_from: Some(10), offset_to: Some(20), ..wish("in.a.x", "out.a.x") };
    let would = rig.replays.rehearse(&range).unwrap().unwrap();
    assert_eq!((would.looked_at, would.copied), (10, 10));
    assert!(rig.all("out.a.x").is_empty());
    let row = rig.replays.begin(&range).unwrap().unwrap();
    until("it is done", || rig.replays.get(&row.id).unwrap().unwrap().state == State::Done);
    let copies = rig.all("out.a.x");
    assert_eq!(
        copies.iter().map(|r| r.payload::<serde_json::Value>().unwrap()["n"].as_u64().unwrap()).collect::<Vec<_>>(),
        (10..20).collect::<Vec<_>>()
    );
    assert!(copies.iter().all(|c| c.headers().trace.trace_id == [9; 16] && c.headers().hops == 1));
    assert_eq!(copies[0].headers().sources[0].first, 10);
    // The same again is another replay; one device alone; into itself.
    rig.replays.begin(&range).unwrap().unwrap();
    until("it is done", || rig.all("out.a.x").len() == 20);
    rig.replays.begin(&Replay { device_id: Some(Uuid::from_u128(6)), ..wish("in.a.x", "in.a.x") }).unwrap().unwrap();
    until("it is done", || rig.all("in.a.x").len() == 32);
    until("none is at work", || rig.replays.list().unwrap().iter().all(|r| r.state == State::Done));
    assert_eq!(rig.replays.list().unwrap().len(), 3);
}

#[test]
fn what_no_replay_may_do_is_refused() {
    let rig = rig();
    rig.put("in.a.x", json!({}));
    let pointers = |w: Replay| {
        rig.replays.begin(&w).unwrap().unwrap_err().into_iter().map(|w| format!("{} {}", w.pointer, w.rule)).collect::<Vec<_>>()
    };
    assert_eq!(pointers(wish("in.none.x", "out.a.x")), ["/topic exists"]);
    assert_eq!(pointers(wish("in.a.x", "media.text.released")), ["/into wall"]);
    assert_eq!(pointers(wish("in.a.x", "media.text.shared")), ["/into wall"]);
    assert_eq!(pointers(wish("in.a.x", "internal.privacy.audit.decisions")), ["/into wall"]);
    assert_eq!(pointers(wish("in.a.x", "out.a.x.dlq")), ["/into wall"]);
    assert_eq!(pointers(wish("in.a.x", "nobody-consumer")), ["/into exists"]);
    assert_eq!(pointers(Replay { rate: 0, ..wish("in.a.x", "out.a.x") }), ["/rate maximum"]);
    let join = Join { group: "some-consumer".into(), member: "m".into(), host: String::new(), topics: vec![TopicName::of("in.a.x")] };
    let m = rig.bus.join(&join).unwrap();
    assert_eq!(pointers(wish("in.a.x", "some-consumer")), ["/into stopped"]);
    rig.bus.leave(&m).unwrap();
    assert_eq!(pointers(Replay { offset_to: Some(1), ..wish("in.a.x", "some-consumer") }), ["/to group"]);
    assert_eq!(rig.replays.begin(&wish("in.a.x", "some-consumer")).unwrap().unwrap().state, State::Done);
    assert!(rig.replays.list().unwrap().len() == 1);
}

#[test]
fn what_a_topic_does_not_take_is_left_out_and_said() {
    let rig = rig();
    rig.put("in.a.x", json!({"latitude": 52.5, "longitude": 13.4}));
    rig.put("in.a.x", json!({"latitude": 520, "longitude": 13.4}));
    rig.put_with("in.a.x", json!({"latitude": 52.5, "longitude": 13.4}), |r| r.headers.hops = 16);
    let row = rig.replays.begin(&wish("in.a.x", "device.sensor.gps.raw")).unwrap().unwrap();
    until("it is done", || rig.replays.get(&row.id).unwrap().unwrap().state == State::Done);
    let row = rig.replays.get(&row.id).unwrap().unwrap();
    assert_eq!((row.progress.copied, row.progress.left_out), (1, 2));
    assert!(row.progress.reason.unwrap().contains("/latitude"));
}

/// A log that breaks off after so many appends, before their replay hears of them.
struct Broken {
    bus: Arc<dyn Bus>,
    left: AtomicU64,
}

impl Bus for Broken {
    fn create(&self, s: &Settings) -> Result<()> {
        self.bus.create(s)
    }
    fn topics(&self) -> Result<Vec<TopicState>> {
        self.bus.topics()
    }
    fn topic(&self, n: &TopicName) -> Result<Option<TopicState>> {
        self.bus.topic(n)
    }
    fn append(&self, r: Vec<NewRecord>) -> Result<Vec<Appended>> {
        let landed = self.bus.append(r)?;
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)) {
            Ok(_) => Ok(landed),
            Err(_) => Err(Error::retry("broken off")),
        }
    }
    fn read(&self, t: &TopicName, p: u32, from: u64, n: usize, b: usize) -> Result<Vec<Record>> {
        self.bus.read(t, p, from, n, b)
    }
    fn offset_at(&self, t: &TopicName, p: u32, at: Time) -> Result<u64> {
        self.bus.offset_at(t, p, at)
    }
    fn watermark(&self) -> Result<Time> {
        self.bus.watermark()
    }
    fn wait(&self, seen: u64, timeout: Duration) -> u64 {
        self.bus.wait(seen, timeout)
    }
    fn join(&self, j: &Join) -> Result<Membership> {
        self.bus.join(j)
    }
    fn heartbeat(&self, m: &Membership) -> Result<()> {
        self.bus.heartbeat(m)
    }
    fn leave(&self, m: &Membership) -> Result<()> {
        self.bus.leave(m)
    }
    fn commit(&self, c: Commit) -> Result<Vec<Appended>> {
        self.bus.commit(c)
    }
    fn groups(&self) -> Result<Vec<GroupState>> {
        self.bus.groups()
    }
    fn seek(&self, g: &str, p: &Positions) -> Result<()> {
        self.bus.seek(g, p)
    }
    fn rows(&self, g: &str, k: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        self.bus.rows(g, k)
    }
    fn rows_from(&self, g: &str, p: &[u8], a: Option<&[u8]>, n: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.bus.rows_from(g, p, a, n)
    }
    fn row_count(&self, g: &str) -> Result<RowCount> {
        self.bus.row_count(g)
    }
    fn retain(&self) -> Result<u64> {
        self.bus.retain()
    }
    fn erase(&self, t: &TopicName, p: u32, o: &[u64]) -> Result<u64> {
        self.bus.erase(t, p, o)
    }
}

#[test]
fn broken_off_anywhere_a_replay_goes_on_and_doubles_nothing() {
    let rig = rig();
    for n in 0..1_200 {
        rig.put("in.a.x", json!({"n": n}));
    }
    let open = |appends| {
        let bus = Arc::new(Broken { bus: rig.bus.clone(), left: AtomicU64::new(appends) });
        Replays::open(&rig.db, bus, Arc::new(System), Arc::new(Seeded::new(3)), rig.rules.clone()).unwrap()
    };
    let first = open(1);
    let id = first.begin(&wish("in.a.x", "out.a.x")).unwrap().unwrap().id;
    until("the second page is on the log", || rig.all("out.a.x").len() >= 1_000);
    drop(first);
    let second = open(u64::MAX);
    let row = second.get(&id).unwrap().unwrap();
    assert_eq!((row.state, row.progress.copied), (State::Waiting, 500), "it does not know of the second page");
    second.resume().unwrap();
    until("it is done", || second.get(&id).unwrap().unwrap().state == State::Done);
    let row = second.get(&id).unwrap().unwrap();
    assert_eq!((row.progress.copied, row.progress.repeats), (700, 500));
    let mut seen: Vec<u64> = rig.data("out.a.x").iter().map(|d| d["n"].as_u64().unwrap()).collect();
    assert_eq!(seen.len(), 1_200);
    seen.dedup();
    assert_eq!(seen, (0..1_200).collect::<Vec<_>>());
}

#[test]
fn a_cancelled_replay_stops_where_it_is() {
    let rig = rig();
    for n in 0..300 {
        rig.put("in.a.x", json!({"n": n}));
    }
    let slow = Replay { rate: 10, ..wish("in.a.x", "out.a.x") };
    let id = rig.replays.begin(&slow).unwrap().unwrap().id;
    until("it began", || !rig.all("out.a.x").is_empty());
    assert!(rig.replays.cancel(&id).unwrap() && !rig.replays.cancel("none").unwrap());
    let there = rig.all("out.a.x").len();
    assert_eq!(rig.replays.get(&id).unwrap().unwrap().state, State::Cancelled);
    assert!(there < 300, "a rate is kept: {there}");
    rig.replays.resume().unwrap();
    assert_eq!(rig.replays.get(&id).unwrap().unwrap().state, State::Cancelled);
}
