//! Promised by the logs on this machine alone: dense offsets, repeats dropped by id, retention and erasure at
//! once, an exact lag.

use std::sync::Arc;

use loom_core::Time;
use loom_core::bus::{Class, Commit, Retention, Settings};
use loom_core::env::ManualClock;

use super::*;

/// The names of the tests below, for one log.
#[macro_export]
macro_rules! every_embedded_log {
    ($make:expr) => {
        $crate::contract!(embedded, $make,
            offsets_are_dense repeats_answer_with_the_first repeats_are_dropped_from_commits a_repeat_in_one_batch
            the_same_id_in_two_topics_is_two_records a_repeat_after_its_first_is_gone received_times_never_fall
            retention_by_days retention_by_bytes what_has_no_retention_stays retention_reaches_dead_letters
            erasing_keeps_the_place what_is_made_of_the_erased_has_nothing_in_it silent_members_are_gone heartbeats_keep_a_member lag_and_sizes_are_exact
            offsets_by_time_are_exact a_refused_record_costs_no_offset lag_counts_what_is_kept);
    };
}

const DAY: f64 = 86_400.0;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Time::from_secs(1_800_000_000)))
}

fn state(bus: &dyn Bus, t: &TopicName) -> loom_core::bus::TopicState {
    bus.topic(t).unwrap().unwrap()
}

pub fn offsets_are_dense(make: MakeAt) {
    let bus = make(clock());
    let t = topic("device.contract.dense");
    let first = landed(&bus.append(records(&t, 0..3)).unwrap());
    let then = landed(&bus.append(records(&t, 3..5)).unwrap());
    assert_eq!([first, then].concat(), [(0, false), (1, false), (2, false), (3, false), (4, false)]);
    assert_eq!(state(&*bus, &t).bounds, [(0, 5)]);
}

pub fn repeats_answer_with_the_first(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.repeat");
    let first = bus.append(records(&t, 0..2)).unwrap();
    c.advance(5.0);
    let again = bus.append(records(&t, 0..3)).unwrap();
    assert_eq!(landed(&again), [(0, true), (1, true), (2, false)]);
    assert_eq!(again[1].received_at, first[1].received_at);
    assert_eq!(numbers(&*bus, &t), [0, 1, 2]);
}

pub fn repeats_are_dropped_from_commits(make: MakeAt) {
    let bus = make(clock());
    let (input, output) = (topic("device.contract.repeat.in"), topic("media.contract.repeat.out"));
    bus.append(records(&input, 0..2)).unwrap();
    let m = join(&*bus, "repeat-consumer", "a", &input);
    bus.commit(step(&m, &input, 0, 1, vec![record(&output, 1)])).unwrap();
    let at = bus.commit(step(&m, &input, 1, 2, records(&output, 1..3))).unwrap();
    assert_eq!(landed(&at), [(0, true), (1, false)]);
    assert_eq!(numbers(&*bus, &output), [1, 2]);
}

pub fn a_repeat_in_one_batch(make: MakeAt) {
    let bus = make(clock());
    let t = topic("device.contract.repeat.batch");
    let at = bus.append(vec![record(&t, 1), record(&t, 1), record(&t, 2)]).unwrap();
    assert_eq!(landed(&at), [(0, false), (0, true), (1, false)]);
}

pub fn the_same_id_in_two_topics_is_two_records(make: MakeAt) {
    let bus = make(clock());
    let (a, b) = (topic("device.contract.same.a"), topic("device.contract.same.b"));
    let at = bus.append(vec![record(&a, 1), record(&b, 1)]).unwrap();
    assert!(at.iter().all(|a| !a.repeat));
    assert_eq!((numbers(&*bus, &a), numbers(&*bus, &b)), (vec![1], vec![1]));
}

pub fn a_repeat_after_its_first_is_gone(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.repeat.gone");
    bus.create(&Settings::new(t.clone(), Class::Internal).days(1)).unwrap();
    bus.append(vec![record(&t, 1)]).unwrap();
    c.advance(2.0 * DAY);
    assert_eq!(bus.retain().unwrap(), 1);
    assert_eq!(landed(&bus.append(vec![record(&t, 1)]).unwrap()), [(1, false)]);
}

pub fn received_times_never_fall(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.back");
    let first = bus.append(vec![record(&t, 1)]).unwrap()[0].received_at;
    c.advance(-3600.0);
    assert_eq!(bus.append(vec![record(&t, 2)]).unwrap()[0].received_at, first);
    assert_eq!(bus.watermark().unwrap(), first);
    c.advance(7200.0);
    assert_eq!(bus.append(vec![record(&t, 3)]).unwrap()[0].received_at, first.plus(3600.0));
}

