//! What may be written over HTTP, and what is refused.

use serde_json::json;

use super::*;

/// A topic without a schema of its own.
const RADON: &str = "/api/topics/device.sensor.radon.raw/records";

#[tokio::test]
async fn a_record_is_durable_with_what_was_left_out_filled_in() {
    let rig = rig();
    let a = rig
        .post(RADON, &json!({"data": {"latitude": 1.0}}), &[("traceparent", "00-12345678901234567890123456789012-1234567890123456-01")])
        .await;
    let said = a.json();
    assert_eq!((a.status, &said["status"], &said["offset"]), (StatusCode::CREATED, &json!("success"), &json!(0)));
    let r = rig.get(RADON).await.json()["records"][0].clone();
    assert_eq!((&r["message_id"], &r["trace_id"]), (&said["message_id"], &json!("12345678901234567890123456789012")));
    assert_eq!((&r["device_id"], &r["recorded_at"]), (&json!(Uuid::from_u128(5).to_string()), &json!("2026-01-01T00:00:10.000000Z")));
    assert_eq!(
        (&r["data"], &r["producer"], &r["schema"]),
        (&json!({"latitude": 1.0}), &json!("http-api"), &json!("device.sensor.radon.raw.v1"))
    );
}

#[tokio::test]
async fn what_is_told_is_kept_and_a_retry_lands_where_the_first_did() {
    let rig = rig();
    let item = json!({"data": {}, "message_id": LINE, "device_id": Uuid::from_u128(9), "recorded_at": "2020-01-01T00:00:00+01:00",
        "schema": "device.sensor.radon.raw.v2", "trace_id": "550e8400-e29b-41d4-a716-446655440000"});
    let first = rig.post(RADON, &item, &[]).await.json();
    assert_eq!(rig.post(RADON, &item, &[]).await.json(), first);
    let records = rig.get(RADON).await.json()["records"].clone();
    assert_eq!(records.as_array().unwrap().len(), 1);
    assert_eq!(
        (&records[0]["recorded_at"], &records[0]["trace_id"]),
        (&json!("2019-12-31T23:00:00.000000Z"), &json!("550e8400e29b41d4a716446655440000"))
    );
    let keyed = [("idempotency-key", "k")];
    let a = rig.post(RADON, &json!({"data": {"n": 1}}), &keyed).await.json();
    assert_eq!(rig.post(RADON, &json!({"data": {"n": 1}}), &keyed).await.json()["offset"], a["offset"]);
    assert_ne!(rig.post(RADON, &json!({"data": {"n": 1}}), &[("idempotency-key", "l")]).await.json()["offset"], a["offset"]);
}

