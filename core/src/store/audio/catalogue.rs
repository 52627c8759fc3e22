//! Which streams there are, and which file holds which of their samples: three tables of `loom.db`.

use std::collections::BTreeMap;

use loom_schemas::payload::{AudioChunk, AudioSource, SourceKind, StreamEnd};
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{FILE_SAMPLES, NewStream, StreamState};
use crate::db::Db;
use crate::env::Time;
use crate::error::{Error, Result};

/// Written to disk: fixed for ever.
const STEPS: &[&str] = &[
    "
    CREATE TABLE audio_stream(
        stream_id TEXT PRIMARY KEY,
        device_id BLOB NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        started_at INTEGER NOT NULL, -- microseconds since 1970
        sample_rate INTEGER NOT NULL,
        logged INTEGER NOT NULL,     -- samples that records name
        ended TEXT                   -- why, once it has
    ) WITHOUT ROWID;
    CREATE INDEX audio_unended ON audio_stream(stream_id) WHERE ended IS NULL;
    CREATE TABLE audio_range(
        stream_id TEXT NOT NULL,
        first_sample INTEGER NOT NULL,
        samples INTEGER,             -- null while it grows
        file TEXT NOT NULL,          -- below the audio folder
        format TEXT NOT NULL,
        PRIMARY KEY(stream_id, first_sample)
    ) WITHOUT ROWID;
    CREATE TABLE audio_followed(partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);
",
    "
    CREATE TABLE audio_hushed(stream_id TEXT PRIMARY KEY, upto INTEGER NOT NULL) WITHOUT ROWID; -- silence before this sample is gone
",
];

pub struct Catalogue(Db);

/// A run of samples in one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    pub first: u64,
    /// `None` while it grows: then the file's length tells.
    pub samples: Option<u64>,
    pub file: String,
}

impl Range {
    fn of(row: &Row) -> rusqlite::Result<Self> {
        let samples = row.get::<_, Option<i64>>(1)?;
        Ok(Self { first: row.get::<_, i64>(0)? as u64, samples: samples.map(|n| n as u64), file: row.get(2)? })
    }
}

const RANGE: &str = "SELECT first_sample, samples, file FROM audio_range";

impl Catalogue {
    pub fn open(db: &Db) -> Result<Self> {
        db.migrate("audio", STEPS)?;
        Ok(Self(db.clone()))
    }

    pub fn begin(&self, new: &NewStream) -> Result<()> {
        let (id, device, at) = (new.stream_id.clone(), *new.device_id.as_bytes(), new.started_at.micros());
        let (kind, name) = (word(&new.source.kind)?, new.source.name.clone());
        self.0.write(move |tx| {
            let sql = "INSERT INTO audio_stream VALUES(?1, ?2, ?3, ?4, ?5, 16000, 0, NULL) ON CONFLICT DO NOTHING";
            tx.execute(sql, params![id, device, kind, name, at])?;
            Ok(())
        })
    }

    /// `on_disk` is left at 0.
    pub fn stream(&self, stream_id: &str) -> Result<Option<StreamState>> {
        let sql = "SELECT device_id, kind, name, started_at, logged, ended FROM audio_stream WHERE stream_id = ?1";
        let row = self.0.read(|c| {
            let fields =
                |r: &Row| Ok((r.get::<_, [u8; 16]>(0)?, r.get::<_, String>(1)?, r.get(2)?, r.get(3)?, r.get::<_, i64>(4)?, r.get(5)?));
            Ok(c.prepare_cached(sql)?.query_row([stream_id], fields).optional()?)
        })?;
        let Some((device, kind, name, started_at, logged, ended)) = row else { return Ok(None) };
        let ended: Option<String> = ended;
        Ok(Some(StreamState {
            device_id: Uuid::from_bytes(device),
            source: AudioSource { kind: parse::<SourceKind>(kind)?, name },
            started_at: Time(started_at),
            on_disk: 0,
            logged: logged as u64,
            ended: ended.map(parse::<StreamEnd>).transpose()?,
        }))
    }

