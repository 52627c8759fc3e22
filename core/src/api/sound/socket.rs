//! `/audio/stream/{device_id}`: sound as it is heard. In: `{message_type: "audio_chunk" | "ping", data}`, or samples as
//! binary messages. Out: `{type: "ack" | "pong" | "error"}`. An acknowledgement means durable. While something is written
//! nothing more is read, so a sender that is too fast waits.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, interval_at, sleep_until, timeout};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Connection;
use crate::api::Routes;
use crate::api::problem::Problem;
use crate::api::produce::{Way, take};
use crate::api::query::Params;
use crate::api::state::State;
use crate::api::ws::{Closing, PROTOCOL};
use crate::bus::{Trace, names};
use crate::door::{Entry, Offer, Outcome, offers, sound, strict};

/// One message, bytes.
const MESSAGE_BYTES: usize = 4 << 20;
/// Sound waits for more of it at most so long before it is written, or until it is so many bytes.
const GATHER: Duration = Duration::from_millis(200);
const GATHER_BYTES: usize = 64 << 10;
/// Messages that are written together at most.
const GATHER_MESSAGES: usize = 256;
/// A frame of more is refused by the door; here it only must not make one frame out of all memory.
const MOST_CHANNELS: u32 = 64;
const PING: Duration = Duration::from_secs(20);
const SEND: Duration = Duration::from_secs(20);

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(stream))
}

/// What binary messages hold.
#[derive(Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Binary {
    /// Hz; 16000 unless told.
    sample_rate: Option<u32>,
    /// 1 unless told.
    channels: Option<u32>,
    /// `pcm_s16le` unless told.
    format: Option<String>,
    /// Which of the device's streams, where it has several.
    stream: Option<String>,
}

/// Sound as it is heard, over a WebSocket; one stream a connection, and after a short loss it goes on where it was.
#[utoipa::path(get, path = "/audio/stream/{device_id}", tag = "ingestion", params(("device_id" = String, Path), Binary),
    responses((status = 101), (status = 401, body = Problem), (status = 503, body = Problem)))]
async fn stream(
    Extract(state): Extract<Arc<State>>,
    Extension(trace): Extension<Trace>,
    Path(device): Path<String>,
    Params(binary): Params<Binary>,
    closing: Option<Extension<Closing>>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    let full = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many devices stream at once: try again in a moment");
    let place = state.connections.sockets.clone().try_acquire_owned().map_err(|_| full())?;
    Ok(upgrade.protocols([PROTOCOL]).max_message_size(MESSAGE_BYTES).on_upgrade(async move |socket| {
        let closed = closing.as_ref().map_or_else(|| watch::channel(false).1, |c| c.closed.clone());
        let connected_at = state.clock.now().to_string();
        let n = state.connections.join(Connection { device_id: device.clone(), connected_at, messages: 0, bytes: 0 });
        Sender { socket, state: state.clone(), trace, device, binary, n, heard: Vec::new(), waiting: 0, written: 0 }.run(closed).await;
        state.connections.leave(n);
        drop((place, closing));
    }))
}

/// One device on the other end.
struct Sender {
    socket: WebSocket,
    state: Arc<State>,
    trace: Trace,
    device: String,
    binary: Binary,
    /// Among the connections.
    n: u64,
    /// Samples of binary messages that are not written yet, and of how many messages.
    heard: Vec<u8>,
    waiting: u64,
    /// Messages acknowledged.
    written: u64,
}

