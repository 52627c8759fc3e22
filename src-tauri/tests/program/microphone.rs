//! The built program, listening: speech in a room of the test's own becomes words, whatever happens to the room.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::pulse::Pulse;
use crate::rig::{Loom, Served, readings, until, word_error_rate};

fn listening(loom: &Loom, pulse: &Pulse) -> Served {
    let served = Served::with(loom, |c| pulse.environment(c.arg("serve")));
    until("Loom listens", || finding(loom).1.starts_with("listening"));
    served
}

/// What the doctor finds of the microphone: state and message.
fn finding(loom: &Loom) -> (String, String) {
    let rows = loom.run(&["doctor", "--json"]);
    let rows = String::from_utf8(rows.stdout).unwrap();
    let row = rows.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()).find(|r| r["check"] == "microphone").unwrap();
    (row["state"].as_str().unwrap().into(), row["message"].as_str().unwrap().into())
}

fn text(loom: &Loom) -> String {
    loom.released().into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

/// Each stream on the log: its device, samples and end. Checks that its records lie end to end.
fn streams(loom: &Loom) -> Vec<(String, u64, Option<String>)> {
    let mut found: Vec<(String, String, u64, Option<String>)> = Vec::new();
    for r in loom.rows(&["topics", "tail", "device.audio.raw", "--from-beginning", "--limit", "100000"]) {
        let d = &r["data"];
        let id = d["stream_id"].as_str().unwrap();
        if found.last().is_none_or(|s| s.0 != id) {
            found.push((id.into(), d["source"]["name"].as_str().unwrap().into(), 0, None));
        }
        let last = found.last_mut().unwrap();
        assert_eq!(d["first_sample"].as_u64(), Some(last.2), "records lie end to end");
        last.2 += d["samples"].as_u64().unwrap();
        last.3 = d["end"].as_str().map(Into::into);
    }
    found.into_iter().map(|(_, name, samples, end)| (name, samples, end)).collect()
}

/// A steady tone: whatever is lost of it, the clock shows.
fn tone(folder: &Path, seconds: &str) -> PathBuf {
    let path = folder.join("tone.wav");
    let mut sox = Command::new("sox");
    sox.args(["-n", "-r", "16000", "-c", "1"]).arg(&path).args(["synth", seconds, "sine", "440", "vol", "0.3"]);
    assert!(sox.status().expect("`cargo xtask test` installs sox").success());
    path
}

#[test]
fn what_is_said_in_the_room_is_found() {
    let (pulse, loom) = (Pulse::start(), Loom::new());
    let served = listening(&loom, &pulse);
    assert!(pulse.listened_to());
    let reading = readings().remove(0);
    assert!(pulse.play(&reading.path).wait().unwrap().success());
    until("its words arrive", || word_error_rate(&reading.words, &text(&loom)) < 0.3);
    served.stop();
    assert!(!pulse.listened_to());
    let streams = streams(&loom);
    assert_eq!((streams.len(), streams[0].2.as_deref()), (1, Some("paused")), "{streams:?}");
}

#[test]
fn a_sound_server_that_dies_in_a_word_is_said_and_gone_on_with() {
    let (mut pulse, loom) = (Pulse::start(), Loom::new());
    let t = tempfile::tempdir().unwrap();
    let tone = tone(t.path(), "30");
    let _served = listening(&loom, &pulse);
    let mut player = pulse.play(&tone);
    let heard = |loom: &Loom| streams(loom).iter().map(|s| s.1).sum::<u64>();
    until("the tone is on the log", || heard(&loom) > 32_000);
    pulse.kill();
    let _ = player.wait();
    until("it is said that the microphone is gone", || finding(&loom).1.contains("is gone. Listening stopped at"));
    assert_eq!(finding(&loom).0, "warn");
    assert_eq!(streams(&loom)[0].2.as_deref(), Some("device_lost"));
    pulse.restart();
    let before = heard(&loom);
    until("it goes on by itself", || finding(&loom).1.starts_with("listening"));
    until("and hears", || heard(&loom) > before + 16_000);
}

#[test]
fn another_default_with_a_strange_name_is_followed_in_the_middle_of_a_word() {
    let (pulse, loom) = (Pulse::start(), Loom::new());
    let t = tempfile::tempdir().unwrap();
    let tone = tone(t.path(), "30");
    let _served = listening(&loom, &pulse);
    let mut player = pulse.play(&tone);
    until("the first one is heard", || streams(&loom).first().is_some_and(|s| s.1 > 16_000));
    let name = "Desk «ü» 日本 <b>&amp; %s 😀";
    let properties = format!("source_properties='device.description=\"{name}\"'");
    pulse.pactl(&["load-module", "module-remap-source", "master=room.monitor", "source_name=desk.1-2_3", &properties]);
    pulse.pactl(&["set-default-source", "desk.1-2_3"]);
    until("the second one is heard", || streams(&loom).get(1).is_some_and(|s| s.1 > 16_000));
    player.kill().unwrap();
    player.wait().unwrap();
    let streams = streams(&loom);
    assert_eq!((streams[0].2.as_deref(), streams[1].0.as_str()), (Some("device_lost"), name));
}

#[test]
fn killed_while_someone_speaks_it_loses_no_second() {
    let (pulse, loom) = (Pulse::start(), Loom::new());
    let t = tempfile::tempdir().unwrap();
    let tone = tone(t.path(), "30");
    let mut served = listening(&loom, &pulse);
    let mut player = pulse.play(&tone);
    let written = || {
        let files =
            std::process::Command::new("find").arg(loom.data.path().join("audio")).args(["-name", "*.pcm", "-printf", "%s\n"]).output();
        String::from_utf8(files.unwrap().stdout).unwrap().lines().map(|l| l.parse::<u64>().unwrap() / 2).sum::<u64>()
    };
    until("two seconds are written", || written() > 32_000);
    served.child.kill().unwrap();
    served.child.wait().unwrap();
    let all = written();
    player.kill().unwrap();
    player.wait().unwrap();
    assert!(loom.take_in(&[]).status.success());
    assert_eq!(streams(&loom).iter().map(|s| (s.1, s.2.as_deref())).collect::<Vec<_>>(), [(all, Some("device_lost"))]);
}
