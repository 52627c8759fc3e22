//! Who lives: heartbeats are kept in memory and written now and then, since each write costs a flush of the disk.

use std::collections::HashMap;
use std::sync::Mutex;

use rusqlite::{Transaction, params};

use super::groups::Stored;
use super::lock;
use crate::bus::Membership;
use crate::bus::group::MEMBER_TIMEOUT_SECONDS;
use crate::env::Time;
use crate::error::Result;

/// Heartbeats are written when the oldest unwritten one is older: another process sees a member at most this late.
const WRITTEN_EVERY_SECONDS: f64 = MEMBER_TIMEOUT_SECONDS / 2.0;

#[derive(Clone, Copy)]
struct Life {
    epoch: u64,
    last: Time,
}

#[derive(Default)]
struct Inner {
    lives: HashMap<String, Life>,
    written: Time,
}

#[derive(Default)]
pub(super) struct Living(Mutex<Inner>);

/// What a heartbeat found.
pub(super) enum Pulse {
    /// It lives, and these heartbeats are due to be written.
    Alive(Vec<Beat>),
    Fenced,
    /// This instance has not seen it join.
    Unknown,
}

/// A heartbeat to write: group, epoch, when.
pub(super) type Beat = (String, u64, Time);

impl Living {
    pub fn joined(&self, m: &Membership, now: Time) {
        lock(&self.0).lives.insert(m.group.clone(), Life { epoch: m.epoch, last: now });
    }

    pub fn left(&self, group: &str) {
        lock(&self.0).lives.remove(group);
    }

    pub fn beat(&self, m: &Membership, now: Time) -> Pulse {
        let mut s = lock(&self.0);
        match s.lives.get_mut(&m.group) {
            None => return Pulse::Unknown,
            Some(life) if life.epoch != m.epoch => return Pulse::Fenced,
            Some(life) => life.last = now,
        }
        if s.written.plus(WRITTEN_EVERY_SECONDS) > now {
            return Pulse::Alive(Vec::new());
        }
        s.written = now;
        Pulse::Alive(s.lives.iter().map(|(group, l)| (group.clone(), l.epoch, l.last)).collect())
    }

    /// Takes out members that are gone, by the newer of what is remembered and what is on disk.
    pub fn bury(&self, g: &mut Stored, now: Time) {
        let lives = lock(&self.0);
        let known = lives.lives.get(&g.state.group).filter(|l| l.epoch == g.epoch);
        g.state.members.retain_mut(|m| {
            m.last_heartbeat = known.map_or(m.last_heartbeat, |l| l.last.max(m.last_heartbeat));
            m.last_heartbeat.plus(MEMBER_TIMEOUT_SECONDS) > now
        });
    }
}

/// Writes heartbeats of those who are still members; the groups where another took over.
pub(super) fn write(tx: &Transaction, beats: &[Beat]) -> Result<Vec<String>> {
    let mut s = tx.prepare_cached("UPDATE consumer_group SET heartbeat = ?3 WHERE name = ?1 AND epoch = ?2 AND member IS NOT NULL")?;
    let mut lost = Vec::new();
    for (group, epoch, at) in beats {
        if s.execute(params![group, *epoch as i64, at.0])? == 0 {
            lost.push(group.clone());
        }
    }
    Ok(lost)
}
