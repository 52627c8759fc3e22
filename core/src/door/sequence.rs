//! Which numbers of a stream came: sources that retry for longer than the log keeps a record's id (phones, files) number
//! what they send. The highest of each stream is kept for ever, with the numbers below it that never came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use crate::db::Db;
use crate::error::{Error, Result};

/// Written to disk: fixed for ever. `missing` is a JSON array of [first, last].
const STEPS: &[&str] = &["CREATE TABLE door_stream(
    device BLOB NOT NULL, stream TEXT NOT NULL, highest INTEGER NOT NULL, missing TEXT NOT NULL, PRIMARY KEY(device, stream)) WITHOUT ROWID"];
/// Runs of missing numbers that are remembered; beyond it the lowest count as come.
const MOST_GAPS: usize = 64;
/// Streams kept in memory; the rest is read again.
const MOST_STREAMS: usize = 4096;

/// The numbers of one stream that came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    highest: Option<u64>,
    /// First and last of each run below `highest` that did not come, in order.
    missing: Vec<(u64, u64)>,
}

impl Marks {
    pub fn has(&self, n: u64) -> bool {
        self.highest.is_some_and(|h| n <= h) && !self.missing.iter().any(|(a, b)| (*a..=*b).contains(&n))
    }

    pub fn note(&mut self, n: u64) {
        let from = self.highest.map_or(0, |h| h.saturating_add(1));
        if self.highest.is_none_or(|h| n > h) {
            if n > from {
                self.missing.push((from, n - 1));
            }
            self.highest = Some(n);
        } else if let Some(i) = self.missing.iter().position(|(a, b)| (*a..=*b).contains(&n)) {
            let (a, b) = self.missing.remove(i);
            if n < b {
                self.missing.insert(i, (n + 1, b));
            }
            if a < n {
                self.missing.insert(i, (a, n - 1));
            }
        }
        let over = self.missing.len().saturating_sub(MOST_GAPS);
        self.missing.drain(..over);
    }
}

type Name = (Uuid, String);

/// The streams of every device.
pub struct Sequences {
    db: Db,
    known: Mutex<HashMap<Name, Marks>>,
}

impl Sequences {
    pub fn open(db: &Db) -> Result<Arc<Self>> {
        db.migrate("door", STEPS)?;
        Ok(Arc::new(Self { db: db.clone(), known: Mutex::default() }))
    }

    /// Whether this number of the stream came before.
    pub fn has(&self, device: Uuid, stream: &str, n: u64) -> Result<bool> {
        let name = (device, stream.to_owned());
        if let Some(marks) = self.lock().get(&name) {
            return Ok(marks.has(n));
        }
        let marks = self.db.read(|c| {
            let sql = "SELECT highest, missing FROM door_stream WHERE device = ?1 AND stream = ?2";
            let row = |r: &rusqlite::Row| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?));
            Ok(c.prepare_cached(sql)?.query_row(params![name.0.as_bytes(), name.1], row).optional()?)
        })?;
        let damaged = |e| Error::bug("what is known of a stream's numbers cannot be read").because(e);
        let marks = match marks {
            Some((highest, missing)) => Marks { highest: Some(highest as u64), missing: serde_json::from_str(&missing).map_err(damaged)? },
            None => Marks::default(),
        };
        let mut known = self.lock();
        if known.len() >= MOST_STREAMS {
            known.clear();
        }
        Ok(known.entry(name).or_insert(marks).has(n))
    }

    /// Notes what came, once it is on the log. What power loss takes back here, the log's own ids still know.
    pub fn note(&self, came: &[(Uuid, String, u64)]) -> Result<()> {
        let mut rows: Vec<(Name, Marks)> = Vec::new();
        for (device, stream, n) in came {
            // It may have been dropped from memory since.
            self.has(*device, stream, *n)?;
            let name = (*device, stream.clone());
            let mut known = self.lock();
            let marks = known.entry(name.clone()).or_default();
            marks.note(*n);
            rows.retain(|(other, _)| *other != name);
            rows.push((name, marks.clone()));
        }
        self.db.tidy(move |tx| {
            let mut upsert = tx.prepare_cached("INSERT OR REPLACE INTO door_stream VALUES(?1, ?2, ?3, ?4)")?;
            for ((device, stream), marks) in rows {
                let missing = serde_json::to_string(&marks.missing).unwrap_or_default();
                upsert.execute(params![device.as_bytes(), stream, marks.highest.unwrap_or_default() as i64, missing])?;
            }
            Ok(())
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Marks>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Key;
    use crate::env::Seeded;

    #[test]
    fn numbers_in_any_order_are_each_new_once() {
        let chance = Seeded::new(3);
        for _ in 0..50 {
            let (mut marks, mut came) = (Marks::default(), std::collections::BTreeSet::new());
            for _ in 0..200 {
                let n = chance.below(60);
                assert_eq!(marks.has(n), came.contains(&n), "{n} of {came:?}: {marks:?}");
                marks.note(n);
                came.insert(n);
            }
        }
    }

    #[test]
    fn memory_is_bounded_whatever_is_left_out() {
        let mut marks = Marks::default();
        (0..10_000).for_each(|n| marks.note(n * 2));
        marks.note(u64::MAX);
        assert_eq!(marks.missing.len(), MOST_GAPS);
        assert!(marks.has(0) && marks.has(19_998) && !marks.has(19_997));
    }

    #[test]
    fn they_are_kept_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("loom.db"), &Key::new([1; 32])).unwrap();
        let phone = Uuid::from_u128(7);
        let note = |s: &Sequences, n| s.note(&[(phone, "gps".into(), n)]).unwrap();
        let first = Sequences::open(&db).unwrap();
        note(&first, 0);
        note(&first, 3);
        let again = Sequences::open(&db).unwrap();
        assert_eq!([0, 1, 2, 3, 4].map(|n| again.has(phone, "gps", n).unwrap()), [true, false, false, true, false]);
        assert!(!again.has(phone, "other", 0).unwrap() && !again.has(Uuid::nil(), "gps", 0).unwrap());
    }
}
