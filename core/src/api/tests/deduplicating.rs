//! Deduplication's routes, and the page about it: every request on it gets the answer it says.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::routing_page::{ask_everything, blocks};
use super::*;
use crate::bus::TopicName;
use crate::dedup::{Dedup, GROUP};
use crate::env::Clock;
use crate::pipeline::{Progress, Wiring, graph};

const PAGE: &str = include_str!("../../../../docs/deduplication.md");
const RULES: &str = "/dedup/rules";

impl Rig {
    async fn dedup_ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let r = Request::builder().method(method).uri(path).header("host", "localhost:8600").header("x-api-key", TOKEN);
        self.send(r.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()).await
    }

    /// Runs the rules over what there is on a topic.
    fn deduplicate(&self, topic: &str) {
        let rules = &self.state.dedup;
        let stage = Dedup::new(rules.set(), vec![TopicName::parse(topic).unwrap()], rules.engine.figures.clone());
        let wiring = Wiring {
            bus: self.state.bus.clone(),
            audio: Arc::new(Ramp),
            clock: self.clock.clone(),
            member: "test".into(),
            host: "here".into(),
            run: String::new(),
            workers: 0,
        };
        let mut step = graph::deduplication(stage).connect(wiring).unwrap();
        while step.step().unwrap() == Progress::Worked {}
    }
}

fn rule(id: &str) -> Value {
    json!({"id": id, "topic": "in.a.x", "match": {"by": "fields", "fields": [{"field": "/v"}]}, "window_s": 60})
}

