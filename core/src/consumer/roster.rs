//! Who is a member of which group. Every group has one active member, by the log's own word; the others stand by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::seat::{Seat, Seen};
use super::session::{Page, Session};
use super::{Ask, GROUP_MEMBERS, Joined, MEMBERS, PAGE_RECORDS, Refusal, Result, TOPICS, parse_group};
use crate::bus::{Bus, Join, Positions, TopicName, catalogued};
use crate::env::{Clock, Entropy, Time};

const GONE: Refusal = Refusal::Gone("no such member: it left, or was silent for ten seconds; join again");

type Seats = BTreeMap<String, Arc<Seat>>;

/// Every member from outside. Calls block.
pub struct Consumers {
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Loom's own groups, which nobody else joins.
    own: BTreeSet<String>,
    seats: Mutex<Seats>,
}

impl Consumers {
    pub fn new(bus: Arc<dyn Bus>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, own: impl IntoIterator<Item = String>) -> Self {
        Self { bus, clock, entropy, own: own.into_iter().collect(), seats: Mutex::default() }
    }

    /// Whether a group, or what writes under its name, is Loom's own.
    pub fn is_own(&self, group: &str) -> bool {
        self.own.contains(group)
    }

    /// Gives a place in a group: the active one if it is free.
    pub fn join(&self, mut ask: Ask) -> Result<Joined> {
        self.check(&mut ask)?;
        let now = self.clock.now();
        let mut seats = self.living(now);
        let others: Vec<_> = seats.values().filter(|s| s.ask.group == ask.group).collect();
        if others.len() >= GROUP_MEMBERS || seats.len() >= MEMBERS {
            return Err(Refusal::Full("as many members as may be are in this group or Loom already: let one of them leave"));
        }
        if others.iter().any(|s| s.ask.topics != ask.topics) {
            return Err(Refusal::Conflict("another member of this group reads other topics: all members of a group read the same".into()));
        }
        let mut chance = [0; 8];
        self.entropy.fill(&mut chance);
        let id = format!("{}-{}", ask.group.trim_end_matches("-consumer"), hex::encode(chance));
        let seat = Arc::new(Seat::new(id.clone(), ask, now));
        seats.insert(id.clone(), seat.clone());
        let active = self.take_over(&seats, &seat, now).inspect_err(|_| _ = seats.remove(&id))?;
        let positions = seat.session().as_ref().map(Session::positions).unwrap_or_default();
        Ok(Joined { member: id, active, positions })
    }

    fn check(&self, ask: &mut Ask) -> Result<()> {
        parse_group(&ask.group)?;
        if self.is_own(&ask.group) {
            return Err(Refusal::Conflict("this is one of Loom's own groups: take another name".into()));
        }
        ask.topics.sort();
        ask.topics.dedup();
        if ask.topics.is_empty() || ask.topics.len() > TOPICS {
            return Err(Refusal::Wrong(format!("a member reads 1 to {TOPICS} topics")));
        }
        for topic in &ask.topics {
            let class = match self.bus.topic(topic)? {
                Some(known) => known.settings.class,
                None if is_catalogued(topic) => catalogued(topic).class,
                None => return Err(Refusal::NotFound(format!("there is no topic {topic}: it is made by its first record"))),
            };
            if !ask.reader.may_read(class) {
                return Err(Refusal::Forbidden(format!(
                    "{topic} is {}: without the owner's token only shared topics are read",
                    class.as_str()
                )));
            }
        }
        Ok(())
    }

