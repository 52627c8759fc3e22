//! The rules at work on a log: as a group, changed under load, given back, replayed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::rig::{Rig, parsed, rig, rule, until};
use crate::bus::TopicName;
use crate::router::redrive::{Fate, Selection, redrive};
use crate::router::{GROUP, Into, RATE, Replay, ReplayState, Supervisor};
use crate::rules::Set;

fn idle(rig: &Rig) -> bool {
    rig.group().is_some_and(|g| g.total_lag() == 0)
}

/// The rules at work are those that are kept.
fn in_force(rig: &Rig) -> bool {
    rig.rules.running().revision == Some(rig.rules.set().revision())
}

#[test]
fn the_router_is_a_group_while_it_has_rules_and_nothing_without() {
    let rig = rig();
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    assert!(rig.group().is_none(), "without rules there is no group");
    rig.put("in.a.x", json!({"n": 1}));
    rig.keep(rule("a", &["in.a.x", "in.*.y"], "data.n > 0", &["out.a.x"]));
    until("the rules run", || in_force(&rig));
    assert_eq!(rig.group().unwrap().state(), "Stable");
    let id = rig.put("in.a.x", json!({"n": 2}));
    until("it came through", || rig.data("out.a.x") == [json!({"n": 2})]);
    let made = &rig.all("out.a.x")[0];
    assert_eq!(made.headers().producer, GROUP);
    assert_eq!((made.headers().trace.trace_id, made.headers().hops), ([9; 16], 1));
    assert_eq!(made.headers().sources[0].topic.as_str(), "in.a.x");
    assert_eq!(made.message_id().get_version_num(), 8);
    assert_ne!(made.message_id(), id);
    // A topic that comes later is read from its beginning.
    rig.put("in.b.y", json!({"n": 3}));
    until("the new topic is read", || rig.data("out.a.x").len() == 2);
    until("nothing is left", || idle(&rig));
    assert!(rig.rules.remove("a").unwrap());
    until("the rules rest", || rig.rules.running().revision.is_none());
    rig.put("in.a.x", json!({"n": 4}));
    let group = rig.group().unwrap();
    assert_eq!((group.members.len(), group.topics.len(), group.total_lag()), (0, 0, 0), "it lags behind nothing");
}

/// Records come without a pause while the rules change again and again: each is taken once, by one set of rules or the next.
#[test]
fn rules_changed_under_load_lose_and_double_nothing() {
    const RECORDS: usize = 4_000;
    let rig = rig();
    rig.put("in.a.x", json!({"n": -1}));
    rig.keep(with_mark(0));
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    until("the rules run", || in_force(&rig));
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            for n in 0..RECORDS {
                rig.put("in.a.x", json!({"n": n}));
                // Read as it is written, so that every change falls among records.
                if n % 50 == 0 {
                    until("the router keeps up", || rig.group().is_some_and(|g| g.total_lag() < 200));
                }
            }
            done.store(true, Ordering::Release);
        });
        let mut mark = 1;
        while !done.load(Ordering::Acquire) {
            rig.keep(with_mark(mark));
            if mark % 3 == 0 {
                rig.keep(rule("other", &["in.b.x"], "true", &["out.b.x"]));
            }
            until("the change is in force", || in_force(&rig));
            mark += 1;
        }
        assert!(mark > 3, "the rules changed {mark} times");
    });
    until("nothing is left", || idle(&rig));
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    let mut marks = Vec::new();
    for d in rig.data("out.a.x") {
        *seen.entry(d["n"].as_u64().unwrap()).or_default() += 1;
        marks.push(d["mark"].as_u64().unwrap());
    }
    assert_eq!(seen.len(), RECORDS, "none is lost");
    assert!(seen.values().all(|n| *n == 1), "none is doubled");
    assert!(marks.is_sorted(), "one set after the other");
    marks.dedup();
    assert!(marks.len() > 1, "records were taken by several sets");
}

fn with_mark(mark: u64) -> Value {
    json!({"id": "a", "inputs": ["in.a.x"], "outputs": ["out.a.x"], "transforms": [{"do": "set", "field": "/mark", "value": mark}]})
}

