use std::fs;
use std::sync::mpsc;

use super::*;
use crate::error::Kind;

const KEY: Key = Key::new([7; 32]);
const STEPS: &[&str] = &["CREATE TABLE t(x INTEGER PRIMARY KEY, y BLOB)"];

fn fresh() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("loom.db"), &KEY).unwrap();
    db.migrate("test", STEPS).unwrap();
    (folder, db)
}

fn insert(tx: &Transaction, x: i64) -> Result<()> {
    tx.execute("INSERT INTO t VALUES(?1, randomblob(3000))", [x])?;
    Ok(())
}

fn count(db: &Db) -> i64 {
    db.read(|c| Ok(c.query_row("SELECT count(*) FROM t", [], |r| r.get(0))?)).unwrap()
}

#[test]
fn what_was_written_is_read_after_a_reopen() {
    let (folder, db) = fresh();
    db.write(|tx| insert(tx, 1)).unwrap();
    drop(db);
    let db = Db::open(&folder.path().join("loom.db"), &KEY).unwrap();
    assert_eq!(count(&db), 1);
    let plain = fs::read(folder.path().join("loom.db")).unwrap();
    assert!(!plain.windows(6).any(|w| w == b"SQLite"), "the file is encrypted");
}

#[test]
fn the_promises_are_switched_on() {
    let (_folder, db) = fresh();
    let pragma =
        |name: &'static str| db.maintain(move |tx| Ok(tx.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0))?)).unwrap();
    assert_eq!(pragma("synchronous"), 2);
    assert_eq!(pragma("secure_delete"), 1);
    assert_eq!(pragma("auto_vacuum"), 2);
    assert_eq!(pragma("wal_autocheckpoint"), 0);
}

#[test]
fn a_wrong_key_is_named_and_harms_nothing() {
    let (folder, db) = fresh();
    db.write(|tx| insert(tx, 1)).unwrap();
    drop(db);
    let path = folder.path().join("loom.db");
    let before = fs::read(&path).unwrap();
    let e = Db::open(&path, &Key::new([8; 32])).err().unwrap();
    assert_eq!(e.kind, Kind::Stop);
    assert!(e.message().contains("key"), "{e}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(count(&Db::open(&path, &KEY).unwrap()), 1);
}

#[test]
fn a_failing_job_takes_nothing_of_the_others_back() {
    let (_folder, db) = fresh();
    let generation = db.generation().load(Ordering::SeqCst);
    let e = db.write(|tx| insert(tx, 1).and(Err::<(), _>(Error::invalid("no")))).unwrap_err();
    assert_eq!(e.kind, Kind::Invalid);
    assert_ne!(db.generation().load(Ordering::SeqCst), generation, "what was remembered is stale");
    // One job holds the writer until the others wait, so that they share a transaction.
    let (go, wait) = mpsc::channel::<()>();
    std::thread::scope(|s| {
        s.spawn(|| db.write(move |_| wait.recv().map_err(|_| Error::bug("nobody said go"))).unwrap());
        let jobs: Vec<_> = (0..20)
            .map(|x| {
                let db = db.clone();
                s.spawn(move || db.write(move |tx| insert(tx, x).and(if x % 2 == 0 { Ok(()) } else { Err(Error::invalid("no")) })))
            })
            .collect();
        go.send(()).unwrap();
        for (x, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.join().unwrap().is_ok(), x % 2 == 0);
        }
    });
    assert_eq!(count(&db), 10);
}

#[test]
fn a_panicking_job_answers_bug_and_the_writer_goes_on() {
    let (_folder, db) = fresh();
    let e = db.write(|tx| insert(tx, 1).map(|()| -> () { panic!("a job's own mistake") })).unwrap_err();
    assert_eq!(e.kind, Kind::Bug);
    db.write(|tx| insert(tx, 2)).unwrap();
    assert_eq!(count(&db), 1);
}

#[test]
fn a_panicking_read_gives_its_connection_back() {
    let (_folder, db) = fresh();
    for _ in 0..20 {
        let read = || db.read(|_| -> Result<()> { panic!("a reader's own mistake") });
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).is_err());
    }
    assert_eq!(count(&db), 0);
}

#[test]
fn a_disk_short_of_space_stops_intake_alone_and_recovers() {
    let (_folder, db) = fresh();
    db.keep_free(u64::MAX);
    let e = db.write(|tx| insert(tx, 1)).unwrap_err();
    assert_eq!(e.kind, Kind::Stop);
    assert!(e.message().contains("disk is full"), "{e}");
    db.maintain(|tx| insert(tx, 2)).unwrap();
    assert_eq!(count(&db), 1);
    db.keep_free(0);
    db.write(|tx| insert(tx, 3)).unwrap();
    assert_eq!(count(&db), 2);
}

#[test]
fn a_file_that_cannot_grow_loses_nothing_acknowledged() {
    let (_folder, db) = fresh();
    let limit = |n: i64| db.maintain(move |tx| Ok(tx.query_row(&format!("PRAGMA max_page_count = {n}"), [], |_| Ok(()))?)).unwrap();
    limit(40);
    let taken: Vec<i64> = (0..200).filter(|&x| db.write(move |tx| insert(tx, x)).is_ok()).collect();
    assert!(!taken.is_empty() && taken.len() < 200);
    let e = db.write(|tx| insert(tx, 999)).unwrap_err();
    assert_eq!((e.kind, e.message().contains("full")), (Kind::Stop, true));
    assert_eq!(count(&db), taken.len() as i64);
    limit(100_000);
    db.write(|tx| insert(tx, 999)).unwrap();
    assert_eq!(count(&db), taken.len() as i64 + 1);
}