    /// The roster, without those who were silent for too long.
    fn living(&self, now: Time) -> MutexGuard<'_, Seats> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.retain(|_, s| s.lives(now));
        seats
    }

    /// Makes the member active if nobody is, here or (a stage, an earlier start of Loom) on the log.
    fn take_over(&self, seats: &Seats, seat: &Seat, now: Time) -> Result<bool> {
        let group = &seat.ask.group;
        if seats.values().any(|s| s.ask.group == *group && s.is_active())
            || self.bus.groups()?.iter().any(|g| g.group == *group && !g.members.is_empty())
        {
            return Ok(false);
        }
        let join = Join { group: group.clone(), member: seat.id.clone(), host: seat.ask.host.clone(), topics: seat.ask.topics.clone() };
        let session = Session::open(&*self.bus, &join, seat.ask.from, now)?;
        seat.activate(session);
        Ok(true)
    }

    /// The member, alive as of now, and active if its time has come.
    fn seat(&self, group: &str, member: &str) -> Result<Arc<Seat>> {
        let now = self.clock.now();
        let seats = self.living(now);
        let seat = seats.get(member).filter(|s| s.ask.group == group).ok_or(GONE)?.clone();
        seat.seen(now);
        if !seat.is_active() {
            self.take_over(&seats, &seat, now)?;
        }
        Ok(seat)
    }

    /// Runs something on a member's session; `None` where it stands by. Who is fenced or hangs is out.
    fn with<T>(&self, seat: &Seat, run: impl FnOnce(&mut Session, Time) -> Result<T>) -> Result<Option<T>> {
        let now = self.clock.now();
        let mut session = seat.session();
        let Some(open) = session.as_mut() else { return Ok(None) };
        let done = open.beat(&*self.bus, now).and_then(|()| run(open, now));
        drop(session);
        if matches!(done, Err(Refusal::Gone(_))) {
            self.remove(seat);
        }
        done.map(Some)
    }

    fn remove(&self, seat: &Seat) {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner).remove(&seat.id);
        if let Some(session) = seat.session().take() {
            // Fenced it may be already: then there is nothing to give up.
            let _ = session.leave(&*self.bus);
        }
    }

    /// What comes after what the member was handed last, at most `max` records; nothing where nothing is there, or it stands
    /// by. For those who are sure to get what they are handed, in order, or nothing more.
    pub fn poll(&self, group: &str, member: &str, max: usize) -> Result<Page> {
        self.poll_in(group, member, max, None)
    }

    /// The same in a turn that [`rewind`](Self::rewind) began: nothing is handed to whoever polls in an earlier one, for nobody
    /// may be there any more to get it.
    pub fn poll_in(&self, group: &str, member: &str, max: usize, turn: Option<u64>) -> Result<Page> {
        let seat = self.seat(group, member)?;
        let page = self.with(&seat, |s, now| match turn {
            Some(turn) if turn != s.turn() => Err(Refusal::Conflict("this member fetches anew elsewhere: this fetch is over".into())),
            _ => s.poll(&*self.bus, max.clamp(1, PAGE_RECORDS), now),
        })?;
        Ok(page.unwrap_or_else(Page::standing_by))
    }

    /// The next poll begins after the last commit: an answer may have been lost on its way, so it is given again. The turn that
    /// begins by it.
    pub fn rewind(&self, group: &str, member: &str) -> Result<u64> {
        let seat = self.seat(group, member)?;
        Ok(self.with(&seat, |s, _| Ok(s.rewind()))?.unwrap_or_default())
    }

    /// Takes positions as processed; `None` takes everything that was handed out. Where the group then stands.
    pub fn commit(&self, group: &str, member: &str, positions: Option<Positions>) -> Result<Positions> {
        let seat = self.seat(group, member)?;
        let committed = self.with(&seat, |s, now| s.commit(&*self.bus, positions, now))?;
        committed.ok_or_else(|| Refusal::Conflict("this member stands by: it was handed nothing to commit".into()))
    }

    /// Says that a member lives; whether it is the active one.
    pub fn heartbeat(&self, group: &str, member: &str) -> Result<bool> {
        let seat = self.seat(group, member)?;
        self.with(&seat, |_, _| Ok(())).map(|beaten| beaten.is_some())
    }

    /// Gives the place up. What was handed out and not committed comes again to the next member.
    pub fn leave(&self, group: &str, member: &str) -> Result<()> {
        let now = self.clock.now();
        let seat = self.living(now).get(member).filter(|s| s.ask.group == group).ok_or(GONE)?.clone();
        self.remove(&seat);
        Ok(())
    }

    /// Every living member, by id.
    pub fn members(&self) -> Vec<Seen> {
        let seats: Vec<_> = self.living(self.clock.now()).values().cloned().collect();
        seats.iter().map(|s| s.shown()).collect()
    }
}

/// Whether Loom knows the topic, though nothing came on it yet.
fn is_catalogued(topic: &TopicName) -> bool {
    loom_schemas::catalogue::schema(&format!("{}.v1", topic.stem())).is_some()
}
