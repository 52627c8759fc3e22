//! `cargo xtask bench`: core's measuring programs, in release; each writes one JSON object a line on stdout.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use loom_models::Models;
use serde_json::Value;

use crate::Result;
use crate::args::Args;
use crate::command::{cargo, run};
use crate::place::Place;
use crate::say;
use crate::setup;

/// Example of core, the features it needs.
const ALL: [(&str, &str); 6] = [
    ("log_bench", ""),
    ("day_bench", ""),
    ("router_bench", ""),
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
    for (name, peer) in PEERS.into_iter().filter(|(n, _)| args.wants(n)) {
        say::begin(name, "measuring");
        match peer(place).and_then(|mut c| keep(&mut c, name, &folder)) {
            Ok(table) => println!("{table}"),
            Err(sentence) => bad.push(format!("{name}: {sentence}")),
        }
    }
    if bad.is_empty() { Ok(()) } else { Err(bad.join("\n")) }
}

type Peer = fn(&Place) -> Result<Command>;
/// Measures the built program from outside.
const PEERS: [(&str, Peer); 6] = [
    ("speech_peer", speech_peer),
    ("killed", killed),
    ("silence", silence),
    ("window", window),
    ("lost_microphone", lost),
    ("latency", latency),
];

/// Where speech with its words lies: `NAME.flac` and `refs.tsv`.
const SPEECH: &str = "LOOM_SPEECH_DIR";

/// The same model under ONNX Runtime's own Python, in the same run.
fn speech_peer(place: &Place) -> Result<Command> {
    let speech = env::var_os(SPEECH).ok_or_else(|| format!("{SPEECH} must name a folder with recordings and refs.tsv"))?;
    let site = place.target.join("bench/python");
    let packages = ["numpy", "onnxruntime==1.31.1", "soundfile", "jiwer", "whisper-normalizer"];
    if !site.exists() {
        run(Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--root-user-action=ignore", "--target"])
            .arg(&site)
            .args(packages))?;
    }
    let models = Models::find(None).home().to_path_buf();
    let mut peer = Command::new("python3");
    peer.arg(place.root.join("installers/peers/speech.py")).arg(release(place)?).arg(models).arg(speech).env("PYTHONPATH", site);
    Ok(peer)
}

/// `kill -9`, fifty times, over the recordings in the speech folder, or the one that comes with Loom.
fn killed(place: &Place) -> Result<Command> {
    let folder = env::var_os(SPEECH).map(fs::read_dir).and_then(|r| r.ok()).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = folder.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "flac")).collect();
    files.sort();
    files.extend(files.is_empty().then(|| place.sample()));
    let mut killed = Command::new("python3");
    killed.arg(place.root.join("installers/peers/killed.py")).arg(release(place)?).arg("50").args(files);
    Ok(killed)
}

/// A minute of silence on a microphone.
fn silence(place: &Place) -> Result<Command> {
    listening(place, &["silence", "60"])
}

/// The same with the window open: all its processes.
fn window(place: &Place) -> Result<Command> {
    listening(place, &["window", "60"])
}

/// A microphone that is away for ten seconds, twenty times.
fn lost(place: &Place) -> Result<Command> {
    listening(place, &["lost", "20", "10"])
}

/// From the end of speech to its words on the log, and from its beginning to the first guess.
fn latency(place: &Place) -> Result<Command> {
    let mut latency = listening(place, &["latency", "20"])?;
    latency.arg(env::var_os(SPEECH).unwrap_or_else(|| READINGS.into()));
    Ok(latency)
}

fn listening(place: &Place, what: &[&str]) -> Result<Command> {
    let mut listening = Command::new("python3");
    listening.arg(place.root.join("installers/peers/listening.py")).arg(release(place)?).args(what);
    Ok(listening)
}

fn release(place: &Place) -> Result<PathBuf> {
    Some(place.program("release", "loom"))
        .filter(|p| p.exists())
        .ok_or_else(|| "`cargo xtask setup` builds the program this measures".into())
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
