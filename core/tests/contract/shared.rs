//! Promised by every log.

use std::time::Duration;

use loom_core::bus::{Class, Commit, Position, Settings, catalogued};
use loom_core::{Kind, Time};

use super::*;

/// The names of the tests below, for one log.
#[macro_export]
macro_rules! every_log {
    ($make:expr) => {
        $crate::contract!(shared, $make,
            a_record_comes_back_whole order_is_kept reading_goes_on_from_an_offset reading_stops_at_its_limits
            what_is_not_there_reads_as_nothing a_topic_is_made_on_first_use an_existing_topic_keeps_its_settings
            dead_letters_inherit the_wall_refuses_an_append the_wall_refuses_a_commit a_permit_opens_the_wall
            a_partition_that_is_not_there_is_refused partitions_are_apart a_commit_brings_everything
            a_commit_from_elsewhere_changes_nothing a_zombie_is_fenced a_commit_without_a_group_stops
            a_commit_may_leave_state_alone a_commit_may_move_several_inputs outputs_may_be_the_groups_own_input
            seeking_moves_and_forgets seeking_waits_for_the_member
            lag_is_zero_at_the_end groups_show_who_is_there an_offset_is_found_by_time two_appenders_keep_their_orders
            the_watermark_never_falls waiting_ends_with_a_commit state_of_64_kib_is_kept);
    };
}

pub fn a_record_comes_back_whole(make: Make) {
    let bus = make();
    let t = topic("device.contract.whole");
    let mut new = record(&t, 3);
    new.headers.links = vec!["ab".repeat(16)];
    new.headers.timed_by_arrival = true;
    new.headers.sources = vec![loom_core::bus::SourceRange { topic: topic("device.contract.from"), partition: 2, first: 5, last: 9 }];
    let at = bus.append(vec![new.clone()]).unwrap();
    let r = all(&*bus, &t).remove(0);
    assert_eq!((r.topic(), r.partition(), r.offset()), (&t, 0, at[0].offset));
    assert_eq!((r.message_id(), r.device_id(), r.recorded_at()), (new.message_id, new.device_id, new.recorded_at));
    assert_eq!((r.headers(), r.value(), r.class()), (&new.headers, Some(&new.value[..]), Class::Sensitive));
    assert_eq!(r.received_at(), at[0].received_at);
}

pub fn order_is_kept(make: Make) {
    let bus = make();
    let t = topic("device.contract.order");
    let mut offsets = Vec::new();
    for n in (0..50).step_by(5) {
        offsets.extend(bus.append(records(&t, n..n + 5)).unwrap().iter().map(|a| a.offset));
    }
    assert_eq!(numbers(&*bus, &t), (0..50).collect::<Vec<_>>());
    assert!(offsets.is_sorted_by(|a, b| a < b));
    assert_eq!(all(&*bus, &t).iter().map(Record::offset).collect::<Vec<_>>(), offsets);
}

pub fn reading_goes_on_from_an_offset(make: Make) {
    let bus = make();
    let t = topic("device.contract.offset");
    bus.append(records(&t, 0..10)).unwrap();
    let fifth = &all(&*bus, &t)[5];
    let from = |o| bus.read(&t, 0, o, 100, usize::MAX).unwrap().iter().map(number).collect::<Vec<_>>();
    assert_eq!(from(fifth.offset()), [5, 6, 7, 8, 9]);
    assert_eq!(from(all(&*bus, &t)[9].offset() + 1), [0; 0]);
    assert_eq!(from(u64::MAX), [0; 0]);
}

pub fn reading_stops_at_its_limits(make: Make) {
    let bus = make();
    let t = topic("device.contract.limits");
    bus.append(records(&t, 0..10)).unwrap();
    let read = |records, bytes| bus.read(&t, 0, 0, records, bytes).unwrap().len();
    assert_eq!(read(3, usize::MAX), 3);
    assert_eq!(read(0, usize::MAX), 0);
    assert_eq!(read(100, 1), 1, "one record comes, however large");
    let some = read(100, 25);
    assert!((2..10).contains(&some), "{some}");
}

