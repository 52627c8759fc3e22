//! Consumer groups on disk: joining, committing, seeking, and what each group looks like.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::bus::{Commit, GroupState, Join, Member, Membership, Position, Positions, TopicName};
use crate::env::Time;
use crate::error::{Error, Result};

pub(super) fn join(tx: &Transaction, j: &Join, now: Time) -> Result<Membership> {
    let topics = serde_json::to_string(&j.topics).map_err(|e| Error::bug("topic names do not serialise").because(e))?;
    let (epoch, tick): (i64, Option<i64>) = tx
        .prepare_cached(
            "INSERT INTO consumer_group(name, epoch, topics, member, host, joined_at, heartbeat) VALUES(?1, 1, ?2, ?3, ?4, ?5, ?5)
             ON CONFLICT(name) DO UPDATE SET epoch = epoch + 1, topics = ?2, member = ?3, host = ?4, joined_at = ?5, heartbeat = ?5
             RETURNING epoch, tick",
        )?
        .query_row(params![j.group, topics, j.member, j.host, now.0], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let mut state = tx.prepare_cached("SELECT revision, state FROM group_state WHERE name = ?1")?;
    Ok(Membership {
        group: j.group.clone(),
        member: j.member.clone(),
        epoch: epoch as u64,
        positions: positions(tx, &j.group)?,
        state: state.query_row([&j.group], |r| Ok((r.get(0)?, r.get(1)?))).optional()?,
        tick: tick.map(Time),
    })
}

/// The member's end, if it is still the member.
pub(super) fn leave(tx: &Transaction, m: &Membership) -> Result<()> {
    require_epoch(tx, &m.group, m.epoch)?;
    tx.prepare_cached("UPDATE consumer_group SET member = NULL WHERE name = ?1")?.execute([&m.group])?;
    Ok(())
}

/// Stops whoever is no longer the member.
pub(super) fn require_epoch(c: &Connection, group: &str, epoch: u64) -> Result<()> {
    let mut s = c.prepare_cached("SELECT epoch FROM consumer_group WHERE name = ?1")?;
    match s.query_row([group], |r| r.get::<_, i64>(0)).optional()? {
        Some(e) if e as u64 == epoch => Ok(()),
        Some(_) => Err(fenced(group)),
        None => Err(Error::stop("the group is gone")),
    }
}

pub(super) fn fenced(group: &str) -> Error {
    Error::stop(format!("another member of {group} took over"))
}

/// Whether the group stands where the commit believes; before anything is changed.
pub(super) fn compare(tx: &Transaction, c: &Commit) -> Result<()> {
    require_epoch(tx, &c.group, c.epoch)?;
    let mut s = tx.prepare_cached("SELECT next FROM group_position WHERE name = ?1 AND topic = ?2 AND partition = ?3")?;
    for (p, from) in &c.from {
        let stands = s.query_row(params![c.group, p.topic.as_str(), p.partition], |r| r.get::<_, i64>(0)).optional()?.unwrap_or(0);
        if stands as u64 != *from {
            return Err(fenced(&c.group));
        }
    }
    Ok(())
}

/// Offsets, state and tick of a commit.
pub(super) fn set(tx: &Transaction, c: &Commit, now: Time) -> Result<()> {
    put_positions(tx, &c.group, &c.to)?;
    if let Some((revision, state)) = &c.state {
        tx.prepare_cached("INSERT OR REPLACE INTO group_state(name, revision, state) VALUES(?1, ?2, ?3)")?
            .execute(params![c.group, revision, state])?;
    }
    tx.prepare_cached("UPDATE consumer_group SET tick = coalesce(?2, tick), last_commit = ?3 WHERE name = ?1")?.execute(params![
        c.group,
        c.tick.map(|t| t.0),
        now.0
    ])?;
    Ok(())
}

/// Moves a group and forgets its state, rows and tick; whoever holds the old positions is fenced.
pub(super) fn seek(tx: &Transaction, group: &str, positions: &Positions) -> Result<()> {
    let moved = tx.prepare_cached("UPDATE consumer_group SET epoch = epoch + 1, tick = NULL WHERE name = ?1")?.execute([group])?;
    if moved == 0 {
        return Err(Error::invalid("there is no such group: list the groups to see their names"));
    }
    tx.prepare_cached("DELETE FROM group_state WHERE name = ?1")?.execute([group])?;
    super::rows::abandon(tx, group)?;
    put_positions(tx, group, positions)
}

fn put_positions(tx: &Transaction, group: &str, positions: &Positions) -> Result<()> {
    let mut s = tx.prepare_cached("INSERT OR REPLACE INTO group_position(name, topic, partition, next) VALUES(?1, ?2, ?3, ?4)")?;
    for (p, next) in positions {
        s.execute(params![group, p.topic.as_str(), p.partition, (*next).min(i64::MAX as u64) as i64])?;
    }
    Ok(())
}

fn positions(c: &Connection, group: &str) -> Result<Positions> {
    let mut s = c.prepare_cached("SELECT topic, partition, next FROM group_position WHERE name = ?1")?;
    let mut rows = s.query([group])?;
    let mut found = Positions::new();
    while let Some(r) = rows.next()? {
        let topic = TopicName::parse(&r.get::<_, String>(0)?)?;
        found.insert(Position { topic, partition: r.get(1)? }, r.get::<_, i64>(2)? as u64);
    }
    Ok(found)
}

/// A group as the disk has it, with its epoch: the member's last heartbeat is as old as the last time it was written.
pub(super) struct Stored {
    pub epoch: u64,
    pub state: GroupState,
}

pub(super) fn all(c: &Connection) -> Result<Vec<Stored>> {
    let mut s =
        c.prepare_cached("SELECT name, epoch, topics, member, host, joined_at, heartbeat, last_commit FROM consumer_group ORDER BY name")?;
    let mut rows = s.query([])?;
    let mut found = Vec::new();
    while let Some(r) = rows.next()? {
        found.push(stored(c, r)?);
    }
    Ok(found)
}

fn stored(c: &Connection, r: &Row) -> Result<Stored> {
    let group: String = r.get(0)?;
    let topics: Vec<TopicName> =
        serde_json::from_str(&r.get::<_, String>(2)?).map_err(|e| Error::bug("a group's topics cannot be read").because(e))?;
    let member = match r.get::<_, Option<String>>(3)? {
        Some(id) => Some(Member { id, host: r.get(4)?, joined_at: Time(r.get(5)?), last_heartbeat: Time(r.get(6)?) }),
        None => None,
    };
    let committed = positions(c, &group)?;
    let lag = lag(c, &topics, &committed)?;
    let last_commit = r.get::<_, Option<i64>>(7)?.map(Time);
    let members = member.into_iter().collect();
    Ok(Stored { epoch: r.get::<_, i64>(1)? as u64, state: GroupState { group, members, topics, committed, lag, last_commit } })
}

/// From the heads alone: no record is touched.
fn lag(c: &Connection, topics: &[TopicName], committed: &Positions) -> Result<BTreeMap<Position, u64>> {
    let mut s = c.prepare_cached(
        "SELECT p.partition, h.low, h.next FROM topic_partition p JOIN head h ON h.topic_partition = p.id WHERE p.topic = ?1",
    )?;
    let mut lag = BTreeMap::new();
    for topic in topics {
        let mut rows = s.query([topic.as_str()])?;
        while let Some(r) = rows.next()? {
            let at = Position { topic: topic.clone(), partition: r.get(0)? };
            let (low, next) = (r.get::<_, i64>(1)? as u64, r.get::<_, i64>(2)? as u64);
            let from = committed.get(&at).copied().unwrap_or(0).max(low);
            lag.insert(at, next.saturating_sub(from));
        }
    }
    Ok(lag)
}
