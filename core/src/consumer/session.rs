//! The active member of a group: what was handed out, what of it is committed.

use std::collections::{BTreeMap, VecDeque};

use super::{From, IN_FLIGHT_BYTES, IN_FLIGHT_RECORDS, Refusal, Result, STALLED_SECONDS};
use crate::bus::{Bus, Commit, Join, Membership, Position, Positions, Record};
use crate::env::Time;

/// Records for a member, in order within each partition.
#[derive(Clone, Debug)]
pub struct Page {
    /// Else it stands by, and there are none.
    pub active: bool,
    pub records: Vec<Record>,
    /// What to commit once these are processed.
    pub positions: Positions,
    /// As much is on its way as may be: nothing more comes before a commit.
    pub full: bool,
}

impl Page {
    pub(super) fn standing_by() -> Self {
        Self { active: false, records: Vec::new(), positions: Positions::new(), full: false }
    }
}

/// One partition as a member reads it.
struct Lane {
    /// As the group has it on the log.
    committed: u64,
    next: u64,
    /// Offset and bytes of what is on its way.
    in_flight: VecDeque<(u64, usize)>,
}

pub(super) struct Session {
    membership: Membership,
    lanes: BTreeMap<Position, Lane>,
    records: usize,
    bytes: usize,
    /// Whose turn it was last, so that a long topic holds up no other.
    last: Option<Position>,
    /// Goes up with every rewind: who polled before it is not handed anything after it.
    turn: u64,
    /// When it last committed, or was first handed something after that.
    moved_at: Time,
}

impl Session {
    /// Becomes the group's member, and sets where it begins in what it never read.
    pub fn open(bus: &dyn Bus, join: &Join, from: From, now: Time) -> Result<Self> {
        let mut membership = bus.join(join)?;
        let mut begin = Positions::new();
        let mut lanes = BTreeMap::new();
        for topic in &join.topics {
            let bounds = bus.topic(topic)?.map(|t| t.bounds).unwrap_or_default();
            for (partition, (_, end)) in (0..).zip(bounds) {
                let at = Position { topic: topic.clone(), partition };
                let known = membership.positions.get(&at).copied();
                let committed = match (known, from) {
                    (Some(next), _) => next,
                    (None, From::Beginning) => 0,
                    (None, From::End) => *begin.entry(at.clone()).or_insert(end),
                    (None, From::At(time)) => *begin.entry(at.clone()).or_insert(bus.offset_at(topic, partition, time)?),
                };
                lanes.insert(at, Lane { committed, next: committed, in_flight: VecDeque::new() });
            }
        }
        let from = begin.keys().map(|p| (p.clone(), 0)).collect();
        if !begin.is_empty() {
            bus.commit(step(&membership, from, begin.clone()))?;
            membership.positions.extend(begin);
        }
        Ok(Self { membership, lanes, records: 0, bytes: 0, last: None, turn: 0, moved_at: now })
    }

    /// Says to the log that the member lives.
    pub fn beat(&self, bus: &dyn Bus, now: Time) -> Result<()> {
        if self.records > 0 && self.moved_at.plus(STALLED_SECONDS) <= now {
            return Err(Refusal::Gone("this member held records for five minutes and committed none: it is out, join again"));
        }
        bus.heartbeat(&self.membership).map_err(fenced)
    }

    pub fn leave(&self, bus: &dyn Bus) -> Result<()> {
        Ok(bus.leave(&self.membership)?)
    }

    pub fn in_flight(&self) -> usize {
        self.records
    }

    pub fn positions(&self) -> Positions {
        self.lanes.iter().map(|(p, l)| (p.clone(), l.committed)).collect()
    }