pub fn what_is_not_there_reads_as_nothing(make: Make) {
    let bus = make();
    let t = topic("device.contract.absent");
    assert!(all(&*bus, &t).is_empty());
    assert!(bus.topic(&t).unwrap().is_none());
    bus.append(vec![record(&t, 1)]).unwrap();
    assert!(bus.read(&t, 9, 0, 10, 1000).unwrap().is_empty());
    assert!(bus.append(Vec::new()).unwrap().is_empty());
}

pub fn a_topic_is_made_on_first_use(make: Make) {
    let bus = make();
    let t = topic(loom_core::bus::names::AUDIO_RAW);
    bus.append(vec![record(&t, 1)]).unwrap();
    assert_eq!(bus.topic(&t).unwrap().unwrap().settings, catalogued(&t));
    let read = topic("device.contract.joined");
    join(&*bus, "first-use-consumer", "a", &read);
    assert_eq!(bus.topic(&read).unwrap().unwrap().settings, catalogued(&read));
    let names: Vec<_> = bus.topics().unwrap().into_iter().map(|t| t.settings.name).collect();
    assert!(names.contains(&t) && names.contains(&read) && names.is_sorted());
}

pub fn an_existing_topic_keeps_its_settings(make: Make) {
    let bus = make();
    let t = topic("device.contract.settings");
    let first = Settings::new(t.clone(), Class::Internal).days(3);
    bus.create(&first).unwrap();
    bus.create(&Settings::new(t.clone(), Class::Shared)).unwrap();
    bus.append(vec![record(&t, 1)]).unwrap();
    assert_eq!(bus.topic(&t).unwrap().unwrap().settings, first);
    assert_eq!(all(&*bus, &t)[0].class(), Class::Internal);
}

pub fn dead_letters_inherit(make: Make) {
    let bus = make();
    let t = topic("device.contract.letters");
    let settings = Settings::new(t.clone(), Class::Internal).days(3);
    bus.create(&settings).unwrap();
    bus.append(vec![record(&t.dlq(), 1)]).unwrap();
    assert_eq!(bus.topic(&t.dlq()).unwrap().unwrap().settings, settings.dlq());
    assert_eq!(all(&*bus, &t.dlq())[0].class(), Class::Internal);
}

pub fn the_wall_refuses_an_append(make: Make) {
    let bus = make();
    let open = topic("device.contract.open");
    for class in [Class::Released, Class::Shared] {
        let walled = topic(&format!("media.contract.{}", class.as_str()));
        bus.create(&Settings::new(walled.clone(), class)).unwrap();
        for t in [&walled, &walled.dlq()] {
            let e = bus.append(vec![record(&open, 1), record(t, 2), record(&open, 3)]).unwrap_err();
            assert_eq!(e.kind, Kind::Invalid);
            assert!(all(&*bus, t).is_empty() && all(&*bus, &open).is_empty(), "nothing of the batch is appended");
        }
    }
    for name in [loom_core::bus::names::RELEASED, loom_core::bus::names::SHARED] {
        assert_eq!(bus.append(vec![record(&topic(name), 1)]).unwrap_err().kind, Kind::Invalid);
    }
}

pub fn the_wall_refuses_a_commit(make: Make) {
    let bus = make();
    let (t, walled) = (topic("device.contract.wall"), topic("media.contract.wall.shared"));
    bus.create(&Settings::new(walled.clone(), Class::Shared)).unwrap();
    bus.append(vec![record(&t, 1)]).unwrap();
    let m = join(&*bus, "wall-consumer", "a", &t);
    let next = all(&*bus, &t)[0].offset() + 1;
    let e = bus.commit(step(&m, &t, 0, next, vec![record(&walled, 2)])).unwrap_err();
    assert_eq!(e.kind, Kind::Invalid);
    assert!(all(&*bus, &walled).is_empty());
    assert!(join(&*bus, "wall-consumer", "b", &t).positions.is_empty(), "the offset stays with the output");
}