#[tokio::test]
async fn a_batch_answers_for_each_item() {
    let rig = rig();
    let a = rig.post(RADON, &json!([{"data": {"n": 0}}, {"data": 5}, {}, 7, {"data": {"n": 1}}]), &[]).await;
    let results = a.json()["results"].clone();
    assert_eq!(a.status, StatusCode::MULTI_STATUS);
    assert_eq!((&results[0]["offset"], &results[4]["offset"]), (&json!(0), &json!(1)));
    for (i, pointer, rule) in [(1, "/data", "type"), (2, "/data", "required"), (3, "", "type")] {
        assert_eq!(
            (&results[i]["status"], &results[i]["errors"][0]["pointer"], &results[i]["errors"][0]["rule"]),
            (&json!(422), &json!(pointer), &json!(rule))
        );
    }
    assert_eq!(rig.post(RADON, &json!([]), &[]).await.status, StatusCode::BAD_REQUEST);
    let many = vec![json!({"data": {}}); 10_001];
    assert_eq!(rig.post(RADON, &json!(many), &[]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn everything_wrong_is_said_and_no_value_repeated() {
    let rig = rig();
    let a = rig
        .post(RADON, &json!({"data": {}, "message_id": "secret", "device_id": 4, "recorded_at": "secret", "trace_id": "secret"}), &[])
        .await;
    let errors = a.json()["errors"].clone();
    let pointers: Vec<_> = errors.as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap().to_string()).collect();
    assert_eq!(
        (a.status, pointers),
        (StatusCode::UNPROCESSABLE_ENTITY, ["/message_id", "/device_id", "/recorded_at", "/trace_id"].map(String::from).to_vec())
    );
    assert!(!String::from_utf8_lossy(&a.body).contains("secret"));
}

#[tokio::test]
async fn bodies_that_are_no_json_or_too_large() {
    let rig = rig();
    let send = |kind: &'static str, body: Vec<u8>, path: &'static str| {
        let r = Request::post(path).header("host", "localhost").header("x-api-key", TOKEN).header("content-type", kind);
        rig.send(r.body(Body::from(body)).unwrap())
    };
    assert_eq!(send("application/json", b"{".to_vec(), RADON).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(send("text/plain", b"{}".to_vec(), RADON).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let a = send("application/json", vec![b' '; (1 << 20) + 1], "/api/dlq/a.b.c/redrive").await;
    assert_eq!((a.status, a.header("content-type")), (StatusCode::PAYLOAD_TOO_LARGE, "application/problem+json"));
    assert_eq!(send("application/json", vec![b' '; (16 << 20) + 1], RADON).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn nobody_writes_behind_the_wall_or_to_dead_letters() {
    let rig = rig();
    for topic in ["media.text.released", "media.text.shared", "media.text.released.dlq", "device.audio.raw.dlq", crate::bus::names::AUDIT] {
        let a = rig.post(&format!("/api/topics/{topic}/records"), &json!({"data": {}}), &[]).await;
        assert_eq!(a.status, StatusCode::FORBIDDEN, "{topic}");
        assert_eq!(rig.state.bus.topic(&TopicName::parse(topic).unwrap()).unwrap().map_or(0, |t| t.records), 0);
    }
}

#[tokio::test]
async fn every_door_answers_as_its_senders_expect() {
    let rig = rig();
    let gps = json!({"device_id": "phone-001", "timestamp": "2024-01-01T12:00:00Z", "latitude": 1.0, "longitude": 2.0});
    assert_eq!(rig.post("/sensor/gps", &gps, &[]).await.status, StatusCode::CREATED);
    let bad = rig.post("/sensor/gps", &json!({"device_id": "phone-001", "latitude": 91, "longitude": 2.0}), &[]).await;
    assert_eq!((bad.status, &bad.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/latitude")));
    let batch = rig.post("/sensor/batch", &json!([{"device_id": "a", "sensor_type": "light", "value": 3}, {"device_id": "a"}]), &[]).await;
    assert_eq!((batch.status, &batch.json()["processed"], &batch.json()["failed"]), (StatusCode::MULTI_STATUS, &json!(1), &json!(1)));
    let kept = rig.post("/images/upload", &json!({"device_id": "a"}), &[]).await;
    assert_eq!((kept.status, &kept.json()["status"]), (StatusCode::ACCEPTED, &json!("kept")));
    let binary = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "urn:phone-001"), ("ce-type", "device.sensor.gps.raw")];
    assert_eq!(rig.post("/events", &json!({"latitude": 1.0, "longitude": 2.0}), &binary).await.status, StatusCode::CREATED);
    let walled = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "x"), ("ce-type", "media.text.released")];
    assert_eq!(rig.post("/events", &json!({"text": "x"}), &walled).await.status, StatusCode::FORBIDDEN);
    assert_eq!(rig.post("/events", &json!({}), &[]).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let place = json!({"_type": "location", "lat": 1.0, "lon": 2.0, "tst": 1_770_000_000});
    let tracked = rig.post("/owntracks?u=me&d=phone", &place, &[]).await;
    assert_eq!((tracked.status, tracked.json()), (StatusCode::OK, json!([])));
    let features = json!({"locations": [{"geometry": {"coordinates": [2.0, 1.0]}, "properties": {"device_id": "phone"}}, {}]});
    let answered = rig.post("/overland", &features, &[]).await.json();
    assert_eq!((&answered["result"], answered["refused"].as_array().unwrap().len()), (&json!("ok"), 1));
    assert_eq!(rig.get("/ingest/message-types").await.json()["message_types"].as_array().unwrap().len(), 24);
}

fn letter(n: u64) -> Value {
    json!({"topic": "device.audio.raw", "partition": 0, "offset": n, "group": "silero-vad-consumer", "error_kind": "skip", "message": "no audio",
        "attempts": 1, "first_at": "2026-01-01T00:00:00Z", "last_at": "2026-01-01T00:00:00Z",
        "record": {"schema": "device.audio.raw.v1", "message_id": LINE, "device_id": Uuid::nil(), "recorded_at": "2026-01-01T00:00:00Z",
            "received_at": "2026-01-01T00:00:00Z", "data": {"n": n}}})
}

#[tokio::test]
async fn dead_letters_are_listed_shown_and_given_once_more() {
    let rig = rig();
    assert_eq!(rig.get("/api/dlq").await.json()["topics"], json!([]));
    for n in 0..3 {
        rig.put("device.audio.raw.dlq", &letter(n));
    }
    rig.put("device.audio.raw.dlq", &json!({"record": {"data": null}}));
    assert_eq!(rig.get("/api/dlq").await.json()["topics"][0]["records"], 4);
    let shown = rig.get("/api/dlq/device.audio.raw?limit=2").await.json();
    assert_eq!(
        (&shown["letters"][1]["offset"], &shown["letters"][1]["group"], &shown["end"]),
        (&json!(1), &json!("silero-vad-consumer"), &json!(4))
    );
    let url = "/api/dlq/device.audio.raw.dlq/redrive";
    let counts = |a: Value| [&a["redriven"], &a["repeats"], &a["skipped"]].map(|n| n.as_u64().unwrap());
    let rehearsed = rig.post(url, &json!({"offsets": [1], "dry_run": true}), &[]).await.json();
    assert_eq!((rehearsed["items"][0]["result"].as_str(), counts(rehearsed.clone())), (Some("would_redrive"), [1, 0, 0]));
    assert_eq!(counts(rig.post(url, &json!({"group": "another-consumer"}), &[]).await.json()), [0, 0, 0]);
    assert_eq!(counts(rig.post(url, &json!({"to": "2026-01-01T00:00:00Z"}), &[]).await.json()), [0, 0, 0]);
    assert_eq!(counts(rig.post(url, &json!({"offsets": [1], "error_kind": "skip"}), &[]).await.json()), [1, 0, 0]);
    let rest = rig.post(url, &json!({}), &[]).await.json();
    let results: Vec<_> = rest["items"].as_array().unwrap().iter().map(|i| i["result"].as_str().unwrap()).collect();
    assert_eq!((counts(rest.clone()), results), ([2, 1, 1], vec!["redriven", "repeat", "redriven", "skipped"]));
    assert_eq!(rig.post(url, &json!({"ofsets": [1]}), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let back = rig.get("/api/topics/device.audio.raw/records").await.json()["records"].clone();
    assert_eq!(back.as_array().unwrap().iter().map(|r| r["data"]["n"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 0, 2]);
    assert_eq!(back[0]["trace_id"], "01".repeat(16));
    assert_eq!(rig.get("/api/dlq/a.b.c").await.status, StatusCode::NOT_FOUND);
}
