//! A group's rows on disk. They belong to a number rather than to a name: a group that was moved begins under another one,
//! and what lay under the first is taken away by and by.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Sqlite, groups};
use crate::bus::{Row, RowChanges, RowCount};
use crate::env::Time;
use crate::error::Result;

/// Rows a transaction that tidies up.
const ROWS_A_STEP: usize = 1_000;

/// What is known of a group's rows without counting them.
struct Owner {
    id: i64,
    count: RowCount,
    past: Time,
}

const OWNER: &str = "SELECT id, rows, bytes, expired, crowded_out, past FROM row_owner";

fn owner(r: &rusqlite::Row) -> rusqlite::Result<Owner> {
    let n = |i| r.get::<_, i64>(i).map(|n| n as u64);
    let count = RowCount { rows: n(1)?, bytes: n(2)?, expired: n(3)?, crowded_out: n(4)? };
    Ok(Owner { id: r.get(0)?, count, past: Time(r.get(5)?) })
}

fn find(c: &Connection, group: &str) -> Result<Option<Owner>> {
    Ok(c.prepare_cached(&format!("{OWNER} WHERE name = ?1"))?.query_row([group], owner).optional()?)
}

/// A commit's changes, in its transaction.
pub(super) fn change(tx: &Transaction, group: &str, changes: &RowChanges) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut owner = match find(tx, group)? {
        Some(owner) => owner,
        None if changes.put.is_empty() => return Ok(()),
        None => make(tx, group)?,
    };
    changes.removed.iter().try_for_each(|key| owner.take(tx, key))?;
    changes.put.iter().try_for_each(|row| owner.put(tx, row))?;
    if let Some(past) = changes.past {
        owner.past = owner.past.max(past);
        owner.count.expired += owner.expire(tx, owner.past, changes.step())?;
    }
    let crowd = owner.count.rows.saturating_sub(changes.most_rows);
    if crowd > 0 {
        let gone = owner.expire(tx, Time(i64::MAX), crowd as usize)?;
        owner.count.note_crowd(group, gone);
    }
    owner.write(tx)
}

fn make(tx: &Connection, group: &str) -> Result<Owner> {
    tx.prepare_cached("INSERT INTO row_owner(name) VALUES(?1)")?.execute([group])?;
    Ok(Owner { id: tx.last_insert_rowid(), count: RowCount::default(), past: Time(0) })
}

impl Owner {
    fn put(&mut self, tx: &Connection, row: &Row) -> Result<()> {
        let mut insert = tx.prepare_cached("INSERT OR IGNORE INTO group_row(owner, key, expires, value) VALUES(?1, ?2, ?3, ?4)")?;
        let id = self.id;
        let mut insert = || insert.execute(params![id, row.key, row.expires.0, row.value]);
        if insert()? == 0 {
            self.take(tx, &row.key)?;
            insert()?;
        }
        self.count.rows += 1;
        self.count.bytes += (row.key.len() + row.value.len()) as u64;
        Ok(())
    }

    fn take(&mut self, tx: &Connection, key: &[u8]) -> Result<()> {
        let mut delete = tx.prepare_cached("DELETE FROM group_row WHERE owner = ?1 AND key = ?2 RETURNING length(value)")?;
        if let Some(value) = delete.query_row(params![self.id, key], |r| r.get::<_, i64>(0)).optional()? {
            self.count.rows -= 1;
            self.count.bytes = self.count.bytes.saturating_sub(key.len() as u64 + value as u64);
        }
        Ok(())
    }

    /// Takes at most so many rows away that expire before a time, the first to expire first; how many went.
    fn expire(&mut self, tx: &Connection, before: Time, most: usize) -> Result<u64> {
        let mut due = tx.prepare_cached("SELECT key FROM group_row WHERE owner = ?1 AND expires < ?2 ORDER BY expires LIMIT ?3")?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let keys = due.query_map(params![self.id, before.0, most], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
        keys.iter().try_for_each(|key| self.take(tx, key))?;
        Ok(keys.len() as u64)
    }

    fn write(&self, tx: &Connection) -> Result<()> {
        let mut update =
            tx.prepare_cached("UPDATE row_owner SET rows = ?2, bytes = ?3, expired = ?4, crowded_out = ?5, past = ?6 WHERE id = ?1")?;
        let c = &self.count;
        update.execute(params![self.id, c.rows as i64, c.bytes as i64, c.expired as i64, c.crowded_out as i64, self.past.0])?;
        Ok(())
    }
}

/// Leaves a group's rows to nobody; they are tidied away in steps.
pub(super) fn abandon(tx: &Transaction, group: &str) -> Result<()> {
    tx.prepare_cached("UPDATE row_owner SET name = NULL WHERE name = ?1")?.execute([group])?;
    Ok(())
}

pub(super) fn get(c: &Connection, group: &str, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
    let Some(owner) = find(c, group)? else { return Ok(vec![None; keys.len()]) };
    let mut s = c.prepare_cached("SELECT value FROM group_row WHERE owner = ?1 AND key = ?2")?;
    keys.iter().map(|key| Ok(s.query_row(params![owner.id, key], |r| r.get(0)).optional()?)).collect()
}

pub(super) fn from(c: &Connection, group: &str, prefix: &[u8], after: Option<&[u8]>, most: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let Some(owner) = find(c, group)? else { return Ok(Vec::new()) };
    let after = after.filter(|a| *a >= prefix);
    let mut s = c.prepare_cached(
        "SELECT key, value FROM group_row WHERE owner = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?3) ORDER BY key LIMIT ?4",
    )?;
    let mut rows = s.query(params![owner.id, after.unwrap_or(prefix), after, i64::try_from(most).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(r) = rows.next()? {
        let key: Vec<u8> = r.get(0)?;
        if !key.starts_with(prefix) {
            break;
        }
        found.push((key, r.get(1)?));
    }
    Ok(found)
}

pub(super) fn count(c: &Connection, group: &str) -> Result<RowCount> {
    Ok(find(c, group)?.map_or_else(RowCount::default, |o| o.count))
}

/// Takes away, in steps, what nobody has any more, and what expired of groups that have nothing left to read: the others'
/// commits do it as they go on.
pub(super) fn tidy(log: &Sqlite) -> Result<()> {
    let watermark = log.stamps.watermark();
    let groups = log.db.read(groups::all)?;
    let idle = groups.into_iter().map(|g| g.state).filter(|g| g.total_lag() == 0).map(|g| g.group);
    for group in idle.map(Some).chain([None]) {
        while {
            let group = group.clone();
            log.db.tidy(move |tx| step(tx, group.as_deref(), watermark))?
        } {}
    }
    Ok(())
}

/// Whether there may be more.
fn step(tx: &Transaction, group: Option<&str>, past: Time) -> Result<bool> {
    let found = match group {
        Some(group) => find(tx, group)?,
        None => tx.prepare_cached(&format!("{OWNER} WHERE name IS NULL LIMIT 1"))?.query_row([], owner).optional()?,
    };
    let Some(mut owner) = found else { return Ok(false) };
    let before = if group.is_some() { past } else { Time(i64::MAX) };
    let gone = owner.expire(tx, before, ROWS_A_STEP)?;
    if group.is_none() && gone == 0 {
        tx.prepare_cached("DELETE FROM row_owner WHERE id = ?1")?.execute([owner.id])?;
        return Ok(true);
    }
    owner.count.expired += gone;
    owner.write(tx)?;
    Ok(gone as usize == ROWS_A_STEP)
}
