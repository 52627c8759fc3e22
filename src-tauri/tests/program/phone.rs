//! What a device uploads, through the built program, real speech and the real models.

use std::io::{Read, Write};
use std::net::TcpStream;

use loom_core::capture::decode;
use serde_json::Value;

use crate::rig::{Loom, Served, readings, until, word_error_rate};

/// Half a second, then growing: borders fall into words.
const PIECES_S: [f64; 4] = [0.5, 1.7, 2.3, 3.1];

impl Served {
    fn post(&self, path: &str, kind: &str, body: &[u8]) -> (u16, Value) {
        let host = self.url.strip_prefix("http://").unwrap();
        let mut s = TcpStream::connect(host).unwrap();
        let head = format!("Host: {host}\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: {kind}\r\n", self.token);
        write!(s, "POST {path} HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n", body.len()).unwrap();
        s.write_all(body).unwrap();
        let mut all = Vec::new();
        s.read_to_end(&mut all).unwrap();
        let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        (String::from_utf8_lossy(&all[9..12]).parse().unwrap(), serde_json::from_slice(&all[end + 4..]).unwrap())
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path).1).unwrap()
    }
}

/// Sends samples from `from` on in pieces, each twice now and then; what the first of them answered.
fn send(served: &Served, samples: &[u8], from: usize, upto: usize) {
    let (mut at, mut n) = (from, 0);
    while at < upto {
        let size = (PIECES_S[n % PIECES_S.len()] * 16_000.0) as usize * 2;
        let piece = &samples[at..(at + size).min(upto)];
        let ms = 1_770_000_000_000u64 + at as u64 / 32;
        let last = at + size >= samples.len();
        let path = format!("/audio/upload?device_id=phone-001&timestamp={ms}&format=pcm_s16le&sample_rate=16000&final={last}");
        let (status, first) = served.post(&path, "application/octet-stream", piece);
        assert_eq!((status, first["topic"].as_str()), (201, Some("device.audio.raw")), "{first}");
        if n % 2 == 1 {
            assert_eq!(served.post(&path, "application/octet-stream", piece).1["offset"], first["offset"], "a retry lands where it did");
        }
        (at, n) = (at + size, n + 1);
    }
}

#[test]
fn words_of_pieces_reach_the_timeline_under_their_device_over_a_kill() {
    let loom = Loom::new();
    let reading = readings().into_iter().max_by_key(|r| r.words.len()).unwrap();
    let decoded: Vec<f32> = decode::open(&reading.path).unwrap().flat_map(Result::unwrap).collect();
    let samples: Vec<u8> = decoded.iter().flat_map(|s| ((s * 32_767.0) as i16).to_le_bytes()).collect();
    let half = samples.len() / 4 * 2;
    let mut served = Served::start(&loom, &[]);
    send(&served, &samples, 0, half);
    served.child.kill().unwrap();
    served.child.wait().unwrap();
    drop(served);

    let served = Served::start(&loom, &[]);
    send(&served, &samples, half, samples.len());
    until("the stream ends and its words come", || {
        loom.rows(&["groups", "list"]).iter().all(|g| g["lag"] == 0) && !loom.released().is_empty()
    });
    let heard: Vec<String> = loom.released().into_iter().map(|(_, text)| text).collect();
    let rate = word_error_rate(&reading.words, &heard.join(" "));
    assert!(rate < 0.25, "{rate}: {heard:?}\n{}", reading.words);

    let devices = served.json("/devices/");
    let phone = devices["devices"].as_array().unwrap().iter().find(|d| d["alias"] == "phone-001").unwrap();
    let lines = loom.rows(&["topics", "tail", "media.text.released", "--from-beginning"]);
    assert!(lines.iter().all(|l| l["device_id"] == phone["device_id"]));
    let first = lines[0]["recorded_at"].as_str().unwrap();
    assert!(first.starts_with("2026-02-02T02:40:"), "by the phone's clock: {first}");

    assert!(loom.rows(&["devices", "list"]).iter().any(|d| d["alias"] == "phone-001" && d["revoked_at"].is_null()));
    assert!(loom.rows(&["devices", "revoke", "phone-001"])[0]["revoked_at"].is_string());
    let (status, refused) =
        served.post("/audio/upload?device_id=phone-001&format=pcm&sample_rate=16000", "application/octet-stream", &samples[..3200]);
    assert_eq!((status, refused["errors"][0]["pointer"].as_str()), (422, Some("/device_id")));
    served.stop();
    assert!(!loom.run(&["devices", "revoke", "nobody"]).status.success());
}
