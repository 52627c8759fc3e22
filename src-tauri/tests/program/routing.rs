//! Rules, dead letters and replays from the command line and over a running Loom.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::rig::{Loom, Served, until};

const PAGE: &str = include_str!("../../../docs/router.md");

fn blocks(kind: &str) -> impl Iterator<Item = (&str, String)> {
    let mut lines = PAGE.lines();
    std::iter::from_fn(move || {
        let fence = lines.by_ref().find_map(|l| l.strip_prefix("```"))?;
        Some((fence, lines.by_ref().take_while(|l| *l != "```").map(|l| format!("{l}\n")).collect::<String>()))
    })
    .filter(move |(fence, _)| fence.starts_with(kind))
}

fn post(served: &Served, path: &str, body: &Value) -> (u16, Value) {
    let host = served.url.strip_prefix("http://").unwrap();
    let body = body.to_string();
    let mut s = TcpStream::connect(host).unwrap();
    let head = format!("Host: {host}\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: application/json", served.token);
    write!(s, "POST {path} HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut all = String::new();
    s.read_to_string(&mut all).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

fn get(served: &Served, path: &str) -> Value {
    serde_json::from_slice(&served.get(path).1).unwrap()
}

fn produce(loom: &Loom, topic: &str, records: impl Iterator<Item = Value>) {
    let lines: String = records.map(|data| format!("{}\n", json!({"data": data}))).collect();
    let out = loom.with_input(&["topics", "produce", topic], lines.as_bytes());
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn every_command_on_the_page_works() {
    let loom = Loom::new();
    produce(&loom, "device.health.walks.raw", [json!({"kind": "walk", "steps": 4200})].into_iter());
    let folder = tempfile::tempdir().unwrap();
    for (fence, text) in blocks("json file=") {
        fs::write(folder.path().join(fence.strip_prefix("json file=").unwrap()), text).unwrap();
    }
    let mut ran = 0;
    for line in blocks("sh").flat_map(|(_, text)| text.lines().map(str::to_string).collect::<Vec<_>>()) {
        let args: Vec<&str> = line.strip_prefix("loom ").unwrap().split(' ').collect();
        let out = loom.command(&args).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        // Nothing was set aside here, so there is no such topic of dead letters.
        let no_letters = args[..2] == ["dlq", "redrive"] && said.contains("there is no such topic");
        assert!(out.status.success() || no_letters, "{line}: {said}");
        ran += 1;
    }
    assert!(ran >= 12, "{ran} commands");
    assert_eq!(loom.rows(&["topics", "tail", "my.walks.again", "--from-beginning"]).len(), 2, "two of the replays copied one record");
    assert_eq!(loom.rows(&["rules", "list"]).len(), 0);
}

#[test]
fn wrong_rules_are_named_and_end_with_1() {
    let loom = Loom::new();
    let put = |rule: Value| {
        let out = loom.with_input(&["rules", "put", "-"], rule.to_string().as_bytes());
        (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let (code, said) = put(json!({"id": "a", "inputs": ["my.a.raw"], "outputs": ["media.text.shared"]}));
    assert!(code == Some(1) && said.contains("privacy wall") && said.trim().lines().count() == 1, "{said}");
    let (code, said) = put(json!({"id": "a", "inputs": ["my.a.raw"], "condition": "nonsense", "outputs": ["my.b.raw"]}));
    assert!(code == Some(1) && said.contains("nonsense"), "{said}");
    let out = loom.run(&["replay", "my.a.raw", "--into", "media.text.released"]);
    assert_eq!(out.status.code(), Some(1));
}

#[test]
fn rules_change_while_loom_runs_and_dead_letters_come_back_after_a_fix() {
    let loom = Loom::new();
    let served = Served::start(&loom, &[]);
    let no_group = |s: &Served| get(s, "/api/groups")["groups"].as_array().unwrap().iter().all(|g| g["group"] != "event-router-consumer");
    assert!(no_group(&served), "without rules there is no group");
    let rule = |to: &str| {
        json!({"id": "gps", "inputs": ["my.places.raw"], "outputs": ["device.sensor.gps.raw"],
            "transforms": [{"do": "rename", "from": "/lat", "to": to}, {"do": "rename", "from": "/lon", "to": "/longitude"}]})
    };
    assert_eq!(post(&served, "/event-router/rules", &rule("/lattitude")).0, 201);
    until("the rules run", || get(&served, "/event-router/rules")["running"]["revision"].is_string());
    assert_eq!(post(&served, "/api/topics/my.places.raw/records", &json!({"data": {"lat": 52.5, "lon": 13.4}})).0, 201);
    until("it is set aside", || loom.rows(&["dlq", "list"]).len() == 1);
    let letter = &loom.rows(&["dlq", "show", "my.places.raw"])[0];
    assert!(letter["message"].as_str().unwrap().contains("rule gps"), "{letter}");
    let (_, kept) = post(&served, "/event-router/rules", &rule("/latitude"));
    until("the fix is in force", || get(&served, "/event-router/rules")["running"]["revision"] == kept["revision"]);
    let done = loom.rows(&["dlq", "redrive", "my.places.raw", "--group", "event-router-consumer"]);
    assert_eq!(done[0]["redriven"], 1);
    until("it is written", || {
        served.get("/api/topics/device.sensor.gps.raw").0 == 200 && get(&served, "/api/topics/device.sensor.gps.raw")["records"] == 1
    });
    served.stop();
}

/// A replay is killed again and again, and goes on with each start.
#[test]
fn a_killed_replay_goes_on_and_doubles_nothing() {
    const RECORDS: u64 = 400;
    let loom = Loom::new();
    produce(&loom, "my.past.raw", (0..RECORDS).map(|n| json!({"n": n})));
    let mut served = Served::start(&loom, &[]);
    let (status, begun) = post(&served, "/event-router/replay", &json!({"topic": "my.past.raw", "into": "my.copies.raw", "rate": 200}));
    assert_eq!(status, 202, "{begun}");
    let at = format!("/event-router/replays/{}", begun["id"].as_str().unwrap());
    for kill in 1..=3 {
        until("it goes on", || get(&served, &at)["looked_at"].as_u64().unwrap() >= kill * 60);
        served.child.kill().unwrap();
        served.child.wait().unwrap();
        served = Served::start(&loom, &[]);
    }
    until("it is done", || get(&served, &at)["state"] == "done");
    served.stop();
    let copies = loom.rows(&["topics", "tail", "my.copies.raw", "--from-beginning", "--limit", "10000"]);
    let numbers: Vec<u64> = copies.iter().map(|r| r["data"]["n"].as_u64().unwrap()).collect();
    let ids: BTreeSet<&str> = copies.iter().map(|r| r["message_id"].as_str().unwrap()).collect();
    assert_eq!((numbers, ids.len() as u64), ((0..RECORDS).collect(), RECORDS));
}