pub fn a_permit_opens_the_wall(make: Make) {
    let bus = make();
    let t = topic("media.contract.permit.shared");
    bus.create(&Settings::new(t.clone(), Class::Shared)).unwrap();
    let new = permitted(&*bus, &t).unwrap();
    bus.append(vec![new.clone()]).unwrap();
    let r = all(&*bus, &t).remove(0);
    assert_eq!((r.class(), r.value()), (Class::Shared, Some(&new.value[..])));
}

pub fn a_partition_that_is_not_there_is_refused(make: Make) {
    let bus = make();
    let t = topic("device.contract.partition");
    let mut astray = record(&t, 2);
    astray.partition = 1;
    let e = bus.append(vec![record(&t, 1), astray]).unwrap_err();
    assert_eq!(e.kind, Kind::Invalid);
    assert!(all(&*bus, &t).is_empty(), "all or none");
}

pub fn partitions_are_apart(make: Make) {
    let bus = make();
    let t = topic("device.contract.partitions");
    bus.create(&Settings { partitions: 3, ..Settings::new(t.clone(), Class::Internal) }).unwrap();
    let place = |n| {
        let mut r = record(&t, n);
        r.partition = (n % 3) as u32;
        r
    };
    bus.append((0..9).map(place).collect()).unwrap();
    for p in 0..3 {
        let found = bus.read(&t, p, 0, 100, usize::MAX).unwrap();
        assert_eq!(found.iter().map(number).collect::<Vec<_>>(), [u64::from(p), u64::from(p) + 3, u64::from(p) + 6]);
        assert!(found.iter().all(|r| r.partition() == p));
    }
    assert_eq!(bus.topic(&t).unwrap().unwrap().bounds.len(), 3);
}

pub fn a_commit_brings_everything(make: Make) {
    let bus = make();
    let (input, output) = (topic("device.contract.commit"), topic("media.contract.commit"));
    bus.append(records(&input, 0..3)).unwrap();
    let m = join(&*bus, "commit-consumer", "a", &input);
    assert!(m.positions.is_empty() && m.state.is_none() && m.tick.is_none());
    let next = all(&*bus, &input)[1].offset() + 1;
    let tick = Time::from_secs(77);
    let commit = step(&m, &input, 0, next, records(&output, 10..12));
    let at = bus.commit(Commit { state: Some((4, vec![1, 2, 3])), tick: Some(tick), ..commit }).unwrap();
    assert_eq!(numbers(&*bus, &output), [10, 11]);
    assert_eq!(at.len(), 2);
    let again = join(&*bus, "commit-consumer", "b", &input);
    assert_eq!(again.positions, positions(&input, next));
    assert_eq!((again.state, again.tick), (Some((4, vec![1, 2, 3])), Some(tick)));
    assert!(again.epoch > m.epoch);
}

pub fn a_commit_from_elsewhere_changes_nothing(make: Make) {
    let bus = make();
    let (input, output) = (topic("device.contract.cas"), topic("media.contract.cas"));
    bus.append(records(&input, 0..3)).unwrap();
    let ends: Vec<u64> = all(&*bus, &input).iter().map(|r| r.offset() + 1).collect();
    let m = join(&*bus, "cas-consumer", "a", &input);
    bus.commit(step(&m, &input, 0, ends[0], vec![record(&output, 1)])).unwrap();
    for from in [0, ends[1]] {
        let wrong = step(&m, &input, from, ends[2], vec![record(&output, 2)]);
        let e = bus.commit(Commit { state: Some((1, vec![9])), tick: Some(Time(9)), ..wrong }).unwrap_err();
        assert_eq!(e.kind, Kind::Stop);
    }
    assert_eq!(numbers(&*bus, &output), [1]);
    bus.commit(step(&m, &input, ends[0], ends[1], vec![record(&output, 3)])).unwrap();
    let again = join(&*bus, "cas-consumer", "b", &input);
    assert_eq!((again.positions, again.state, again.tick), (positions(&input, ends[1]), None, None));
    assert_eq!(numbers(&*bus, &output), [1, 3]);
}

