//! Rules, where newly read topics begin, and the secret, in `loom.db`.

use loom_schemas::dedup::DedupRule;
use rusqlite::{OptionalExtension, params};

use crate::bus::{Position, Positions, TopicName};
use crate::db::Db;
use crate::error::{Error, Result};

const STEPS: &[&str] = &["CREATE TABLE dedup_rule(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE dedup_since(topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY(topic, partition)) WITHOUT ROWID;
     -- One row. shipped: whether the rules that a new Loom has were written.
     CREATE TABLE dedup_own(id INTEGER PRIMARY KEY CHECK(id = 1), salt BLOB NOT NULL, shipped INTEGER NOT NULL);"];

pub fn migrate(db: &Db) -> Result<()> {
    db.migrate("dedup", STEPS)
}

/// The secret: the one there is, or this one from now on.
pub fn salt(db: &Db, new: [u8; 32]) -> Result<[u8; 32]> {
    db.maintain(move |tx| {
        tx.execute("INSERT OR IGNORE INTO dedup_own(id, salt, shipped) VALUES(1, ?1, 0)", [new.as_slice()])?;
        let salt: Vec<u8> = tx.query_row("SELECT salt FROM dedup_own", [], |r| r.get(0))?;
        salt.try_into().map_err(|_| Error::stop("the secret of deduplication is damaged"))
    })
}

pub fn is_new(db: &Db) -> Result<bool> {
    db.read(|c| Ok(c.query_row("SELECT shipped FROM dedup_own", [], |r| r.get::<_, i64>(0)).optional()?.unwrap_or(0) == 0))
}

/// Ids and rules as they were written, by id.
pub fn all(db: &Db) -> Result<Vec<(String, String)>> {
    db.read(|c| {
        let mut rows = c.prepare_cached("SELECT id, body FROM dedup_rule ORDER BY id")?;
        let all = rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        Ok(all)
    })
}

/// These rules and no others; where topics begin that are newly read, and which are read no more.
pub fn write<'a>(db: &Db, rules: impl Iterator<Item = &'a DedupRule>, since: &Positions, unread: &[TopicName]) -> Result<()> {
    let body = |r: &DedupRule| serde_json::to_string(r).map_err(|e| Error::bug("a rule does not serialise").because(e));
    let rows = rules.map(|r| Ok((r.id.clone(), body(r)?))).collect::<Result<Vec<_>>>()?;
    let (since, unread) = (since.clone(), unread.to_vec());
    db.maintain(move |tx| {
        tx.execute("UPDATE dedup_own SET shipped = 1", [])?;
        tx.execute("DELETE FROM dedup_rule", [])?;
        let mut put = tx.prepare_cached("INSERT INTO dedup_rule(id, body) VALUES(?1, ?2)")?;
        for (id, body) in rows {
            put.execute(params![id, body])?;
        }
        let mut forget = tx.prepare_cached("DELETE FROM dedup_since WHERE topic = ?1")?;
        for topic in unread {
            forget.execute([topic.as_str()])?;
        }
        let mut put = tx.prepare_cached("INSERT OR REPLACE INTO dedup_since(topic, partition, next) VALUES(?1, ?2, ?3)")?;
        for (p, next) in since {
            put.execute(params![p.topic.as_str(), p.partition, next as i64])?;
        }
        Ok(())
    })
}

pub fn since(db: &Db) -> Result<Positions> {
    db.read(|c| {
        let mut s = c.prepare_cached("SELECT topic, partition, next FROM dedup_since")?;
        let mut rows = s.query([])?;
        let mut found = Positions::new();
        while let Some(r) = rows.next()? {
            let topic = TopicName::parse(&r.get::<_, String>(0)?)?;
            found.insert(Position { topic, partition: r.get(1)? }, r.get::<_, i64>(2)? as u64);
        }
        Ok(found)
    })
}

pub fn forget_since(db: &Db, topics: &[TopicName]) -> Result<()> {
    let topics = topics.to_vec();
    db.maintain(move |tx| {
        let mut forget = tx.prepare_cached("DELETE FROM dedup_since WHERE topic = ?1")?;
        topics.iter().try_for_each(|topic| forget.execute([topic.as_str()]).map(drop))?;
        Ok(())
    })
}
