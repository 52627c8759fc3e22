//! The built `loom-hub`, as a self-hoster meets it.

use std::net::TcpListener;
use std::process::{Command, Output};

fn hub(words: &[&str], variables: &[(&str, String)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loom-hub"));
    command.env_remove("LOOM_KAFKA_BROKERS").env_remove("LOOM_DATABASE_URL");
    command.args(words).envs(variables.iter().map(|(k, v)| (k, v))).output().unwrap()
}

fn said(out: &Output) -> (String, String) {
    (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn every_command_explains_itself() {
    for words in [&["--help"][..], &["serve", "--help"], &["migrate", "--help"], &["doctor", "--help"]] {
        let out = hub(words, &[]);
        assert!(out.status.success() && said(&out).0.contains("Usage:"), "{words:?}");
    }
    assert_eq!(hub(&["dance"], &[]).status.code(), Some(2));
}

#[test]
fn what_it_cannot_do_yet_it_says() {
    for word in ["serve", "migrate"] {
        let out = hub(&[word], &[]);
        assert_eq!(out.status.code(), Some(1));
        assert!(said(&out).1.contains("cannot") && said(&out).1.contains("loom-hub doctor"));
    }
}

#[test]
fn doctor_reaches_what_listens() {
    let there = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = there.local_addr().unwrap().port();
    let settings =
        [("LOOM_KAFKA_BROKERS", format!("127.0.0.1:{port}")), ("LOOM_DATABASE_URL", format!("postgres://loom@127.0.0.1:{port}/loom"))];
    let out = hub(&["doctor", "--json"], &settings);
    assert!(out.status.success());
    let rows: Vec<serde_json::Value> = said(&out).0.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|r| r["state"] == "ok" && r["fix"].is_null()));
}

#[test]
fn doctor_without_settings_names_the_missing_one() {
    let out = hub(&["doctor"], &[]);
    assert_eq!(out.status.code(), Some(1));
    assert!(said(&out).0.contains("LOOM_KAFKA_BROKERS is not set"));
}
