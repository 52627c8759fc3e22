//! Sound in every shape that Loom v2's clients send.

use base64::Engine;
use serde_json::{Value, json};

use super::super::sound::{Form, Sample};
use super::{Piece, Rig, rig};
use crate::env::Time;

const RAW: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

impl Rig {
    fn hears(&self, path: &str, body: Value) -> Piece {
        self.one(path, body);
        self.ear.0.lock().unwrap().last().unwrap().clone()
    }
}

#[test]
fn flat_nested_unified_and_event_are_one_piece() {
    let rig = rig();
    let pcm = Form::Pcm { rate: 16_000, channels: 1, sample: Sample::S16Le };
    let at = "2024-01-01T12:00:00Z";
    for (path, body) in [
        ("/audio/upload", json!({"device_id": "phone-001", "timestamp": at, "data": base64(&RAW), "format": "pcm", "sample_rate": 16000})),
        (
            "/audio/upload",
            json!({"device_id": "phone-001", "recorded_at": at, "chunk_data": hex::encode(RAW), "format": "pcm16", "sample_rate": 16000.0, "channels": 1}),
        ),
        (
            "/audio/upload",
            json!({"device_id": "phone-001", "timestamp": at, "schema_version": "v1", "data": {"audio_data": base64(&RAW), "format": "RAW", "sample_rate": "16000", "duration_ms": 1000}}),
        ),
        (
            "/ingest/message",
            json!({"message_type_id": "audio_chunk", "device_id": "phone-001", "recorded_at": at, "data": {"chunk_data": base64(&RAW), "format": "pcm_s16le", "sample_rate": 16000}}),
        ),
    ] {
        let piece = rig.hears(path, body.clone());
        assert_eq!((&piece.bytes[..], &piece.form, piece.name.as_str()), (&RAW[..], &pcm, "phone-001"), "{body}");
        assert_eq!(piece.at, Some(Time::parse(at).unwrap()));
    }
    let heard = rig.ear.0.lock().unwrap();
    assert!(heard.iter().all(|p| p.key == heard[0].key), "the same sound of the same time is the same piece");
}

#[test]
fn a_piece_is_named_by_its_id_its_number_or_its_time_and_never_by_its_bytes_alone() {
    let rig = rig();
    let send = |more: Value| {
        let mut body = json!({"device_id": "a", "data": base64(&RAW), "format": "pcm", "sample_rate": 8000});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rig.hears("/audio/upload", body).key
    };
    let time = |s: u32| format!("2026-01-01T00:00:{s:02}Z");
    assert_eq!(send(json!({"recorded_at": time(1)})), send(json!({"recorded_at": time(1)})));
    assert_ne!(send(json!({"recorded_at": time(1)})), send(json!({"recorded_at": time(2)})), "equal silence is not one");
    let said = |n: u32| json!({"message_id": format!("rec-{n}")});
    assert!(send(said(1)) == send(said(1)) && send(said(1)) != send(said(2)));
    let id = json!({"message_id": "0190c0de-0000-7000-8000-000000000001"});
    assert_eq!(
        send(json!({"message_id": id["message_id"], "recorded_at": time(1)})),
        send(json!({"message_id": id["message_id"], "recorded_at": time(2)}))
    );
    assert_eq!(send(json!({"stream": "walk", "sequence": 1, "recorded_at": time(1)})), send(json!({"stream": "walk", "sequence": 1})));
    assert_ne!(send(json!({"stream": "walk", "sequence": 2})), send(json!({"stream": "walk", "sequence": 3})));
    assert_ne!(send(json!({"stream": "walk", "sequence": 2})), send(json!({"stream": "run", "sequence": 2})));
    assert_ne!(
        send(json!({"chunk_number": 0, "recorded_at": time(1)})),
        send(json!({"chunk_number": 0, "recorded_at": time(9)})),
        "an app that counts anew after its start loses nothing"
    );
    let named = rig.hears("/audio/upload", json!({"device_id": "a", "data": base64(&RAW), "format": "pcm", "sample_rate": 8000, "file_id": "f", "chunk_number": 4, "final": true}));
    assert_eq!((named.stream.as_str(), named.number, named.last), ("f", Some(4), true));
    let once =
        rig.hears("/audio/upload", json!({"device_id": "a", "data": base64(&RAW), "format": "pcm", "sample_rate": 8000, "file_id": "f"}));
    assert_eq!((once.stream.as_str(), once.number, once.last), ("", None, false), "a file's id alone names no stream");
}

