use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::*;
use crate::identity::Policy;

struct Home {
    dir: tempfile::TempDir,
    keeper: Keeper,
}

fn home(file: &str, env: &[(&str, &str)]) -> Home {
    let dir = tempfile::tempdir().unwrap();
    if !file.is_empty() {
        std::fs::write(dir.path().join(FILE), file).unwrap();
    }
    let env = |k: &str| env.iter().find(|(n, _)| *n == k).map(|(_, v)| (*v).to_string());
    let settings = Settings::load(dir.path(), &env).unwrap().settings;
    Home { keeper: Keeper::new(dir.path(), settings), dir }
}

impl Home {
    fn change(&self, changes: Value) -> Result<(), Refused> {
        self.keeper.change(changes.as_object().unwrap())
    }
    fn file(&self) -> String {
        std::fs::read_to_string(self.dir.path().join(FILE)).unwrap_or_default()
    }
    fn field(&self, key: &str) -> SettingField {
        self.keeper.page().fields.into_iter().find(|f| f.key == key).unwrap()
    }
}

#[test]
fn a_change_is_in_the_file_beside_the_owners_comments() {
    let text = "# mine\nport = 0 # any\n\n[retention.\"device.audio.raw\"] # short\ndays = 3\n";
    let h = home(text, &[]);
    h.change(json!({"port": 8700, "device_policy": "strict"})).unwrap();
    let file = h.file();
    assert!(file.starts_with("# mine\nport = 8700 # any\n"), "{file}");
    assert!(file.contains("[retention.\"device.audio.raw\"] # short\ndays = 3"), "{file}");
    let again = Settings::parse(&file).unwrap().settings;
    assert_eq!((again.port, again.device_policy), (8700, Policy::Strict));
    assert_eq!(h.field("port").from, "file");
    h.change(json!({"port": null})).unwrap();
    assert_eq!((h.field("port").value, h.field("port").from.as_str()), (json!(8600), "default"));
    assert_eq!(std::fs::read_dir(h.dir.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_page_shows_every_setting_with_where_it_comes_from() {
    let h = home("engine = \"moonshine-tiny-en\"", &[("LOOM_AUDIO_BYTES", "1000")]);
    let page = h.keeper.page();
    assert!(page.fields.len() >= 9 && !page.restart_needed);
    assert!(page.fields.iter().all(|f| !f.title.is_empty() && f.about.ends_with('.')));
    let from = |k: &str| h.field(k).from;
    assert_eq!([from("engine"), from("audio_bytes"), from("port")], ["file", "environment", "default"]);
    assert_eq!(h.field("audio_bytes").value, json!(1000));
}

#[test]
fn what_can_be_is_in_force_at_once_and_the_rest_waits_for_a_restart() {
    let h = home("", &[]);
    let bytes = Arc::new(AtomicU64::new(0));
    let heard = bytes.clone();
    h.keeper.on_change(move |s| heard.store(s.audio_bytes, Ordering::SeqCst));
    h.change(json!({"audio_bytes": 5e9})).unwrap();
    assert_eq!((bytes.load(Ordering::SeqCst), h.keeper.page().restart_needed), (5_000_000_000, false));
    h.change(json!({"microphone": false})).unwrap();
    assert!(h.keeper.page().restart_needed);
    h.change(json!({"microphone": true})).unwrap();
    assert!(!h.keeper.page().restart_needed, "back as it runs");
}

#[test]
fn what_does_not_fit_is_refused_whole() {
    let h = home("port = 1\n", &[("LOOM_ENGINE", "moonshine-tiny-en")]);
    for (key, value) in [
        ("port", json!(70_000)),
        ("port", json!("8600")),
        ("port", json!(1.5)),
        ("microphone", json!("yes")),
        ("device_policy", json!("perhaps")),
        ("time_zone", json!("Moon/Base")),
        ("shoe_size", json!(44)),
        ("retention", json!({})),
    ] {
        let refused = h.change(json!({"audio_bytes": 7, key: value.clone()}));
        let alone = h.change(json!({key: value.clone()}));
        assert!(matches!(alone, Err(Refused::Wrong { key: ref k, .. }) if k == key), "{key}: {alone:?}");
        assert!(refused.is_err(), "{key}");
    }
    assert_eq!((h.file().as_str(), h.keeper.now().audio_bytes), ("port = 1\n", 20 << 30));
    let Err(Refused::Elsewhere(why)) = h.change(json!({"engine": "moonshine-tiny-en"})) else { panic!("it is set by the environment") };
    assert!(why.contains("LOOM_ENGINE"));
}

#[test]
fn what_the_environment_says_stays_when_something_else_is_changed() {
    let h = home("audio_bytes = 5\n", &[("LOOM_AUDIO_BYTES", "1000"), ("LOOM_TIME_ZONE", "Europe/Berlin")]);
    h.change(json!({"microphone": false})).unwrap();
    let now = h.keeper.now();
    assert_eq!((now.audio_bytes, now.time_zone.as_deref(), now.microphone), (1000, Some("Europe/Berlin"), false));
    assert_eq!(h.field("audio_bytes").from, "environment");
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_written_is_left_alone_and_named() {
    use std::os::unix::fs::PermissionsExt;
    let h = home("port = 1\n", &[]);
    let path = h.dir.path().join(FILE);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    let Err(Refused::Failed(e)) = h.change(json!({"port": 2})) else { panic!("it was written") };
    assert!(e.message().contains(FILE) && e.message().contains("may not be written"), "{e}");
    assert_eq!((h.file().as_str(), h.keeper.now().port), ("port = 1\n", 1));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    h.change(json!({"port": 2})).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640, "who may read it stays as it was");
}
