//! Services from outside as consumers, over HTTP.

use serde_json::json;

use super::*;

const TOPIC: &str = "device.sensor.gps.raw";
const AT: &str = "/api/consumers/word-counter-consumer";

impl Rig {
    async fn joins(&self) -> Value {
        let a = self.post(AT, &json!({"topics": [TOPIC]}), &[]).await;
        assert_eq!(a.status, StatusCode::CREATED, "{}", a.json());
        a.json()
    }
    async fn fetch(&self, member: &Value, more: &str) -> Answer {
        self.get(&format!("{AT}/records?member={}{more}", member["member_id"].as_str().unwrap())).await
    }
    async fn say(&self, member: &Value, what: &str, body: &Value) -> Answer {
        self.post(&format!("{AT}/{what}?member={}", member["member_id"].as_str().unwrap()), body, &[]).await
    }
}

fn offsets(a: &Answer) -> Vec<u64> {
    a.json()["records"].as_array().unwrap().iter().map(|r| r["offset"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_service_joins_reads_commits_and_leaves() {
    let rig = rig();
    (0..5).for_each(|n| _ = rig.put(TOPIC, &json!({ "n": n })));
    let a = rig.joins().await;
    assert_eq!((&a["active"], &a["positions"]), (&json!(true), &json!([{"topic": TOPIC, "partition": 0, "next": 0}])));
    let page = rig.fetch(&a, "&max=3").await;
    assert_eq!(offsets(&page), [0, 1, 2]);
    let done = rig.say(&a, "commit", &json!({"positions": page.json()["positions"]})).await;
    assert_eq!((done.status, done.json()["positions"][0]["next"].as_u64()), (StatusCode::OK, Some(3)));
    let group = rig.get("/api/groups/word-counter-consumer").await.json();
    assert_eq!((&group["state"], &group["lag"], &group["members"]), (&json!("Stable"), &json!(2), &json!(1)));
    assert_eq!(group["member_list"][0]["id"], a["member_id"]);
    assert_eq!(rig.say(&a, "heartbeat", &json!({})).await.json()["active"], true);
    assert_eq!(offsets(&rig.fetch(&a, "").await), [3, 4]);
    assert_eq!(rig.say(&a, "commit", &json!({})).await.json()["positions"][0]["next"], 5);
    let gone = format!("{AT}?member={}", a["member_id"].as_str().unwrap());
    let delete = |token: bool| {
        let r = Request::delete(&gone).header("host", "localhost");
        let r = if token { r.header("x-api-key", TOKEN) } else { r };
        rig.send(r.body(Body::empty()).unwrap())
    };
    assert_eq!(delete(false).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(delete(true).await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete(true).await.status, StatusCode::GONE);
    assert_eq!(rig.fetch(&a, "").await.status, StatusCode::GONE);
    assert_eq!(rig.get("/api/groups/word-counter-consumer").await.json()["state"], "Empty");
}

#[tokio::test]
async fn who_stands_by_is_a_member_too() {
    let rig = rig();
    rig.put(TOPIC, &json!({}));
    let (a, b) = (rig.joins().await, rig.joins().await);
    assert_eq!((&a["active"], &b["active"]), (&json!(true), &json!(false)));
    assert_eq!(rig.get("/api/groups").await.json()["groups"][0]["members"], 2);
    let s = rig.get("/api/kafka/structure").await.json();
    assert_eq!((&s["consumers"][0]["memberCount"], &s["consumers"][0]["status"]), (&json!(2), &json!("Stable")));
    let waiting = rig.fetch(&b, "").await;
    assert_eq!((waiting.json()["active"].as_bool(), offsets(&waiting)), (Some(false), vec![]));
    assert_eq!(rig.say(&b, "commit", &json!({})).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_wait_ends_with_the_record_it_waited_for() {
    let rig = rig();
    let a = rig.joins().await;
    let began = std::time::Instant::now();
    let put = async {
        // Not before the question is on its way.
        tokio::task::yield_now().await;
        let state = rig.state.clone();
        tokio::task::spawn_blocking(move || drop(state)).await.unwrap();
        rig.put(TOPIC, &json!({}));
    };
    let (page, ()) = tokio::join!(rig.fetch(&a, "&wait_ms=20000"), put);
    assert_eq!(offsets(&page), [0]);
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
    assert_eq!(offsets(&rig.fetch(&a, "&wait_ms=1").await), [0], "an answer may be lost: it is given until it is committed");
    rig.say(&a, "commit", &json!({})).await;
    assert_eq!(offsets(&rig.fetch(&a, "&wait_ms=1").await), Vec::<u64>::new());
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let rig = rig();
    let join = async |group: &str, body: Value| rig.post(&format!("/api/consumers/{group}"), &body, &[]).await.status;
    assert_eq!(join("word-counter", json!({"topics": [TOPIC]})).await, StatusCode::BAD_REQUEST);
    assert_eq!(join("silero-vad-consumer", json!({"topics": [TOPIC]})).await, StatusCode::CONFLICT);
    assert_eq!(join("a-consumer", json!({"topics": []})).await, StatusCode::BAD_REQUEST);
    assert_eq!(join("a-consumer", json!({"topics": ["no.such.topic.raw"]})).await, StatusCode::NOT_FOUND);
    assert_eq!(join("a-consumer", json!({"topics": [TOPIC], "from": "then"})).await, StatusCode::BAD_REQUEST);
    assert!(rig.state.bus.groups().unwrap().is_empty());
    let a = rig.joins().await;
    assert_eq!(rig.fetch(&a, "&max=0").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(rig.fetch(&a, "&wait_ms=99999").await.status, StatusCode::BAD_REQUEST);
    let beyond = json!({"positions": [{"topic": TOPIC, "next": 7}]});
    assert_eq!(rig.say(&a, "commit", &beyond).await.status, StatusCode::BAD_REQUEST);
    let reset = rig.post("/api/groups/word-counter-consumer/reset", &json!({"to": "end"}), &[]).await;
    assert_eq!(reset.status, StatusCode::CONFLICT, "a group is not moved under a living member");
}

/// Whoever comes by the open loopback without the token gets what may leave, and nothing else.
#[tokio::test]
async fn the_wall_stands_where_the_token_is_lifted() {
    let rig = rig_with(Settings { open_loopback: true, ..Settings::default() });
    let join = async |topic: &str, token: Option<&str>| {
        let mut r = Request::post("/api/consumers/a-consumer").header("host", "localhost").header("content-type", "application/json");
        r.extensions_mut().unwrap().insert(axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 5000))));
        if let Some(token) = token {
            r = r.header("x-api-key", token);
        }
        rig.send(r.body(Body::from(json!({"topics": [topic]}).to_string())).unwrap()).await.status
    };
    for topic in [TOPIC, "media.text.released", "internal.privacy.audit.decisions"] {
        assert_eq!(join(topic, None).await, StatusCode::FORBIDDEN, "{topic}");
    }
    assert_eq!(join("media.text.shared", None).await, StatusCode::CREATED);
    let rig = super::rig();
    let a = rig.post("/api/consumers/a-consumer", &json!({"topics": ["media.text.released"]}), &[]).await;
    assert_eq!(a.status, StatusCode::CREATED, "the owner's token reads what the owner may see");
}

#[tokio::test]
async fn what_a_service_writes_shows_as_its_own() {
    let rig = rig();
    let data = json!({"data": {"latitude": 1.0, "longitude": 2.0}});
    rig.joins().await;
    let write = async |producer: &str| {
        rig.post("/api/topics/motion.count.words/records", &json!({"data": {"n": 1}}), &[("x-producer", producer)]).await
    };
    assert_eq!(write("word-counter-consumer").await.status, StatusCode::CREATED);
    assert_eq!(write("silero-vad-consumer").await.status, StatusCode::CONFLICT, "nobody writes in the name of a stage");
    assert_eq!(write("Not A Name").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        rig.post(&format!("/api/topics/{TOPIC}/records"), &data, &[("x-producer", "gps-fetcher")]).await.status,
        StatusCode::CREATED
    );
    let s = rig.get("/api/kafka/structure").await.json();
    assert_eq!(s["consumers"][0]["producesTopics"], json!(["motion.count.words"]));
    assert_eq!(s["producers"][0]["id"], "gps-fetcher");
}
