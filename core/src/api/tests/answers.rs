//! What each reading route answers.

use serde_json::json;

use super::*;
use crate::bus::{Commit, Join, Membership, Position, Positions, names};

fn member(rig: &Rig, group: &str, topic: &str) -> Membership {
    let topics = vec![TopicName::parse(topic).unwrap()];
    rig.state.bus.join(&Join { group: group.into(), member: "m1".into(), host: "here".into(), topics }).unwrap()
}

#[tokio::test]
async fn health_answers_under_every_prefix() {
    let rig = rig();
    for prefix in crate::api::health::PREFIXES {
        for path in ["health", "healthz", "ready", "readyz"] {
            let a = rig.get(&format!("{prefix}/{path}")).await;
            assert_eq!((a.status, a.json()["status"].as_str()), (StatusCode::OK, Some("ok")), "{prefix}/{path}");
        }
        let v = rig.get(&format!("{prefix}/version")).await.json();
        assert!(v["version"].is_string() && v["features"].is_array(), "{v}");
    }
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let rig = rig();
    rig.put("device.audio.raw", &json!({"a": 1}));
    member(&rig, "silero-vad-consumer", "device.audio.raw");
    rig.get("/api/topics").await;
    rig.get("/nowhere").await;
    rig.state.metrics.add(|out| out.family("loom_extra", "gauge", "One more.", [(vec![("a", "x\"\n\\".to_string())], 2.5)]));
    let a = rig.get("/metrics").await;
    let text = String::from_utf8(a.body.clone()).unwrap();
    assert!(a.header("content-type").starts_with("text/plain; version=0.0.4"));
    for line in [
        "loom_topic_records{topic=\"device.audio.raw\"} 1",
        "loom_group_lag{group=\"silero-vad-consumer\",topic=\"device.audio.raw\",partition=\"0\"} 1",
        "loom_group_members{group=\"silero-vad-consumer\"} 1",
        "loom_http_requests_total{route=\"/api/topics\",status=\"200\"} 1",
        "loom_http_requests_total{route=\"none\",status=\"404\"} 1",
        "loom_extra{a=\"x\\\"\\n\\\\\"} 2.5",
        "# TYPE loom_uptime_seconds gauge",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} not in\n{text}");
    }
    assert!(cfg!(not(target_os = "linux")) || text.contains("process_resident_memory_bytes"));
}

