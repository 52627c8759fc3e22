//! One member's place, from its first word to its last.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Ask;
use super::session::Session;
use crate::bus::{MEMBER_TIMEOUT_SECONDS, Member};
use crate::env::Time;

/// One member's place. Whoever holds its session never asks for the roster.
pub(super) struct Seat {
    pub ask: Ask,
    pub id: String,
    joined_at: Time,
    last_seen: AtomicI64,
    active: AtomicBool,
    session: Mutex<Option<Session>>,
}

impl Seat {
    pub fn new(id: String, ask: Ask, now: Time) -> Self {
        let (active, session) = Default::default();
        Self { ask, id, joined_at: now, last_seen: AtomicI64::new(now.0), active, session }
    }
    fn last_seen(&self) -> Time {
        Time(self.last_seen.load(Ordering::Relaxed))
    }
    pub fn seen(&self, now: Time) {
        self.last_seen.fetch_max(now.0, Ordering::Relaxed);
    }
    pub fn activate(&self, session: Session) {
        *self.session() = Some(session);
        self.active.store(true, Ordering::Release);
    }
    pub fn shown(&self) -> Seen {
        let member =
            Member { id: self.id.clone(), host: self.ask.host.clone(), joined_at: self.joined_at, last_heartbeat: self.last_seen() };
        let in_flight = self.session().as_ref().map_or(0, Session::in_flight);
        Seen { group: self.ask.group.clone(), member, active: self.is_active(), in_flight }
    }
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }
    pub fn lives(&self, now: Time) -> bool {
        self.last_seen().plus(MEMBER_TIMEOUT_SECONDS) > now
    }
    pub fn session(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A member as others see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub group: String,
    pub member: Member,
    pub active: bool,
    /// Handed out and not committed.
    pub in_flight: usize,
}
