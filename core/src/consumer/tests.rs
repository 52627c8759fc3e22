//! Members from outside, over both logs of this machine.

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::bus::memory::Memory;
use crate::bus::sqlite::Sqlite;
use crate::bus::{Bus, GroupState, Headers, Join, NewRecord, Position};
use crate::db::{Db, Key};
use crate::env::{Clock, ManualClock, Seeded};

const GROUP: &str = "word-counter-consumer";
const TOPIC: &str = "device.sensor.gps.raw";

struct Rig {
    bus: Arc<dyn Bus>,
    clock: Arc<ManualClock>,
    consumers: Consumers,
    _folder: tempfile::TempDir,
}

fn each(test: impl Fn(Rig)) {
    for on_disk in [false, true] {
        let clock = Arc::new(ManualClock::at(Time::from_secs(1_800_000_000)));
        let folder = tempfile::tempdir().unwrap();
        let bus: Arc<dyn Bus> = match on_disk {
            true => Arc::new(Sqlite::open(Db::open(&folder.path().join("loom.db"), &Key::new([3; 32])).unwrap(), clock.clone()).unwrap()),
            false => Arc::new(Memory::new(clock.clone())),
        };
        let consumers = Consumers::new(bus.clone(), clock.clone(), Arc::new(Seeded::new(5)), ["silero-vad-consumer".to_string()]);
        test(Rig { bus, clock, consumers, _folder: folder });
    }
}

impl Rig {
    fn put(&self, topic: &str, numbers: std::ops::Range<u64>) {
        let topic = TopicName::parse(topic).unwrap();
        let made = |n: u64| {
            let id = Uuid::from_u128(u128::from(n) + 1);
            NewRecord::new(topic.clone(), id, Uuid::nil(), Time(1), Headers::default(), format!("{{\"n\":{n}}}").into_bytes())
        };
        self.bus.append(numbers.map(made).collect()).unwrap();
    }
    fn ask(&self, topics: &[&str]) -> Ask {
        let topics = topics.iter().map(|t| TopicName::parse(t).unwrap()).collect();
        Ask { group: GROUP.into(), topics, from: From::Beginning, reader: Reader::Owner, host: "here".into() }
    }
    fn join(&self) -> Joined {
        self.consumers.join(self.ask(&[TOPIC])).unwrap()
    }
    fn numbers(&self, member: &str, max: usize) -> Vec<u64> {
        self.consumers.poll(GROUP, member, max).unwrap().records.iter().map(crate::bus::Record::offset).collect()
    }
    fn group(&self) -> GroupState {
        self.bus.groups().unwrap().into_iter().find(|g| g.group == GROUP).unwrap()
    }
}

fn at(topic: &str, next: u64) -> Positions {
    Positions::from([(Position { topic: TopicName::parse(topic).unwrap(), partition: 0 }, next)])
}

fn gone<T: std::fmt::Debug>(r: Result<T>) -> bool {
    matches!(r, Err(Refusal::Gone(_)))
}

#[test]
fn what_is_committed_is_done_and_the_rest_comes_again() {
    each(|rig| {
        rig.put(TOPIC, 0..10);
        let a = rig.join();
        assert!(a.active);
        assert_eq!(rig.numbers(&a.member, 4), [0, 1, 2, 3]);
        assert_eq!(rig.numbers(&a.member, 4), [4, 5, 6, 7], "a poll goes on without a commit");
        let turn = rig.consumers.rewind(GROUP, &a.member).unwrap();
        let late = rig.consumers.poll_in(GROUP, &a.member, 1, Some(turn - 1));
        assert!(matches!(late, Err(Refusal::Conflict(_))), "a fetch that was given up takes nothing from the next one");
        assert_eq!(rig.numbers(&a.member, 6), [0, 1, 2, 3, 4, 5], "what may have been lost is given again");
        rig.consumers.commit(GROUP, &a.member, Some(at(TOPIC, 5))).unwrap();
        assert_eq!((rig.group().total_lag(), rig.group().state()), (5, "Stable"));
        rig.consumers.commit(GROUP, &a.member, Some(at(TOPIC, 5))).unwrap();
        rig.consumers.leave(GROUP, &a.member).unwrap();
        assert_eq!(rig.group().state(), "Empty");
        assert!(gone(rig.consumers.poll(GROUP, &a.member, 1)));
        let b = rig.join();
        assert_eq!(b.positions, at(TOPIC, 5));
        assert_eq!(rig.numbers(&b.member, 100), [5, 6, 7, 8, 9]);
        rig.consumers.commit(GROUP, &b.member, None).unwrap();
        assert_eq!(rig.group().total_lag(), 0);
    });
}

