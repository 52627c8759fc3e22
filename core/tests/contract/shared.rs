//! Promised by every log.

use std::time::Duration;

use loom_core::bus::{Class, Settings, catalogued};
use loom_core::{Kind, Time};

use super::*;

/// The names of the tests below and in `groups`, for one log.
#[macro_export]
macro_rules! every_log {
    ($make:expr) => {
        $crate::contract!(shared, $make,
            a_record_comes_back_whole order_is_kept reading_goes_on_from_an_offset reading_stops_at_its_limits
            what_is_not_there_reads_as_nothing a_topic_is_made_on_first_use an_existing_topic_keeps_its_settings
            dead_letters_inherit the_wall_refuses_an_append a_permit_opens_the_wall
            a_partition_that_is_not_there_is_refused partitions_are_apart an_offset_is_found_by_time
            two_appenders_keep_their_orders the_watermark_never_falls waiting_ends_with_a_commit);
        $crate::contract!(groups, $make,
            the_wall_refuses_a_commit a_commit_brings_everything a_commit_from_elsewhere_changes_nothing
            a_zombie_is_fenced a_commit_without_a_group_stops a_commit_may_leave_state_alone
            a_commit_may_move_several_inputs outputs_may_be_the_groups_own_input seeking_moves_and_forgets
            seeking_waits_for_the_member lag_is_zero_at_the_end groups_show_who_is_there state_of_64_kib_is_kept);
        $crate::contract!(rows, $make,
            rows_come_with_the_commit rows_are_the_groups_own rows_of_a_refused_commit_are_not_there rows_of_a_zombie_are_not_there
            rows_are_replaced_and_removed rows_are_listed_by_prefix expired_rows_go_in_steps the_oldest_rows_make_room
            seeking_forgets_the_rows expired_rows_of_an_idle_group_go);
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

pub fn a_permit_opens_the_wall(make: Make) {
    let bus = make();
    let t = topic("media.contract.permit.shared");
    bus.create(&Settings::new(t.clone(), Class::Shared)).unwrap();
    let new = permitted(&t);
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
        let waiting =
            [&[][..], std::slice::from_ref(&t)].map(|of| s.spawn(move || shared.wait_for_records(of, seen, Duration::from_secs(60))));
        let any = s.spawn(move || shared.wait(seen, Duration::from_secs(60)));
        shared.append(vec![record(&t, 1)]).unwrap();
        assert!(any.join().unwrap() > seen);
        for w in waiting {
            assert!(w.join().unwrap().unwrap() > seen);
        }
    });
}
