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

#[tokio::test]
async fn devices_are_linked_as_the_old_plan_had_it_and_unlinked_again() {
    let rig = rig();
    let ids: Vec<String> = {
        let mut ids = Vec::new();
        for name in ["phone", "laptop", "watch"] {
            let made = rig.post("/devices", &json!({"device_id": name}), &[]).await.json();
            ids.push(made["device_id"].as_str().unwrap().to_string());
        }
        ids
    };
    // By an id and a name, at the address of the old port.
    let classic = super::super::classic::at_root(rig.router.clone(), "/device-identity");
    let body = json!({"device_ids": [ids[0], "laptop"], "confidence_score": 0.95});
    let request =
        Request::post("/link").header("host", "localhost:8012").header("x-api-key", TOKEN).header("content-type", "application/json");
    let first = classic.oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let again = rig.post("/device-identity/link", &body, &[]).await.json();
    assert_eq!((again["links"].as_array().unwrap().len(), again["devices"].as_array().unwrap().len()), (1, 2), "{again}");
    assert_eq!((&again["links"][0]["given_by"], &again["links"][0]["evidence"]), (&json!("owner"), &json!("declared")));
    assert_eq!(again["pairs"][0]["confidence_score"], 0.95);
    let group = again["group_id"].clone();
    assert!(group == json!(ids[0]) || group == json!(ids[1]), "the smallest id names the group");
    // Weak evidence joins where less is asked for.
    let weak = json!({"device_ids": ["watch", "phone"], "confidence_score": 0.6, "evidence": "network"});
    assert_eq!(
        rig.post("/device-identity/link", &weak, &[("x-producer", "nearby-service")]).await.json()["links"][0]["given_by"],
        "nearby-service"
    );
    let of = async |path: &str| rig.get(path).await.json()["devices"].as_array().map_or(0, Vec::len);
    assert_eq!(of("/device-identity/devices/laptop/linked").await, 2);
    assert_eq!(of("/device-identity/devices/laptop/linked?threshold=0.5").await, 3);
    let rows = rig.get("/devices").await.json()["devices"].clone();
    assert_eq!(rows.as_array().unwrap().iter().filter(|d| d["group_id"] == group).count(), 2);
    // Put out, it stays in its group; unlinked, the group falls apart.
    rig.ask("DELETE", "/devices/phone", json!({})).await;
    assert_eq!(of("/device-identity/devices/laptop/linked").await, 2);
    let link = again["links"][0]["link_id"].as_str().unwrap().to_string();
    let gone = rig.ask("DELETE", &format!("/device-identity/links/{link}"), json!({})).await;
    assert_eq!((gone.status, &gone.json()["removed"]), (StatusCode::OK, &json!(true)));
    assert_eq!(of("/device-identity/devices/laptop/linked").await, 1);
    assert_eq!(rig.get("/device-identity/links").await.json()["total"], 1);
    assert_eq!(rig.get("/device-identity/links?removed=true").await.json()["total"], 2);
    // The log was told, each thing once.
    let records = rig.get("/api/topics/internal.identity.links/records?limit=100").await.json()["records"].clone();
    let told: Vec<_> = records.as_array().unwrap().iter().map(|r| (r["data"]["kind"].clone(), r["data"]["state"].clone())).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.contains(&(json!("declared"), json!("removed"))));
    let schema: Value = serde_json::from_str(loom_schemas::catalogue::schema("internal.identity.links.v1").unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    records.as_array().unwrap().iter().for_each(|r| schema.validate(&r["data"]).unwrap());
}