#[test]
fn a_silent_member_is_gone_and_its_standby_goes_on() {
    each(|rig| {
        rig.put(TOPIC, 0..3);
        let (a, b) = (rig.join(), rig.join());
        assert_eq!((a.active, b.active), (true, false));
        assert_eq!(rig.numbers(&a.member, 2), [0, 1]);
        assert_eq!(rig.numbers(&b.member, 2), Vec::<u64>::new());
        assert!(matches!(rig.consumers.commit(GROUP, &b.member, None), Err(Refusal::Conflict(_))));
        for _ in 0..3 {
            rig.clock.advance(4.0);
            rig.consumers.heartbeat(GROUP, &b.member).unwrap();
        }
        assert_eq!(rig.numbers(&b.member, 2), [0, 1], "what the silent one was handed comes again");
        assert!(gone(rig.consumers.commit(GROUP, &a.member, None)));
        assert!(gone(rig.consumers.heartbeat(GROUP, &a.member)));
        rig.consumers.commit(GROUP, &b.member, None).unwrap();
        assert_eq!(rig.group().members.iter().map(|m| &m.id).collect::<Vec<_>>(), [&b.member]);
        assert_eq!(rig.group().total_lag(), 1);
    });
}

#[test]
fn heartbeats_keep_the_place() {
    each(|rig| {
        let a = rig.join();
        for _ in 0..10 {
            rig.clock.advance(9.0);
            assert!(rig.consumers.heartbeat(GROUP, &a.member).unwrap());
        }
        assert_eq!(rig.group().members[0].last_heartbeat, rig.clock.now());
        rig.clock.advance(10.0);
        assert!(gone(rig.consumers.heartbeat(GROUP, &a.member)));
        assert_eq!(rig.group().state(), "Empty");
    });
}

#[test]
fn who_hangs_with_records_in_its_hands_is_out() {
    each(|rig| {
        rig.put(TOPIC, 0..1);
        let a = rig.join();
        let beat_for = |seconds: f64| {
            let mut result = Ok(true);
            for _ in 0..(seconds / 5.0) as u32 {
                rig.clock.advance(5.0);
                result = rig.consumers.heartbeat(GROUP, &a.member);
            }
            result
        };
        assert!(beat_for(600.0).unwrap(), "who has nothing in its hands may wait for ever");
        assert_eq!(rig.numbers(&a.member, 1), [0]);
        assert!(gone(beat_for(STALLED_SECONDS)));
        assert_eq!(rig.numbers(&rig.join().member, 1), [0]);
    });
}

#[test]
fn only_so_much_is_on_its_way() {
    each(|rig| {
        rig.put(TOPIC, 0..1500);
        let a = rig.join();
        let mut handed = 0;
        for _ in 0..4 {
            handed += rig.numbers(&a.member, usize::MAX).len();
        }
        assert_eq!(handed, IN_FLIGHT_RECORDS);
        assert!(rig.consumers.poll(GROUP, &a.member, 10).unwrap().full);
        assert_eq!(rig.consumers.members()[0].in_flight, IN_FLIGHT_RECORDS);
        rig.consumers.commit(GROUP, &a.member, Some(at(TOPIC, 100))).unwrap();
        assert_eq!(rig.numbers(&a.member, usize::MAX).len(), 100);
    });
}

#[test]
fn no_topic_holds_up_another() {
    each(|rig| {
        let other = "device.sensor.light.raw";
        rig.put(TOPIC, 0..50);
        rig.put(other, 50..52);
        let a = rig.consumers.join(rig.ask(&[TOPIC, other])).unwrap();
        let topics = |max| {
            let page = rig.consumers.poll(GROUP, &a.member, max).unwrap();
            page.records.iter().map(|r| r.topic().to_string()).collect::<std::collections::BTreeSet<_>>()
        };
        let seen: std::collections::BTreeSet<String> = [topics(5), topics(5)].into_iter().flatten().collect();
        assert_eq!(seen.len(), 2);
    });
}

