//! The same promises over both logs of this machine, and what SQLite adds: it survives.

mod contract;

use std::sync::Arc;

use contract::*;
use loom_core::bus::memory::Memory;
use loom_core::bus::sqlite::Sqlite;
use loom_core::bus::{Bus, Class, Commit, Retention, Row, RowChanges, Settings, TopicName};
use loom_core::db::{Db, Key};
use loom_core::env::{Clock, ManualClock, System};
use loom_core::{Kind, Time};

const KEY: Key = Key::new([42; 32]);

fn memory(clock: Arc<dyn Clock>) -> Rig {
    Rig::new(Memory::new(clock), ())
}

fn sqlite(clock: Arc<dyn Clock>) -> Rig {
    let folder = tempfile::tempdir().unwrap();
    Rig::new(open(folder.path(), clock), folder)
}

fn open(folder: &std::path::Path, clock: Arc<dyn Clock>) -> Sqlite {
    Sqlite::open(Db::open(&folder.join("loom.db"), &KEY).unwrap(), clock).unwrap()
}

mod in_memory {
    use super::*;
    every_log!(|| memory(Arc::new(System)));
    every_embedded_log!(|c: Arc<ManualClock>| memory(c));
}

mod on_disk {
    use super::*;
    every_log!(|| sqlite(Arc::new(System)));
    every_embedded_log!(|c: Arc<ManualClock>| sqlite(c));
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Time::from_secs(1_800_000_000)))
}

/// Fills a log with a bit of everything; what must be found again.
fn fill(bus: &dyn Bus) -> (TopicStates, Vec<loom_core::bus::GroupState>) {
    let (input, output) = (topic("device.restart.raw"), topic("media.restart.made"));
    bus.create(&Settings::new(input.clone(), Class::Internal).days(3)).unwrap();
    bus.append(records(&input, 0..20)).unwrap();
    let m = join(bus, "restart-consumer", "a", &input);
    let commit = step(&m, &input, 0, 7, records(&output, 100..103));
    let row = Row { key: b"k".to_vec(), value: b"v".to_vec(), expires: Time::from_secs(9) };
    let rows = RowChanges { put: vec![row], ..RowChanges::default() };
    bus.commit(Commit { state: Some((3, vec![5; 1280])), tick: Some(Time::from_secs(9)), rows, ..commit }).unwrap();
    bus.erase(&input, 0, &[2]).unwrap();
    (bus.topics().unwrap(), bus.groups().unwrap())
}

#[test]
fn the_owners_retention_holds_in_place_of_what_a_topic_was_made_with() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let (short, dead, ever, other) =
        (topic("device.owner.short"), topic("device.owner.short").dlq(), topic("device.owner.ever"), topic("device.owner.other"));
    let made = |days| Retention { days, bytes: None };
    {
        let bus = open(folder.path(), clock.clone());
        for t in [&short, &ever, &other] {
            bus.create(&Settings::new(t.clone(), Class::Internal).days(5)).unwrap();
        }
        for t in [&short, &dead, &ever, &other] {
            bus.append(records(t, 0..3)).unwrap();
        }
    }
    let own = [(short.clone(), made(Some(1))), (ever.clone(), made(None))].into();
    let bus = open(folder.path(), clock.clone()).keeping(own);
    let days = |t: &TopicName| bus.topic(t).unwrap().unwrap().settings.retention.days;
    assert_eq!([&short, &dead, &ever, &other].map(days), [Some(1), Some(1), None, Some(5)]);
    clock.advance(2.0 * 86_400.0);
    assert_eq!(bus.retain().unwrap(), 6, "a topic and its dead letters");
    clock.advance(100.0 * 86_400.0);
    assert_eq!(bus.retain().unwrap(), 3);
    assert_eq!(numbers(&bus, &ever), [0, 1, 2]);
    drop(bus);
    assert_eq!(open(folder.path(), clock).retain().unwrap(), 3, "without the setting it is as it was made");
}

type TopicStates = Vec<loom_core::bus::TopicState>;

fn found_again(bus: &dyn Bus, before: &(TopicStates, Vec<loom_core::bus::GroupState>)) {
    let (input, output) = (topic("device.restart.raw"), topic("media.restart.made"));
    assert_eq!(&(bus.topics().unwrap(), bus.groups().unwrap()), before);
    assert_eq!(numbers(bus, &output), [100, 101, 102]);
    assert_eq!(all(bus, &input).iter().filter(|r| r.value().is_some()).count(), 19);
    assert_eq!(
        (bus.rows("restart-consumer", &[b"k".to_vec()]).unwrap(), bus.row_count("restart-consumer").unwrap().rows),
        (vec![Some(b"v".to_vec())], 1)
    );
    let m = join(bus, "restart-consumer", "b", &input);
    assert_eq!((m.positions, m.state, m.tick), (positions(&input, 7), Some((3, vec![5; 1280])), Some(Time::from_secs(9))));
    let at = bus.append(vec![record(&input, 19), record(&input, 20)]).unwrap();
    assert_eq!(landed(&at), [(19, true), (20, false)]);
}

