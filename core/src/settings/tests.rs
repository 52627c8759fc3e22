use super::*;

fn none(_: &str) -> Option<String> {
    None
}

#[test]
fn an_empty_folder_has_the_defaults() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Settings::load(dir.path(), &none).unwrap(), Loaded::default());
}

#[test]
fn the_environment_wins_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE), "port = 1\nmicrophone = false\nengine = \"a\"\n[retention.\"device.audio.raw\"]\ndays = 3\n")
        .unwrap();
    let env = |k: &str| (k == "LOOM_PORT").then(|| "0".to_string());
    let s = Settings::load(dir.path(), &env).unwrap().settings;
    assert_eq!(s.from["port"], Origin::Environment);
    assert_eq!((s.from["engine"], s.from.get("ui_dir")), (Origin::File, None));
    assert_eq!((s.port, s.microphone, s.engine.as_str()), (0, false, "a"));
    assert_eq!(s.retention[&TopicName::of("device.audio.raw")].days, Some(3));
}

#[test]
fn every_setting_has_a_row_and_every_row_a_setting() {
    let fields = serde_json::to_value(Settings::default()).unwrap();
    let fields: std::collections::BTreeSet<_> = fields.as_object().unwrap().keys().cloned().collect();
    assert_eq!(SETTINGS.iter().map(|s| s.key.to_string()).collect::<std::collections::BTreeSet<_>>(), fields);
}

#[test]
fn broken_files_are_named_with_line_and_remedy() {
    for (text, line, word) in [
        ("port = \"many\"\n[[[", "line 2", "not TOML"),
        ("\nport = \"many\"\n", "line 2", "65535"),
        ("port = 70000", "line 1", "65535"),
        ("microphone = 1", "line 1", "true or false"),
        ("[retention.\"a b\"]\ndays = 1", "line 1", "wrong kind"),
    ] {
        let e = Settings::parse(text).unwrap_err();
        let said = e.to_string();
        assert!(said.contains(FILE) && said.contains(line) && said.contains(word), "{text:?}: {said}");
        assert!(!said.contains("many") && !said.contains('\n'), "{said}");
    }
}

#[test]
fn unknown_keys_warn_and_nothing_more() {
    let loaded = Settings::parse("prot = 1\nport = 5\n[window]\nx = 1").unwrap();
    assert_eq!(loaded.settings.port, 5);
    assert_eq!(loaded.warnings.len(), 2);
    assert!(loaded.warnings.iter().any(|w| w.contains("prot")));
}

#[test]
fn what_no_type_can_say_is_checked() {
    for (text, word) in [
        ("[retention.\"device.audio.raw\"]\ndays = 0", "1 or more"),
        ("device_link_percent = 0", "from 1 to 100"),
        ("device_link_percent = 101", "from 1 to 100"),
    ] {
        let said = Settings::parse(text).unwrap_err().to_string();
        assert!(said.contains(FILE) && said.contains(word), "{said}");
    }
    assert!((Settings::parse("device_link_percent = 95").unwrap().settings.link_threshold() - 0.95).abs() < 1e-9);
}

#[test]
fn a_wrong_variable_or_zone_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for (name, value) in [("LOOM_PORT", "many"), ("LOOM_MICROPHONE", "perhaps"), ("LOOM_TIME_ZONE", "Moon/Base")] {
        let env = |k: &str| (k == name).then(|| value.to_string());
        let said = Settings::load(dir.path(), &env).unwrap_err().to_string();
        assert!(said.contains(name) && !said.contains(value), "{said}");
    }
}
