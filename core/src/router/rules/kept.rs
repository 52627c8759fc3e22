//! Rules and where newly read topics begin, in `loom.db`.

use loom_schemas::routing::RoutingRule;
use rusqlite::params;

use crate::bus::{Position, Positions, TopicName};
use crate::db::Db;
use crate::error::{Error, Result};

const STEPS: &[&str] = &["CREATE TABLE routing_rule(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE routing_since(topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY(topic, partition)) WITHOUT ROWID;"];

pub fn migrate(db: &Db) -> Result<()> {
    db.migrate("router", STEPS)
}

/// Ids and rules as they were written, by id.
pub fn all(db: &Db) -> Result<Vec<(String, String)>> {
    db.read(|c| {
        let mut rows = c.prepare_cached("SELECT id, body FROM routing_rule ORDER BY id")?;
        let all = rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        Ok(all)
    })
}

/// These rules and no others; where topics begin that are newly read, and which are read no more.
pub fn write<'a>(db: &Db, rules: impl Iterator<Item = &'a RoutingRule>, since: &Positions, unread: &[TopicName]) -> Result<()> {
    let body = |r: &RoutingRule| serde_json::to_string(r).map_err(|e| Error::bug("a rule does not serialise").because(e));
    let rows = rules.map(|r| Ok((r.id.clone(), body(r)?))).collect::<Result<Vec<_>>>()?;
    let (since, unread) = (since.clone(), unread.to_vec());
    db.write(move |tx| {
        tx.execute("DELETE FROM routing_rule", [])?;
        let mut put = tx.prepare_cached("INSERT INTO routing_rule(id, body) VALUES(?1, ?2)")?;
        for (id, body) in rows {
            put.execute(params![id, body])?;
        }
        let mut forget = tx.prepare_cached("DELETE FROM routing_since WHERE topic = ?1")?;
        for topic in unread {
            forget.execute([topic.as_str()])?;
        }
        let mut put = tx.prepare_cached("INSERT OR REPLACE INTO routing_since(topic, partition, next) VALUES(?1, ?2, ?3)")?;
        for (p, next) in since {
            put.execute(params![p.topic.as_str(), p.partition, next as i64])?;
        }
        Ok(())
    })
}

pub fn since(db: &Db) -> Result<Positions> {
    db.read(|c| {
        let mut s = c.prepare_cached("SELECT topic, partition, next FROM routing_since")?;
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
    db.write(move |tx| {
        let mut forget = tx.prepare_cached("DELETE FROM routing_since WHERE topic = ?1")?;
        for topic in topics {
            forget.execute([topic.as_str()])?;
        }
        Ok(())
    })
}
