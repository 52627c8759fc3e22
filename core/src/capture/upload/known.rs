//! Pieces that came, so that one sent again lands where it did.

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use crate::db::Db;
use crate::door::sound::Heard;
use crate::env::Time;
use crate::error::Result;

/// Written to disk: fixed for ever.
const STEPS: &[&str] = &["CREATE TABLE upload_piece(
    key BLOB PRIMARY KEY, message_id BLOB NOT NULL, at_offset INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX upload_piece_at ON upload_piece(at);"];
/// Days that a piece is known for: longer than any phone keeps one to send it again.
const DAYS: f64 = 30.0;
/// Pieces forgotten at once.
const FORGET_ROWS: usize = 500;

pub struct Known(Db);

impl Known {
    pub fn open(db: &Db) -> Result<Self> {
        db.migrate("upload", STEPS)?;
        Ok(Self(db.clone()))
    }

    /// Where a piece landed, as a repeat.
    pub fn find(&self, key: &[u8; 16]) -> Result<Option<Heard>> {
        self.0.read(|c| {
            let landed = |r: &rusqlite::Row| {
                Ok(Heard::Landed { message_id: Uuid::from_bytes(r.get(0)?), offset: r.get::<_, i64>(1)? as u64, repeat: true })
            };
            let sql = "SELECT message_id, at_offset FROM upload_piece WHERE key = ?1";
            Ok(c.prepare_cached(sql)?.query_row([key], landed).optional()?)
        })
    }

    /// Once it is on the log. A crash before this is no harm: its records' ids are made of the same key.
    pub fn remember(&self, key: &[u8; 16], heard: &Heard, now: Time) -> Result<()> {
        let Heard::Landed { message_id, offset, .. } = heard else { return Ok(()) };
        let (key, id, offset) = (*key, *message_id.as_bytes(), *offset as i64);
        self.0.tidy(move |tx| {
            let sql = "INSERT OR REPLACE INTO upload_piece VALUES(?1, ?2, ?3, ?4)";
            tx.prepare_cached(sql)?.execute(params![key, id, offset, now.micros()])?;
            Ok(())
        })
    }

    /// Lets go of what nobody sends again.
    pub fn forget(&self, now: Time) -> Result<()> {
        let before = now.plus(-DAYS * 86_400.0).micros();
        let old = self.0.read(|c| {
            let sql = "SELECT 1 FROM upload_piece WHERE at < ?1 LIMIT 1";
            Ok(c.prepare_cached(sql)?.query_row([before], |_| Ok(())).optional()?.is_some())
        })?;
        if !old {
            return Ok(());
        }
        self.0.tidy(move |tx| {
            let sql = "DELETE FROM upload_piece WHERE key IN (SELECT key FROM upload_piece WHERE at < ?1 ORDER BY at LIMIT ?2)";
            tx.prepare_cached(sql)?.execute(params![before, FORGET_ROWS as i64])?;
            Ok(())
        })
    }
}