pub fn retention_by_days(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.days");
    bus.create(&Settings::new(t.clone(), Class::Internal).days(2)).unwrap();
    for n in 0..5 {
        bus.append(records(&t, n * 700..(n + 1) * 700)).unwrap();
        c.advance(DAY);
    }
    // Five days of records, the oldest five days old: those of two days and less stay.
    assert_eq!(bus.retain().unwrap(), 3 * 700);
    assert_eq!(bus.retain().unwrap(), 0);
    let s = state(&*bus, &t);
    assert_eq!((s.bounds.as_slice(), s.records), (&[(2100, 3500)][..], 1400));
    assert_eq!(s.bytes, all(&*bus, &t).iter().map(|r| r.value().unwrap().len() as u64).sum::<u64>());
    assert_eq!(bus.read(&t, 0, 0, 1, 1000).unwrap()[0].offset(), 2100, "reading begins at the oldest kept");
    c.advance(10.0 * DAY);
    assert_eq!(bus.retain().unwrap(), 1400);
    let s = state(&*bus, &t);
    assert_eq!((s.bounds.as_slice(), s.records, s.bytes, s.last_received_at), (&[(3500, 3500)][..], 0, 0, None));
    assert_eq!(bus.append(vec![record(&t, 9999)]).unwrap()[0].offset, 3500);
}

pub fn retention_by_bytes(make: MakeAt) {
    let bus = make(clock());
    let t = topic("device.contract.bytes");
    let size = record(&t, 100).value.len() as u64;
    let retention = Retention { days: None, bytes: Some(10 * size) };
    bus.create(&Settings { retention, ..Settings::new(t.clone(), Class::Internal) }).unwrap();
    bus.append(records(&t, 100..125)).unwrap();
    assert_eq!(bus.retain().unwrap(), 15);
    let s = state(&*bus, &t);
    assert_eq!((s.bounds.as_slice(), s.records, s.bytes), (&[(15, 25)][..], 10, 10 * size));
    assert_eq!(numbers(&*bus, &t), (115..125).collect::<Vec<_>>());
    assert_eq!(bus.retain().unwrap(), 0);
}

pub fn what_has_no_retention_stays(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.kept");
    bus.create(&Settings::new(t.clone(), Class::Internal)).unwrap();
    bus.append(records(&t, 0..3)).unwrap();
    c.advance(1000.0 * DAY);
    assert_eq!(bus.retain().unwrap(), 0);
    assert_eq!(numbers(&*bus, &t), [0, 1, 2]);
}

pub fn retention_reaches_dead_letters(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.letters.old");
    bus.create(&Settings::new(t.clone(), Class::Internal).days(1)).unwrap();
    bus.append(vec![record(&t.dlq(), 1)]).unwrap();
    c.advance(2.0 * DAY);
    assert_eq!(bus.retain().unwrap(), 1);
    assert!(all(&*bus, &t.dlq()).is_empty());
}

pub fn erasing_keeps_the_place(make: MakeAt) {
    let bus = make(clock());
    let t = topic("device.contract.erase");
    bus.append(records(&t, 0..4)).unwrap();
    let before = state(&*bus, &t).bytes;
    assert_eq!(bus.erase(&t, 0, &[1, 3, 99]).unwrap(), 2);
    assert_eq!(bus.erase(&t, 0, &[1]).unwrap(), 0, "it had gone");
    assert_eq!(bus.erase(&topic("device.contract.none"), 0, &[1]).unwrap(), 0);
    assert_eq!(bus.erase(&t, 7, &[1]).unwrap(), 0);
    let found = all(&*bus, &t);
    let values: Vec<bool> = found.iter().map(|r| r.value().is_some()).collect();
    assert_eq!(values, [true, false, true, false]);
    assert_eq!(found[1].message_id(), record(&t, 1).message_id);
    assert_eq!(landed(&bus.append(vec![record(&t, 1)]).unwrap()), [(1, true)], "what was erased does not come back");
    let s = state(&*bus, &t);
    assert_eq!((s.records, s.bytes, s.bounds.as_slice()), (4, before / 2, &[(0, 4)][..]));
}

pub fn what_is_made_of_the_erased_has_nothing_in_it(make: MakeAt) {
    let bus = make(clock());
    let (input, output, account) = (topic("device.contract.made"), topic("media.contract.made.of"), topic(names::AUDIT));
    bus.append(records(&input, 0..6)).unwrap();
    bus.erase(&input, 0, &[2]).unwrap();
    let made = |topic: &TopicName, n: u64, first: u64, last: u64, of: &[u64]| {
        let mut r = record(topic, 100 + n);
        r.headers.sources = vec![SourceRange { topic: input.clone(), partition: 0, first, last }];
        r.headers.links = of.iter().map(|i| hex::encode(record(&input, *i).headers.trace.trace_id)).collect();
        r
    };
    let before = state(&*bus, &input).bytes;
    let m = join(&*bus, "made-consumer", "a", &input);
    let outputs = vec![
        made(&output, 0, 1, 1, &[]),
        made(&output, 1, 2, 2, &[]),
        made(&output, 2, 0, 5, &[2, 4]),
        // Between its inputs lies what another stream wrote, and that was erased.
        made(&output, 3, 0, 5, &[0, 4]),
        made(&output, 4, 3, 5, &[3, 4]),
        made(&account, 5, 2, 2, &[]),
    ];
    bus.commit(step(&m, &input, 0, 6, outputs)).unwrap();
    let values = |t: &TopicName| all(&*bus, t).iter().map(|r| r.value().is_some()).collect::<Vec<_>>();
    assert_eq!(values(&output), [true, false, false, true, true]);
    assert_eq!(values(&account), [true], "Loom's own account stays");
    let of_output = all(&*bus, &output);
    assert!(of_output[1].headers().came_from(&all(&*bus, &input)[2]));
    assert!(!of_output[3].headers().came_from(&all(&*bus, &input)[2]));
    // And what is made of that again, by whatever way it comes.
    let mut again = record(&topic("media.contract.made.again"), 200);
    again.headers.sources = vec![of_output[1].range()];
    bus.append(vec![again]).unwrap();
    assert_eq!(values(&topic("media.contract.made.again")), [false]);
    assert_eq!(state(&*bus, &topic("media.contract.made.again")).bytes, 0);
    assert_eq!(state(&*bus, &input).bytes, before);
}