pub fn a_zombie_is_fenced(make: Make) {
    let bus = make();
    let (input, output) = (topic("device.contract.zombie"), topic("media.contract.zombie"));
    bus.append(records(&input, 0..2)).unwrap();
    let next = all(&*bus, &input)[0].offset() + 1;
    let zombie = join(&*bus, "zombie-consumer", "a", &input);
    bus.heartbeat(&zombie).unwrap();
    let living = join(&*bus, "zombie-consumer", "b", &input);
    let e = bus.commit(step(&zombie, &input, 0, next, vec![record(&output, 1)])).unwrap_err();
    assert_eq!(e.kind, Kind::Stop);
    assert_eq!(bus.heartbeat(&zombie).unwrap_err().kind, Kind::Stop);
    assert_eq!(bus.leave(&zombie).unwrap_err().kind, Kind::Stop);
    bus.heartbeat(&living).unwrap();
    bus.commit(step(&living, &input, 0, next, vec![record(&output, 2)])).unwrap();
    assert_eq!(numbers(&*bus, &output), [2]);
}

pub fn a_commit_without_a_group_stops(make: Make) {
    let bus = make();
    let t = topic("device.contract.nobody");
    bus.append(vec![record(&t, 1)]).unwrap();
    let m =
        Membership { group: "nobody-consumer".into(), member: "a".into(), epoch: 1, positions: Positions::new(), state: None, tick: None };
    assert_eq!(bus.commit(step(&m, &t, 0, 1, Vec::new())).unwrap_err().kind, Kind::Stop);
    assert_eq!(bus.heartbeat(&m).unwrap_err().kind, Kind::Stop);
    assert!(bus.groups().unwrap().iter().all(|g| g.group != m.group));
}

pub fn a_commit_may_leave_state_alone(make: Make) {
    let bus = make();
    let t = topic("device.contract.state");
    bus.append(records(&t, 0..2)).unwrap();
    let ends: Vec<u64> = all(&*bus, &t).iter().map(|r| r.offset() + 1).collect();
    let m = join(&*bus, "state-consumer", "a", &t);
    bus.commit(Commit { state: Some((2, b"kept".to_vec())), tick: Some(Time(5)), ..step(&m, &t, 0, ends[0], Vec::new()) }).unwrap();
    bus.commit(step(&m, &t, ends[0], ends[1], Vec::new())).unwrap();
    let again = join(&*bus, "state-consumer", "b", &t);
    assert_eq!((again.state, again.tick), (Some((2, b"kept".to_vec())), Some(Time(5))));
    assert_eq!(again.positions, positions(&t, ends[1]));
}

pub fn a_commit_may_move_several_inputs(make: Make) {
    let bus = make();
    let (a, b) = (topic("device.contract.left"), topic("device.contract.right"));
    bus.append(vec![record(&a, 1), record(&b, 2)]).unwrap();
    let ends: Vec<u64> = [&a, &b].iter().map(|t| all(&*bus, t)[0].offset() + 1).collect();
    let m = join(&*bus, "several-consumer", "a", &a);
    let both = Positions::from([(at(&a), ends[0]), (at(&b), ends[1])]);
    let from = Positions::from([(at(&a), 0), (at(&b), 0)]);
    bus.commit(Commit { from, to: both.clone(), ..step(&m, &a, 0, 0, Vec::new()) }).unwrap();
    let half_wrong = Positions::from([(at(&a), ends[0]), (at(&b), 0)]);
    assert_eq!(bus.commit(Commit { from: half_wrong, ..step(&m, &a, 0, 99, Vec::new()) }).unwrap_err().kind, Kind::Stop);
    assert_eq!(join(&*bus, "several-consumer", "b", &a).positions, both);
}

