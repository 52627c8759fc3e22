//! Who may ask, and what goes through a pipe.

use std::process::Command;

use serde_json::Value;

use crate::rig::{Loom, Served, ask};

#[test]
fn strangers_are_turned_away() {
    let loom = Loom::new();
    let served = Served::start(&loom, &[]);
    let token = format!("Authorization: Bearer {}\r\n", served.token);
    assert_eq!(served.get("/api/topics").0, 200);
    assert_eq!(served.request("/api/topics", "").0, 401);
    assert_eq!(served.request("/api/topics", &format!("Authorization: Bearer {}\r\n", "x".repeat(64))).0, 401);
    assert_eq!(served.request("/api/topics", &format!("{token}Origin: https://evil.example\r\n")).0, 403);
    assert_eq!(served.request("/api/topics", &format!("{token}Host: evil.example\r\n")).0, 421);
    for open in ["/health", "/readyz", "/version", "/openapi.json"] {
        assert_eq!(served.request(open, "").0, 200, "{open}");
    }
    served.stop();
}

#[test]
fn it_says_what_it_was_built_from() {
    let loom = Loom::new();
    let served = Served::start(&loom, &[]);
    let version: Value = serde_json::from_slice(&served.get("/version").1).unwrap();
    let head = Command::new("git").args(["rev-parse", "HEAD"]).output().unwrap();
    let head = String::from_utf8(head.stdout).unwrap();
    assert!(head.starts_with(version["commit"].as_str().unwrap()), "{version} is not of {head}");
    assert!(version["build_date"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{version}");
    served.stop();
}

#[test]
fn each_service_is_also_where_loom_v2_had_it() {
    let loom = Loom::new();
    let served = Served::start(&loom, &["--classic-ports", "--open-loopback"]);
    for port in [8000, 8010, 8011, 8031, 8082] {
        let at = format!("127.0.0.1:{port}");
        assert_eq!(ask(&at, "/health", "").0, 200, "port {port}");
        assert_eq!(ask(&at, "/health", "Host: evil.example\r\n").0, 421, "port {port}");
    }
    assert_eq!(ask("127.0.0.1:8082", "/api/kafka/structure", "").0, 200);
    assert_eq!(ask("127.0.0.1:8011", "/api/kafka/structure", "").0, 404, "a service has its own routes alone");
    served.stop();
}

#[test]
fn the_filter_gives_back_byte_for_byte_what_it_has_nothing_to_say_about() {
    let loom = Loom::new();
    for text in
        ["", "\n", "No newline at the end", "a\r\nb\n\n", "Ünïcödé 漢字 🙂\n", "The meeting is at 4 on the 12th of May 2024, room 1111.\n"]
    {
        let out = loom.with_input(&["privacy", "filter"], text.as_bytes());
        assert!(out.status.success());
        assert_eq!(out.stdout, text.as_bytes());
    }
    let out = loom.with_input(&["privacy", "filter"], b"my card is 4111 1111 1111 1111 thanks\n");
    assert_eq!(out.stdout, b"my card is <CREDIT_CARD> thanks\n");
    assert!(std::fs::read_dir(loom.data.path()).unwrap().next().is_none(), "filtering a text needs no data folder");
}
