//! What one listener hears of the mailboxes: the newest of each channel it asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use loom_schemas::live::{CaptureState, Channel, Flowing, Level, Partial, WsOut};
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::sync::watch::Receiver;

use super::super::problem::Problem;
use super::super::state::{State, blocking};
use super::follower::Follower;
use super::lines::{self, Lines};
use super::{classic, flow};
use crate::live::LineNews;

/// Subscribed channels; what is `None` was not asked for.
#[derive(Default)]
pub struct Ears {
    capture: Option<Receiver<CaptureState>>,
    level: Option<Receiver<Level>>,
    partial: Option<Receiver<Partial>>,
    flow: Option<Receiver<Flowing>>,
    lines: Option<Following>,
    metrics: Option<Receiver<Value>>,
}

/// Where it is in the timeline, how far the timeline is, and what changed behind it.
type Following = (Lines, Receiver<Vec<u64>>, broadcast::Receiver<LineNews>);

/// Something for the listener, or the reason to let it go.
pub enum Heard {
    Now(Vec<WsOut>),
    /// Too many changes were missed: it has to read the timeline anew.
    Behind,
}

impl Ears {
    /// Begins to hear of these; what is to be said at once.
    pub async fn open(&mut self, channels: Vec<Channel>, state: &Arc<State>, follower: &Follower) -> Result<Vec<WsOut>, Problem> {
        let mut now = Vec::new();
        for channel in channels.into_iter().collect::<BTreeSet<_>>() {
            match channel {
                Channel::Capture => {
                    let mut rx = state.live.capture();
                    now.push(WsOut::Capture(rx.borrow_and_update().clone()));
                    self.capture = Some(rx);
                }
                Channel::Level => self.level = Some(state.live.level()),
                Channel::Partial => {
                    let mut rx = state.live.partial();
                    let said = state.live.showable(rx.borrow_and_update().clone());
                    now.extend((!said.text.is_empty()).then_some(WsOut::Partial(said)));
                    self.partial = Some(rx);
                }
                Channel::Lines => {
                    let state = state.clone();
                    let mut rx = follower.reached.subscribe();
                    rx.mark_unchanged();
                    let news = state.live.lines.subscribe();
                    let at = blocking(move || lines::reached(&*state.bus)).await?;
                    self.lines = Some((Lines::from(at), rx, news));
                }
                Channel::Flow => {
                    let mut rx = follower.flow.subscribe();
                    rx.mark_unchanged();
                    let state = state.clone();
                    now.push(WsOut::Flow(blocking(move || flow::now(&state)).await?));
                    self.flow = Some(rx);
                }
            }
        }
        Ok(now)
    }

    pub fn close(&mut self, channels: &[Channel]) {
        for channel in channels {
            match channel {
                Channel::Capture => self.capture = None,
                Channel::Level => self.level = None,
                Channel::Partial => self.partial = None,
                Channel::Lines => self.lines = None,
                Channel::Flow => self.flow = None,
            }
        }
    }

    /// Loom v2's greeting; its figures follow.
    pub async fn greet(&mut self, state: &Arc<State>, follower: &Follower) -> Result<WsOut, Problem> {
        let mut rx = follower.metrics.subscribe();
        rx.mark_unchanged();
        self.metrics = Some(rx);
        let state = state.clone();
        Ok(WsOut::InitialData { data: blocking(move || classic::initial(&state)).await? })
    }

    /// What comes next. What is not taken comes again.
    pub async fn next(&mut self, state: &Arc<State>) -> Result<Heard, Problem> {
        let one = tokio::select! {
            v = changed(&mut self.capture) => WsOut::Capture(v),
            v = changed(&mut self.level) => WsOut::Level(v),
            v = changed(&mut self.partial) => WsOut::Partial(state.live.showable(v)),
            v = changed(&mut self.flow) => WsOut::Flow(v),
            data = changed(&mut self.metrics) => WsOut::MetricsUpdate { data },
            lines = next_lines(&mut self.lines, state) => return lines,
        };
        Ok(Heard::Now(vec![one]))
    }
}

/// The newest value, once there is a new one.
async fn changed<T: Clone>(rx: &mut Option<Receiver<T>>) -> T {
    let Some(rx) = rx else { return std::future::pending().await };
    if rx.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    rx.borrow_and_update().clone()
}

async fn next_lines(lines: &mut Option<Following>, state: &Arc<State>) -> Result<Heard, Problem> {
    let Some((at, reached, news)) = lines else { return std::future::pending().await };
    loop {
        let upto = reached.borrow().clone();
        if at.are_behind(&upto) {
            let (state, from) = (state.clone(), at.clone());
            let (lines, next) = blocking(move || from.next(&state, &upto)).await?;
            *at = next;
            return Ok(Heard::Now(lines));
        }
        tokio::select! {
            more = reached.changed() => if more.is_err() { std::future::pending::<()>().await },
            said = news.recv() => match said {
                Ok(said) => {
                    let state = state.clone();
                    return blocking(move || lines::changed(&state, said)).await.map(|line| Heard::Now(vec![line]));
                }
                Err(broadcast::error::RecvError::Lagged(_)) => return Ok(Heard::Behind),
                Err(broadcast::error::RecvError::Closed) => std::future::pending::<()>().await,
            },
        }
    }
}
