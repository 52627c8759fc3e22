//! A process that appends is killed at random moments, again and again, on one file: what it said was durable is
//! there once, in order, and nothing else is half there.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use loom_core::Time;
use loom_core::bus::sqlite::Sqlite;
use loom_core::bus::{Bus, Commit, Headers, Join, NewRecord, Position, Positions, Row, RowChanges, TopicName};
use loom_core::db::{Db, Key};
use loom_core::env::System;
use uuid::Uuid;

const KEY: Key = Key::new([3; 32]);
const FOLDER: &str = "LOOM_TEST_KILLED_FOLDER";
const LIVES: u128 = 8;
/// Records a batch; a batch is there whole or not at all.
const BATCH: u128 = 7;

fn open(folder: &Path) -> Sqlite {
    Sqlite::open(Db::open(&folder.join("loom.db"), &KEY).unwrap(), Arc::new(System)).unwrap()
}

fn input() -> TopicName {
    TopicName::of("device.killed.raw")
}

fn output() -> TopicName {
    TopicName::of("media.killed.made")
}

fn record(topic: &TopicName, id: u128) -> NewRecord {
    NewRecord::new(topic.clone(), Uuid::from_u128(id), Uuid::nil(), Time(0), Headers::default(), vec![b' '; 500])
}

/// What the killed process does: it appends batches from two threads and copies input to output as a consumer
/// group, naming on stdout what was acknowledged.
fn append_until_killed(folder: &Path) {
    let bus = open(folder);
    let life: u128 = std::env::var("LOOM_TEST_KILLED_LIFE").unwrap().parse().unwrap();
    let say = |ids: &[u128]| {
        let line = ids.iter().map(|id| format!("{id:x} ")).collect::<String>();
        println!("acknowledged {line}");
    };
    std::thread::scope(|s| {
        for thread in 0..2u128 {
            let (bus, say) = (&bus, &say);
            s.spawn(move || {
                for n in 1u128.. {
                    let ids: Vec<u128> = (0..BATCH).map(|i| (life << 64) | (thread << 48) | (n * BATCH + i)).collect();
                    bus.append(ids.iter().map(|id| record(&input(), *id)).collect()).unwrap();
                    say(&ids);
                }
            });
        }
        copy(&bus);
    });
}

/// A stage: each input makes one output of the same id.
fn copy(bus: &Sqlite) {
    let join = Join { group: "killed-consumer".into(), member: "m".into(), host: "h".into(), topics: vec![input()] };
    let m = bus.join(&join).unwrap();
    let at = Position { topic: input(), partition: 0 };
    let mut next = m.positions.get(&at).copied().unwrap_or(0);
    loop {
        let rs = bus.read(&input(), 0, next, 20, usize::MAX).unwrap();
        let Some(last) = rs.last() else { continue };
        let to = last.offset() + 1;
        let row = |r: &loom_core::bus::Record| Row { key: r.message_id().as_bytes().to_vec(), value: vec![1], expires: Time(i64::MAX) };
        bus.commit(Commit {
            group: m.group.clone(),
            epoch: m.epoch,
            from: Positions::from([(at.clone(), next)]),
            to: Positions::from([(at.clone(), to)]),
            outputs: rs.iter().map(|r| record(&output(), r.message_id().as_u128())).collect(),
            state: Some((1, to.to_be_bytes().to_vec())),
            tick: None,
            rows: RowChanges { put: rs.iter().map(row).collect(), ..RowChanges::default() },
        })
        .unwrap();
        next = to;
    }
}

/// Lets the process live for a while after its first acknowledgement, kills it, and gives what it acknowledged.
fn live_and_die(folder: &Path, life: u128, milliseconds: u64) -> Vec<u128> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_was_acknowledged_outlives_kill_9", "--nocapture", "--test-threads", "1"])
        .env(FOLDER, folder)
        .env("LOOM_TEST_KILLED_LIFE", life.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    let mut deadline = None;
    while let Some(Ok(line)) = lines.next() {
        let Some(ids) = line.strip_prefix("acknowledged ") else { continue };
        acknowledged.extend(ids.split_whitespace().map(|id| u128::from_str_radix(id, 16).unwrap()));
        let end = *deadline.get_or_insert_with(|| Instant::now() + Duration::from_millis(milliseconds));
        if Instant::now() > end {
            child.kill().unwrap();
            break;
        }
    }
    // What it said before it died still stands in the pipe; a cut last line says nothing whole.
    for line in lines.map_while(Result::ok) {
        if let Some(ids) = line.strip_prefix("acknowledged ").filter(|l| l.ends_with(' ')) {
            acknowledged.extend(ids.split_whitespace().map(|id| u128::from_str_radix(id, 16).unwrap()));
        }
    }
    assert!(!child.wait().unwrap().success());
    acknowledged
}

fn ids(bus: &Sqlite, topic: &TopicName) -> Vec<u128> {
    let mut found = Vec::new();
    loop {
        let page = bus.read(topic, 0, found.len() as u64, 5000, usize::MAX).unwrap();
        if page.is_empty() {
            return found;
        }
        for r in page {
            assert_eq!(r.offset(), found.len() as u64, "offsets have no gap");
            found.push(r.message_id().as_u128());
        }
    }
}

#[test]
fn what_was_acknowledged_outlives_kill_9() {
    // The test runs itself as the process to kill.
    if let Some(folder) = std::env::var_os(FOLDER) {
        append_until_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for life in 1..=LIVES {
        let before = acknowledged.len();
        acknowledged.extend(live_and_die(folder.path(), life, fastrand::u64(0..120)));
        assert!(acknowledged.len() > before, "life {life} acknowledged nothing");
        let db = Db::open(&folder.path().join("loom.db"), &KEY).unwrap();
        db.check().unwrap();
    }
    let bus = open(folder.path());
    let found = ids(&bus, &input());
    let once: HashSet<u128> = found.iter().copied().collect();
    assert_eq!(once.len(), found.len(), "nothing is there twice");
    let lost = acknowledged.iter().filter(|id| !once.contains(id)).count();
    assert_eq!(lost, 0, "of {} acknowledged records", acknowledged.len());
    assert_eq!(found.len() % BATCH as usize, 0, "no batch is there in part");

    let made = ids(&bus, &output());
    assert_eq!(made, found[..made.len()], "each input was copied once, in order");
    let m = bus.join(&Join { group: "killed-consumer".into(), member: "m".into(), host: "h".into(), topics: vec![input()] }).unwrap();
    assert_eq!(m.positions.values().copied().collect::<Vec<_>>(), [made.len() as u64]);
    assert_eq!(m.state.unwrap().1, (made.len() as u64).to_be_bytes());
    assert_eq!(bus.row_count("killed-consumer").unwrap().rows, made.len() as u64, "each left a row");
    let keys: Vec<_> = made.iter().map(|id| id.to_be_bytes().to_vec()).collect();
    assert!(bus.rows("killed-consumer", &keys).unwrap().iter().all(Option::is_some));
}
