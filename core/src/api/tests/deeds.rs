//! What the owner does to lines, over a real timeline with the pipeline behind the wall at work.

use std::time::Duration;

use loom_schemas::payload::{AudioRef, AudioSource, Context, ReleasedText, SourceKind, Word};
use serde_json::json;

use super::*;
use crate::bus::names;
use crate::env::Clock;
use crate::pipeline::{Running, Wiring, sink, stage};
use crate::privacy::{EditFilter, Owner, Policy as Masks, Released};
use crate::store::timeline::{EditSink, TimelineSink};

struct Home {
    rig: Rig,
    _running: Running,
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn said(text: &str) -> ReleasedText {
    let word = |(i, w): (usize, &str)| Word { text: w.into(), start_s: i as f64, end_s: i as f64 + 0.5, confidence: 0.9 };
    ReleasedText {
        audio: Some(AudioRef { stream_id: "ab".repeat(16), first_sample: 0, samples: 16_000, sample_rate: 16_000 }),
        duration_s: 1.0,
        text: text.into(),
        words: text.split(' ').enumerate().map(word).collect(),
        language: "en".into(),
        engine: "e".into(),
        model: "m".into(),
        context: Context {
            local_time: "2026-01-01T00:00:00Z".into(),
            time_zone: "UTC".into(),
            daypart: "night".into(),
            weekday: "thursday".into(),
            language: "en".into(),
            duration_s: 1.0,
            words: 2,
        },
        source: AudioSource { kind: SourceKind::Microphone, name: "desk".into() },
        masked: Vec::new(),
        policy: "owner/1".into(),
    }
}

/// Lines 1, 2, 3, a second apart.
fn home() -> Home {
    let settings = Settings { time_zone: Some("UTC".into()), ..Settings::default() };
    let (rig, db) = made(settings, |db| Arc::new(SqliteTimeline::open(db.clone()).unwrap()));
    for (n, text) in [(1, "first words"), (2, "second thoughts"), (3, "third line")] {
        let (value, permit) = Released::<Owner, _>::unfiltered(said(text)).seal().unwrap();
        let at = rig.clock.now().plus(n as f64);
        let new = NewRecord::new(TopicName::of(names::RELEASED), id(n), id(9), at, Headers::default(), value);
        rig.state.bus.append(vec![new.permitted(permit)]).unwrap();
    }
    let wiring = Wiring {
        bus: rig.state.bus.clone(),
        audio: rig.state.audio.clone(),
        clock: rig.clock.clone(),
        member: "test".into(),
        host: "test".into(),
        run: String::new(),
        workers: 0,
    };
    let nodes = vec![
        stage(EditFilter::new(Masks::owner()).unwrap()),
        sink(TimelineSink::open(db.clone()).unwrap()),
        sink(EditSink::open(db).unwrap()),
    ];
    let running = Running::start(nodes, &wiring).unwrap();
    let mut seen = 0;
    for _ in 0..1000 {
        if rig.state.timeline.line(id(3)).unwrap().is_some() {
            return Home { rig, _running: running };
        }
        seen = rig.state.bus.wait(seen, Duration::from_millis(20));
    }
    panic!("the timeline was not written");
}

impl Home {
    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let r = Request::builder().method(method).uri(path).header("host", "localhost:8600").header("x-api-key", TOKEN);
        self.rig.send(r.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()).await
    }
    fn records(&self, topic: &'static str) -> u64 {
        self.rig.state.bus.topic(&TopicName::of(topic)).unwrap().map_or(0, |t| t.records)
    }
}