    /// The file that holds the samples from `first` on; `file` if none does yet.
    pub fn range_from(&self, stream_id: &str, first: u64, file: &str) -> Result<String> {
        let known = self.one(&format!("{RANGE} WHERE stream_id = ?1 AND first_sample = ?2"), stream_id, first)?;
        if let Some(range) = known {
            return Ok(range.file);
        }
        let (id, name) = (stream_id.to_owned(), file.to_owned());
        self.0.write(move |tx| {
            tx.execute("INSERT INTO audio_range VALUES(?1, ?2, NULL, ?3, 'pcm_s16le')", params![id, first as i64, name])?;
            Ok(())
        })?;
        Ok(file.to_owned())
    }

    pub fn range_at(&self, stream_id: &str, sample: u64) -> Result<Option<Range>> {
        self.one(&format!("{RANGE} WHERE stream_id = ?1 AND first_sample <= ?2 ORDER BY first_sample DESC LIMIT 1"), stream_id, sample)
    }

    pub fn last_range(&self, stream_id: &str) -> Result<Option<Range>> {
        self.range_at(stream_id, i64::MAX as u64)
    }

    fn one(&self, sql: &str, stream_id: &str, sample: u64) -> Result<Option<Range>> {
        self.0.read(|c| Ok(c.prepare_cached(sql)?.query_row(params![stream_id, sample as i64], Range::of).optional()?))
    }

    pub fn ranges(&self, stream_id: &str) -> Result<Vec<Range>> {
        let sql = format!("{RANGE} WHERE stream_id = ?1 ORDER BY first_sample");
        self.0.read(|c| Ok(c.prepare_cached(&sql)?.query_map([stream_id], Range::of)?.collect::<rusqlite::Result<_>>()?))
    }

