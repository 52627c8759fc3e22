//! Measures the built program from outside.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use loom_models::Models;

use super::READINGS;
use crate::Result;
use crate::command::{cargo, run};
use crate::place::Place;
use crate::setup::npm;

pub type Peer = fn(&Place) -> Result<Command>;
pub const ALL: [(&str, Peer); 8] = [
    ("speech_peer", speech_peer),
    ("killed", killed),
    ("silence", silence),
    ("window", window),
    ("lost_microphone", lost),
    ("latency", latency),
    ("timeline", timeline),
    ("paint", paint),
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

/// A million utterances in a browser; they are written once.
fn timeline(place: &Place) -> Result<Command> {
    let folder = place.target.join("bench/million");
    if !folder.join("loom.db").exists() {
        fs::create_dir_all(&folder).map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
        let mut fill = cargo(place);
        fill.args(["run", "--release", "--quiet", "--package", "loom-core", "--example", "search_bench", "--features", "full", "--"]);
        run(fill.arg("1000000").arg(&folder).stdout(Stdio::null()))?;
    }
    let mut timeline = in_browser(place, "million.mjs")?;
    timeline.env("LOOM_MILLION", folder);
    Ok(timeline)
}

/// How soon each page is there.
fn paint(place: &Place) -> Result<Command> {
    in_browser(place, "paint.mjs")
}

fn in_browser(place: &Place, script: &str) -> Result<Command> {
    npm::install(place)?;
    let mut node = Command::new("node");
    node.arg(place.ui().join("e2e").join(script)).env("LOOM", release(place)?).env("LOOM_UI_DIR", place.pages());
    Ok(node)
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