#[tokio::test]
async fn what_is_wrong_with_a_link_is_named_and_nothing_is_linked() {
    let rig = rig();
    for name in ["a", "b"] {
        rig.post("/devices", &json!({"device_id": name}), &[]).await;
    }
    let unknown = rig.post("/device-identity/link", &json!({"device_ids": ["a", "x", "b", "y"], "confidence_score": 0.9}), &[]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let pointers: Vec<_> = unknown.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/device_ids/1", "/device_ids/3"]);
    for (body, pointer) in [
        (json!({}), "/device_ids"),
        (json!({"device_ids": ["a"]}), "/device_ids"),
        (json!({"device_ids": ["a", 1]}), "/device_ids"),
        (json!({"device_ids": vec!["a"; 21]}), "/device_ids"),
        (json!({"device_ids": ["a", "b", "a"]}), "/device_ids/2"),
        (json!({"device_ids": ["a", "b"], "confidence_score": 1.01}), "/confidence_score"),
        (json!({"device_ids": ["a", "b"], "confidence_score": -0.1}), "/confidence_score"),
        (json!({"device_ids": ["a", "b"], "confidence_score": "high"}), "/confidence_score"),
        (json!({"device_ids": ["a", "b"], "evidence": "stars"}), "/evidence"),
        (json!({"device_ids": ["a", "b"], "note": "x".repeat(201)}), "/note"),
    ] {
        let a = rig.post("/device-identity/link", &body, &[]).await;
        assert_eq!((a.status, &a.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(pointer)), "{body}");
    }
    for path in ["/device-identity/devices/x/linked", "/device-identity/links?device_id=x"] {
        assert_eq!(rig.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let none = format!("/device-identity/links/{}", Uuid::nil());
    assert_eq!(rig.ask("DELETE", &none, json!({})).await.status, StatusCode::NOT_FOUND);
    for threshold in ["0", "1.1", "NaN", "-1"] {
        let path = format!("/device-identity/devices/a/linked?threshold={threshold}");
        assert_eq!(rig.get(&path).await.status, StatusCode::BAD_REQUEST, "{threshold}");
    }
    assert_eq!(rig.get("/device-identity/links?removed=true").await.json()["total"], 0);
}

#[tokio::test]
async fn what_a_device_says_of_itself_is_kept_and_what_looks_alike_is_suggested() {
    let rig = rig();
    let old = rig
        .post("/devices", &json!({"device_id": "old", "model": "Pixel 8", "platform": "Android", "device_type": "mobile_android"}), &[])
        .await;
    assert_eq!(old.header("accept-ch"), "", "its model is known");
    rig.clock.advance(3600.0);
    let gps = json!({"device_id": "new", "latitude": 1.0, "longitude": 2.0});
    let hints = [("sec-ch-ua-platform", "\"Android\""), ("sec-ch-ua-model", "\"Pixel 8\""), ("sec-ch-ua-mobile", "?1")];
    assert_eq!(rig.post("/sensor/gps", &gps, &hints).await.status, StatusCode::CREATED);
    let new = rig.get("/devices/new").await.json();
    assert_eq!((&new["platform"], &new["model"], &new["device_type"]), (&json!("Android"), &json!("Pixel 8"), &json!("mobile_android")));
    assert_eq!(new["fingerprint"], rig.get("/devices/old").await.json()["fingerprint"]);
    let found = rig.get("/device-identity/suggestions").await.json();
    assert_eq!((&found["total"], &found["suggestions"][0]["evidence"]), (&json!(1), &json!("fingerprint")), "{found}");
    assert_eq!(rig.get("/device-identity/links").await.json()["total"], 0, "nothing is linked by itself");
    assert_eq!(rig.post("/device-identity/link", &found["suggestions"][0], &[]).await.status, StatusCode::OK, "it is taken as it stands");
    assert_eq!(rig.get("/device-identity/suggestions").await.json()["total"], 0);
    // Who sends for several devices speaks of none, and a page of Loom's own of another one than it is shown on.
    let both = json!([{"device_id": "one", "latitude": 1.0, "longitude": 2.0}, {"device_id": "two", "latitude": 1.0, "longitude": 2.0}]);
    rig.post("/sensor/gps", &both, &hints).await;
    assert!(rig.get("/devices/one").await.json()["platform"].is_null());
    let registered =
        rig.post("/devices", &json!({"device_id": "shelf"}), &[("sec-fetch-site", "same-origin"), ("user-agent", "X (X11; Linux)")]).await;
    assert!(registered.json()["platform"].is_null() && registered.header("accept-ch").contains("sec-ch-ua-model"));
}
