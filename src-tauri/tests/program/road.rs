//! The whole road with the built program, real speech and the real models.

use std::path::PathBuf;
use std::process::Stdio;

use crate::rig::{Loom, Served, readings, serve, spoken, until, word_error_rate};

const GROUPS: [&str; 6] = [
    "silero-vad-consumer",
    "parakeet-tdt-consumer",
    "context-enrichment-consumer",
    "privacy-filter-consumer",
    "timeline-consumer",
    "analytics-consumer",
];

fn stderr(out: &std::process::Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

#[test]
fn recordings_become_words_that_are_found_and_played() {
    let loom = Loom::new();
    let readings = readings();
    let files: Vec<PathBuf> = readings.iter().take(3).map(|r| r.path.clone()).collect();
    let out = loom.take_in(&files);
    assert!(out.status.success(), "{}", stderr(&out));

    let word = readings[0].words.split(' ').max_by_key(|w| w.len()).unwrap();
    let offline = loom.rows(&["search", word]);
    assert!(!offline.is_empty(), "{word} is not found");

    let served = Served::start(&loom, &[]);
    let hits = loom.rows(&["search", word]);
    assert_eq!(hits, offline, "the running instance and the folder answer alike");
    let (status, wav) = served.get(hits[0]["audio"]["href"].as_str().unwrap());
    assert_eq!((status, &wav[..4]), (200, &b"RIFF"[..]));
    let seconds = (wav.len() - 44) as f64 / 32_000.0;
    assert!((seconds - hits[0]["duration_s"].as_f64().unwrap()).abs() < 0.01, "{seconds} s of sound");

    // A group joins as its thread starts, which the address does not wait for.
    for name in GROUPS {
        until(&format!("{name} is there and has read everything"), || {
            let groups = loom.rows(&["groups", "list"]);
            let group = groups.iter().find(|g| g["group"] == name);
            group.is_some_and(|g| g["lag"] == 0 && g["state"] == "Stable" && g["members"] == 1)
        });
    }
    for store in ["timeline", "analytics"] {
        assert_eq!(loom.rows(&["rebuild", store])[0]["status"], "emptied");
    }
    served.stop();

    // What the pipeline did not get to before it was stopped, it does at the next start.
    assert!(loom.take_in(&[]).status.success());
    assert_eq!(loom.rows(&["search", word]), offline, "the timeline was made again as it was");
    let groups = loom.rows(&["groups", "list"]);
    assert!(groups.iter().all(|g| g["state"] == "Empty" && g["lag"] == 0), "{groups:?}");
}

#[test]
fn words_are_right_and_have_times() {
    let loom = Loom::new();
    let readings = readings();
    let files: Vec<String> = readings.iter().map(|r| r.path.display().to_string()).collect();
    let args: Vec<&str> = ["transcribe", "--format", "json"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let out = loom.run(&args);
    assert!(out.status.success(), "{}", stderr(&out));
    let rows: Vec<serde_json::Value> = String::from_utf8(out.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let heard: Vec<&str> = rows.iter().map(|r| r["text"].as_str().unwrap()).collect();
    let said: Vec<&str> = readings.iter().map(|r| r.words.as_str()).collect();
    let rate = word_error_rate(&said.join(" "), &heard.join(" "));
    assert!(rate < 0.12, "{:.1} % of the words are wrong: {heard:?}", 100.0 * rate);
    for r in &rows {
        let words: Vec<&serde_json::Value> =
            r["segments"].as_array().unwrap().iter().flat_map(|s| s["words"].as_array().unwrap()).collect();
        let joined = words.iter().map(|w| w["text"].as_str().unwrap()).collect::<Vec<_>>().join(" ");
        assert_eq!(joined, r["text"].as_str().unwrap());
        let starts: Vec<f64> = words.iter().map(|w| w["start_s"].as_f64().unwrap()).collect();
        assert!(starts.is_sorted() && *starts.last().unwrap() < r["duration_s"].as_f64().unwrap());
    }
}

#[test]
fn the_same_recording_again_doubles_nothing() {
    let loom = Loom::new();
    let files = vec![readings().remove(1).path];
    assert!(loom.take_in(&files).status.success());
    let once = loom.released();
    assert!(!once.is_empty());
    assert!(loom.take_in(&files).status.success());
    assert_eq!(loom.released(), once);
}

#[test]
fn killed_at_any_moment_it_goes_on_to_the_same_words() {
    let files: Vec<PathBuf> = readings().into_iter().map(|r| r.path).collect();
    let calm = Loom::new();
    assert!(calm.take_in(&files).status.success());

    let wild = Loom::new();
    let args = serve(&files);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let chance = loom_core::env::Seeded::new(7);
    let mut kills = 0;
    for _ in 0..10 {
        let mut child = wild.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The moment is drawn; the test holds whatever it hits.
        let patience = std::time::Duration::from_millis(100 + chance.below(1500));
        let ended = wait_at_most(&mut child, patience);
        if ended {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills > 0, "it was never killed");
    assert!(wild.take_in(&files).status.success());
    assert_eq!(wild.released(), calm.released(), "after {kills} kills");
}

fn wait_at_most(child: &mut std::process::Child, time: std::time::Duration) -> bool {
    let (done, ended) = std::sync::mpsc::channel::<()>();
    let pid = child.id();
    let watcher = std::thread::spawn(move || {
        // Looks at the process without reaping it: `kill` and `wait` stay the caller's.
        while ended.recv_timeout(std::time::Duration::from_millis(5)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if stat.rsplit(')').next().is_some_and(|s| s.trim_start().starts_with('Z')) {
                return true;
            }
        }
        false
    });
    let (_keep, timer) = std::sync::mpsc::channel::<()>();
    let _ = timer.recv_timeout(time);
    drop(done);
    watcher.join().unwrap()
}

#[test]
fn what_is_read_aloud_and_secret_is_masked_before_the_store() {
    let loom = Loom::new();
    let t = tempfile::tempdir().unwrap();
    let files = vec![
        spoken(
            t.path(),
            "card.wav",
            "my card number is four five three nine, one four eight eight, zero three four three, six four six seven",
        ),
        spoken(t.path(), "phone.wav", "my phone number is four one five, five five five, two six seven one"),
    ];
    let out = loom.take_in(&files);
    assert!(out.status.success(), "{}", stderr(&out));
    let released = loom.released();
    assert_eq!(released.len(), 2, "{released:?}");
    for (_, text) in &released {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let spoken = text.to_lowercase();
        assert!(!digits.contains("1488") && !digits.contains("2671") && !spoken.contains("four eight eight"), "{text}");
        assert!(text.contains('<'), "nothing was masked in {text}");
    }
    // Nor does any file keep it in the clear.
    for file in ["loom.db", "loom.db-wal", "analytics.duckdb"] {
        let bytes = std::fs::read(loom.data.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(9).any(|w| w == b"1488 0343" || w == b"1488-0343" || w == b"914880343"), "{file} shows the card");
    }
}

#[test]
fn silence_noise_and_tones_have_no_words() {
    let loom = Loom::new();
    let t = tempfile::tempdir().unwrap();
    let make = |name: &str, effect: &[&str]| {
        let path = t.path().join(name);
        let sox = std::process::Command::new("sox")
            .args(["-n", "-r", "16000", "-c", "1", "-R"])
            .arg(&path)
            .arg("synth")
            .arg("8")
            .args(effect)
            .status();
        assert!(sox.expect("`cargo xtask test` installs sox").success());
        path
    };
    let files = vec![
        make("silence.wav", &["sine", "440", "vol", "0"]),
        make("noise.wav", &["whitenoise", "vol", "0.1"]),
        make("tone.wav", &["sine", "440", "vol", "0.3"]),
    ];
    assert!(loom.take_in(&files).status.success());
    assert_eq!(loom.released(), []);
    assert!(loom.rows(&["groups", "list"]).iter().all(|g| g["lag"] == 0));
}