#[test]
fn a_restart_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let bus = open(folder.path(), clock());
    let before = fill(&bus);
    drop(bus);
    found_again(&open(folder.path(), clock()), &before);
}

#[test]
fn a_log_that_was_never_closed_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let bus = open(folder.path(), clock());
    let before = fill(&bus);
    // What a crash leaves: the file and its write-ahead log, as they lie on the disk.
    let copy = tempfile::tempdir().unwrap();
    for name in ["loom.db", "loom.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    found_again(&open(copy.path(), clock()), &before);
}

#[test]
fn time_goes_on_from_the_newest_record_and_tick() {
    let folder = tempfile::tempdir().unwrap();
    let (t, c) = (topic("device.restart.time"), clock());
    let bus = open(folder.path(), c.clone());
    bus.append(vec![record(&t, 1)]).unwrap();
    let m = join(&bus, "time-consumer", "a", &t);
    let tick = c.now().plus(60.0);
    bus.commit(Commit { tick: Some(tick), ..step(&m, &t, 0, 1, Vec::new()) }).unwrap();
    drop(bus);
    c.advance(-3600.0);
    let bus = open(folder.path(), c);
    assert_eq!(bus.append(vec![record(&t, 2)]).unwrap()[0].received_at, tick);
}

#[test]
fn two_instances_on_one_file_agree() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (open(folder.path(), clock()), open(folder.path(), clock()));
    let t = topic("device.two.instances");
    let mut offsets = Vec::new();
    for n in 0..10 {
        let bus = if n % 2 == 0 { &a } else { &b };
        offsets.push(bus.append(vec![record(&t, n)]).unwrap()[0].offset);
    }
    assert_eq!(offsets, (0..10).collect::<Vec<_>>());
    let m = join(&a, "two-consumer", "a", &t);
    join(&b, "two-consumer", "b", &t);
    assert_eq!(a.commit(step(&m, &t, 0, 1, Vec::new())).unwrap_err().kind, Kind::Stop);
}

#[test]
fn a_fenced_member_of_another_instance_hears_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let c = clock();
    let (a, b) = (open(folder.path(), c.clone()), open(folder.path(), c.clone()));
    let t = topic("device.two.fenced");
    let m = join(&a, "fenced-consumer", "a", &t);
    join(&b, "fenced-consumer", "b", &t);
    c.advance(6.0);
    assert_eq!(a.heartbeat(&m).unwrap_err().kind, Kind::Stop);
}

#[test]
fn a_disk_short_of_space_stops_intake_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let c = clock();
    let db = Db::open(&folder.path().join("loom.db"), &KEY).unwrap();
    let bus = Sqlite::open(db.clone(), c.clone()).unwrap();
    let t = topic("device.short.of_space");
    bus.create(&Settings::new(t.clone(), Class::Internal).days(1)).unwrap();
    bus.append(records(&t, 0..3)).unwrap();
    let m = join(&bus, "short-consumer", "a", &t);
    db.keep_free(u64::MAX);
    assert_eq!(bus.append(vec![record(&t, 3)]).unwrap_err().kind, Kind::Stop);
    assert_eq!(bus.commit(step(&m, &t, 0, 1, vec![record(&t, 4)])).unwrap_err().kind, Kind::Stop);
    bus.heartbeat(&m).unwrap();
    assert_eq!(numbers(&bus, &t), [0, 1, 2]);
    c.advance(2.0 * 86_400.0);
    assert_eq!(bus.retain().unwrap(), 3, "deleting goes on");
    db.keep_free(0);
    assert_eq!(landed(&bus.append(vec![record(&t, 5)]).unwrap()), [(3, false)]);
}

#[test]
fn retention_gives_space_back() {
    let folder = tempfile::tempdir().unwrap();
    let c = clock();
    let bus = open(folder.path(), c.clone());
    let t = topic("device.gives.back");
    bus.create(&Settings::new(t.clone(), Class::Internal).days(1)).unwrap();
    for n in 0..40 {
        let large = |n| {
            let mut r = record(&t, n);
            r.value.resize(2000, b' ');
            r
        };
        bus.append((n * 500..(n + 1) * 500).map(large).collect()).unwrap();
    }
    let size = || std::fs::metadata(folder.path().join("loom.db")).unwrap().len();
    let full = size();
    c.advance(2.0 * 86_400.0);
    assert_eq!(bus.retain().unwrap(), 20_000);
    drop(bus);
    assert!(size() < full / 2, "{} of {full} bytes are left", size());
}