    /// What comes next, as far as there is room.
    pub fn poll(&mut self, bus: &dyn Bus, max: usize, now: Time) -> Result<Page> {
        let mut page = Page { active: true, records: Vec::new(), positions: Positions::new(), full: false };
        let idle = self.records == 0;
        for at in self.turns() {
            let room = (max - page.records.len()).min(IN_FLIGHT_RECORDS - self.records);
            let bytes = IN_FLIGHT_BYTES.saturating_sub(self.bytes);
            let Some(lane) = self.lanes.get_mut(&at).filter(|_| room > 0 && bytes > 0) else { break };
            let found = bus.read(&at.topic, at.partition, lane.next, room, bytes)?;
            let Some(newest) = found.last() else { continue };
            lane.next = newest.offset() + 1;
            page.positions.insert(at.clone(), lane.next);
            for r in &found {
                let weight = r.value().map_or(0, <[u8]>::len);
                lane.in_flight.push_back((r.offset(), weight));
                self.records += 1;
                self.bytes += weight;
            }
            page.records.extend(found);
            self.last = Some(at);
        }
        if idle && self.records > 0 {
            self.moved_at = now;
        }
        page.full = self.records >= IN_FLIGHT_RECORDS || self.bytes >= IN_FLIGHT_BYTES;
        Ok(page)
    }

    /// Back to what is committed.
    pub fn rewind(&mut self) -> u64 {
        self.turn += 1;
        (self.records, self.bytes) = (0, 0);
        for lane in self.lanes.values_mut() {
            lane.next = lane.committed;
            lane.in_flight.clear();
        }
        self.turn
    }

    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// Every partition once, beginning after the one whose turn it was.
    fn turns(&self) -> Vec<Position> {
        let last = self.last.as_ref();
        let (before, after): (Vec<_>, Vec<_>) = self.lanes.keys().cloned().partition(|p| last.is_some_and(|l| p <= l));
        after.into_iter().chain(before).collect()
    }

    /// Takes these as processed; everything that was handed out, where none are named. A repeat changes nothing.
    pub fn commit(&mut self, bus: &dyn Bus, named: Option<Positions>, now: Time) -> Result<Positions> {
        let all = || self.lanes.iter().map(|(p, l)| (p.clone(), l.next)).collect();
        let (mut from, mut to) = (Positions::new(), Positions::new());
        for (at, next) in named.unwrap_or_else(all) {
            let lane = self
                .lanes
                .get(&at)
                .ok_or_else(|| Refusal::Wrong(format!("this member does not read partition {} of {}", at.partition, at.topic)))?;
            if next < lane.committed {
                return Err(Refusal::Wrong(format!("{} is committed further already: a group goes back by a reset", at.topic)));
            }
            if next > lane.next {
                return Err(Refusal::Wrong(format!("{}: what was not handed out cannot be committed", at.topic)));
            }
            if next > lane.committed {
                from.insert(at.clone(), lane.committed);
                to.insert(at, next);
            }
        }
        if !to.is_empty() {
            bus.commit(step(&self.membership, from, to.clone())).map_err(fenced)?;
            self.settle(to, now);
        }
        Ok(self.positions())
    }

    fn settle(&mut self, to: Positions, now: Time) {
        self.moved_at = now;
        for (at, next) in to {
            let Some(lane) = self.lanes.get_mut(&at) else { continue };
            lane.committed = next;
            while lane.in_flight.front().is_some_and(|(offset, _)| *offset < next) {
                let (_, weight) = lane.in_flight.pop_front().unwrap_or_default();
                self.records -= 1;
                self.bytes -= weight;
            }
        }
    }
}

fn step(m: &Membership, from: Positions, to: Positions) -> Commit {
    Commit { group: m.group.clone(), epoch: m.epoch, from, to, outputs: Vec::new(), state: None, tick: None, rows: Default::default() }
}

/// The log stops whoever is no longer the member.
fn fenced(e: crate::Error) -> Refusal {
    match e.kind {
        crate::Kind::Stop => Refusal::Gone("another member took over: join again"),
        _ => e.into(),
    }
}