    /// Streams of this kind that have not ended.
    pub fn unended_of(&self, kind: &SourceKind) -> Result<Vec<String>> {
        let sql = "SELECT stream_id FROM audio_stream WHERE ended IS NULL AND kind = ?1";
        let kind = word(kind)?;
        self.0.read(|c| Ok(c.prepare_cached(sql)?.query_map([kind], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?))
    }

    /// Streams of microphones whose silence is not all gone yet, and up to which sample it is.
    pub fn unhushed(&self) -> Result<Vec<(String, u64)>> {
        let sql = "SELECT stream_id, coalesce(upto, 0) FROM audio_stream s LEFT JOIN audio_hushed USING(stream_id)
                   WHERE kind = ?1 AND coalesce(upto, 0) < logged AND EXISTS(SELECT 1 FROM audio_range r WHERE r.stream_id = s.stream_id)";
        let pair = |r: &Row| Ok((r.get(0)?, r.get::<_, i64>(1)? as u64));
        let kind = word(&SourceKind::Microphone)?;
        self.0.read(|c| Ok(c.prepare_cached(sql)?.query_map([kind], pair)?.collect::<rusqlite::Result<_>>()?))
    }

    pub fn hushed(&self, stream_id: &str, upto: u64) -> Result<()> {
        let id = stream_id.to_owned();
        // Giving space back may use the reserve.
        self.0.maintain(move |tx| {
            tx.execute("INSERT OR REPLACE INTO audio_hushed VALUES(?1, ?2)", params![id, upto as i64])?;
            Ok(())
        })
    }

    /// Other streams that have not ended, and how many of their samples records name.
    pub fn unended(&self) -> Result<Vec<(String, u64)>> {
        let sql = "SELECT stream_id, logged FROM audio_stream WHERE ended IS NULL AND kind != 'microphone'";
        let pair = |r: &Row| Ok((r.get(0)?, r.get::<_, i64>(1)? as u64));
        self.0.read(|c| Ok(c.prepare_cached(sql)?.query_map([], pair)?.collect::<rusqlite::Result<_>>()?))
    }

    /// Files that grow no more, oldest samples first.
    pub fn finished(&self) -> Result<Vec<(String, Range)>> {
        let sql = "SELECT r.first_sample, r.samples, r.file, stream_id FROM audio_range r JOIN audio_stream s USING(stream_id)
                   WHERE r.samples IS NOT NULL ORDER BY s.started_at + r.first_sample * 125 / 2, stream_id, r.first_sample";
        self.0.read(|c| Ok(c.prepare_cached(sql)?.query_map([], |r| Ok((r.get(3)?, Range::of(r)?)))?.collect::<rusqlite::Result<_>>()?))
    }

    pub fn forget(&self, stream_id: &str, first: u64) -> Result<()> {
        let id = stream_id.to_owned();
        // Deleting gives space back: it may use the reserve.
        self.0.maintain(move |tx| {
            tx.execute("DELETE FROM audio_range WHERE stream_id = ?1 AND first_sample = ?2", params![id, first as i64])?;
            Ok(())
        })
    }

    pub fn close(&self, stream_id: &str, first: u64, samples: u64) -> Result<()> {
        let id = stream_id.to_owned();
        self.0.write(move |tx| {
            let sql = "UPDATE audio_range SET samples = ?3 WHERE stream_id = ?1 AND first_sample = ?2";
            tx.execute(sql, params![id, first as i64, samples as i64])?;
            Ok(())
        })
    }

    pub fn end(&self, stream_id: &str, samples: u64, end: StreamEnd) -> Result<()> {
        let (id, ended) = (stream_id.to_owned(), word(&end)?);
        self.0.write(move |tx| {
            tx.execute(
                "UPDATE audio_stream SET logged = max(logged, ?2), ended = ?3 WHERE stream_id = ?1",
                params![id, samples as i64, ended],
            )?;
            Ok(())
        })?;
        self.close_ended()
    }

    /// Files of streams that have ended grow no more.
    pub fn close_ended(&self) -> Result<()> {
        self.0.write(|tx| {
            let sql = "UPDATE audio_range SET samples = min(?1, max(0, s.logged - first_sample)) FROM audio_stream s
                       WHERE samples IS NULL AND s.stream_id = audio_range.stream_id AND s.ended IS NOT NULL";
            tx.execute(sql, [FILE_SAMPLES as i64])?;
            Ok(())
        })
    }

    /// The next offset of a partition of the log to look at.
    pub fn followed(&self, partition: u32) -> Result<u64> {
        let next = |r: &Row| r.get::<_, i64>(0);
        let sql = "SELECT next FROM audio_followed WHERE partition = ?1";
        self.0.read(|c| Ok(c.prepare_cached(sql)?.query_row([partition], next).optional()?.unwrap_or(0) as u64))
    }

    /// What records say of their streams, and how far the log was looked at.
    pub fn follow(&self, partition: u32, next: u64, chunks: Vec<AudioChunk>) -> Result<()> {
        let mut news: BTreeMap<String, (u64, Option<String>)> = BTreeMap::new();
        for c in chunks {
            let end = c.first_sample.saturating_add(u64::from(c.samples));
            let ended = c.end.map(|e| word(&e)).transpose()?;
            let of = news.entry(c.stream_id).or_default();
            *of = (of.0.max(end), ended.or(of.1.take()));
        }
        self.0.write(move |tx| {
            let mut update =
                tx.prepare_cached("UPDATE audio_stream SET logged = max(logged, ?2), ended = coalesce(ended, ?3) WHERE stream_id = ?1")?;
            for (id, (logged, ended)) in news {
                update.execute(params![id, logged as i64, ended])?;
            }
            let sql = "INSERT INTO audio_followed VALUES(?1, ?2) ON CONFLICT(partition) DO UPDATE SET next = excluded.next";
            tx.execute(sql, params![partition, next as i64])?;
            Ok(())
        })
    }
}

/// An enum of the payloads as the word it has there.
fn word<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(s)) => Ok(s),
        _ => Err(Error::bug("what should be a word is none")),
    }
}

fn parse<T: DeserializeOwned>(word: String) -> Result<T> {
    let newer = "the audio catalogue has a word that is not known: a newer Loom wrote it, update Loom";
    serde_json::from_value(serde_json::Value::String(word)).map_err(|e| Error::stop(newer).because(e))
}