#[tokio::test]
async fn a_line_is_starred_and_reworded_and_asking_twice_changes_nothing() {
    let h = home();
    let path = format!("/api/timeline/{}", id(2));
    let a = h.ask("PATCH", &path, json!({"starred": true})).await;
    assert_eq!((a.status, a.json()["starred"].as_bool()), (StatusCode::OK, Some(true)), "{}", a.json());
    let wording = json!({"text": "  second\nthoughts of jane.roe@example.org "});
    let a = h.ask("PATCH", &path, wording.clone()).await;
    assert_eq!(a.json()["text"], "second thoughts of <EMAIL_ADDRESS>");
    assert_eq!((&a.json()["original"], &a.json()["masked"][0]["start"]), (&json!("second thoughts"), &json!(19)));
    assert_eq!(h.rig.get(&path).await.json(), a.json());
    let before = h.records(names::EDITS_RAW);
    assert_eq!(before, 2);
    for same in [wording, json!({"starred": true}), json!({}), json!({"text": "second thoughts of <EMAIL_ADDRESS>"})] {
        assert_eq!(h.ask("PATCH", &path, same.clone()).await.status, StatusCode::OK, "{same}");
    }
    assert_eq!(h.records(names::EDITS_RAW), before, "what changes nothing is no record");
    let found = h.rig.get("/api/timeline/search?q=thoughts&starred=true").await.json();
    assert_eq!(found["hits"][0]["message_id"], id(2).to_string());
    let lines = h.rig.get("/api/timeline?starred=true").await.json();
    assert_eq!(lines["lines"].as_array().unwrap().len(), 1);
    for wrong in [json!({"text": ""}), json!({"text": " \n"}), json!({"text": "x".repeat(10_001)})] {
        let a = h.ask("PATCH", &path, wrong).await;
        assert_eq!((a.status, &a.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/text")));
    }
    assert_eq!(h.ask("PATCH", &format!("/api/timeline/{}", id(77)), json!({"starred": true})).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_deleted_can_come_back_for_ten_seconds() {
    let h = home();
    let path = format!("/api/timeline/{}", id(2));
    let asked = h.ask("DELETE", &path, Value::Null).await.json();
    assert_eq!((&asked["lines"], &asked["undo_until"]), (&json!(1), &json!("2026-01-01T00:00:20.000000Z")));
    for gone in [path.clone(), format!("{path}/audio")] {
        assert_eq!(h.rig.get(&gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    assert_eq!(h.ask("DELETE", &path, Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(h.ask("PATCH", &path, json!({"starred": true})).await.status, StatusCode::NOT_FOUND);
    let undo = |asked: &Value| format!("/api/timeline/forget/{}/undo", asked["forget_id"].as_str().unwrap());
    let back = h.ask("POST", &undo(&asked), Value::Null).await;
    assert_eq!((back.status, &back.json()["lines"]), (StatusCode::OK, &json!(1)));
    assert_eq!(h.rig.get(&path).await.status, StatusCode::OK);
    let asked = h.ask("POST", "/api/timeline/forget", json!({"minutes": 5})).await.json();
    assert_eq!(asked["lines"], 0, "these lines are of the seconds to come");
    h.rig.clock.advance(60.0);
    let asked = h.ask("POST", "/api/timeline/forget", json!({"minutes": 5})).await.json();
    assert_eq!(asked["lines"], 3);
    assert_eq!(h.rig.get("/api/timeline").await.json()["lines"], json!([]));
    h.rig.clock.advance(10.0);
    h.rig.state.forget.finish_due().unwrap();
    assert_eq!(h.ask("POST", &undo(&asked), Value::Null).await.status, StatusCode::CONFLICT);
    assert_eq!(h.ask("POST", &format!("/api/timeline/forget/{}/undo", id(5)), Value::Null).await.status, StatusCode::NOT_FOUND);
    let r = h.rig.state.bus.read(&TopicName::of(names::RELEASED), 0, 0, 9, 1 << 20).unwrap();
    assert!(r.len() == 3 && r.iter().all(|r| r.value().is_none()));
    for wrong in [json!({"minutes": 0}), json!({"minutes": 100_000})] {
        assert_eq!(h.ask("POST", "/api/timeline/forget", wrong).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn erasing_says_how_much_and_wants_to_know_what() {
    let h = home();
    assert_eq!(h.ask("POST", "/privacy-filter/erase", json!({"dry_run": true})).await.status, StatusCode::BAD_REQUEST);
    let wish = json!({"matching": "thoughts", "dry_run": true});
    let a = h.ask("POST", "/privacy-filter/erase", wish).await.json();
    assert_eq!((&a["lines"], &a["topics"][names::RELEASED], &a["audio_s"]), (&json!(1), &json!(1), &json!(1.0)), "{a}");
    assert_eq!(h.rig.get(&format!("/api/timeline/{}", id(2))).await.status, StatusCode::OK);
    let a = h.ask("POST", "/privacy-filter/erase", json!({"device": id(9).to_string()})).await.json();
    assert_eq!((&a["lines"], &a["dry_run"]), (&json!(3), &json!(false)));
    assert_eq!(h.rig.get("/api/timeline").await.json()["lines"], json!([]));
}

#[tokio::test]
async fn what_is_shown_is_taken_out_in_each_format() {
    let h = home();
    let text = |a: Answer| String::from_utf8(a.body).unwrap();
    let a = h.rig.get("/api/timeline/export").await;
    assert_eq!((a.header("content-type"), a.header("content-disposition")), ("application/jsonl", "attachment; filename=\"loom.jsonl\""));
    assert_eq!(text(a).lines().count(), 3);
    for (format, begin) in
        [("csv", "recorded_at,"), ("md", "## 2026-01-01\n\n- **00:00:11** first"), ("srt", "1\n00:00:00,000"), ("vtt", "WEBVTT\n")]
    {
        let body = text(h.rig.get(&format!("/api/timeline/export?format={format}")).await);
        assert!(body.starts_with(begin) && body.contains("third line"), "{format}: {body}");
    }
    let some = text(h.rig.get("/api/timeline/export?q=thoughts&from=2026-01-01T00:00:00Z").await);
    assert!(some.contains("second") && some.lines().count() == 1);
    assert_eq!(h.rig.get("/api/timeline/export?format=docx").await.status, StatusCode::BAD_REQUEST);
    let topic = |t: &str| format!("/api/topics/{t}/export");
    assert_eq!(h.rig.get(&topic(names::RELEASED)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(h.rig.get(&topic("no.such.topic")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_long_timeline_comes_whole_and_once() {
    let h = home();
    let fill = |first: u128, n: u128, at: fn(u128) -> i64| {
        let new = |i: u128| {
            let (value, permit) = Released::<Owner, _>::unfiltered(said("more")).seal().unwrap();
            NewRecord::new(TopicName::of(names::RELEASED), id(first + i), id(9), Time::from_secs(at(i)), Headers::default(), value)
                .permitted(permit)
        };
        h.rig.state.bus.append((0..n).map(new).collect()).unwrap();
    };
    fill(1000, 700, |i| 1_800_000_000 + i as i64);
    // More of one moment than a page holds.
    fill(5000, 1300, |_| 1_900_000_000);
    let last = id(6299);
    let mut seen = 0;
    while h.rig.state.timeline.line(last).unwrap().is_none() {
        seen = h.rig.state.bus.wait(seen, Duration::from_millis(20));
    }
    let body = h.rig.get("/api/timeline/export").await.body;
    let ids: std::collections::BTreeSet<String> = String::from_utf8(body.clone())
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap()["message_id"].to_string())
        .collect();
    assert_eq!((ids.len(), body.iter().filter(|b| **b == b'\n').count()), (2003, 2003));
}

#[tokio::test]
async fn days_are_told_as_levels_and_counts() {
    let h = home();
    let day = h.rig.get("/api/timeline/day?date=2026-01-01").await.json();
    assert_eq!((&day["lines"], &day["rows"][0]["source"], &day["rows"][0]["levels"][0]), (&json!(3), &json!("desk"), &json!(1)));
    assert_eq!(h.rig.get("/api/timeline/day").await.json()["date"], "2026-01-01", "today unless told");
    let days = h.rig.get("/api/timeline/days?from=2025-12-01&to=2026-01-31").await.json();
    assert_eq!(days["days"], json!([{"date": "2026-01-01", "lines": 3, "speech_s": 3.0}]));
    assert_eq!((&days["before"], &days["after"]), (&Value::Null, &Value::Null));
    assert_eq!(h.rig.get("/api/timeline/days?from=2025-11-01&to=2025-11-30").await.json()["after"], "2026-01-01");
    assert_eq!(h.rig.get("/api/timeline/day?date=tomorrow").await.status, StatusCode::BAD_REQUEST);
    let found = h.rig.get("/api/timeline/search?q=words&from=2026-02-01T00:00:00Z").await.json();
    assert_eq!((&found["hits"], &found["elsewhere"]), (&json!([]), &json!(1)));
}