pub fn outputs_may_be_the_groups_own_input(make: Make) {
    let bus = make();
    let t = topic("device.contract.loop");
    bus.append(vec![record(&t, 1)]).unwrap();
    let next = all(&*bus, &t)[0].offset() + 1;
    let m = join(&*bus, "loop-consumer", "a", &t);
    bus.commit(step(&m, &t, 0, next, vec![record(&t, 2)])).unwrap();
    assert_eq!(numbers(&*bus, &t), [1, 2]);
    assert_ne!(bus.groups().unwrap().into_iter().find(|g| g.group == "loop-consumer").unwrap().total_lag(), 0);
}

pub fn seeking_moves_and_forgets(make: Make) {
    let bus = make();
    let t = topic("device.contract.seek");
    bus.append(records(&t, 0..3)).unwrap();
    let ends: Vec<u64> = all(&*bus, &t).iter().map(|r| r.offset() + 1).collect();
    let m = join(&*bus, "seek-consumer", "a", &t);
    bus.commit(Commit { state: Some((1, vec![1])), tick: Some(Time(5)), ..step(&m, &t, 0, ends[2], Vec::new()) }).unwrap();
    bus.leave(&m).unwrap();
    bus.seek("seek-consumer", &positions(&t, ends[0])).unwrap();
    assert_eq!(bus.commit(step(&m, &t, ends[2], ends[2], Vec::new())).unwrap_err().kind, Kind::Stop, "the old member is fenced");
    let again = join(&*bus, "seek-consumer", "b", &t);
    assert_eq!((again.positions, again.state, again.tick), (positions(&t, ends[0]), None, None));
}

pub fn seeking_waits_for_the_member(make: Make) {
    let bus = make();
    let t = topic("device.contract.seek.waits");
    let m = join(&*bus, "seek-waits-consumer", "a", &t);
    let to = positions(&t, 0);
    assert_eq!(bus.seek("seek-waits-consumer", &to).unwrap_err().kind, Kind::Invalid);
    bus.leave(&m).unwrap();
    bus.seek("seek-waits-consumer", &to).unwrap();
    assert_eq!(bus.seek("no-such-consumer", &to).unwrap_err().kind, Kind::Invalid);
}

pub fn lag_is_zero_at_the_end(make: Make) {
    let bus = make();
    let t = topic("device.contract.lag");
    let m = join(&*bus, "lag-consumer", "a", &t);
    let lag = || bus.groups().unwrap().into_iter().find(|g| g.group == "lag-consumer").unwrap().total_lag();
    assert_eq!(lag(), 0);
    bus.append(records(&t, 0..2)).unwrap();
    assert_ne!(lag(), 0);
    let ends: Vec<u64> = all(&*bus, &t).iter().map(|r| r.offset() + 1).collect();
    bus.commit(step(&m, &t, 0, ends[0], Vec::new())).unwrap();
    assert_ne!(lag(), 0);
    bus.commit(step(&m, &t, ends[0], ends[1], Vec::new())).unwrap();
    assert_eq!(lag(), 0);
}

pub fn groups_show_who_is_there(make: Make) {
    let bus = make();
    let t = topic("device.contract.groups");
    let find = || bus.groups().unwrap().into_iter().find(|g| g.group == "groups-consumer");
    assert!(find().is_none());
    let m = join(&*bus, "groups-consumer", "a", &t);
    let g = find().unwrap();
    assert_eq!((g.state(), g.topics.as_slice(), g.members.len()), ("Stable", &[t.clone()][..], 1));
    assert_eq!((g.members[0].id.as_str(), g.members[0].host.as_str(), g.last_commit), ("a", "here", None));
    bus.append(vec![record(&t, 1)]).unwrap();
    let next = all(&*bus, &t)[0].offset() + 1;
    bus.commit(step(&m, &t, 0, next, Vec::new())).unwrap();
    bus.leave(&m).unwrap();
    let g = find().unwrap();
    assert_eq!((g.state(), g.members.len(), g.last_commit.is_some()), ("Empty", 0, true));
    assert_eq!(g.committed.get(&Position { topic: t, partition: 0 }), Some(&next));
}

