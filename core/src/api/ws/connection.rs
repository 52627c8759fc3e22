//! One listener: what it says, what it hears, and when it is let go.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use loom_schemas::live::{WsIn, WsOut};
use tokio::sync::watch;
use tokio::time::{Instant, interval_at, timeout};

use super::super::problem::Problem;
use super::super::state::State;
use super::Limits;
use super::classic;
use super::ears::{Ears, Heard};
use super::follower::Follower;
use super::member::{Next, Place, SILENT};
use super::streams::{From, Streams};
use crate::api::state::blocking;
use crate::bus::TopicName;
use crate::consumer::Reader;

pub struct Connection {
    socket: WebSocket,
    state: Arc<State>,
    follower: Arc<Follower>,
    ears: Ears,
    streams: Streams,
    place: Place,
    reader: Reader,
    greet: bool,
}

/// Why a listener is let go.
enum End {
    /// It went, or takes nothing any more.
    Gone,
    /// Loom tells it to.
    Told(u16, &'static str),
}

type Kept = Result<(), End>;

impl Connection {
    pub fn new(socket: WebSocket, state: Arc<State>, follower: Arc<Follower>, reader: Reader, greet: bool) -> Self {
        let (ears, streams, place) = Default::default();
        Self { socket, state, follower, ears, streams, place, reader, greet }
    }

    /// Until the listener goes, or the server ends.
    pub async fn run(mut self, closing: watch::Receiver<bool>) {
        let end = self.talk(closing).await;
        // The place goes with the connection: the next member begins at once.
        let _ = self.place.leave(&self.state).await;
        if let Err(End::Told(code, reason)) = end {
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            let _ = timeout(self.limits().send, self.socket.send(close)).await;
        }
    }

    fn limits(&self) -> Limits {
        self.state.sockets.limits
    }

    async fn talk(&mut self, mut closing: watch::Receiver<bool>) -> Kept {
        if self.greet {
            let hello = self.ears.greet(&self.state, &self.follower).await;
            self.answer(hello.map(|h| vec![h])).await?;
        }
        let mut pulse = self.follower.pulse.subscribe();
        let every = self.limits().ping;
        let mut ping = interval_at(Instant::now() + every, every);
        let mut heard_of = true;
        let mut heard_at = Instant::now();
        loop {
            tokio::select! {
                said = self.socket.recv() => {
                    (heard_of, heard_at) = (true, Instant::now());
                    match said {
                        Some(Ok(Message::Text(text))) => self.hear(text.as_str()).await?,
                        Some(Ok(Message::Binary(_))) => self.complain("words come as JSON text").await?,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
                    }
                }
                heard = self.ears.next(&self.state) => match heard {
                    Ok(Heard::Now(out)) => self.answer(Ok(out)).await?,
                    Ok(Heard::Behind) => return Err(End::Told(close_code::AGAIN, "too many changes were missed: connect again")),
                    Err(problem) => self.answer(Err(problem)).await?,
                },
                page = self.streams.next(&self.state, &mut pulse) => self.answer(page).await?,
                next = self.place.next(&self.state) => match next {
                    Ok(Next::Say(records)) => self.answer(Ok(records)).await?,
                    Ok(Next::Ping) if heard_at.elapsed() >= SILENT => return Err(End::Gone),
                    Ok(Next::Ping) => self.send(Message::Ping(Default::default())).await?,
                    Err(lost) => self.answer(Err(lost)).await?,
                },
                _ = ping.tick() => {
                    if !std::mem::take(&mut heard_of) {
                        return Err(End::Gone);
                    }
                    self.send(Message::Ping(Default::default())).await?;
                }
                () = closed(&mut closing) => return Err(End::Told(close_code::AWAY, "Loom ends")),
            }
        }
    }

    async fn hear(&mut self, text: &str) -> Kept {
        let Ok(said) = serde_json::from_str::<WsIn>(text) else {
            return self.complain("not a message Loom knows: see /docs for what can be said here").await;
        };
        let answer = match said {
            WsIn::Subscribe { channels } => self.ears.open(channels, &self.state, &self.follower).await,
            WsIn::Unsubscribe { channels } => {
                self.ears.close(&channels);
                Ok(Vec::new())
            }
            WsIn::SubscribeTopic { topic } => {
                let opened = self.open(&topic, From::Now).await;
                opened.map(|()| vec![WsOut::SubscriptionConfirmed { topic }])
            }
            WsIn::UnsubscribeTopic { topic } => self.close(&topic).map(|()| vec![WsOut::UnsubscriptionConfirmed { topic }]),
            WsIn::StreamLogs { topic, from_beginning, from_offset } => {
                let from = match from_offset {
                    Some(at) => From::Offset(at),
                    None if from_beginning => From::Beginning,
                    None => From::Now,
                };
                let opened = self.open(&topic, from).await;
                opened.map(|()| vec![WsOut::StreamStarted { topic }])
            }
            WsIn::StopStream { topic } => self.close(&topic).map(|()| vec![WsOut::StreamStopped { topic }]),
            WsIn::JoinGroup { group, wish } => {
                self.place.join(&self.state, group, &wish, self.reader).await.map(|j| vec![WsOut::JoinedGroup(j)])
            }
            WsIn::Commit(done) => self.place.commit(&self.state, done).await.map(|c| vec![WsOut::Committed(c)]),
            WsIn::LeaveGroup => self.place.leave(&self.state).await.map(|group| vec![WsOut::LeftGroup { group }]),
            WsIn::RequestMetrics => {
                let state = self.state.clone();
                blocking(move || classic::metrics(&state)).await.map(|data| vec![WsOut::MetricsUpdate { data }])
            }
        };
        self.answer(answer).await
    }

    async fn open(&mut self, topic: &str, from: From) -> Result<(), Problem> {
        let topic = TopicName::parse(topic).map_err(Problem::from)?;
        self.streams.open(&self.state, topic, from).await
    }

    fn close(&mut self, topic: &str) -> Result<(), Problem> {
        self.streams.close(&TopicName::parse(topic).map_err(Problem::from)?);
        Ok(())
    }

    async fn complain(&mut self, message: &str) -> Kept {
        self.answer(Ok(vec![WsOut::Error { message: message.into() }])).await
    }

    /// What could not be done is said, and the listener stays.
    async fn answer(&mut self, out: Result<Vec<WsOut>, Problem>) -> Kept {
        for one in out.unwrap_or_else(|problem| vec![WsOut::Error { message: problem.detail }]) {
            let text = serde_json::to_string(&one).map_err(|_| End::Told(close_code::ERROR, "Loom failed here"))?;
            self.send(Message::Text(text.into())).await?;
        }
        Ok(())
    }

    async fn send(&mut self, message: Message) -> Kept {
        match timeout(self.limits().send, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End::Gone),
        }
    }
}

/// Comes back once the server ends.
async fn closed(closing: &mut watch::Receiver<bool>) {
    if closing.wait_for(|closed| *closed).await.is_err() {
        std::future::pending().await
    }
}
