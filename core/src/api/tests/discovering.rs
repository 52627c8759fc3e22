//! What Loom v2's monitor answered, figure by figure.

use serde_json::json;

use super::*;
use crate::bus::{Commit, Join, Membership, Position, Positions};

const GROUP: &str = "silero-vad-consumer";
const IN: &str = "device.audio.raw";

impl Rig {
    fn member(&self) -> Membership {
        let topics = vec![TopicName::of(IN)];
        self.state.bus.join(&Join { group: GROUP.into(), member: "1".into(), host: "here".into(), topics }).unwrap()
    }
    fn commit(&self, m: &Membership, from: u64, to: u64) {
        let at = |n| Positions::from([(Position { topic: TopicName::of(IN), partition: 0 }, n)]);
        let (from, to) = (at(from), at(to));
        let commit =
            Commit { group: GROUP.into(), epoch: m.epoch, from, to, outputs: vec![], state: None, tick: None, rows: Default::default() };
        self.state.bus.commit(commit).unwrap();
    }
    fn later(&self, seconds: f64) {
        self.clock.advance(seconds);
    }
}

#[tokio::test]
async fn rates_and_lag_are_the_log_s_own() {
    let rig = rig();
    for n in 0..4 {
        rig.put(IN, &json!({ "n": n }));
    }
    rig.later(120.0);
    for n in 4..10 {
        rig.put(IN, &json!({ "n": n }));
    }
    let m = rig.member();
    rig.commit(&m, 0, 2);
    let metrics = async || rig.get("/api/kafka/topics/metrics").await.json()[0].clone();
    let first = metrics().await;
    assert_eq!((&first["messageCount"], &first["consumerLag"], &first["producerRate"]), (&json!(10), &json!(8), &json!(0.1)));
    assert_eq!((&first["consumerRate"], &first["isActive"]), (&Value::Null, &json!(true)), "nothing to compare with yet");
    rig.later(5.0);
    rig.commit(&m, 2, 7);
    rig.state.bus.heartbeat(&m).unwrap();
    assert_eq!(metrics().await["consumerRate"], 1.0);
    let row = rig.get("/api/kafka/consumers/metrics").await.json()[0].clone();
    let beat = rig.state.clock.now().to_string();
    assert_eq!((&row["currentOffset"], &row["logEndOffset"], &row["lag"]), (&json!(7), &json!(10), &json!(3)));
    assert_eq!(
        (&row["consumerId"], &row["host"], &row["lastHeartbeat"], &row["rate"]),
        (&json!("1"), &json!("here"), &json!(beat), &json!(1.0))
    );
    rig.later(61.0);
    let still = metrics().await;
    assert_eq!((&still["producerRate"], &still["isActive"]), (&json!(0.0), &json!(false)));
    let row = rig.get("/api/kafka/consumers/metrics").await.json()[0].clone();
    assert_eq!((&row["consumerId"], &row["lastHeartbeat"]), (&Value::Null, &Value::Null), "whoever is silent is gone");
}

