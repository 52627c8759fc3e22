//! Records in many tables: the log is the same as in one. Tables are small in these tests.

use std::sync::Arc;

use rusqlite::params;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::bus::memory::Memory;
use crate::db::Key;
use crate::env::{ManualClock, Seeded};

const DAY: f64 = 86_400.0;

fn topics() -> [TopicName; 3] {
    ["device.segments.days", "device.segments.bytes", "media.segments.made"].map(TopicName::of)
}

fn database() -> (TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("loom.db"), &Key::new([3; 32])).unwrap();
    (folder, db)
}

fn record(topic: &TopicName, id: u64, bytes: u64) -> NewRecord {
    let headers = Headers { trace: Trace { trace_id: [id as u8; 16], span_id: [1; 8] }, ..Headers::default() };
    NewRecord::new(topic.clone(), Uuid::from_u128(id.into()), Uuid::nil(), Time(id as i64), headers, vec![id as u8; bytes as usize])
}

/// All that can be seen of a log.
fn seen(bus: &dyn Bus, moments: &[Time]) -> String {
    let mut all = format!("{:?}\n", bus.topics().unwrap());
    for t in topics() {
        let mut from = 0;
        while let page = bus.read(&t, 0, from, 45, 5_000).unwrap()
            && let Some(last) = page.last()
        {
            from = last.offset() + 1;
            for r in page {
                all += &format!("{} {} {:?} {} {:?}\n", r.topic(), r.offset(), r.received_at(), r.message_id(), r.value());
            }
        }
        let offsets: Vec<u64> = moments.iter().map(|m| bus.offset_at(&t, 0, *m).unwrap()).collect();
        all += &format!("{offsets:?}\n");
    }
    all
}

/// Random appends, repeats, erasures and retention, on this log and on the one in memory.
fn agrees_with_memory(seed: u64) {
    let clock = Arc::new(ManualClock::at(Time::from_secs(1_700_000_000)));
    let (_folder, db) = database();
    let logs: [Box<dyn Bus>; 2] = [Box::new(Memory::new(clock.clone())), Box::new(Sqlite::open(db.clone(), clock.clone()).unwrap())];
    let both = |what: &mut dyn FnMut(&dyn Bus) -> String| {
        let [memory, sqlite] = [&logs[0], &logs[1]].map(|log| what(&**log));
        assert_eq!(memory, sqlite, "seed {seed}");
    };
    let [days, bytes, made] = topics();
    let within = Retention { days: None, bytes: Some(6_000) };
    for s in [
        Settings::new(days.clone(), Class::Sensitive).days(1),
        Settings { retention: within, ..Settings::new(bytes.clone(), Class::Sensitive) },
        Settings { retention: within, ..Settings::new(made.clone(), Class::Sensitive).days(2) },
    ] {
        logs.iter().for_each(|log| log.create(&s).unwrap());
    }
    let chance = Seeded::new(seed);
    let below = |n: u64| chance.next_u64() % n;
    let (mut last, mut moments, mut most) = (0, Vec::new(), 0);
    for _ in 0..120 {
        match below(10) {
            0..6 => {
                let records: Vec<NewRecord> = (0..1 + below(50))
                    .map(|_| {
                        last += 1;
                        let id = if below(20) == 0 { 1 + below(last) } else { last };
                        let of = &[&days, &bytes, &made][below(3) as usize];
                        let mut r = record(of, id, below(200));
                        if **of == made {
                            let end = logs[0].topic(&days).unwrap().unwrap().bounds[0].1;
                            let first = end.saturating_sub(1 + below(60));
                            let last = first + below(end.saturating_sub(first).max(1));
                            r.headers.sources = vec![SourceRange { topic: days.clone(), partition: 0, first, last }];
                        }
                        r
                    })
                    .collect();
                both(&mut |log| format!("{:?}", log.append(records.clone()).unwrap()));
            }
            6 => {
                let of = &topics()[below(2) as usize];
                let (low, next) = logs[0].topic(of).unwrap().unwrap().bounds[0];
                let offsets: Vec<u64> = (0..5).map(|_| low.saturating_sub(3) + below(next - low + 6)).collect();
                both(&mut |log| format!("{}", log.erase(of, 0, &offsets).unwrap()));
            }
            7 => both(&mut |log| format!("{}", log.retain().unwrap())),
            _ => {
                clock.advance(DAY / (2 + below(20)) as f64);
                moments.push(clock.now());
            }
        }
        let tables: i64 = db.read(|c| Ok(c.query_row("SELECT count(topic_partition) FROM segment", [], |r| r.get(0))?)).unwrap();
        most = most.max(tables);
        both(&mut |log| seen(log, &moments[moments.len().saturating_sub(8)..]));
    }
    // What nothing of is kept holds nothing, and its table waits for the next.
    let (tables, free): (i64, i64) = db
        .read(|c| Ok(c.query_row("SELECT count(*), count(*) - count(topic_partition) FROM segment", [], |r| Ok((r.get(0)?, r.get(1)?)))?))
        .unwrap();
    assert!(most > 5 && free > 0 && tables < 60, "{tables} tables, {most} in use at once, {free} free now");
    let kept = |c: &rusqlite::Connection| {
        let in_table = |n: i64| c.query_row(&format!("SELECT count(*) FROM segment_{n}"), [], |r| r.get::<_, i64>(0));
        let mut rows: i64 = c.query_row("SELECT count(*) FROM record", [], |r| r.get(0))?;
        for n in 1..=tables {
            rows += in_table(n)?;
        }
        Ok((rows, c.query_row("SELECT count(*) FROM once", [], |r| r.get(0))?))
    };
    let records = logs[1].topics().unwrap().iter().map(|t| t.records as i64).sum::<i64>();
    assert_eq!(db.read(kept).unwrap(), (records, records), "rows and ids of what is kept, and no others");
}

