//! Devices in Loom v2's shapes, and what its ingestion could be asked.

use serde_json::json;

use super::*;

impl Rig {
    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let r = Request::builder().method(method).uri(path).header("host", "localhost").header("x-api-key", TOKEN);
        self.send(r.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()).await
    }
}

#[tokio::test]
async fn a_device_is_registered_described_put_out_and_let_back_in() {
    let rig = rig();
    let body = json!({"device_id": "new-device-1", "name": "New Test Device", "device_type": "mobile_android", "platform": "Android",
        "model": "Pixel 8", "tags": ["new", "test"]});
    let made = rig.post("/devices/", &body, &[]).await;
    assert_eq!(
        (made.status, &made.json()["alias"], &made.json()["tags"]),
        (StatusCode::CREATED, &json!("new-device-1"), &json!(["new", "test"]))
    );
    assert!(made.json()["message_id"].is_string() && made.json()["topic"] == "device.metadata.raw", "the log says so");
    let id = made.json()["device_id"].as_str().unwrap().to_string();
    assert_eq!(rig.post("/device-identity/devices", &body, &[]).await.status, StatusCode::OK, "again is no error");
    let changed = rig.ask("PATCH", "/devices/new-device-1", json!({"name": "Phone"})).await.json();
    assert_eq!((&changed["name"], &changed["model"], &changed["device_id"]), (&json!("Phone"), &json!("Pixel 8"), &json!(id)));
    assert_eq!(rig.get("/devices/").await.json()["devices"], rig.get("/device-identity/devices").await.json()["devices"]);
    let gps = json!({"device_id": "new-device-1", "latitude": 1.0, "longitude": 2.0});
    assert_eq!(rig.post("/sensor/gps", &gps, &[]).await.status, StatusCode::CREATED);
    let activity = rig.get(&format!("/devices/{id}/activity")).await.json();
    let counts = json!({"device.metadata.raw": 2, "device.sensor.gps.raw": 1});
    assert_eq!((&activity["records"], &activity["topics"]), (&json!(3), &counts));
    assert_eq!(rig.get("/devices/activity").await.json()["devices"][0]["records"], 3);
    let out = rig.ask("DELETE", &format!("/devices/{id}"), json!({})).await;
    assert!(out.status == StatusCode::OK && out.json()["revoked_at"].is_string() && out.json()["is_active"] == false);
    let refused = rig.post("/sensor/gps", &gps, &[]).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/device_id")));
    assert!(rig.post("/devices/", &body, &[]).await.json()["revoked_at"].is_null());
    assert_eq!(rig.post("/sensor/gps", &gps, &[]).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_is_wrong_with_a_device_is_named() {
    let rig = rig();
    for (body, pointer) in [
        (json!({}), "/device_id"),
        (json!({"device_id": 5}), "/device_id"),
        (json!({"device_id": "a b"}), "/device_id"),
        (json!({"device_id": "a", "name": ["x"]}), "/name"),
        (json!({"device_id": "a", "tags": "x"}), "/tags"),
        (json!([]), ""),
    ] {
        let a = rig.post("/devices/", &body, &[]).await;
        assert_eq!((a.status, &a.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(pointer)), "{body}");
    }
    for (method, path) in
        [("GET", "/devices/nobody"), ("DELETE", "/devices/nobody"), ("GET", "/devices/nobody/activity"), ("PATCH", "/devices/nobody")]
    {
        assert_eq!(rig.ask(method, path, json!({})).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(rig.get("/devices/").await.json()["total"], 0);
}

#[tokio::test]
async fn what_loom_v2_could_be_asked_is_answered_from_what_is_there() {
    let rig = rig();
    let kind = rig.get("/ingest/message-types/twitter_screenshot").await.json();
    assert_eq!((&kind["topic"], &kind["pipeline_hint"]), (&json!("external.twitter.images.raw"), &json!("ocr_extraction")));
    assert!(kind["validation_rules"]["validate_base64"].as_array().unwrap().contains(&json!("image_data")));
    assert_eq!(rig.get("/ingest/message-types/audio_chunk").await.json()["validation_rules"]["required_fields"], json!(["chunk_data"]));
    assert_eq!(rig.get("/ingest/message-types/smell").await.status, StatusCode::NOT_FOUND);
    let events = rig.get("/os-events/event-types").await.json();
    assert!(events["app_lifecycle"]["event_type"]["values"].as_array().unwrap().contains(&json!("launch")));
    assert!(!rig.get("/system/metadata/types").await.json()["metadata_types"].as_array().unwrap().is_empty());
    assert_eq!(rig.get("/system/apps/stats").await.json(), json!({"total": 0, "topics": []}));
    rig.put("device.system.apps.macos.raw", &json!({"running_applications": []}));
    assert_eq!(rig.get("/system/apps/stats").await.json()["total"], 1);
    let said = json!({"device_id": "a", "consumer_id": "ocr", "consumed_message": {"id": 1}});
    assert_eq!(rig.post("/system/consumer_activity/log", &said, &[]).await.status, StatusCode::CREATED);
    assert_eq!(rig.get("/system/consumer_activity").await.json()["consumers"][0]["consumer_id"], "ocr");
    let context = rig.get("/ai/context").await.json();
    assert!(context["prompt"].as_str().unwrap().contains("hello") && context["counts"]["device.system.apps.macos.raw"] == 1);
    assert!(!context.to_string().contains("consumed_message"), "nothing from before the filter");
}

#[tokio::test]
async fn one_device_cannot_take_the_others_share() {
    let rig = rig_with(Settings { device_records_per_second: 1, ..Settings::default() });
    let items = |n: usize| json!(vec![json!({"device_id": "a", "latitude": 1.0, "longitude": 2.0}); n]);
    assert_eq!(rig.post("/sensor/gps", &items(10), &[]).await.status, StatusCode::MULTI_STATUS);
    let slow = rig.post("/sensor/gps", &items(3), &[]).await;
    assert_eq!((slow.status, slow.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "3"));
    assert_eq!(rig.post("/sensor/gps", &items(3)[0].clone(), &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    let other = json!({"device_id": "b", "latitude": 1.0, "longitude": 2.0});
    assert_eq!(rig.post("/sensor/gps", &other, &[]).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn numbered_records_are_taken_once_for_ever_and_keys_cover_batches() {
    let rig = rig();
    let numbered = |n: u64| json!({"device_id": "a", "stream": "gps", "sequence": n, "latitude": 1.0, "longitude": 2.0});
    let path = "/api/topics/device.sensor.gps.raw/records";
    let count = async || rig.get(path).await.json()["records"].as_array().unwrap().len();
    let first = rig.post("/sensor/gps", &numbered(0), &[]).await.json();
    rig.post("/sensor/gps", &json!([numbered(2), numbered(3)]), &[]).await;
    let again = rig.post("/sensor/gps", &numbered(0), &[]).await;
    assert_eq!((again.status, &again.json()["message_id"]), (StatusCode::CREATED, &first["message_id"]));
    assert_eq!(count().await, 3);
    rig.post("/sensor/gps", &numbered(1), &[]).await;
    assert_eq!(count().await, 4, "one that comes late is new");
    let keyed = [("idempotency-key", "k")];
    let batch = json!([{"data": {"latitude": 1.0, "longitude": 2.0}}, {"data": {"latitude": 3.0, "longitude": 2.0}}]);
    let offsets = async || {
        rig.post(path, &batch, &keyed).await.json()["results"].as_array().unwrap().iter().map(|r| r["offset"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(offsets().await, [json!(4), json!(5)]);
    assert_eq!(offsets().await, [json!(4), json!(5)]);
    assert_eq!(count().await, 6);
}

#[tokio::test]
async fn json_that_readers_would_read_differently_is_refused() {
    let rig = rig();
    let send = async |path: &str, kind: &str, body: &[u8]| {
        let r = Request::post(path).header("host", "localhost").header("x-api-key", TOKEN).header("content-type", kind);
        rig.send(r.body(Body::from(body.to_vec())).unwrap()).await
    };
    let deep = "[".repeat(100_000);
    for body in [&br#"{"device_id": "a", "device_id": "b"}"#[..], deep.as_bytes(), b"{\"a\": \"\xff\"}", b"[1e999]", b"{"] {
        for path in
            ["/sensor/gps", "/audio/upload", "/ingest/message", "/overland", "/devices/", "/api/topics/device.sensor.gps.raw/records"]
        {
            let a = send(path, "application/json", body).await;
            assert_eq!((a.status, a.header("content-type")), (StatusCode::BAD_REQUEST, "application/problem+json"), "{path}");
        }
        assert_eq!(send("/events", "application/cloudevents+json", body).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(send("/sensor/gps", "text/csv", b"1,2").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(send("/sensor/gps", "", b"{}").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
