//! What goes wrong on a user's machine: one clear sentence each, nothing lost, and on where it can.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::rig::{Loom, Served, readings};

/// Failed with 1, said so in at most three lines without a panic, and named what it is about.
fn fails_plainly(out: &Output, names: &str) {
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked") && (1..=3).contains(&said.trim().lines().count()), "{said}");
    assert!(said.contains(names), "does not name {names}: {said}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() { copy(&entry.path(), &target) } else { _ = fs::copy(entry.path(), target).unwrap() }
    }
}

#[test]
fn wrong_arguments_end_with_2() {
    let loom = Loom::new();
    for args in [&["transcribe"][..], &["frobnicate"], &["search"], &["topics", "tail"], &["serve", "--at", "yesterday-ish"]] {
        assert_eq!(loom.run(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn broken_recordings_do_not_spoil_good_ones() {
    let loom = Loom::new();
    let t = tempfile::tempdir().unwrap();
    let bad = t.path().join("text.wav");
    fs::write(&bad, "this is no sound ".repeat(50)).unwrap();
    let good = &readings()[0].path;
    let out = loom.run(&["transcribe", "--format", "json", bad.to_str().unwrap(), good.to_str().unwrap()]);
    fails_plainly(&out, "text.wav");
    assert_eq!(String::from_utf8(out.stdout).unwrap().lines().count(), 1);

    let out = loom.take_in(&[bad, good.clone()]);
    fails_plainly(&out, "text.wav");
    assert!(!loom.released().is_empty(), "the good one is on the timeline");
}

#[test]
fn broken_settings_are_named() {
    let loom = Loom::new();
    fs::write(loom.data.path().join("settings.toml"), "port = \"many\"\n[[[").unwrap();
    fails_plainly(&loom.run(&["search", "x"]), "settings.toml");
    fails_plainly(&loom.run(&["serve"]), "settings.toml");
}

#[test]
fn one_instance_a_folder_and_one_a_port() {
    let loom = Loom::new();
    let served = Served::start(&loom, &[]);
    fails_plainly(&loom.run(&["serve"]), &served.url);
    let port = served.url.rsplit(':').next().unwrap();
    let other = Loom::new();
    fails_plainly(&other.command(&["serve"]).env("LOOM_PORT", port).output().unwrap(), port);
    served.stop();
    assert!(!loom.data.path().join("address").exists(), "nobody listens any more");
}

#[test]
fn a_lost_key_is_said_and_nothing_is_overwritten() {
    let loom = Loom::new();
    assert!(loom.take_in(&[readings()[0].path.clone()]).status.success());
    let before = fs::read(loom.data.path().join("loom.db")).unwrap();
    fs::rename(loom.data.path().join("keys"), loom.data.path().join("kept")).unwrap();
    fails_plainly(&loom.run(&["serve", "--exit-when-done"]), "key");
    fails_plainly(&loom.run(&["search", "the"]), "key");
    assert_eq!(fs::read(loom.data.path().join("loom.db")).unwrap(), before);
    fs::rename(loom.data.path().join("kept"), loom.data.path().join("keys")).unwrap();
    assert!(!loom.released().is_empty());
}

#[test]
fn a_flipped_byte_in_the_database_is_found_and_the_file_is_kept() {
    let loom = Loom::new();
    assert!(loom.take_in(&[readings()[0].path.clone()]).status.success());
    let db = loom.data.path().join("loom.db");
    let mut bytes = fs::read(&db).unwrap();
    bytes[100] ^= 0x40; // in the first page: nothing can be read
    fs::write(&db, &bytes).unwrap();
    fails_plainly(&loom.run(&["search", "the"]), "loom.db");
    fails_plainly(&loom.run(&["serve", "--exit-when-done"]), "loom.db");
    assert_eq!(fs::read(&db).unwrap(), bytes);
}

#[test]
fn a_flipped_byte_in_a_model_is_found_and_named() {
    let loom = Loom::new();
    let found = loom_models::Models::find(None).path("moonshine-tiny-en", "tokenizer.bin").expect("`cargo xtask setup` fetches the models");
    let t = tempfile::tempdir().unwrap();
    copy(found.parent().unwrap().parent().unwrap(), t.path());
    let file = t.path().join("moonshine-tiny-en/encoder_model.ort");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let out = loom.command(&["models", "verify", "--json"]).env("LOOM_MODELS_DIR", t.path()).output().unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("encoder_model.ort")
            || String::from_utf8_lossy(&out.stdout).contains("encoder_model.ort")
    );
    let out = loom.command(&["transcribe", readings()[0].path.to_str().unwrap()]).env("LOOM_MODELS_DIR", t.path()).output().unwrap();
    fails_plainly(&out, "encoder_model.ort");
}

#[test]
fn a_missing_model_keeps_the_recording_for_later() {
    let loom = Loom::new();
    let empty = tempfile::tempdir().unwrap();
    let reading = readings()[0].path.display().to_string();
    let out = loom
        .command(&["transcribe", &reading])
        .env("LOOM_MODELS_DIR", empty.path())
        .env("HOME", empty.path())
        .env("XDG_DATA_HOME", empty.path())
        .output()
        .unwrap();
    fails_plainly(&out, "cargo xtask setup");
}

#[test]
fn a_grown_file_and_a_full_length_cap_are_no_errors() {
    let loom = Loom::new();
    let t = tempfile::tempdir().unwrap();
    let whole = fs::read(&readings()[0].path).unwrap();
    let path = t.path().join("growing.wav");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap(); // its header speaks of more than there is
    let out = loom.run(&["transcribe", path.to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(!out.stdout.is_empty());
}
