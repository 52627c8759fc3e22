//! The event router's routes.

use serde_json::json;

use super::*;

const RULES: &str = "/event-router/rules";

fn rule(id: &str) -> Value {
    json!({"id": id, "inputs": ["in.a.x"], "condition": "data.n > 1", "outputs": ["out.a.x"],
        "transforms": [{"do": "rename", "from": "/n", "to": "/count"}]})
}

impl Rig {
    async fn other(&self, method: &str, path: &str, body: &Value) -> Answer {
        let r = Request::builder().method(method).uri(path).header("host", "localhost:8600").header("x-api-key", TOKEN);
        self.send(r.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()).await
    }
}

#[tokio::test]
async fn rules_are_written_listed_switched_and_taken_away() {
    let rig = rig();
    let none = rig.get(RULES).await.json();
    assert_eq!((&none["rules"], &none["running"]), (&json!([]), &json!({"inputs": []})));
    let made = rig.post(RULES, &rule("a"), &[]).await;
    assert_eq!((made.status, &made.json()["rules"]), (StatusCode::CREATED, &json!(1)));
    assert_ne!(made.json()["revision"], none["revision"]);
    let shown = rig.get("/event-router/rules/a").await.json();
    assert_eq!(
        (&shown["enabled"], &shown["figures"]["matched"], &shown["transforms"][0]["do"]),
        (&json!(true), &json!(0), &json!("rename"))
    );
    let off = rig.post("/event-router/rules/a/disable", &json!({}), &[]).await.json();
    assert_eq!(off["revision"], none["revision"], "at rest it does nothing");
    let on = rig.post("/event-router/rules/a/enable", &json!({}), &[]).await.json();
    assert_eq!(on["revision"], made.json()["revision"]);
    assert_eq!(rig.other("PUT", "/event-router/rules/b", &rule("a")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(rig.other("PUT", "/event-router/rules/b", &rule("b")).await.status, StatusCode::OK);
    assert_eq!(rig.other("PUT", RULES, &json!([rule("c"), rule("d")])).await.json()["rules"], json!(2));
    assert_eq!(rig.get("/event-router/rules/a").await.status, StatusCode::NOT_FOUND);
    assert_eq!(rig.other("DELETE", "/event-router/rules/c", &json!({})).await.json()["rules"], json!(1));
    assert_eq!(rig.other("DELETE", "/event-router/rules/c", &json!({})).await.status, StatusCode::NOT_FOUND);
    let metrics = String::from_utf8(rig.get("/event-router/metrics").await.body).unwrap();
    assert!(metrics.contains("loom_router_rule_matched_total{rule=\"d\"} 0"), "{metrics}");
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_named() {
    let rig = rig();
    let bad = json!({"id": "a", "inputs": ["in.a.x", "no"], "condition": "data.n >", "outputs": ["media.text.shared"],
        "transforms": [{"do": "cast", "field": "n", "to": "integer"}]});
    let a = rig.post(RULES, &bad, &[]).await;
    assert_eq!(a.status, StatusCode::UNPROCESSABLE_ENTITY);
    let pointers: Vec<_> = a.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap().to_string()).collect();
    assert_eq!(pointers, ["/inputs/1", "/transforms/0/field", "/condition"]);
    let walled = json!({"id": "b", "inputs": ["in.a.x"], "outputs": ["media.text.shared"]});
    let a = rig.post(RULES, &walled, &[]).await.json();
    assert!(a["detail"].as_str().unwrap().contains("privacy wall"), "{a}");
    let several = rig.other("PUT", RULES, &json!([rule("a"), walled])).await.json();
    assert_eq!(several["errors"][0]["pointer"], "/1/outputs/0");
    for (body, status) in [
        (r#"{"id": "a", "inputs": ["in.a.x"], "outputs": ["o.a.x"], "nonsense": 1}"#, 422),
        (r#"{"id": "a", "id": "b", "inputs": ["in.a.x"], "outputs": ["o.a.x"]}"#, 422),
        (r#"{"id": "a", "inputs": ["in.a.x"], "priority": 99999999999999999999}"#, 422),
        (r#"{"id": "a", "transforms": [{"do": "explode"}]}"#, 422),
        ("{\"id\": \"\u{fffd}", 400),
        (&format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)), 422),
    ] {
        let r = Request::post(RULES).header("host", "localhost").header("x-api-key", TOKEN).header("content-type", "application/json");
        let a = rig.send(r.body(Body::from(body.to_string())).unwrap()).await;
        assert_eq!(a.status.as_u16(), status, "{}", &body[..body.len().min(80)]);
        assert_eq!(a.header("content-type"), "application/problem+json");
    }
    let r = Request::post(RULES).header("host", "localhost").header("x-api-key", TOKEN).header("content-type", "application/json");
    assert_eq!(rig.send(r.body(Body::from(vec![b'{', 0xff, 0xfe])).unwrap()).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(rig.get(RULES).await.json()["rules"], json!([]), "nothing of it is kept");
}

#[tokio::test]
async fn a_rule_is_tried_on_recent_or_given_records_and_writes_nothing() {
    let rig = rig();
    for n in 0..5 {
        rig.put("in.a.x", &json!({"n": n}));
    }
    let before = rig.get("/api/topics").await.json();
    let tried = rig.post("/event-router/rules/try", &json!({"rule": rule("a")}), &[]).await.json();
    assert_eq!(
        [&tried["looked_at"], &tried["matched"], &tried["would_emit"], &tried["would_fail"]],
        [&json!(5), &json!(3), &json!(3), &json!(0)]
    );
    assert_eq!(tried["objections"], json!([]));
    assert_eq!(tried["records"][0]["outputs"], json!([{"topic": "out.a.x", "data": {"count": 2}}]));
    assert_eq!(tried["records"][0]["record"]["offset"], 2);
    assert_eq!(rig.get("/api/topics").await.json(), before, "nothing was written");
    let given = json!({"rule": {"id": "gps", "inputs": ["media.text.released"], "outputs": ["device.sensor.gps.raw", "media.text.shared"]},
        "records": [{"topic": "media.text.released", "data": {"latitude": 95, "longitude": 1}}, {"topic": "another.topic.x", "data": {}}]});
    let tried = rig.post("/event-router/rules/try", &given, &[]).await.json();
    assert_eq!((&tried["looked_at"], &tried["matched"], &tried["would_fail"]), (&json!(2), &json!(1), &json!(1)));
    assert!(tried["records"][0]["failure"].as_str().unwrap().contains("/latitude") && tried["records"][0]["would_be_parked"] == true);
    assert_eq!(tried["objections"][0]["pointer"], "/outputs/1");
    let bad = rig.post("/event-router/rules/try", &json!({"rule": {"id": "a", "inputs": ["x"]}}), &[]).await.json();
    assert_eq!(bad["errors"][0]["pointer"], "/rule/outputs");
}

#[tokio::test]
async fn replays_are_begun_watched_and_refused() {
    let rig = rig();
    for n in 0..5 {
        rig.put("in.a.x", &json!({"n": n}));
    }
    let url = "/event-router/replay";
    let would = rig.post(url, &json!({"topic": "in.a.x", "into": "out.a.x", "offset_from": 2, "dry_run": true}), &[]).await;
    assert_eq!((would.status, &would.json()["copied"], &would.json()["state"]), (StatusCode::OK, &json!(3), &json!("dry_run")));
    let begun = rig.post(url, &json!({"topic": "in.a.x", "into": "out.a.x", "offset_from": 2}), &[]).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED);
    let at = format!("/event-router/replays/{}", begun.json()["id"].as_str().unwrap());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let mut now = rig.get(&at).await.json();
    while now["state"] == "running" && std::time::Instant::now() < deadline {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        now = rig.get(&at).await.json();
    }
    assert_eq!((&now["state"], &now["copied"], &now["offsets"]), (&json!("done"), &json!(3), &json!(3)));
    assert_eq!(rig.get("/event-router/replays").await.json()["replays"][0], now);
    assert_eq!(rig.post(&format!("{at}/cancel"), &json!({}), &[]).await.json()["state"], "done", "what is done stays done");
    assert_eq!(rig.get("/event-router/replays/none").await.status, StatusCode::NOT_FOUND);
    for (wish, pointer) in [
        (json!({"topic": "in.a.x", "into": "media.text.released"}), "/into"),
        (json!({"topic": "in.a.x", "into": "nobody-consumer"}), "/into"),
        (json!({"topic": "in.none.x"}), "/topic"),
        (json!({"topic": "nonsense"}), "/topic"),
        (json!({"topic": "in.a.x", "from": "soon"}), "/from"),
        (json!({"topic": "in.a.x", "device": "stranger"}), "/device"),
        (json!({"topic": "in.a.x", "rate": 0}), "/rate"),
    ] {
        let a = rig.post(url, &wish, &[]).await;
        assert_eq!((a.status, a.json()["errors"][0]["pointer"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(pointer)), "{wish}");
    }
}

#[tokio::test]
async fn the_tap_tells_what_passes_and_what_was_missed() {
    use crate::pipeline::{Outbox, Stage};
    use crate::router::Router;

    let rig = rig();
    assert_eq!(rig.get("/event-router/tap").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(rig.get("/event-router/tap?topic=no").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(rig.get("/event-router/tap?rule=none").await.status, StatusCode::NOT_FOUND);
    rig.post(RULES, &rule("a"), &[]).await;
    let rules = &rig.state.rules;
    let mut stage = Router::new(rules.set(), Vec::new(), rules.engine.figures.clone(), rules.engine.tap.clone(), rig.state.clock.clone());
    let mut pass = |n: u64| {
        let offset = rig.put("in.a.x", &json!({"n": n}));
        let r = rig.state.bus.read(&TopicName::of("in.a.x"), 0, offset, 1, 1 << 20).unwrap().remove(0);
        let mut out = Outbox::default();
        out.begin(&r);
        stage.on_record(&r, &mut out).unwrap();
    };
    let listen = |query: &'static str, accept: &'static str| {
        let r = Request::get(format!("/event-router/tap?{query}"))
            .header("host", "localhost")
            .header("x-api-key", TOKEN)
            .header("accept", accept);
        rig.router.clone().oneshot(r.body(Body::empty()).unwrap())
    };
    let body = async |r: axum::response::Response| String::from_utf8(to_bytes(r.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
    let all = listen("topic=in.**&limit=2", "*/*").await.unwrap();
    let taken = listen("rule=a&limit=1", "text/event-stream").await.unwrap();
    pass(1);
    pass(2);
    let lines: Vec<Value> = body(all).await.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((&lines[0]["record"]["data"]["n"], &lines[0]["took"]), (&json!(1), &json!([])));
    assert_eq!(lines[1]["took"], json!([{"rule": "a", "matched": true, "outputs": ["out.a.x"]}]));
    let events = body(taken).await;
    assert!(events.starts_with("event: passed\ndata: {") && events.ends_with("}\n\n") && events.contains("\"n\":2"), "{events}");
    // Who does not read misses records, and hears how many.
    let slow = listen("topic=**&limit=1024", "*/*").await.unwrap();
    (0..1_500).for_each(&mut pass);
    let first: Value = serde_json::from_str(body(slow).await.lines().next().unwrap()).unwrap();
    assert_eq!((&first["type"], first["records"].as_u64().unwrap() > 400), (&json!("missed"), true));
    assert_eq!(rig.get(RULES).await.json()["rules"][0]["figures"]["matched"], json!(1 + 1_498));
}