/// Why it ends.
struct Gone(Option<(u16, &'static str)>);

impl Sender {
    async fn run(mut self, closing: watch::Receiver<bool>) {
        let why = self.listen(closing).await;
        let _ = self.write().await;
        if let Err(Gone(Some((code, reason)))) = why {
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            let _ = timeout(SEND, self.socket.send(close)).await;
        }
    }

    async fn listen(&mut self, mut closing: watch::Receiver<bool>) -> Result<(), Gone> {
        let mut ping = interval_at(Instant::now() + PING, PING);
        let (mut alive, mut due) = (true, None);
        loop {
            let gathered = async { if let Some(at) = due { sleep_until(at).await } else { std::future::pending().await } };
            tokio::select! {
                said = self.socket.recv() => {
                    alive = true;
                    match said {
                        Some(Ok(Message::Text(text))) => self.words(text.as_str()).await?,
                        Some(Ok(Message::Binary(bytes))) => self.samples(&bytes).await?,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone(None)),
                    }
                    due = (!self.heard.is_empty()).then(|| due.unwrap_or_else(|| Instant::now() + GATHER));
                }
                () = gathered => {
                    self.write().await?;
                    due = None;
                }
                _ = ping.tick() => {
                    if !std::mem::take(&mut alive) {
                        return Err(Gone(None));
                    }
                    self.send(Message::Ping(Default::default())).await?;
                }
                () = closed(&mut closing) => return Err(Gone(Some((close_code::AWAY, "Loom ends")))),
            }
        }
    }

    async fn words(&mut self, text: &str) -> Result<(), Gone> {
        let Ok(Value::Object(mut said)) = strict::parse(text.as_bytes()) else {
            return self
                .complain("INVALID_MESSAGE", "a message is a JSON object: {\"message_type\": \"audio_chunk\", \"data\": {…}}")
                .await;
        };
        let kind = said.remove("message_type").or_else(|| said.remove("type"));
        match kind.as_ref().and_then(Value::as_str) {
            Some("ping") => {
                let now = self.state.clock.now().to_string();
                self.tell(json!({"type": "pong", "timestamp": now, "data": said.remove("data")})).await
            }
            Some("audio_chunk") => {
                self.write().await?;
                let Some(Value::Object(data)) = said.remove("data") else {
                    return self.complain("INVALID_DATA", "/data: the sound, an object").await;
                };
                self.chunk(data).await
            }
            _ => self.complain("INVALID_MESSAGE", "/message_type: audio_chunk or ping").await,
        }
    }

    /// A piece in a message of its own.
    async fn chunk(&mut self, mut data: Map<String, Value>) -> Result<(), Gone> {
        data.insert("device_id".into(), self.device.clone().into());
        if !data.contains_key("stream") {
            data.entry("stream_id").or_insert_with(|| self.stream().into());
        }
        let size = data.values().filter_map(Value::as_str).map(str::len).sum::<usize>();
        match offers(Entry::One(names::AUDIO_RAW), Value::Object(data)) {
            Ok(offers) => self.offer(offers, 1, size).await,
            Err(wrong) => {
                let said = wrong.first().map(|w| format!("{}: {}", w.pointer, w.expected)).unwrap_or_default();
                self.complain("INVALID_DATA", &said).await
            }
        }
    }

    async fn samples(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        self.heard.extend_from_slice(bytes);
        self.waiting += 1;
        if self.heard.len() >= GATHER_BYTES || self.waiting >= GATHER_MESSAGES as u64 {
            return self.write().await;
        }
        Ok(())
    }

    fn stream(&self) -> String {
        self.binary.stream.clone().unwrap_or_else(|| "socket".into())
    }

    /// What was gathered, on the log.
    async fn write(&mut self) -> Result<(), Gone> {
        if self.heard.is_empty() {
            return Ok(());
        }
        let format = self.binary.format.clone().unwrap_or_else(|| "pcm_s16le".into());
        // A sample that came by half waits for its other half.
        let frame = sound::sample_bytes(&format) * self.binary.channels.unwrap_or(1).clamp(1, MOST_CHANNELS) as usize;
        let whole = self.heard.len() - self.heard.len() % frame;
        let rest = self.heard.split_off(whole);
        let (bytes, messages) = (std::mem::replace(&mut self.heard, rest), std::mem::take(&mut self.waiting));
        if bytes.is_empty() {
            self.waiting = messages;
            return Ok(());
        }
        let size = bytes.len();
        let mut data = Map::new();
        data.insert("format".into(), format.into());
        data.insert("sample_rate".into(), self.binary.sample_rate.unwrap_or(16_000).into());
        data.insert("channels".into(), self.binary.channels.unwrap_or(1).into());
        data.insert("live".into(), true.into());
        data.insert("stream_id".into(), self.stream().into());
        let offer = Offer { device: Some(self.device.clone()), bytes: Some(bytes), ..Offer::new(names::AUDIO_RAW, data) };
        self.offer(vec![Ok(offer)], messages, size).await
    }

    async fn offer(&mut self, offers: crate::door::Offers, messages: u64, size: usize) -> Result<(), Gone> {
        const WAY: Way = Way { producer: "audio-stream", device_required: true };
        let outcome = take(&self.state, offers, WAY, self.trace, &HeaderMap::new()).await;
        match outcome.map(|mut o| o.pop()) {
            Ok(Some(Outcome::Taken(taken))) => match taken.unreadable {
                Some(why) => self.complain("INVALID_FORMAT", &why).await,
                None => {
                    let (id, offset) = (taken.message_id.to_string(), Some(taken.offset));
                    self.acknowledge(messages, size, &id, offset).await
                }
            },
            // A fraction of a second that waits for the next: power loss may take no more than that.
            Ok(Some(Outcome::Known { message_id, .. })) => self.acknowledge(messages, size, &message_id.to_string(), None).await,
            Ok(Some(Outcome::Refused(wrong))) => {
                let said: Vec<String> = wrong.iter().map(|w| format!("{}: {}", w.pointer, w.expected)).collect();
                self.complain("INVALID_DATA", &said.join("; ")).await
            }
            Ok(Some(Outcome::Slow(seconds))) => {
                self.complain("RATE_LIMITED", &format!("this device sends too fast: send it again in {seconds:.0} s")).await
            }
            Ok(Some(Outcome::Closed(why))) => self.complain("CLOSED", why).await,
            Ok(None) => Err(Gone(Some((close_code::ERROR, "Loom failed here")))),
            Err(problem) => self.complain("UNAVAILABLE", &problem.detail).await,
        }
    }

    /// One answer a message, in their order.
    async fn acknowledge(&mut self, messages: u64, size: usize, id: &str, offset: Option<u64>) -> Result<(), Gone> {
        self.state.connections.heard(self.n, messages, size as u64);
        let now = self.state.clock.now().to_string();
        for _ in 0..messages {
            let ack = json!({"type": "ack", "status": "success", "message_id": id, "topic": names::AUDIO_RAW, "offset": offset,
                "message": self.written, "timestamp": now});
            self.written += 1;
            self.tell(ack).await?;
        }
        Ok(())
    }

    async fn complain(&mut self, code: &str, message: &str) -> Result<(), Gone> {
        let now = self.state.clock.now().to_string();
        self.tell(json!({"type": "error", "message": message, "code": code, "timestamp": now})).await
    }

    async fn tell(&mut self, said: Value) -> Result<(), Gone> {
        self.send(Message::Text(said.to_string().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        match timeout(SEND, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone(None)),
        }
    }
}

/// Comes back once the server ends.
async fn closed(closing: &mut watch::Receiver<bool>) {
    if closing.wait_for(|closed| *closed).await.is_err() {
        std::future::pending().await
    }
}