#[test]
fn a_group_begins_where_it_asks_and_goes_on_where_it_was() {
    each(|rig| {
        rig.put(TOPIC, 0..3);
        rig.clock.advance(60.0);
        let later = rig.clock.now();
        rig.put(TOPIC, 3..5);
        for (group, from, first) in [("a-consumer", From::Beginning, 0), ("b-consumer", From::At(later), 3), ("c-consumer", From::End, 5)] {
            let ask = Ask { group: group.into(), from, ..rig.ask(&[TOPIC]) };
            let joined = rig.consumers.join(ask.clone()).unwrap();
            assert_eq!(joined.positions, at(TOPIC, first), "{group}");
            let lag = rig.bus.groups().unwrap().into_iter().find(|g| g.group == group).unwrap().total_lag();
            assert_eq!(lag, 5 - first, "{group}");
            rig.consumers.leave(group, &joined.member).unwrap();
            // What came while nobody was there is not passed over.
            let again = rig.consumers.join(Ask { from: From::End, ..ask }).unwrap();
            let expect = if first == 0 { 5 } else { first };
            assert_eq!(again.positions, at(TOPIC, expect), "{group}");
        }
    });
}

#[test]
fn loom_s_own_groups_and_those_of_others_are_not_taken() {
    each(|rig| {
        let own = Ask { group: "silero-vad-consumer".into(), ..rig.ask(&[TOPIC]) };
        assert!(matches!(rig.consumers.join(own), Err(Refusal::Conflict(_))));
        let stage =
            Join { group: GROUP.into(), member: "1".into(), host: "elsewhere".into(), topics: vec![TopicName::parse(TOPIC).unwrap()] };
        let m = rig.bus.join(&stage).unwrap();
        let a = rig.join();
        assert!(!a.active, "whoever lives on the log keeps its place");
        rig.bus.leave(&m).unwrap();
        assert!(rig.consumers.heartbeat(GROUP, &a.member).unwrap());
        rig.bus.join(&stage).unwrap();
        assert!(gone(rig.consumers.poll(GROUP, &a.member, 1)), "who is fenced is out");
    });
}

#[test]
fn wrong_wishes_are_refused_and_leave_nothing() {
    each(|rig| {
        let wrong = |ask: Ask| rig.consumers.join(ask).unwrap_err();
        assert!(matches!(wrong(Ask { group: "word-counter".into(), ..rig.ask(&[TOPIC]) }), Refusal::Wrong(_)));
        assert!(matches!(wrong(rig.ask(&[])), Refusal::Wrong(_)));
        assert!(matches!(wrong(rig.ask(&["device.no.such"])), Refusal::NotFound(_)));
        let plugin = Ask { reader: Reader::Plugin, ..rig.ask(&[TOPIC]) };
        assert!(matches!(wrong(plugin), Refusal::Forbidden(_)));
        assert!(rig.bus.groups().unwrap().is_empty() && rig.bus.topics().unwrap().is_empty());
        let shared = Ask { reader: Reader::Plugin, ..rig.ask(&["media.text.shared"]) };
        let a = rig.consumers.join(shared).unwrap();
        assert!(matches!(wrong(rig.ask(&[TOPIC])), Refusal::Conflict(_)), "all members read the same");
        let commit = |positions| rig.consumers.commit(GROUP, &a.member, Some(positions));
        assert!(matches!(commit(at("media.text.shared", 1)), Err(Refusal::Wrong(_))), "it was not handed out");
        assert!(matches!(commit(at(TOPIC, 0)), Err(Refusal::Wrong(_))));
        for _ in 1..GROUP_MEMBERS {
            rig.consumers.join(Ask { reader: Reader::Plugin, ..rig.ask(&["media.text.shared"]) }).unwrap();
        }
        assert!(matches!(wrong(rig.ask(&["media.text.shared"])), Refusal::Full(_)));
    });
}