#[tokio::test]
async fn every_request_on_the_page_gets_the_answer_it_says() {
    let rig = rig();
    let requests = ask_everything(&rig, PAGE).await;
    assert!(requests >= 6, "{requests} requests");
    for (_, rule) in blocks(PAGE).iter().filter(|(kind, _)| kind.starts_with("json file=")) {
        assert_eq!(rig.post(RULES, &serde_json::from_str(rule).unwrap(), &[]).await.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn rules_are_written_listed_and_taken_away() {
    let rig = rig();
    let before = rig.get(RULES).await.json();
    assert_eq!((before["rules"].as_array().unwrap().len(), &before["running"]), (9, &json!({"inputs": []})));
    assert_eq!(rig.post(RULES, &rule("a"), &[]).await.status, StatusCode::CREATED);
    let shown = rig.get("/dedup/rules/a").await.json();
    assert_eq!((&shown["lateness_s"], &shown["enabled"], &shown["figures"]["seen"]), (&json!(86_400), &json!(true), &json!(0)));
    assert_eq!(rig.dedup_ask("PUT", "/dedup/rules/b", &rule("a")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(rig.dedup_ask("PUT", "/dedup/rules/b", &rule("b")).await.json()["rules"], json!(11));
    assert_ne!(rig.get(RULES).await.json()["revision"], before["revision"]);
    for id in ["a", "b"] {
        assert_eq!(rig.dedup_ask("DELETE", &format!("/dedup/rules/{id}"), &json!({})).await.status, StatusCode::OK);
        assert_eq!(rig.dedup_ask("DELETE", &format!("/dedup/rules/{id}"), &json!({})).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(rig.get(RULES).await.json()["revision"], before["revision"]);
    assert_eq!(rig.get("/dedup/rules/a").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_named() {
    let rig = rig();
    let mut walled = rule("a");
    walled["into"] = json!("media.text.shared");
    let a = rig.post(RULES, &walled, &[]).await;
    assert_eq!((a.status, &a.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/into")));
    for (body, status) in [
        (r#"{"id": "a", "topic": "in.a.x", "match": {"by": "fields", "fields": []}, "window_s": 1}"#, 422),
        (r#"{"id": "a", "topic": "in.a.x", "match": {"by": "id", "fields": []}, "window_s": 1}"#, 422),
        (r#"{"id": "a", "topic": "in.a.x", "match": {"by": "magic"}, "window_s": 1}"#, 422),
        (r#"{"id": "a", "topic": "in.a.x", "match": {"by": "id"}, "window_s": 99999999999999999999}"#, 422),
        (r#"{"id": "a", "topic": "in.a.x", "match": {"by": "id"}, "window_s": -1}"#, 422),
        (r#"{"id": "a", "id": "b", "topic": "in.a.x", "match": {"by": "id"}, "window_s": 1}"#, 422),
        (r#"{"id": "a", "topic": "in.a.x", "match": {"by": "id"}, "window_s": 1, "nonsense": 1}"#, 422),
        (&format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)), 422),
        ("{", 400),
    ] {
        let r = Request::post(RULES).header("host", "localhost").header("x-api-key", TOKEN).header("content-type", "application/json");
        let a = rig.send(r.body(Body::from(body.to_string())).unwrap()).await;
        assert_eq!((a.status.as_u16(), a.header("content-type")), (status, "application/problem+json"), "{}", &body[..body.len().min(80)]);
    }
    assert_eq!(rig.get(RULES).await.json()["rules"].as_array().unwrap().len(), 9, "nothing of it is kept");
}

#[tokio::test]
async fn what_was_a_duplicate_of_what_is_answered_either_way() {
    let rig = rig();
    rig.post(RULES, &rule("a"), &[]).await;
    for v in ["a", "b", "a", "a", "c", "a"] {
        rig.put("in.a.x", &json!({"v": v}));
    }
    let ids: Vec<String> =
        rig.state.bus.read(&TopicName::of("in.a.x"), 0, 0, 9, 1 << 20).unwrap().iter().map(|r| r.message_id().to_string()).collect();
    rig.deduplicate("in.a.x");
    let offsets = |a: &Answer| a.json()["duplicates"].as_array().unwrap().iter().map(|d| d["offset"].as_u64().unwrap()).collect::<Vec<_>>();
    let newest = rig.get("/dedup/duplicates").await;
    assert_eq!((offsets(&newest), newest.json().get("cursor")), (vec![5, 3, 2], None));
    let page = rig.get("/dedup/duplicates?limit=2&topic=in.a.x").await;
    assert_eq!(offsets(&page), [5, 3]);
    let rest = format!("/dedup/duplicates?limit=2&cursor={}", page.json()["cursor"].as_str().unwrap());
    assert_eq!(offsets(&rig.get(&rest).await), [2]);
    assert!(offsets(&rig.get("/dedup/duplicates?topic=in.b.x").await).is_empty());
    let of = rig.get(&format!("/dedup/duplicates?of={}&limit=2", ids[0])).await;
    assert_eq!(offsets(&of), [2, 3]);
    let rest = format!("/dedup/duplicates?of={}&cursor={}", ids[0], of.json()["cursor"].as_str().unwrap());
    assert_eq!(offsets(&rig.get(&rest).await), [5]);
    let repeat = rig.get(&format!("/dedup/duplicates?message_id={}", ids[3])).await.json();
    assert_eq!((&repeat["duplicates"][0]["of"], &repeat["duplicates"][0]["rule"]), (&json!(ids[0]), &json!("a")));
    let both = rig.get(&format!("/dedup/duplicates/{}", ids[0])).await.json();
    assert_eq!((both["duplicate_of"].as_array().unwrap().len(), both["repeats"].as_array().unwrap().len()), (0, 3));
    assert_eq!(rig.get(&format!("/dedup/duplicates/{}", ids[1])).await.status, StatusCode::NOT_FOUND);
    for bad in ["limit=0", "limit=1001", "topic=x", "of=x", "message_id=x", "cursor=x", &format!("of={}&cursor=x", ids[0])] {
        assert_eq!(rig.get(&format!("/dedup/duplicates?{bad}")).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let stats = rig.get("/dedup/stats").await.json();
    assert_eq!((&stats["seen"], &stats["unique"], &stats["by_kind"]["exact"]), (&json!(6), &json!(3), &json!(3)));
    assert_eq!((&stats["rules"]["a"]["exact"], &stats["topics"]["in.a.x"]["duplicates"]), (&json!(3), &json!(3)));
    assert_eq!((&stats["state"]["rows"], &stats["state"]["lag"]), (&json!(3 + 2 * 3), &json!(0)));
    let metrics = String::from_utf8(rig.get("/dedup/metrics").await.body).unwrap();
    assert!(metrics.contains("loom_dedup_duplicates_total{rule=\"a\",topic=\"in.a.x\",kind=\"exact\"} 3"), "{metrics}");
    assert!(metrics.contains("loom_dedup_rows 9") && metrics.contains("loom_dedup_rows_removed_total{why=\"crowded_out\"} 0"));
    for path in ["/dedup/health", "/dedup/version"] {
        assert_eq!(rig.get(path).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn records_are_asked_about_and_nothing_is_kept() {
    let rig = rig();
    rig.post(RULES, &rule("a"), &[]).await;
    rig.put("in.a.x", &json!({"v": "a"}));
    let id = rig.state.bus.read(&TopicName::of("in.a.x"), 0, 0, 1, 1 << 20).unwrap()[0].message_id().to_string();
    rig.deduplicate("in.a.x");
    let given = |v: &str| json!({"topic": "in.a.x", "device_id": Uuid::nil(), "data": {"v": v}});
    let body = json!({"records": [given("a"), given("b"), given("b"), {"topic": "in.a.x", "data": {}}, {"topic": "in.c.x", "data": {"v": 1}},
        {"topic": "in.a.x", "device_id": Uuid::nil(), "message_id": id, "data": {"v": "a"}}]});
    for _ in 0..2 {
        let said = rig.post("/dedup/check", &body, &[]).await.json();
        assert_eq!((&said["checked"], &said["duplicates"]), (&json!(6), &json!(2)));
        let verdicts: Vec<_> =
            said["records"].as_array().unwrap().iter().map(|r| r["rules"][0]["verdict"].as_str().unwrap_or("-")).collect();
        assert_eq!(verdicts, ["repeat", "first", "repeat", "without_key", "-", "again"]);
        assert_eq!((&said["records"][0]["rules"][0]["of"], &said["records"][2]["rules"][0]["of_given"]), (&json!(id), &json!(1)));
    }
    assert_eq!(rig.state.bus.row_count(GROUP).unwrap().rows, 1);
    let bad = rig.post("/dedup/check", &json!({"records": [given("a"), {"topic": "x", "data": {}}]}), &[]).await;
    assert_eq!((bad.status, &bad.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/records/1/topic")));
    let many = json!({"records": vec![given("a"); 1_001]});
    assert_eq!(rig.post("/dedup/check", &many, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_manifest_says_what_is_known_by_fingerprint() {
    let rig = rig();
    rig.put("device.sms.received", &json!({"from": "+1 555 0100", "message": "See you  at three"}));
    rig.deduplicate("device.sms.received");
    let hash = |text: &str| hex::encode(Sha256::digest(text));
    let (known, other) = (hash("sms:v1:+15550100:see you at three::"), hash("sms:v1:+15550100:see you at four::"));
    let now = rig.clock.now().millis();
    for path in ["/dedup/check-manifest", "/api/v1/dedup/check-manifest"] {
        let item = |hash: &str, at: Option<i64>| json!({"hash": hash, "type": "sms", "timestamp": at, "size": 1024});
        let items =
            json!([item(&known, Some(now + 5_000)), item(&other, Some(now)), item(&known, None), item(&known, Some(now - 86_400_000))]);
        let said = rig.post(path, &json!({"items": items, "cursor": "x", "device_id": "phone"}), &[]).await;
        assert_eq!(said.status, StatusCode::OK, "{}", said.json());
        let flags: Vec<_> = said.json()["items"].as_array().unwrap().iter().map(|i| i["known"].as_bool().unwrap()).collect();
        assert_eq!(flags, [true, false, true, false], "in its window, another, at any time, a day before");
        assert_eq!(said.json()["unknown"], json!([other, known]));
    }
    for (item, pointer) in [
        (json!({"hash": "abc", "type": "sms"}), "/items/0/hash"),
        (json!({"hash": known, "type": "none"}), "/items/0/type"),
        (json!({"hash": known, "type": "sms", "timestamp": "noon"}), "/items/0/timestamp"),
    ] {
        let said = rig.post("/dedup/check-manifest", &json!({"items": [item]}), &[]).await;
        assert_eq!((said.status, &said.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(pointer)));
    }
}