#[test]
fn a_flipped_byte_is_found_and_the_file_kept() {
    let (folder, db) = fresh();
    for x in 0..200 {
        db.write(move |tx| insert(tx, x)).unwrap();
    }
    db.check().unwrap();
    drop(db);
    let path = folder.path().join("loom.db");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() * 3 / 4;
    bytes[at] ^= 1;
    fs::write(&path, &bytes).unwrap();

    let db = Db::open(&path, &KEY).unwrap();
    let read = |x: i64| db.read(|c| Ok(c.query_row("SELECT length(y) FROM t WHERE x = ?1", [x], |r| r.get::<_, i64>(0))?));
    let broken: Vec<Error> = (0..200).filter_map(|x| read(x).err()).collect();
    assert!(!broken.is_empty() && broken.len() < 10, "{} rows are lost", broken.len());
    for e in [&broken[0], &db.check().unwrap_err(), &db.write(|tx| insert(tx, 999)).unwrap_err()] {
        assert_eq!(e.kind, Kind::Stop);
        assert!(e.message().contains("damaged") && e.message().contains("backup"), "{e}");
    }
    assert_eq!(read(0).unwrap(), 3000, "reading goes on");
    drop(db);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_flipped_byte_in_the_first_page_is_found_at_once() {
    let (folder, db) = fresh();
    drop(db);
    let path = folder.path().join("loom.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[500] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let e = Db::open(&path, &KEY).err().unwrap();
    assert_eq!(e.kind, Kind::Stop);
    assert!(e.message().contains("backup"), "{e}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn steps_run_once_and_a_newer_file_is_left_alone() {
    let (_folder, db) = fresh();
    const MORE: &[&str] = &[STEPS[0], "ALTER TABLE t ADD COLUMN z"];
    db.migrate("test", MORE).unwrap();
    db.migrate("test", MORE).unwrap();
    db.migrate("other", &["CREATE TABLE o(x)"]).unwrap();
    let e = db.migrate("test", STEPS).unwrap_err();
    assert_eq!((e.kind, e.message().contains("newer")), (Kind::Stop, true));
}

#[test]
fn a_folder_where_the_file_should_be_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let e = Db::open(folder.path(), &KEY).err().unwrap();
    assert_eq!(e.kind, Kind::Stop);
}

#[test]
fn the_write_ahead_log_stays_short() {
    let (folder, db) = fresh();
    for x in 0..300 {
        db.write(move |tx| (0..80).try_for_each(|n| insert(tx, x * 80 + n))).unwrap();
    }
    let wal = fs::metadata(folder.path().join("loom.db-wal")).unwrap().len();
    assert!(wal < 64 << 20, "{wal} bytes");
    assert_eq!(count(&db), 24_000);
}

#[test]
fn tidying_that_fails_is_taken_back_and_the_writer_goes_on() {
    let (_folder, db) = fresh();
    db.tidy(|tx| insert(tx, 1)).unwrap();
    let e = db.tidy(|tx| insert(tx, 2).and(Err::<(), _>(Error::invalid("no")))).unwrap_err();
    assert_eq!(e.kind, Kind::Invalid);
    assert_eq!(db.tidy(|_| -> Result<()> { panic!("a job's own mistake") }).unwrap_err().kind, Kind::Bug);
    db.tidy(|tx| insert(tx, 3)).unwrap();
    assert_eq!(count(&db), 2);
    let synchronous = |tx: &Transaction| Ok(tx.query_row("PRAGMA synchronous", [], |r| r.get::<_, i64>(0))?);
    assert_eq!((db.tidy(synchronous).unwrap(), db.write(synchronous).unwrap()), (1, 2), "what is acknowledged is flushed");
}

#[test]
fn writers_and_tidiers_at_once_all_land() {
    let (_folder, db) = fresh();
    std::thread::scope(|s| {
        for t in 0..4 {
            let db = &db;
            s.spawn(move || {
                for n in 0..50 {
                    let x = t * 1000 + n;
                    let done = if t % 2 == 0 { db.write(move |tx| insert(tx, x)) } else { db.tidy(move |tx| insert(tx, x)) };
                    done.unwrap();
                }
            });
        }
    });
    assert_eq!(count(&db), 200);
}

#[test]
fn an_old_read_gives_way() {
    let (_folder, db) = fresh();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let e = std::thread::scope(|s| {
        let reading = s.spawn(|| db.read(|c| Ok(c.query_row(endless, [], |r| r.get::<_, i64>(0))?)));
        while !reading.is_finished() {
            db.0.shared.readers.interrupt_old();
            std::thread::yield_now();
        }
        reading.join().unwrap().unwrap_err()
    });
    assert_eq!(e.kind, Kind::Retry);
    assert_eq!(count(&db), 0, "its connection reads on");
}
