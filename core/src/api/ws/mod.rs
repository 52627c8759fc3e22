//! `/ws`: what is live, to whoever listens. Words in are [`WsIn`](loom_schemas::live::WsIn), words out
//! [`WsOut`](loom_schemas::live::WsOut), one JSON object a message. Every listener has its own [`connection`]; what they
//! share is worked out once by the [`follower`], and only while somebody listens. Nothing waits in memory for a slow
//! listener: of mailboxes it gets the newest, records and lines it reads from where they lie, at its own speed.

mod classic;
mod connection;
mod ears;
mod flow;
mod follower;
mod lines;
mod member;
mod streams;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use tokio::sync::{Semaphore, mpsc, watch};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::follower::Follower;
pub use self::streams::message as log_message;
use super::Routes;
use super::problem::Problem;
use super::state::State;

/// The subprotocol that Loom's own pages speak; a listener without it is greeted as Loom v2 did.
pub const PROTOCOL: &str = "loom";
/// What stands before the token where a browser can send it: among the subprotocols.
pub const TOKEN_PREFIX: &str = "token.";
/// What a listener may say in one message, bytes.
const MESSAGE_BYTES: usize = 64 << 10;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(listen))
}

/// What one listener may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Listeners at once.
    pub listeners: usize,
    /// Between pings; who has said nothing since the last one is gone.
    pub ping: Duration,
    /// A listener that takes longer over one message is gone.
    pub send: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { listeners: 64, ping: Duration::from_secs(20), send: Duration::from_secs(20) }
    }
}

/// Every listener of this Loom, and what they share.
pub struct Sockets {
    limits: Limits,
    places: Arc<Semaphore>,
    follower: Mutex<Weak<Follower>>,
}

impl Default for Sockets {
    fn default() -> Self {
        Self::with(Limits::default())
    }
}

impl Sockets {
    pub fn with(limits: Limits) -> Self {
        Self { limits, places: Arc::new(Semaphore::new(limits.listeners)), follower: Mutex::default() }
    }

    /// Moves whenever something was committed to the log, for as long as the handle beside it is held.
    pub fn pulse(&self, state: &Arc<State>) -> crate::Result<(watch::Receiver<u64>, Follows)> {
        let follower = self.follower(state)?;
        Ok((follower.pulse.subscribe(), Follows(follower)))
    }

    /// The one that follows the log for all; it ends with its last listener.
    fn follower(&self, state: &Arc<State>) -> crate::Result<Arc<Follower>> {
        let mut known = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(follower) = known.upgrade() {
            return Ok(follower);
        }
        let follower = Follower::start(state.clone())?;
        *known = Arc::downgrade(&follower);
        Ok(follower)
    }
}

/// Holds the one that follows the log for all.
pub struct Follows(#[expect(dead_code, reason = "held, not read")] Arc<Follower>);

/// Says that the server ends; the server waits until every listener let go of it.
#[derive(Clone)]
pub struct Closing {
    pub closed: watch::Receiver<bool>,
    pub _alive: mpsc::Sender<()>,
}

/// What is live: send `{"type": "subscribe", "channels": [...]}` or one of Loom v2's messages. A browser sends the token as
/// a subprotocol: `["loom", "token.<token>"]`.
#[utoipa::path(get, path = "/ws", tag = "live",
    responses((status = 101), (status = 401, body = Problem), (status = 403, body = Problem), (status = 503, body = Problem)))]
async fn listen(
    Extract(state): Extract<Arc<State>>,
    closing: Option<Extension<Closing>>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    let full = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many pages and programs listen at once: close one of them");
    let place = state.sockets.places.clone().try_acquire_owned().map_err(|_| full())?;
    let follower = state.sockets.follower(&state).map_err(Problem::from)?;
    let reader = super::consumers::reader(&state, &headers, peer.as_deref());
    let greet = !offered(&headers).any(|p| p == PROTOCOL);
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(MESSAGE_BYTES);
    Ok(upgrade.on_upgrade(async move |socket| {
        let closed = closing.as_ref().map_or_else(|| watch::channel(false).1, |c| c.closed.clone());
        connection::Connection::new(socket, state, follower, reader, greet).run(closed).await;
        drop((place, closing));
    }))
}

/// The subprotocols that a client offers.
pub fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    values.filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).map(str::trim)
}