pub fn silent_members_are_gone(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.silent");
    let m = join(&*bus, "silent-consumer", "a", &t);
    c.advance(9.0);
    assert_eq!(bus.groups().unwrap()[0].state(), "Stable");
    c.advance(2.0);
    assert_eq!(bus.groups().unwrap()[0].state(), "Empty");
    bus.seek("silent-consumer", &positions(&t, 0)).unwrap();
    assert_eq!(bus.heartbeat(&m).unwrap_err().kind, loom_core::Kind::Stop, "seeking fenced it");
}

pub fn heartbeats_keep_a_member(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.beats");
    let m = join(&*bus, "beats-consumer", "a", &t);
    let joined = bus.groups().unwrap()[0].members[0].joined_at;
    for _ in 0..10 {
        c.advance(3.0);
        bus.heartbeat(&m).unwrap();
    }
    let member = bus.groups().unwrap()[0].members[0].clone();
    assert_eq!((member.joined_at, member.last_heartbeat), (joined, joined.plus(30.0)));
    c.advance(9.0);
    assert_eq!(bus.groups().unwrap()[0].state(), "Stable");
}

pub fn lag_and_sizes_are_exact(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.exact");
    let m = join(&*bus, "exact-consumer", "a", &t);
    bus.append(records(&t, 10..20)).unwrap();
    c.advance(1.0);
    let last = bus.append(records(&t, 20..25)).unwrap()[0].received_at;
    bus.commit(step(&m, &t, 0, 4, Vec::new())).unwrap();
    assert_eq!(bus.groups().unwrap()[0].lag, positions(&t, 11));
    let s = state(&*bus, &t);
    assert_eq!((s.records, s.bytes, s.last_received_at), (15, 15 * record(&t, 10).value.len() as u64, Some(last)));
}

pub fn offsets_by_time_are_exact(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.times");
    let mut times = Vec::new();
    for n in 0..20 {
        times.push(bus.append(records(&t, n * 3..n * 3 + 3)).unwrap()[0].received_at);
        c.advance(10.0);
    }
    let at = |time: Time| bus.offset_at(&t, 0, time).unwrap();
    for (n, time) in times.iter().enumerate() {
        let n = n as u64;
        assert_eq!((at(*time), at(time.plus(1.0)), at(time.plus(-1.0))), (n * 3, n * 3 + 3, n * 3));
    }
}

pub fn a_refused_record_costs_no_offset(make: MakeAt) {
    let bus = make(clock());
    let (t, walled) = (topic("device.contract.cost"), topic("media.contract.cost.shared"));
    bus.create(&Settings::new(walled.clone(), Class::Shared)).unwrap();
    bus.append(vec![record(&t, 1)]).unwrap();
    assert!(bus.append(vec![record(&t, 2), record(&walled, 3)]).is_err());
    let m = join(&*bus, "cost-consumer", "a", &t);
    let wrong = step(&m, &t, 7, 8, vec![record(&t, 4)]);
    assert!(bus.commit(Commit { tick: Some(Time(1)), ..wrong }).is_err());
    assert_eq!(landed(&bus.append(vec![record(&t, 5)]).unwrap()), [(1, false)]);
    assert_eq!(numbers(&*bus, &t), [1, 5]);
}

pub fn lag_counts_what_is_kept(make: MakeAt) {
    let c = clock();
    let bus = make(c.clone());
    let t = topic("device.contract.lag.kept");
    bus.create(&Settings::new(t.clone(), Class::Internal).days(1)).unwrap();
    bus.append(records(&t, 0..5)).unwrap();
    c.advance(2.0 * DAY);
    bus.append(records(&t, 5..7)).unwrap();
    join(&*bus, "kept-consumer", "a", &t);
    bus.retain().unwrap();
    assert_eq!(bus.groups().unwrap()[0].total_lag(), 2);
}