pub fn an_offset_is_found_by_time(make: Make) {
    let bus = make();
    let t = topic("device.contract.time");
    assert_eq!(bus.offset_at(&t, 0, Time::from_secs(1)).unwrap(), 0);
    bus.append(records(&t, 0..5)).unwrap();
    let found = all(&*bus, &t);
    let from = |time: Time| bus.read(&t, 0, bus.offset_at(&t, 0, time).unwrap(), 100, usize::MAX).unwrap().len();
    assert_eq!(from(found[0].received_at()), 5);
    assert_eq!(from(Time::from_secs(0)), 5);
    assert_eq!(from(found[4].received_at().plus(3600.0)), 0);
}

pub fn two_appenders_keep_their_orders(make: Make) {
    let bus = make();
    let t = topic("device.contract.two");
    let shared: &dyn loom_core::bus::Bus = &*bus;
    std::thread::scope(|s| {
        for half in [0, 1000] {
            let t = &t;
            s.spawn(move || (0..100).for_each(|n| drop(shared.append(vec![record(t, half + n)]).unwrap())));
        }
    });
    let found = numbers(&*bus, &t);
    assert_eq!(found.len(), 200);
    for half in [0, 1000] {
        let mine: Vec<u64> = found.iter().copied().filter(|n| (half..half + 100).contains(n)).collect();
        assert_eq!(mine, (half..half + 100).collect::<Vec<_>>());
    }
}

pub fn the_watermark_never_falls(make: Make) {
    let bus = make();
    let t = topic("device.contract.watermark");
    let shared: &dyn loom_core::bus::Bus = &*bus;
    std::thread::scope(|s| {
        let (t, shared) = (&t, &shared);
        let appender = s.spawn(move || (0..200).for_each(|n| drop(shared.append(vec![record(t, n)]).unwrap())));
        let (mut last, mut seen) = (Time(i64::MIN), 0);
        loop {
            let over = appender.is_finished();
            let mark = shared.watermark().unwrap();
            assert!(mark >= last);
            // What can be read now was there before; what comes later is stamped at or after the mark.
            let before = shared.read(t, 0, seen, 1000, usize::MAX).unwrap();
            for r in &before {
                assert!(r.received_at() >= last, "a record landed behind the watermark");
                seen = r.offset() + 1;
            }
            last = mark;
            if over {
                break;
            }
        }
    });
}

pub fn waiting_ends_with_a_commit(make: Make) {
    let bus = make();
    let t = topic("device.contract.wait");
    bus.append(vec![record(&t, 0)]).unwrap();
    let seen = bus.wait(0, Duration::ZERO);
    assert!(seen > 0);
    assert_eq!(bus.wait(seen, Duration::from_millis(5)), seen, "nothing came");
    let shared: &dyn loom_core::bus::Bus = &*bus;
    std::thread::scope(|s| {
        let waiting = s.spawn(move || shared.wait(seen, Duration::from_secs(60)));
        shared.append(vec![record(&t, 1)]).unwrap();
        assert!(waiting.join().unwrap() > seen);
    });
}

pub fn state_of_64_kib_is_kept(make: Make) {
    let bus = make();
    let t = topic("device.contract.large");
    bus.append(vec![record(&t, 1)]).unwrap();
    let m = join(&*bus, "large-consumer", "a", &t);
    let state: Vec<u8> = (0..64 << 10).map(|i: u32| (i % 251) as u8).collect();
    bus.commit(Commit { state: Some((1, state.clone())), ..step(&m, &t, 0, 1, Vec::new()) }).unwrap();
    assert_eq!(join(&*bus, "large-consumer", "b", &t).state, Some((1, state)));
}
