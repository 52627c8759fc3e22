//! A listener as a member of a consumer group: its place goes with its connection. Records are read when there is room for
//! them on their way, so one that commits slowly is sent slowly.

use std::sync::Arc;
use std::time::Duration;

use loom_schemas::live::WsOut;
use loom_schemas::services::{CommitGroup, GroupCommitted, JoinGroup, JoinedGroup};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::super::consumers::words;
use super::super::problem::Problem;
use super::super::state::{State, blocking_for};
use super::Follows;
use crate::bus::MEMBER_TIMEOUT_SECONDS;
use crate::consumer::{self, BEAT_SECONDS, Page, Reader};

/// A member that has not been heard of for so long, though it was pinged, is gone.
pub const SILENT: Duration = Duration::from_millis((MEMBER_TIMEOUT_SECONDS * 1000.0) as u64);
/// Records in one message.
const RECORDS: usize = 64;

fn beat() -> Duration {
    Duration::from_secs_f64(BEAT_SECONDS)
}

struct Seat {
    group: String,
    member: String,
    pulse: watch::Receiver<u64>,
    _follows: Follows,
    /// The question that is on its way: what it brings counts as handed out, so it is never dropped half way.
    asked: Option<JoinHandle<consumer::Result<Page>>>,
    /// There may be something to read.
    due: bool,
    /// There is room, and it is this member's turn: the log's next commit matters.
    listens: bool,
    ask_again: Instant,
    beats_at: Instant,
}

/// What a member's connection does next.
pub enum Next {
    Say(Vec<WsOut>),
    Ping,
}

/// The place of one connection, if it took one.
#[derive(Default)]
pub struct Place(Option<Seat>);

impl Place {
    pub async fn join(&mut self, state: &Arc<State>, group: String, wish: &JoinGroup, reader: Reader) -> Result<JoinedGroup, Problem> {
        if self.0.is_some() {
            return Err(Problem::conflict("this connection is a member already: leave first, or open another"));
        }
        let ask = words::ask(group, wish, reader, "this computer (WebSocket)")?;
        let (pulse, follows) = state.sockets.pulse(state).map_err(Problem::from)?;
        let asked = state.clone();
        let joined = blocking_for(move || words::joined(&asked, ask)).await?;
        let (group, member, now) = (joined.group.clone(), joined.member_id.clone(), Instant::now());
        let (beats_at, ask_again) = (now + beat(), now + beat());
        self.0 = Some(Seat { group, member, pulse, _follows: follows, asked: None, due: true, listens: true, ask_again, beats_at });
        Ok(joined)
    }

    pub async fn commit(&mut self, state: &Arc<State>, done: CommitGroup) -> Result<GroupCommitted, Problem> {
        let seat = self.0.as_mut().ok_or_else(nobody)?;
        let positions = done.positions.map(|p| words::positions(&p)).transpose()?;
        let (asked, group, member) = (state.clone(), seat.group.clone(), seat.member.clone());
        let committed = blocking_for(move || asked.consumers.commit(&group, &member, positions)).await?;
        seat.due = true;
        Ok(GroupCommitted { positions: words::offsets(&committed) })
    }

    /// Gives the place up; which group it was in.
    pub async fn leave(&mut self, state: &Arc<State>) -> Result<String, Problem> {
        let seat = self.0.take().ok_or_else(nobody)?;
        let (asked, group) = (state.clone(), seat.group.clone());
        blocking_for(move || asked.consumers.leave(&group, &seat.member)).await?;
        Ok(seat.group)
    }

    /// The next records, as soon as there are any, or a ping that is due. May be dropped while it waits.
    pub async fn next(&mut self, state: &Arc<State>) -> Result<Next, Problem> {
        loop {
            let Some(seat) = &mut self.0 else { return std::future::pending().await };
            let beats_at = seat.beats_at;
            let page = tokio::select! {
                page = seat.page(state) => page,
                () = sleep_until(beats_at) => {
                    seat.beats_at = Instant::now() + beat();
                    return Ok(Next::Ping);
                }
            };
            let page = match page {
                Ok(page) => page,
                Err(lost) => {
                    self.0 = None;
                    return Err(lost);
                }
            };
            if !page.records.is_empty() {
                return Ok(Next::Say(vec![WsOut::Records(words::records(&page)?)]));
            }
        }
    }
}

impl Seat {
    async fn page(&mut self, state: &Arc<State>) -> Result<Page, Problem> {
        if self.asked.is_none() {
            if !self.due {
                tokio::select! {
                    _ = self.pulse.changed(), if self.listens => {}
                    () = sleep_until(self.ask_again) => {}
                }
            }
            // Marked before it is read: what comes meanwhile shows as a change.
            self.pulse.mark_unchanged();
            self.ask_again = Instant::now() + beat();
            let (state, group, member) = (state.clone(), self.group.clone(), self.member.clone());
            self.asked = Some(tokio::task::spawn_blocking(move || state.consumers.poll(&group, &member, RECORDS)));
            self.due = false;
        }
        let Some(asked) = &mut self.asked else { return Err(Problem::bug()) };
        let page = asked.await;
        self.asked = None;
        let page = page.map_err(|_| Problem::bug())?.map_err(Problem::from)?;
        self.listens = page.active && !page.full;
        self.due |= self.listens && !page.records.is_empty();
        Ok(page)
    }
}

fn nobody() -> Problem {
    Problem::conflict("this connection is no member of a group: join one first")
}