#[test]
fn a_log_of_many_tables_is_the_log_in_memory() {
    (0..6).for_each(agrees_with_memory);
}

#[test]
fn a_table_that_cannot_be_filled_leaves_nothing_behind() {
    let clock = Arc::new(ManualClock::at(Time::from_secs(1_700_000_000)));
    let (_folder, db) = database();
    let log = Sqlite::open(db, clock).unwrap();
    let (t, refused) = (&topics()[0], TopicName::of("media.segments.shared"));
    log.create(&Settings::new(refused.clone(), Class::Shared)).unwrap();
    let m = log.join(&Join { group: "g".into(), member: "m".into(), host: "h".into(), topics: vec![t.clone()] }).unwrap();
    // Outputs that fill several tables, taken back since the group does not stand there.
    let at = Position { topic: t.clone(), partition: 0 };
    let commit = |from, n: std::ops::Range<u64>| Commit {
        group: m.group.clone(),
        epoch: m.epoch,
        from: Positions::from([(at.clone(), from)]),
        to: Positions::from([(at.clone(), from)]),
        outputs: n.map(|id| record(t, id, 10)).collect(),
        state: None,
        tick: None,
        rows: RowChanges::default(),
    };
    assert!(log.commit(commit(7, 1..200)).is_err());
    assert_eq!(log.commit(commit(0, 1..200)).unwrap().last().unwrap().offset, 198);
    assert_eq!(log.read(t, 0, 0, 1000, usize::MAX).unwrap().len(), 199);
}

#[test]
fn a_log_that_had_one_table_goes_on() {
    let clock = Arc::new(ManualClock::at(Time::from_secs(1_700_000_000)));
    let (_folder, db) = database();
    db.migrate("log", &schema::STEPS[..3]).unwrap();
    let t = topics()[0].clone();
    let settings = Settings::new(t.clone(), Class::Sensitive).days(1);
    db.write(move |tx| schema::make(tx, &settings)).unwrap();
    db.write(|tx| {
        let headers = headers::encode(&Headers::default(), &[0, 0]);
        for n in 0..300i64 {
            tx.prepare_cached("INSERT INTO record VALUES(?1, ?2, ?2, ?3, ?4, NULL, ?5, ?6)")?.execute(params![
                1i64 << 40 | n,
                n,
                Uuid::from_u128(n as u128 + 1).as_bytes(),
                Uuid::nil().as_bytes(),
                headers,
                [n as u8; 10]
            ])?;
        }
        Ok(tx.execute("UPDATE head SET next = 300, records = 300, bytes = 3000, newest = 299", [])?)
    })
    .unwrap();
    let log = Sqlite::open(db, clock.clone()).unwrap();
    let landed = log.append((300..=400).map(|id| record(&t, id, 10)).collect()).unwrap();
    assert_eq!((landed[0].offset, landed[0].repeat, landed[0].received_at), (299, true, Time(299)), "it knows what it has");
    assert_eq!((landed[1].offset, landed[100].offset), (300, 399));
    let offsets = || log.read(&t, 0, 0, 1000, usize::MAX).unwrap().iter().map(Record::offset).collect::<Vec<_>>();
    assert_eq!(offsets(), (0..400).collect::<Vec<_>>());
    assert_eq!((log.offset_at(&t, 0, Time(123)).unwrap(), log.offset_at(&t, 0, clock.now()).unwrap()), (123, 300));
    assert_eq!(log.retain().unwrap(), 300, "all of the first table is from long ago");
    assert_eq!(offsets(), (300..400).collect::<Vec<_>>());
    assert_eq!(log.append(vec![record(&t, 5, 10)]).unwrap()[0].offset, 400, "what is gone may come again");
}