#[test]
fn what_a_rule_cannot_write_is_set_aside_and_after_a_fix_given_back_once() {
    let rig = rig();
    let to_gps = |from: &str| {
        json!({"id": "gps", "inputs": ["in.a.x"], "outputs": ["device.sensor.gps.raw"],
            "transforms": [{"do": "rename", "from": from, "to": "/latitude"}, {"do": "rename", "from": "/lon", "to": "/longitude"}, {"do": "drop", "fields": ["/lat", "/x"]}]})
    };
    rig.keep(to_gps("/x"));
    rig.keep(rule("copy", &["in.a.x"], "true", &["out.a.x"]));
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    rig.put("in.a.x", json!({"lat": 52.5, "lon": 13.4}));
    until("it is set aside", || rig.all("in.a.x.dlq").len() == 1);
    let letter: Value = rig.all("in.a.x.dlq")[0].payload().unwrap();
    assert_eq!((letter["group"].as_str(), letter["attempts"].as_u64()), (Some(GROUP), Some(1)));
    assert!(letter["message"].as_str().unwrap().starts_with("rule gps: device.sensor.gps.raw does not take"), "{letter}");
    assert_eq!(rig.data("out.a.x").len(), 1, "what another rule made stands");

    let dlq = TopicName::of("in.a.x.dlq");
    let give_back = |which: &Selection, dry_run, force| {
        let mut fates = Vec::new();
        redrive(&*rig.bus, &dlq, which, dry_run, force, |i| fates.push((i.fate, i.times))).unwrap();
        fates
    };
    let all = Selection::default();
    let none = Selection { group: Some("vad-consumer".into()), ..Selection::default() };
    assert_eq!(give_back(&none, false, false), []);
    assert_eq!(
        give_back(&Selection { error_kind: Some("skip".into()), offsets: Some(vec![0]), ..all.clone() }, true, false),
        [(Fate::Would, 1)]
    );
    assert_eq!(rig.all("in.a.x").len(), 1, "a rehearsal writes nothing");

    // Given back without a fix it fails again, and is another letter that knows.
    assert_eq!(give_back(&all, false, false), [(Fate::GivenBack, 1)]);
    until("it failed again", || rig.all("in.a.x.dlq").len() == 2);
    rig.keep(to_gps("/lat"));
    until("the fix is in force", || in_force(&rig));
    assert_eq!(give_back(&all, false, false), [(Fate::Repeat, 1), (Fate::GivenBack, 2)]);
    until("it is written", || rig.data("device.sensor.gps.raw") == [json!({"latitude": 52.5, "longitude": 13.4})]);
    until("nothing is left", || idle(&rig));
    assert_eq!(rig.data("out.a.x").len(), 1, "the rule that took it the first time made nothing new");
}

#[test]
fn what_fails_each_time_is_not_given_back_for_ever() {
    let rig = rig();
    rig.keep(rule("a", &["in.a.x"], "true", &["device.sensor.gps.raw"]));
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    rig.put("in.a.x", json!({"no": "place"}));
    let dlq = TopicName::of("in.a.x.dlq");
    let newest = |n: usize| Selection { offsets: Some(vec![n as u64 - 1]), ..Selection::default() };
    for times in 1..=4 {
        until("it is set aside", || rig.all("in.a.x.dlq").len() == times);
        let mut fate = None;
        redrive(&*rig.bus, &dlq, &newest(times), false, false, |i| fate = Some(i.fate)).unwrap();
        assert_eq!(fate, Some(if times <= 3 { Fate::GivenBack } else { Fate::TooOften }), "{times}");
    }
    let mut fate = None;
    redrive(&*rig.bus, &dlq, &newest(4), false, true, |i| fate = Some(i.fate)).unwrap();
    assert_eq!(fate, Some(Fate::GivenBack), "unless it is forced");
}