#[tokio::test]
async fn the_timeline_lists_searches_and_shows() {
    let rig = rig();
    assert_eq!(rig.get("/api/timeline").await.json()["lines"][0]["text"], "hello");
    assert_eq!(rig.get("/api/timeline?from=2026-01-02T00:00:00Z").await.json()["lines"], json!([]));
    assert_eq!(rig.get("/api/timeline?to=2026-01-01T01:00:00%2B00:00&order=asc&limit=5").await.json()["lines"][0]["text"], "hello");
    let found = rig.get("/api/timeline/search?q=hello").await.json();
    assert_eq!((found["hits"][0]["snippet"].as_str(), found["capped"].as_bool()), (Some("[hello]"), Some(false)));
    assert_eq!(rig.get("/api/timeline/search?q=").await.json()["hits"], json!([]));
    assert_eq!(rig.get(&format!("/api/timeline/{LINE}")).await.json()["source"], "a.wav");
    assert_eq!(rig.get(&format!("/api/timeline/{}", Uuid::nil())).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_named() {
    let rig = rig();
    for (path, word) in [
        ("/api/timeline?from=yesterday", "from"),
        ("/api/timeline?device=me", "device"),
        ("/api/timeline?limit=0", "limit"),
        ("/api/timeline?limit=many", "limit"),
        ("/api/timeline?order=up", "order"),
        ("/api/timeline/search", "q"),
        ("/api/timeline/xyz", "UUID"),
        ("/api/topics/Nope", "topic"),
        ("/api/topics/a.b.c/records?limit=1001", "limit"),
    ] {
        let a = rig.get(path).await;
        let detail = a.json()["detail"].as_str().unwrap_or("").to_string();
        assert!(a.status == StatusCode::BAD_REQUEST && detail.contains(word), "{path}: {} {detail}", a.status);
        assert_eq!(a.header("content-type"), "application/problem+json");
        assert!(!detail.contains("yesterday"), "{detail}");
    }
}

#[tokio::test]
async fn sound_is_wav_in_whole_and_in_ranges() {
    let rig = rig();
    let path = format!("/api/timeline/{LINE}/audio");
    let whole = rig.get(&path).await;
    assert_eq!((whole.status, whole.body.len(), whole.header("content-type")), (StatusCode::OK, 8044, "audio/wav"));
    assert_eq!(&whole.body[..4], b"RIFF");
    assert_eq!(u32::from_le_bytes(whole.body[40..44].try_into().unwrap()), 8000);
    assert_eq!(i16::from_le_bytes(whole.body[44..46].try_into().unwrap()), 100);
    assert_eq!(i16::from_le_bytes(whole.body[8042..].try_into().unwrap()), 4099);
    for (range, from, to) in
        [("bytes=0-43", 0, 43), ("bytes=40-47", 40, 47), ("bytes=45-46", 45, 46), ("bytes=1001-1001", 1001, 1001), ("bytes=-3", 8041, 8043)]
    {
        let part = rig.get_with(&path, &[("range", range)]).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(part.body, &whole.body[from..=to], "{range}");
        assert_eq!(part.header("content-range"), format!("bytes {from}-{to}/8044"));
    }
    let beyond = rig.get_with(&path, &[("range", "bytes=9000-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */8044"));
    assert_eq!(rig.get(&format!("/api/timeline/{}/audio", Uuid::nil())).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn topics_and_their_records_by_offset() {
    let rig = rig();
    for n in 0..15 {
        rig.put("device.sensor.gps.raw", &json!({ "n": n }));
    }
    let list = rig.get("/api/topics").await.json();
    assert_eq!(list["topics"][0]["high"], 15);
    let one = rig.get("/api/topics/device.sensor.gps.raw").await.json();
    assert_eq!((one["class"].as_str(), one["records"].as_u64()), (Some("sensitive"), Some(15)));
    let ns = |a: &Answer| a.json()["records"].as_array().unwrap().iter().map(|r| r["data"]["n"].as_u64().unwrap()).collect::<Vec<_>>();
    let at = |q: &str| format!("/api/topics/device.sensor.gps.raw/records{q}");
    assert_eq!(ns(&rig.get(&at("")).await), (5..15).collect::<Vec<_>>());
    assert_eq!(ns(&rig.get(&at("?from_beginning=true&limit=3")).await), [0, 1, 2]);
    let page = rig.get(&at("?from=13&limit=10")).await;
    assert_eq!((ns(&page), page.json()["next"].as_u64(), page.json()["end"].as_u64()), (vec![13, 14], Some(15), Some(15)));
    assert_eq!(ns(&rig.get(&at("?from=15")).await), Vec::<u64>::new());
    let r = &rig.get(&at("?limit=1")).await.json()["records"][0];
    for key in
        ["schema", "message_id", "device_id", "recorded_at", "received_at", "trace_id", "span_id", "data", "topic", "partition", "offset"]
    {
        assert!(!r[key].is_null(), "{key} in {r}");
    }
    assert_eq!(rig.get("/api/topics/a.b.c").await.status, StatusCode::NOT_FOUND);
    assert_eq!(rig.get(&at("?partition=1")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn when_records_came_is_asked_once_however_many_there_are() {
    let rig = rig();
    let topic = "/api/topics/device.sensor.gps.raw";
    for n in 0..15 {
        rig.put("device.sensor.gps.raw", &json!({ "n": n }));
        rig.clock.advance(if n == 9 { 91.0 } else { 1.0 });
    }
    let ns = async |time: &str| {
        let page = rig.get(&format!("{topic}/records?limit=2&from_time=2026-01-01T00:{time}Z")).await.json();
        page["records"].as_array().unwrap().iter().map(|r| r["data"]["n"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((ns("00:00").await, ns("00:13").await, ns("00:13.5").await), (vec![0, 1], vec![3, 4], vec![4, 5]));
    assert_eq!((ns("01:00").await, ns("03:00").await), (vec![10, 11], vec![]));
    // From second 10 to 114, in spans of 26.
    let volume = rig.get(&format!("{topic}/volume?bars=4")).await.json();
    assert_eq!(volume, json!({"from": "2026-01-01T00:00:10.000000Z", "to": "2026-01-01T00:01:54.000000Z", "bars": [10, 0, 0, 5]}));
    let fine = rig.get(&format!("{topic}/volume")).await.json();
    assert_eq!(fine["bars"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum::<u64>(), 15);
    rig.state.bus.create(&crate::bus::Settings::new(TopicName::of("device.sensor.bare.raw"), crate::bus::Class::Sensitive)).unwrap();
    let none = rig.get("/api/topics/device.sensor.bare.raw/volume").await.json();
    assert_eq!(none, json!({"from": null, "to": null, "bars": []}));
    for bad in ["records?from_time=noon", "volume?bars=0", "volume?bars=1001"] {
        assert_eq!(rig.get(&format!("{topic}/{bad}")).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(rig.get("/api/topics/a.b.c/volume").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn groups_tell_lag_and_move_only_when_nobody_runs_them() {
    let rig = rig();
    let topic = "device.audio.raw";
    for n in 0..4 {
        rig.put(topic, &json!({ "n": n }));
    }
    let m = member(&rig, "silero-vad-consumer", topic);
    let at = Position { topic: TopicName::parse(topic).unwrap(), partition: 0 };
    let to = Positions::from([(at, 3)]);
    let commit = Commit {
        group: m.group.clone(),
        epoch: m.epoch,
        from: Positions::new(),
        to,
        outputs: vec![],
        state: None,
        tick: None,
        rows: Default::default(),
    };
    rig.state.bus.commit(commit).unwrap();
    let list = rig.get("/api/groups").await.json();
    assert_eq!((&list["groups"][0]["lag"], &list["groups"][0]["state"]), (&json!(1), &json!("Stable")));
    let path = "/api/groups/silero-vad-consumer";
    let one = rig.get(path).await.json();
    assert_eq!((&one["offsets"][0]["committed"], &one["offsets"][0]["end"]), (&json!(3), &json!(4)));
    let reset = |to: &'static str| (format!("{path}/reset"), json!({ "to": to }));
    let (url, body) = reset("beginning");
    assert_eq!(rig.post(&url, &body, &[]).await.status, StatusCode::CONFLICT);
    rig.state.bus.leave(&m).unwrap();
    for (to, lag) in [("beginning", 4), ("end", 0), ("2026-01-01T00:00:00Z", 4), ("2026-01-01T00:00:11Z", 0)] {
        let (url, body) = reset(to);
        let a = rig.post(&url, &body, &[]).await;
        assert_eq!((a.status, &a.json()["lag"]), (StatusCode::OK, &json!(lag)), "{to}");
    }
    assert_eq!(rig.post(&url, &json!({"to": "soon"}), &[]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(rig.get("/api/groups/nobody").await.status, StatusCode::NOT_FOUND);
    assert_eq!(rig.post("/api/groups/nobody/reset", &json!({"to": "end"}), &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_structure_comes_from_the_log_itself() {
    let rig = rig();
    rig.put(names::AUDIO_RAW, &json!({}));
    member(&rig, "silero-vad-consumer", names::AUDIO_RAW);
    let s = rig.get("/api/kafka/structure").await.json();
    assert_eq!(
        s["producers"],
        json!([{"id": "microphone", "label": "Microphone", "description": "Writes to one topic", "outputTopics": ["device.audio.raw"]}])
    );
    assert_eq!(
        s["topics"][0],
        json!({"name": "device.audio.raw", "category": "device", "dataType": "audio", "stage": "raw", "description": "Audio Raw"})
    );
    assert_eq!((&s["consumers"][0]["groupId"], &s["consumers"][0]["memberCount"]), (&json!("silero-vad-consumer"), &json!(1)));
    assert_eq!(
        (&s["flows"][0]["source"], &s["flows"][0]["health"], &s["flows"][0]["lag"]),
        (&json!("device.audio.raw"), &json!("healthy"), &json!(1))
    );
}

#[tokio::test]
async fn doctor_models_docs_and_description() {
    let rig = rig();
    assert_eq!(rig.get("/api/doctor").await.json()["checks"][0]["check"], "disk");
    assert_eq!(rig.get("/api/models").await.json()["models"][0]["id"], "m");
    let docs = rig.get("/docs").await;
    let text = String::from_utf8(docs.body.clone()).unwrap();
    assert!(text.contains("/api/timeline/search") && !text.contains("<script"));
    assert_eq!(rig.get("/openapi.json").await.json()["openapi"].as_str().map(|v| &v[..2]), Some("3."));
}

#[tokio::test]
async fn every_answer_carries_its_trace_and_refusals_their_shape() {
    let rig = rig();
    let a = rig.get_with("/healthz", &[("traceparent", "00-12345678901234567890123456789012-1234567890123456-01")]).await;
    assert_eq!(a.header("x-trace-id"), "12345678901234567890123456789012");
    assert_eq!((a.header("x-content-type-options"), a.header("cache-control")), ("nosniff", "no-store"));
    let a = rig.get("/nowhere").await;
    assert_eq!(a.header("x-trace-id").len(), 32);
    assert_eq!(
        (a.status, a.header("content-type"), a.json()["status"].as_u64()),
        (StatusCode::NOT_FOUND, "application/problem+json", Some(404))
    );
    let a = rig.post("/api/timeline", &json!({}), &[]).await;
    assert_eq!((a.status, a.header("content-type")), (StatusCode::METHOD_NOT_ALLOWED, "application/problem+json"));
    assert!(a.header("allow").contains("GET"));
}

#[tokio::test]
async fn settings_are_shown_and_changed_and_refused_with_a_reason() {
    let mut settings = Settings::default();
    settings.by_flag("port");
    let rig = rig_with(settings);
    let patch = async |body: Value| {
        let r = Request::patch("/api/settings").header("host", "localhost:8600").header("x-api-key", TOKEN);
        rig.send(r.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()).await
    };
    let page = rig.get("/api/settings").await.json();
    let field = |page: &Value, key: &str| page["fields"].as_array().unwrap().iter().find(|f| f["key"] == key).cloned().unwrap();
    assert_eq!((&field(&page, "audio_bytes")["control"]["unit"], &page["restart_needed"]), (&json!("bytes"), &json!(false)));
    let page = patch(json!({"audio_bytes": 1000, "microphone": false})).await.json();
    assert_eq!((&field(&page, "audio_bytes")["value"], &page["restart_needed"]), (&json!(1000), &json!(true)));
    let a = patch(json!({"audio_bytes": -1})).await;
    assert_eq!((a.status, &a.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/audio_bytes")));
    let a = patch(json!({"port": 1})).await;
    assert_eq!(a.status, StatusCode::CONFLICT);
    assert!(a.json()["detail"].as_str().unwrap().contains("flag"));
    assert_eq!(patch(json!([1])).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_model_that_is_missing_is_fetched_when_asked_for() {
    let rig = rig();
    let pull = async |id: &str| rig.post(&format!("/api/models/{id}/pull"), &json!({}), &[]).await.status;
    assert_eq!((pull("m").await, pull("none").await), (StatusCode::OK, StatusCode::NOT_FOUND));
}
