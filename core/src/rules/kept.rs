//! Rules and where newly read topics begin, in two tables of `loom.db` that a room makes: `<tables>_rule(id, body)` and
//! `<tables>_since(topic, partition, next)`. Changes may use the space kept in reserve: a rule that fills the disk can be
//! taken out.

use rusqlite::{Transaction, params};

use super::{All, Engine};
use crate::bus::{Position, Positions, TopicName};
use crate::db::Db;
use crate::error::{Error, Result};

/// Ids and rules as they were written, by id.
pub fn all<E: Engine>(db: &Db) -> Result<Vec<(String, String)>> {
    db.read(|c| {
        let mut rows = c.prepare_cached(&format!("SELECT id, body FROM {}_rule ORDER BY id", E::TABLES))?;
        let all = rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        Ok(all)
    })
}

/// These rules and no others; where topics begin that are newly read, and which are read no more.
pub fn write<E: Engine>(db: &Db, rules: &All<E>, since: Positions, unread: Vec<TopicName>) -> Result<()> {
    let body = |r: &E::Rule| serde_json::to_string(r).map_err(|e| Error::bug("a rule does not serialise").because(e));
    let rows = rules.iter().map(|(id, r)| Ok((id.clone(), body(E::rule(r))?))).collect::<Result<Vec<_>>>()?;
    let tables = E::TABLES;
    db.maintain(move |tx| {
        tx.execute(&format!("DELETE FROM {tables}_rule"), [])?;
        let mut put = tx.prepare_cached(&format!("INSERT INTO {tables}_rule(id, body) VALUES(?1, ?2)"))?;
        for (id, body) in rows {
            put.execute(params![id, body])?;
        }
        forget(tx, tables, &unread)?;
        let sql = format!("INSERT OR REPLACE INTO {tables}_since(topic, partition, next) VALUES(?1, ?2, ?3)");
        let mut put = tx.prepare_cached(&sql)?;
        for (p, next) in since {
            put.execute(params![p.topic.as_str(), p.partition, next as i64])?;
        }
        Ok(())
    })
}

pub fn since<E: Engine>(db: &Db) -> Result<Positions> {
    db.read(|c| {
        let mut s = c.prepare_cached(&format!("SELECT topic, partition, next FROM {}_since", E::TABLES))?;
        let mut rows = s.query([])?;
        let mut found = Positions::new();
        while let Some(r) = rows.next()? {
            let topic = TopicName::parse(&r.get::<_, String>(0)?)?;
            found.insert(Position { topic, partition: r.get(1)? }, r.get::<_, i64>(2)? as u64);
        }
        Ok(found)
    })
}

pub fn forget_since<E: Engine>(db: &Db, topics: &[TopicName]) -> Result<()> {
    let topics = topics.to_vec();
    db.maintain(move |tx| forget(tx, E::TABLES, &topics))
}

fn forget(tx: &Transaction, tables: &str, topics: &[TopicName]) -> Result<()> {
    let mut forget = tx.prepare_cached(&format!("DELETE FROM {tables}_since WHERE topic = ?1"))?;
    topics.iter().try_for_each(|topic| forget.execute([topic.as_str()]).map(drop))?;
    Ok(())
}