#[test]
fn a_replay_into_the_router_doubles_nothing_of_what_rules_already_made() {
    let rig = rig();
    rig.keep(rule("a", &["in.a.x"], "true", &["out.a.x"]));
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    until("the rules run", || in_force(&rig));
    for n in 0..50 {
        rig.put("in.a.x", json!({"n": n}));
    }
    until("all came through", || rig.all("out.a.x").len() == 50);
    rig.keep(rule("b", &["in.a.x"], "data.n < 10", &["out.b.x"]));
    until("the rules run", || in_force(&rig));
    assert!(rig.all("out.b.x").is_empty(), "a rule begins with what comes after it");
    let wish = Replay {
        topic: TopicName::of("in.a.x"),
        from: None,
        to: None,
        offset_from: Some(5),
        offset_to: None,
        device_id: None,
        into: Into::Group(GROUP.into()),
        rate: RATE,
    };
    let row = rig.replays.begin(&wish).unwrap().unwrap();
    assert_eq!(row.state, ReplayState::Done);
    until("the past is routed", || rig.all("out.b.x").len() == 5 && idle(&rig));
    assert_eq!(rig.all("out.a.x").len(), 50, "the rule that did not change makes the same ids");
}

#[test]
fn rules_at_rest_or_gone_are_not_missed_by_those_that_stay() {
    let rig = rig();
    rig.keep(rule("a", &["in.a.x"], "true", &["out.a.x"]));
    let running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    rig.put("in.a.x", json!({"n": 1}));
    until("it came through", || rig.all("out.a.x").len() == 1);
    drop(running);
    assert!(rig.rules.running().revision.is_none());
    // While nothing runs, records wait; a rule made meanwhile begins with what comes after it.
    rig.put("in.a.x", json!({"n": 2}));
    rig.put("in.b.x", json!({"n": 1}));
    rig.keep(rule("b", &["in.b.x"], "true", &["out.b.x"]));
    rig.put("in.b.x", json!({"n": 2}));
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    until("all came through", || rig.all("out.a.x").len() == 2 && rig.data("out.b.x") == [json!({"n": 2})]);
    // Taken out and put back, a rule does not catch up on what came in between.
    rig.rules.remove("b").unwrap();
    until("it is out", || rig.rules.running().revision == Some(rig.rules.set().revision()));
    rig.put("in.b.x", json!({"n": 3}));
    let mut b = parsed(rule("b", &["in.b.x"], "true", &["out.b.x"]));
    b.description = "again".into();
    rig.rules.put(&b).unwrap();
    rig.put("in.b.x", json!({"n": 4}));
    until("the newest came through", || rig.data("out.b.x") == [json!({"n": 2}), json!({"n": 4})]);
}

/// A phone that was away brings thousands of records in one request: one moment of the log, more than a batch holds.
#[test]
fn more_of_one_moment_than_a_batch_holds_comes_through_in_order() {
    let rig = rig();
    rig.keep(rule("a", &["in.*.x"], "true", &["out.a.x"]));
    let new = |topic: &str, n: u64| {
        let topic = TopicName::parse(topic).unwrap();
        let id = uuid::Uuid::from_u128(u128::from(n) + 1);
        let data = json!({"n": n}).to_string().into_bytes();
        crate::bus::NewRecord::new(topic, id, id, crate::Time(1), crate::bus::Headers::default(), data)
    };
    let both = (0..1_500).map(|n| new("in.a.x", n)).chain((1_500..3_000).map(|n| new("in.b.x", n)));
    rig.bus.append(both.collect()).unwrap();
    rig.put("in.c.x", json!({"n": 3_000}));
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    until("all came through", || rig.all("out.a.x").len() == 3_001);
    let numbers: Vec<u64> = rig.data("out.a.x").iter().map(|d| d["n"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted(), "by moment, then by topic, then by offset");
}

#[test]
fn hundreds_of_topics_are_read_by_one_rule() {
    let rig = rig();
    rig.keep(rule("a", &["many.*.raw"], "data.n % 2 == 0", &["out.a.x"]));
    for n in 0..600 {
        rig.put(&format!("many.t{n}.raw"), json!({"n": n}));
    }
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    until("all came through", || rig.all("out.a.x").len() == 300 && idle(&rig));
    assert_eq!(rig.rules.running().inputs.len(), 600);
}
