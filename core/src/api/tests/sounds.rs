//! Sound over HTTP: in JSON, in a form, as itself, and over a socket.

use serde_json::json;
use tungstenite::Message;

use super::*;

/// A second of raw samples at 16 kHz.
fn second() -> Vec<u8> {
    (0..16_000u32).flat_map(|n| ((n % 100) as i16).to_le_bytes()).collect()
}

impl Rig {
    async fn bytes(&self, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        let r = Request::post(path).header("host", "localhost").header("x-api-key", TOKEN).header("content-type", kind);
        self.send(r.body(Body::from(body)).unwrap()).await
    }
    /// Samples of each record of sound.
    async fn heard(&self) -> Vec<u64> {
        let records = self.get("/api/topics/device.audio.raw/records").await.json()["records"].clone();
        records.as_array().into_iter().flatten().map(|r| r["data"]["samples"].as_u64().unwrap()).collect()
    }
}

#[tokio::test]
async fn the_bytes_alone_are_taken_under_their_own_type() {
    let rig = rig();
    let raw = "/audio/upload?device_id=phone-001&timestamp=1770000000&sample_rate=16000&format=pcm_s16le";
    let a = rig.bytes(raw, "application/octet-stream", second()).await;
    assert_eq!((a.status, &a.json()["topic"], &a.json()["offset"]), (StatusCode::CREATED, &json!("device.audio.raw"), &json!(0)));
    let again = rig.bytes(raw, "application/octet-stream", second()).await;
    assert_eq!((&again.json()["message_id"], &again.json()["offset"]), (&a.json()["message_id"], &json!(0)), "a retry lands where it did");
    let typed = rig.bytes("/audio/upload?device_id=phone-001&final=true", "audio/L16;rate=8000;channels=1", second()).await;
    assert_eq!(typed.status, StatusCode::CREATED);
    let heard = rig.heard().await;
    assert_eq!((heard[0], heard[1..].iter().sum::<u64>(), heard.last()), (16_000, 32_000, Some(&0)), "{heard:?}");
    assert_eq!(rig.bytes("/audio/upload", "audio/wav", second()).await.json()["errors"][0]["pointer"], "/device_id");
    let kept = rig.bytes("/audio/upload?device_id=phone-001", "audio/wav", b"not a sound".to_vec()).await;
    assert_eq!((kept.status, &kept.json()["topic"]), (StatusCode::ACCEPTED, &json!("device.upload.unreadable")));
    assert_eq!(rig.bytes("/audio/upload?device_id=a", "text/plain", second()).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_form_brings_files_with_fields_beside_them() {
    let rig = rig();
    let part = |head: &str, body: &[u8]| [b"--x\r\ncontent-disposition: form-data; ", head.as_bytes(), b"\r\n\r\n", body, b"\r\n"].concat();
    let fields =
        [part("name=\"device_id\"", b"phone-001"), part("name=\"format\"", b"pcm"), part("name=\"sample_rate\"", b"16000")].concat();
    let file = |n: u8| {
        part(&format!("name=\"file\"; filename=\"{n}.pcm\"\r\ncontent-type: application/octet-stream"), &[vec![n, 0], second()].concat())
    };
    let form = |files: &[Vec<u8>]| [fields.clone(), files.concat(), b"--x--\r\n".to_vec()].concat();
    let one = rig.bytes("/audio/upload", "multipart/form-data; boundary=x", form(&[file(1)])).await;
    assert_eq!(one.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&one.body));
    let two = rig.bytes("/audio/upload", "multipart/form-data; boundary=x", form(&[file(2), file(3)])).await;
    assert_eq!((two.status, &two.json()["processed"]), (StatusCode::MULTI_STATUS, &json!(2)));
    let none = rig.bytes("/audio/upload", "multipart/form-data; boundary=x", form(&[])).await;
    assert_eq!((none.status, &none.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/chunk_data")));
    assert_eq!(
        rig.bytes("/audio/upload", "multipart/form-data; boundary=x", b"--x\r\nbroken".to_vec()).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(rig.bytes("/audio/upload", "multipart/form-data", vec![]).await.status, StatusCode::BAD_REQUEST);
}

pub type Socket = tungstenite::WebSocket<std::net::TcpStream>;

/// A rig behind a real port.
pub struct Serving {
    pub port: u16,
    stop: tokio::sync::oneshot::Sender<()>,
    server: tokio::task::JoinHandle<Result<()>>,
}

pub fn serving(rig: &Rig) -> Serving {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(crate::api::serve(rig.router.clone(), listener, async { drop(stopped.await) }));
    Serving { port, stop, server }
}

impl Serving {
    pub async fn stop(self) {
        drop(self.stop);
        self.server.await.unwrap().unwrap();
    }
}

pub fn connect(port: u16, path: &str) -> Socket {
    let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let request = tungstenite::http::Request::builder()
        .uri(format!("ws://127.0.0.1:{port}{path}"))
        .header("host", format!("127.0.0.1:{port}"))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", tungstenite::handshake::client::generate_key())
        .body(())
        .unwrap();
    tungstenite::client(request, stream).unwrap().0
}

pub fn next(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(text.as_str()).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_streams_and_an_acknowledgement_means_that_it_is_on_the_log() {
    let rig = rig();
    let served = serving(&rig);
    let (port, state) = (served.port, rig.state.clone());
    tokio::task::spawn_blocking(move || {
        let samples = || -> u64 {
            let topic = TopicName::of("device.audio.raw");
            let all = state.bus.read(&topic, 0, 0, 1000, usize::MAX).unwrap();
            all.iter().map(|r| r.payload::<loom_schemas::payload::AudioChunk>().unwrap().samples as u64).sum()
        };
        let mut socket = connect(port, "/audio/stream/phone-001");
        let say = |socket: &mut Socket, said: Value| socket.send(Message::text(said.to_string())).unwrap();
        say(&mut socket, json!({"message_type": "ping", "data": {"timestamp": "2024-01-01T00:00:00.000Z"}}));
        assert_eq!(next(&mut socket)["type"], "pong");
        // Odd pieces: a sample may come by half.
        for piece in second().chunks(3201) {
            socket.send(Message::binary(piece.to_vec())).unwrap();
        }
        for n in 0..10 {
            let ack = next(&mut socket);
            assert_eq!((&ack["type"], &ack["message"]), (&json!("ack"), &json!(n)), "{ack}");
        }
        assert_eq!(samples(), 16_000);
        say(
            &mut socket,
            json!({"message_type": "audio_chunk", "data": {"chunk_data": hex::encode(second()), "sample_rate": 16000, "format": "pcm"}}),
        );
        assert_eq!(next(&mut socket)["type"], "ack");
        assert_eq!(samples(), 32_000);
        for (bad, code) in [
            (json!({"message_type": "audio_chunk", "data": {"chunk_data": "AAAA", "format": "wav"}}), "INVALID_FORMAT"),
            (json!({"message_type": "audio_chunk", "data": {}}), "INVALID_DATA"),
            (json!({"message_type": "audio_chunk"}), "INVALID_DATA"),
            (json!({"message_type": "smell"}), "INVALID_MESSAGE"),
            (json!([]), "INVALID_MESSAGE"),
        ] {
            say(&mut socket, bad.clone());
            let said = next(&mut socket);
            assert_eq!((&said["type"], &said["code"]), (&json!("error"), &json!(code)), "{bad} {said}");
        }
        assert_eq!(state.door.sound.open().len(), 1, "one stream");
        drop(socket);
        let mut again = connect(port, "/audio/stream/phone-001");
        again.send(Message::binary(second())).unwrap();
        assert_eq!(next(&mut again)["type"], "ack");
        assert_eq!((samples(), state.door.sound.open().len()), (48_000, 1), "it goes on after a reconnect");
    })
    .await
    .unwrap();
    let sending = rig.get("/audio/connections").await.json();
    assert_eq!((sending["streams"].as_array().unwrap().len(), &sending["streams"][0]["seconds"]), (1, &json!(3.0)));
    served.stop().await;
}
