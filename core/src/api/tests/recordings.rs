//! Recordings at the door: written whole, taken once whole, and nothing left of what broke off.

use std::path::PathBuf;

use axum::body::{Body, Bytes};
use futures_util::stream;
use loom_schemas::live::Taken;

use super::*;
use crate::Error;
use crate::api::TakeIn;

/// Keeps what it is given; calls it a recording unless it begins with a brace.
pub struct Kept(pub PathBuf);

impl TakeIn for Kept {
    fn place(&self, name: &str) -> Result<PathBuf> {
        std::fs::create_dir_all(&self.0).unwrap();
        Ok(self.0.join(name))
    }
    fn take(&self, path: PathBuf) -> Result<Taken> {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.starts_with(b"{") {
            return Err(Error::invalid("this is no recording: give a sound or video file"));
        }
        Ok(Taken { stream_id: bytes.len().to_string(), started_at: "2026-01-01T00:00:00.000000Z".into(), known: false })
    }
    fn give_up(&self, path: PathBuf) {
        std::fs::remove_file(path).unwrap();
    }
}

fn post(path: &str, body: Body) -> Request<Body> {
    Request::post(path).header("host", "localhost:8600").header("x-api-key", TOKEN).body(body).unwrap()
}

#[tokio::test]
async fn a_recording_larger_than_a_body_may_be_is_written_piece_by_piece() {
    let rig = rig();
    let pieces = (0..40).map(|i| Ok::<_, std::io::Error>(Bytes::from(vec![i as u8; 64 << 10])));
    let a = rig.send(post("/api/recordings?name=a.wav", Body::from_stream(stream::iter(pieces)))).await;
    assert_eq!((a.status, a.json()["stream_id"].as_str()), (StatusCode::ACCEPTED, Some("2621440")));
}

#[tokio::test]
async fn what_is_no_recording_is_refused_with_a_reason() {
    let rig = rig();
    let a = rig.send(post("/api/recordings?name=a.json", Body::from("{}"))).await;
    assert_eq!(a.status, StatusCode::BAD_REQUEST);
    assert!(a.json()["detail"].as_str().unwrap().contains("no recording"));
    assert_eq!(rig.send(post("/api/recordings", Body::empty())).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn nothing_is_left_of_what_broke_off() {
    let rig = rig();
    let pieces = [Ok(Bytes::from_static(b"RIFF")), Err(std::io::Error::other("gone"))];
    let a = rig.send(post("/api/recordings?name=half.wav", Body::from_stream(stream::iter(pieces)))).await;
    assert_eq!(a.status, StatusCode::BAD_REQUEST);
    let folder = rig.state.recordings.place("x").unwrap();
    assert_eq!(std::fs::read_dir(folder.parent().unwrap()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_sample_comes_with_loom() {
    let a = rig().send(post("/api/recordings/sample", Body::empty())).await;
    assert_eq!((a.status, a.json()["stream_id"].as_str()), (StatusCode::ACCEPTED, Some("421774")));
}
