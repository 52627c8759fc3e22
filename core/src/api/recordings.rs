//! Recordings that come in while Loom runs: a file's bytes, or the sample that comes with Loom.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, BodyDataStream};
use axum::extract::State as Extract;
use axum::http::StatusCode;
use futures_util::StreamExt;
use loom_schemas::live::Taken;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::query::Params;
use super::state::{State, blocking};
use crate::error::{Error, Result};

/// Larger ones are given on the command line, which copies nothing.
const MOST_BYTES: u64 = 4 << 30;

/// What a recording is called until it is whole: a stop may come at any moment.
pub const HALF: &str = ".half";

/// Lets go of what did not become whole, however the request ended: by a time limit, or by a client that left.
struct Unfinished {
    recordings: Arc<dyn TakeIn>,
    path: Option<PathBuf>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            self.recordings.give_up(path);
        }
    }
}

/// Takes recordings in; what of it may block is called off the threads that answer.
pub trait TakeIn: Send + Sync {
    /// Where a recording of this name may be written, in a folder of its own.
    fn place(&self, name: &str) -> Result<PathBuf>;
    /// Looks at what was written there, and begins to listen to it. `Invalid` where it is no recording; `Retry` while enough are
    /// being listened to.
    fn take(&self, path: PathBuf) -> Result<Taken>;
    /// What was written there is not wanted.
    fn give_up(&self, path: PathBuf);
}

/// The recording that comes with Loom, and its name.
const SAMPLE: (&str, &[u8]) = ("sense-and-sensibility.flac", include_bytes!("../../../assets/sense-and-sensibility.flac"));

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(take)).routes(routes!(sample))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Named {
    /// The file's name; its ending may say what it is.
    name: String,
}

/// Takes a recording in: its bytes as they are in the file. The same bytes again double nothing.
#[utoipa::path(post, path = "/api/recordings", tag = "capture", params(Named),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 202, body = Taken), (status = 400, body = Problem), (status = 413, body = Problem), (status = 503, body = Problem)))]
async fn take(Extract(state): Extract<Arc<State>>, Params(q): Params<Named>, body: Body) -> Result<(StatusCode, Json<Taken>), Problem> {
    let recordings = state.recordings.clone();
    let path = blocking(move || recordings.place(&q.name)).await?;
    let half = path.with_file_name(HALF);
    let mut unfinished = Unfinished { recordings: state.recordings.clone(), path: Some(half.clone()) };
    write(half.clone(), body.into_data_stream()).await?;
    let whole = path.clone();
    blocking(move || std::fs::rename(half, whole).map_err(unwritable)).await?;
    unfinished.path = None;
    begin(state, path).await
}

/// Takes the recording in that comes with Loom: half a minute of speech, to try it.
#[utoipa::path(post, path = "/api/recordings/sample", tag = "capture", responses((status = 202, body = Taken), (status = 503, body = Problem)))]
async fn sample(Extract(state): Extract<Arc<State>>) -> Result<(StatusCode, Json<Taken>), Problem> {
    let recordings = state.recordings.clone();
    let path = blocking(move || {
        let path = recordings.place(SAMPLE.0)?;
        let half = path.with_file_name(HALF);
        std::fs::write(&half, SAMPLE.1).and_then(|()| std::fs::rename(half, &path)).map_err(unwritable)?;
        Ok(path)
    })
    .await?;
    begin(state, path).await
}

async fn begin(state: Arc<State>, path: PathBuf) -> Result<(StatusCode, Json<Taken>), Problem> {
    let recordings = state.recordings.clone();
    blocking(move || recordings.take(path)).await.map(|taken| (StatusCode::ACCEPTED, Json(taken)))
}

/// A piece at a time, so that a long recording needs no memory.
async fn write(path: PathBuf, mut body: BodyDataStream) -> Result<(), Problem> {
    use std::io::Write;
    let mut file = blocking(move || std::fs::File::create(path).map_err(unwritable)).await?;
    let mut bytes = 0;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Problem::bad_request("the recording broke off on its way: send it again"))?;
        bytes += piece.len() as u64;
        if bytes > MOST_BYTES {
            let say = "the recording is larger than 4 GB: give it to `loom serve --input`";
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, say));
        }
        file = blocking(move || file.write_all(&piece).map(|()| file).map_err(unwritable)).await?;
    }
    blocking(move || file.sync_all().map_err(unwritable)).await
}

fn unwritable(e: std::io::Error) -> Error {
    Error::stop("the recording cannot be written into the data folder: free some space").because(e)
}
