//! The microphone: what it does, which ones there are, and telling it to stop or go on.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::live::{CaptureDevices, CaptureState, Listening};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::{State, blocking};
use crate::capture::Listen;
use crate::error::Result;

/// How long an answer waits for the microphone to have done what it was told.
const PATIENCE: Duration = Duration::from_secs(1);

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(capture))
        .routes(routes!(devices))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(choose))
}

/// Which microphone to listen with.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Chosen {
    /// As `/api/capture/devices` names it; `null` follows the system's default.
    pub id: Option<String>,
}

/// What the microphone does.
#[utoipa::path(get, path = "/api/capture", tag = "capture", responses((status = 200, body = CaptureState)))]
async fn capture(Extract(state): Extract<Arc<State>>) -> Json<CaptureState> {
    Json(state.live.capture.borrow().clone())
}

/// Microphones that can be chosen now.
#[utoipa::path(get, path = "/api/capture/devices", tag = "capture", responses((status = 200, body = CaptureDevices)))]
async fn devices(Extract(state): Extract<Arc<State>>) -> Result<Json<CaptureDevices>, Problem> {
    blocking(move || state.listen.devices()).await.map(|devices| Json(CaptureDevices { devices }))
}

/// Stops listening, over restarts too, until it is resumed.
#[utoipa::path(post, path = "/api/capture/pause", tag = "capture", responses((status = 200, body = CaptureState)))]
async fn pause(Extract(state): Extract<Arc<State>>) -> Result<Json<CaptureState>, Problem> {
    told(state, |l| l.pause(), |s| matches!(s.state, Listening::Paused | Listening::Off)).await
}

/// Listens again.
#[utoipa::path(post, path = "/api/capture/resume", tag = "capture",
    responses((status = 200, body = CaptureState), (status = 400, body = Problem)))]
async fn resume(Extract(state): Extract<Arc<State>>) -> Result<Json<CaptureState>, Problem> {
    told(state, |l| l.resume(), |s| s.state != Listening::Paused).await
}

/// Listens with this microphone from now on.
#[utoipa::path(put, path = "/api/capture/device", tag = "capture", request_body = Chosen,
    responses((status = 200, body = CaptureState), (status = 400, body = Problem)))]
async fn choose(Extract(state): Extract<Arc<State>>, Json(wanted): Json<Chosen>) -> Result<Json<CaptureState>, Problem> {
    let id = wanted.id.clone();
    told(state, move |l| l.choose(id.as_deref()), move |s| s.chosen == wanted.id).await
}

/// Tells the microphone, and answers with what it does then.
async fn told(
    state: Arc<State>,
    tell: impl FnOnce(&dyn Listen) -> Result<()> + Send + 'static,
    done: impl FnMut(&CaptureState) -> bool,
) -> Result<Json<CaptureState>, Problem> {
    let mut now = state.live.capture();
    let listen = state.listen.clone();
    blocking(move || tell(&*listen)).await?;
    // A device may take its time: then the answer is what is known, and the page hears of the rest.
    let _ = tokio::time::timeout(PATIENCE, now.wait_for(done)).await;
    Ok(Json(now.borrow().clone()))
}