#[test]
fn silence_in_base64_is_no_hex() {
    let rig = rig();
    let hears = |data: &str, encoding: Value| {
        rig.hears("/audio/upload", json!({"device_id": "a", "data": data, "format": "pcm", "sample_rate": 8000, "encoding": encoding}))
            .bytes
    };
    assert_eq!(hears("AAAAAAAAAAAAAAAA", json!(null)), [0; 12]);
    assert_eq!(hears("0000aabb", json!(null)), [0, 0, 0xaa, 0xbb]);
    assert_eq!(hears("AABBCCDD", json!("hex")), [0xaa, 0xbb, 0xcc, 0xdd]);
    assert_eq!(hears("deadbeef", json!("base64")).len(), 6);
}

#[test]
fn a_file_is_one_by_its_content_whatever_it_is_called() {
    let rig = rig();
    let form = |format: Value, bytes: &[u8]| {
        rig.hears("/audio/upload", json!({"device_id": "a", "data": base64(bytes), "format": format, "sample_rate": 44100})).form
    };
    assert_eq!(form(json!("pcm"), b"RIFF1234WAVEfmt "), Form::File { extension: None });
    assert_eq!(form(json!("WAV"), b"RIFF1234WAVEfmt "), Form::File { extension: Some("wav".into()) });
    assert_eq!(form(json!(null), b"\0\0\0\x18ftypM4A "), Form::File { extension: None });
    assert_eq!(form(json!("mp3"), b"\xff\xfb\x90\x64abcd"), Form::File { extension: Some("mp3".into()) });
}

#[test]
fn what_is_missing_is_named_and_what_cannot_be_read_is_kept() {
    let rig = rig();
    let refused = |body: Value| rig.refused("/audio/upload", body);
    assert_eq!(refused(json!({"chunk_data": base64(&RAW), "format": "pcm", "sample_rate": 8000})), ["/device_id"]);
    assert_eq!(refused(json!({"device_id": "a", "sample_rate": 16000})), ["/chunk_data"]);
    assert_eq!(
        refused(json!({"device_id": "a", "data": 7, "sample_rate": 12, "channels": "many"})),
        ["/chunk_data", "/sample_rate", "/channels"]
    );
    assert_eq!(refused(json!({"device_id": "a", "data": base64(&RAW), "format": "pcm"})), ["/sample_rate"]);
    assert_eq!(refused(json!({"device_id": "a", "data": {"chunk_data": [], "format": "wav"}})), ["/data/chunk_data"]);
    assert!(rig.door.devices.list().unwrap().is_empty());
    for (body, word) in [
        (json!({"device_id": "a"}), "nothing came"),
        (json!({"device_id": "a", "data": "UklGRiQAAABXQVZFZm10IBA...", "format": "wav"}), "neither base64 nor hex"),
        (json!({"device_id": "a", "audio_data": "base64_encoded_audio"}), "name their format"),
        (json!({"device_id": "a", "audio_data": "", "format": "wav"}), "nothing came"),
    ] {
        let taken = rig.one("/audio/upload", body.clone());
        assert_eq!(taken.topic.as_str(), "device.upload.unreadable", "{body}");
        assert!(taken.unreadable.as_deref().unwrap().contains(word), "{:?}", taken.unreadable);
        assert_eq!(rig.data(&taken)["meant_for"], "device.audio.raw");
    }
}

#[test]
fn a_reference_to_stored_samples_is_a_record_like_any_other() {
    let rig = rig();
    let chunk = json!({"stream_id": "5d41402abc4b2a76b9719d911017c592", "first_sample": 0, "samples": 16000, "sample_rate": 16000,
        "format": "pcm_s16le", "source": {"kind": "phone", "name": "a"}});
    let mut body = chunk.clone();
    body["device_id"] = json!("a");
    let taken = rig.one("/audio/upload", body);
    assert_eq!(rig.data(&taken), chunk);
}
