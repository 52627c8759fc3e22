//! The built program on an empty data folder, and speech to give it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// LibriVox readings with their words (public domain), from Debian's pocketsphinx-testdata.
const READINGS: &str = "/usr/share/pocketsphinx/test/data/librivox";

pub struct Reading {
    pub path: PathBuf,
    pub words: String,
}

pub fn readings() -> Vec<Reading> {
    let lines = std::fs::read_to_string(format!("{READINGS}/transcription")).expect("`cargo xtask test` installs pocketsphinx-testdata");
    let reading = |line: &str| {
        let (words, name) = line.rsplit_once('(')?;
        let words = words.trim().trim_start_matches("<s>").trim_end_matches("</s>").trim().to_string();
        Some(Reading { path: format!("{READINGS}/{}.wav", name.trim_end_matches(')')).into(), words })
    };
    lines.lines().filter_map(reading).collect()
}

/// espeak-ng says it into a wav file.
pub fn spoken(folder: &Path, name: &str, words: &str) -> PathBuf {
    let path = folder.join(name);
    let said = Command::new("espeak-ng").args(["-s", "140", "-w"]).arg(&path).arg(words).status();
    assert!(said.expect("`cargo xtask test` installs espeak-ng").success());
    path
}

/// A data folder and the program to run on it.
pub struct Loom {
    pub data: TempDir,
}

impl Loom {
    pub fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap() }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut c = Command::new(env!("CARGO_BIN_EXE_loom"));
        c.args(args).env("LOOM_DATA_DIR", self.data.path()).env("LOOM_PORT", "0").env("LOOM_KEYS", "file").env("LOOM_TIME_ZONE", "UTC");
        c
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    pub fn with_input(&self, args: &[&str], input: &[u8]) -> Output {
        let mut child = self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// The rows of a command's `--json`.
    pub fn rows(&self, args: &[&str]) -> Vec<Value> {
        let out = self.run(&[args, &["--json"]].concat());
        assert!(out.status.success(), "loom {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    /// Takes recordings in to the end of the road.
    pub fn take_in(&self, files: &[PathBuf]) -> Output {
        self.run(&serve(files).iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// What the owner's topic holds: ids and texts, in order.
    pub fn released(&self) -> Vec<(String, String)> {
        let rows = self.rows(&["topics", "tail", "media.text.released", "--from-beginning", "--limit", "10000"]);
        let text = |r: &Value| (r["message_id"].as_str().unwrap().to_string(), r["data"]["text"].as_str().unwrap().to_string());
        rows.iter().map(text).collect()
    }
}

/// Waits for it; a test that waits in vain says for what.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(180), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn serve(files: &[PathBuf]) -> Vec<String> {
    let inputs = files.iter().flat_map(|f| ["--input".to_string(), f.display().to_string()]);
    std::iter::once("serve".to_string()).chain(inputs).chain(["--exit-when-done", "--no-microphone"].map(String::from)).collect()
}

/// A running `loom serve`.
pub struct Served {
    pub child: Child,
    pub url: String,
    pub token: String,
}

impl Served {
    pub fn start(loom: &Loom, args: &[&str]) -> Self {
        Self::with(loom, |c| c.args(["serve", "--no-microphone"]).args(args))
    }

    /// With what else it needs: arguments, environment.
    pub fn with(loom: &Loom, more: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = loom.command(&[]);
        let mut child = more(&mut command).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let url = first.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("first line: {first:?}")).to_string();
        let token = std::fs::read_to_string(loom.data.path().join("api-token")).unwrap();
        assert!(loom.data.path().join("address").exists());
        Self { child, url, token: token.trim().to_string() }
    }

    /// Status and body of a GET, with the token.
    pub fn get(&self, path: &str) -> (u16, Vec<u8>) {
        self.request(path, &format!("Authorization: Bearer {}\r\n", self.token))
    }

    pub fn request(&self, path: &str, headers: &str) -> (u16, Vec<u8>) {
        ask(self.url.strip_prefix("http://").unwrap(), path, headers)
    }

    /// SIGTERM drains and ends with 0.
    pub fn stop(mut self) {
        assert_eq!(unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) }, 0);
        assert!(self.child.wait().unwrap().success());
    }
}

/// Status and body of a GET at `127.0.0.1:PORT`.
pub fn ask(host: &str, path: &str, headers: &str) -> (u16, Vec<u8>) {
    let host_line = if headers.contains("Host:") { String::new() } else { format!("Host: {host}\r\n") };
    let mut s = TcpStream::connect(host).unwrap();
    write!(s, "GET {path} HTTP/1.1\r\n{host_line}Connection: close\r\n{headers}\r\n").unwrap();
    let mut all = Vec::new();
    s.read_to_end(&mut all).unwrap();
    let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let status = String::from_utf8_lossy(&all[9..12]).parse().unwrap();
    (status, all[end + 4..].to_vec())
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Word error rate: Levenshtein distance over lower-case words without punctuation.
pub fn word_error_rate(reference: &str, heard: &str) -> f64 {
    let words = |s: &str| -> Vec<String> {
        let plain = s.to_lowercase().replace(|c: char| !c.is_alphanumeric() && c != '\'', " ");
        plain.split_whitespace().map(str::to_string).collect()
    };
    let (r, h) = (words(reference), words(heard));
    let mut row: Vec<usize> = (0..=h.len()).collect();
    for (i, a) in r.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in h.iter().enumerate() {
            let change = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[h.len()] as f64 / r.len() as f64
}
