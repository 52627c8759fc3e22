//! What the owner takes out, and what they take back for good.

use std::path::PathBuf;

use crate::rig::{Loom, readings};

fn taken_in(n: usize) -> Loom {
    let loom = Loom::new();
    let files: Vec<PathBuf> = readings().iter().take(n).map(|r| r.path.clone()).collect();
    assert!(loom.take_in(&files).status.success());
    loom
}

#[test]
fn the_timeline_is_taken_out_in_every_format() {
    let loom = taken_in(1);
    let released = loom.released();
    let export = |args: &[&str]| {
        let out = loom.run(&[&["export"], args].concat());
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    };
    let text = |args: &[&str]| String::from_utf8(export(args)).unwrap();
    let rows: Vec<serde_json::Value> = text(&[]).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let exported: Vec<_> =
        rows.iter().map(|r| (r["message_id"].as_str().unwrap().to_string(), r["text"].as_str().unwrap().to_string())).collect();
    assert_eq!(exported, released);
    let said = &released[0].1;
    for (format, begins) in [("csv", "recorded_at,"), ("md", "## "), ("srt", "1\n00:00:00,000 --> "), ("vtt", "WEBVTT\n")] {
        let body = text(&["--format", format]);
        assert!(body.starts_with(begins) && body.contains(said.split(' ').next().unwrap()), "{format}: {body}");
    }
    let table = export(&["--format", "parquet"]);
    assert!(table.starts_with(b"PAR1") && table.ends_with(b"PAR1"));
    let left: Vec<_> = std::fs::read_dir(loom.data.path()).unwrap().filter_map(|f| f.unwrap().file_name().into_string().ok()).collect();
    assert!(!left.iter().any(|f| f.starts_with("export-")), "{left:?}");
    assert_eq!(text(&["--to", "1970-01-02T00:00:00Z"]), "");
    let shared = text(&["--topic", "media.text.shared"]);
    assert_eq!(shared.lines().count(), released.len());
    let refused = loom.run(&["export", "--topic", "media.text.enriched"]);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("does not leave"));
}

#[test]
fn what_is_erased_is_weighed_first_and_gone_for_good() {
    let loom = taken_in(2);
    let before = loom.released();
    let word = before[0].1.split(' ').max_by_key(|w| w.len()).unwrap().trim_matches(|c: char| !c.is_alphanumeric()).to_string();
    let erase = |more: &[&str]| loom.rows(&[&["privacy", "erase", "--matching", &word], more].concat()).remove(0);
    let dry = erase(&["--dry-run"]);
    assert!(dry["lines"].as_u64().unwrap() > 0 && dry["audio_s"].as_f64().unwrap() > 0.5, "{dry}");
    assert!(!loom.rows(&["search", &word]).is_empty(), "a dry run erases nothing");
    let done = erase(&[]);
    assert_eq!((&done["lines"], &done["records"], &done["audio_s"]), (&dry["lines"], &dry["records"], &dry["audio_s"]));
    assert!(loom.rows(&["search", &word]).is_empty());
    for topic in ["media.text.transcribed.words", "media.text.enriched", "media.text.released", "media.text.shared"] {
        let rows = loom.rows(&["topics", "tail", topic, "--from-beginning", "--limit", "1000"]);
        assert_eq!(rows.len(), before.len(), "{topic} keeps its offsets");
        assert!(rows.iter().all(|r| !r["data"].to_string().contains(&word)), "{topic}");
    }
    // A timeline made again does not bring it back.
    loom.rows(&["rebuild", "timeline"]);
    assert!(loom.take_in(&[]).status.success());
    assert!(loom.rows(&["search", &word]).is_empty());
    let wrong = loom.run(&["privacy", "erase"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("say what is to be erased"));
}
