//! Sound from outside: uploaded whole ([`upload`]), or streamed over a socket ([`socket`]); both go through the
//! [`Door`](crate::door::Door) like every other record.

mod fields;
mod socket;
mod upload;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::extract::State as Extract;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::{State, blocking};
use crate::env::Time;

/// Sockets that stream at once, and uploads that are decoded at once; further ones wait, or are told to.
const SOCKETS: usize = 64;
const UPLOADS: usize = 8;

pub fn routes() -> Routes {
    OpenApiRouter::new().merge(upload::routes()).merge(socket::routes()).routes(routes!(connections))
}

/// Who sends sound now.
pub struct Connections {
    sockets: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    open: Mutex<BTreeMap<u64, Connection>>,
}

impl Default for Connections {
    fn default() -> Self {
        Self { sockets: Arc::new(Semaphore::new(SOCKETS)), uploads: Arc::new(Semaphore::new(UPLOADS)), open: Mutex::default() }
    }
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Connection>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, connection: Connection) -> u64 {
        let mut open = self.lock();
        let n = open.last_key_value().map_or(0, |(n, _)| n + 1);
        open.insert(n, connection);
        n
    }

    fn heard(&self, n: u64, messages: u64, bytes: u64) {
        if let Some(c) = self.lock().get_mut(&n) {
            c.messages += messages;
            c.bytes += bytes;
        }
    }

    fn leave(&self, n: u64) {
        self.lock().remove(&n);
    }
}

/// A socket that streams.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Connection {
    /// As the device calls itself.
    pub device_id: String,
    pub connected_at: String,
    /// Messages that are durable.
    pub messages: u64,
    /// Their sound, in bytes as it came.
    pub bytes: u64,
}

/// A stream that may still go on.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SoundStream {
    pub device_id: String,
    /// As the device calls it.
    pub stream: String,
    pub stream_id: String,
    pub started_at: String,
    pub last_heard: String,
    /// Of sound on the log.
    pub seconds: f64,
    pub pieces: u64,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Sending {
    pub active_connections: usize,
    pub connections: Vec<Connection>,
    /// Of sockets and of uploads.
    pub streams: Vec<SoundStream>,
}

/// Sockets that stream now, and streams that may still go on.
#[utoipa::path(get, path = "/audio/connections", tag = "ingestion", responses((status = 200, body = Sending)))]
async fn connections(Extract(state): Extract<Arc<State>>) -> Result<Json<Sending>, Problem> {
    let connections: Vec<Connection> = state.connections.lock().values().cloned().collect();
    let sound = state.door.sound.clone();
    let open = blocking(move || Ok(sound.open())).await?;
    let time = |t: Time| t.to_string();
    let streams = open.into_iter().map(|s| SoundStream {
        device_id: s.device.to_string(),
        stream: s.stream,
        stream_id: s.stream_id,
        started_at: time(s.started_at),
        last_heard: time(s.last_heard),
        seconds: s.seconds,
        pieces: s.pieces,
    });
    Ok(Json(Sending { active_connections: connections.len(), connections, streams: streams.collect() }))
}
