//! `cargo xtask bench`: core's measuring programs and those that measure from outside, in release; each writes one JSON
//! object a line on stdout.

mod peers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Result;
use crate::args::Args;
use crate::command::cargo;
use crate::place::Place;
use crate::say;
use crate::setup;

/// Example of core, the features it needs.
const ALL: [(&str, &str); 7] = [
    ("log_bench", ""),
    ("day_bench", ""),
    ("router_bench", ""),
    ("dedup_bench", ""),
    ("search_bench", "full"),
    ("speech_bench", "full"),
    ("recording_bench", "full"),
];

pub fn bench(place: &Place, args: &Args) -> Result {
    say::step("models", || setup::fetch_models(place))?;
    let folder = place.target.join("bench");
    fs::create_dir_all(&folder).map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
    let mut bad = Vec::new();
    for (name, features) in ALL.into_iter().filter(|(n, _)| args.wants(n)) {
        if !place.root.join(format!("core/examples/{name}.rs")).exists() {
            return Err(format!("core/examples/{name}.rs is missing"));
        }
        say::begin(name, "measuring");
        match measure(place, args, name, features, &folder) {
            Ok(table) => println!("{table}"),
            Err(sentence) => bad.push(format!("{name}: {sentence}")),
        }
    }
    for (name, peer) in peers::ALL.into_iter().filter(|(n, _)| args.wants(n)) {
        say::begin(name, "measuring");
        match peer(place).and_then(|mut c| keep(&mut c, name, &folder)) {
            Ok(table) => println!("{table}"),
            Err(sentence) => bad.push(format!("{name}: {sentence}")),
        }
    }
    if bad.is_empty() { Ok(()) } else { Err(bad.join("\n")) }
}

fn measure(place: &Place, args: &Args, name: &str, features: &str, folder: &Path) -> Result<String> {
    let mut run = cargo(place);
    run.args(["run", "--release", "--quiet", "--package", "loom-core", "--example", name]);
    if !features.is_empty() {
        run.args(["--features", features]);
    }
    run.arg("--").args(&args.rest);
    if name == "speech_bench" && args.rest.is_empty() {
        run.args(readings());
    }
    keep(&mut run, name, folder)
}

/// What the tests listen to.
const READINGS: &str = "/usr/share/pocketsphinx/test/data/librivox";

/// Without them only loading is measured.
fn readings() -> Vec<PathBuf> {
    let folder = fs::read_dir(READINGS).into_iter().flatten().flatten();
    folder.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "wav")).collect()
}

/// Runs it, keeps its JSON lines, and shows them as a table.
fn keep(run: &mut Command, name: &str, folder: &Path) -> Result<String> {
    let out = run.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|e| format!("it cannot be started: {e}"))?;
    let said = String::from_utf8_lossy(&out.stdout);
    let rows: Vec<Value> = said.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    if !out.status.success() {
        return Err("it failed".into());
    }
    let at = folder.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(&rows).map_err(|e| e.to_string())?;
    fs::write(&at, text).map_err(|e| format!("{} cannot be written: {e}", at.display()))?;
    Ok(table(name, &rows))
}

/// A row an object: its fields in their order.
fn table(name: &str, rows: &[Value]) -> String {
    let mut text = format!("\n{name}\n");
    for row in rows {
        let cells: Vec<String> = match row {
            Value::Object(fields) => fields.iter().map(|(k, v)| format!("{k} {}", plain(v))).collect(),
            other => vec![plain(other)],
        };
        text.push_str(&format!("  {}\n", cells.join("  ")));
    }
    text
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Number(n) if n.is_f64() => format!("{:.3}", n.as_f64().unwrap_or(0.0)),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_row_an_object() {
        let rows = [serde_json::json!({"what": "appends", "per_second": 80123.4567}), serde_json::json!({"what": "lag", "n": 3})];
        let text = table("log_bench", &rows);
        assert_eq!(text.lines().count(), 4);
        assert!(text.contains("80123.457") && text.contains("what lag"));
    }
}