#[tokio::test]
async fn looking_leaves_no_group_behind() {
    let rig = rig();
    rig.put(IN, &json!({"n": 1}));
    rig.put(IN, &json!({"n": 2}));
    let latest = rig.get(&format!("/api/kafka/topics/{IN}/latest")).await.json();
    assert_eq!((&latest["offset"], &latest["envelope"]["data"]), (&json!("1"), &json!({"n": 2})));
    let metadata = rig.get(&format!("/api/kafka/topics/{IN}/metadata")).await.json();
    assert_eq!((&metadata["partitions"][0]["high"], &metadata["producers"]), (&json!(2), &json!(["microphone"])));
    for path in ["discover/all", "structure", "pipeline", "pipeline/topology", "consumers", "services/registry"] {
        assert_eq!(rig.get(&format!("/api/kafka/{path}")).await.status, StatusCode::OK, "{path}");
    }
    assert!(rig.state.bus.groups().unwrap().is_empty());
    assert_eq!(rig.get("/api/kafka/topics/a.b.c/latest").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn services_are_known_by_what_they_do() {
    let rig = rig();
    rig.put(IN, &json!({}));
    let m = rig.member();
    let of = async |path: &str| rig.get(path).await.json();
    let s = of("/api/kafka/structure").await;
    assert_eq!((&s["categories"], &s["stats"]["records"], &s["stats"]["lag"]), (&json!(["device"]), &json!(1), &json!(1)));
    let registry = of("/api/kafka/services/registry").await;
    assert_eq!((&registry[0]["id"], &registry[1]["id"]), (&json!("microphone"), &json!(GROUP)));
    assert_eq!(of("/api/kafka/services/health").await["overall"], "healthy");
    let one = of("/api/kafka/services/silero-vad/metrics").await;
    assert_eq!((&one["lag"], &one["inputs"][0]["topic"], &one["status"]), (&json!(1), &json!(IN), &json!("healthy")));
    let needs = of("/api/kafka/pipeline/dependencies").await;
    assert_eq!(needs, json!([{"service": GROUP, "dependsOn": ["microphone"], "topics": [IN]}]));
    let edges = of("/api/pipelines/topology").await["edges"].clone();
    assert_eq!(edges, json!([{"source": "microphone", "target": IN}, {"source": IN, "target": GROUP, "lag": 1}]));
    rig.state.bus.leave(&m).unwrap();
    assert_eq!(of("/api/kafka/services/health").await["overall"], "critical");
    assert_eq!(of("/api/consumers/silero-vad/status").await["state"], "Empty");
    assert_eq!(
        of("/api/consumers/lag").await,
        json!([{"groupId": GROUP, "totalLag": 1, "topics": [{"topic": IN, "partition": 0, "lag": 1}]}])
    );
    assert_eq!(rig.get("/api/kafka/services/nobody/metrics").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_topic_s_lineage_names_its_doors() {
    let rig = rig();
    rig.put("device.sensor.gps.raw", &json!({}));
    let l = rig.get("/api/pipelines/topics/device.sensor.gps.raw/lineage").await.json();
    assert_eq!(l["producers"], json!(["microphone"]));
    let doors: Vec<&str> = l["apiEndpoints"].as_array().unwrap().iter().map(|d| d.as_str().unwrap()).collect();
    assert!(doors.contains(&"POST /sensor/gps") && doors.contains(&"POST /api/topics/device.sensor.gps.raw/records"), "{doors:?}");
}

#[tokio::test]
async fn nothing_dangerous_has_an_address() {
    let rig = rig();
    rig.put(IN, &json!({}));
    assert_eq!(rig.post("/api/kafka/cache/clear", &json!({}), &[]).await.status, StatusCode::OK);
    assert_eq!(rig.post("/api/kafka/topics/clear-all", &json!({}), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(rig.get("/api/consumers/silero-vad/logs?lines=5").await.status, StatusCode::NOT_FOUND);
    assert_eq!(rig.state.bus.topics().unwrap()[0].records, 1);
    assert_eq!((rig.get("/health/ready").await.status, rig.get("/health/live").await.status), (StatusCode::OK, StatusCode::OK));
}

#[tokio::test]
async fn members_show_in_the_figures_for_prometheus() {
    let rig = rig();
    rig.put(IN, &json!({}));
    let a = rig.post("/api/consumers/a-consumer", &json!({"topics": [IN]}), &[]).await.json();
    let member = a["member_id"].as_str().unwrap();
    rig.get(&format!("/api/consumers/a-consumer/records?member={member}")).await;
    rig.later(3.0);
    let text = String::from_utf8(rig.get("/metrics").await.body).unwrap();
    for line in [
        format!("loom_member_lag{{group=\"a-consumer\",member=\"{member}\"}} 1"),
        format!("loom_member_in_flight{{group=\"a-consumer\",member=\"{member}\"}} 1"),
        format!("loom_member_heartbeat_age_seconds{{group=\"a-consumer\",member=\"{member}\"}} 3"),
        format!("loom_topic_rate{{topic=\"{IN}\"}} "),
    ] {
        assert!(text.contains(&line), "{line} in {text}");
    }
}
