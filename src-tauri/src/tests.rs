use clap::CommandFactory;

use super::*;

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn wrong_arguments_end_with_2() {
    for args in [
        &["transcribe"][..],
        &["frobnicate"],
        &["search"],
        &["search", "x", "--from", "yesterday-ish"],
        &["search", "x", "--limit", "0"],
        &["topics"],
        &["topics", "tail"],
        &["groups", "reset", "g"],
        &["groups", "reset", "g", "--to-end", "--to-beginning"],
        &["serve", "--at", "soon"],
        &["transcribe", "a.wav", "--format", "pdf"],
    ] {
        let e = Cli::try_parse_from([&["loom"], args].concat()).err().unwrap_or_else(|| panic!("{args:?} was taken"));
        assert_eq!(e.exit_code(), 2, "{args:?}");
    }
}

#[test]
fn right_arguments_are_taken() {
    for args in [
        &[][..],
        &["serve", "--input", "a.wav", "--input", "b.wav", "--exit-when-done", "--at", "-2h"],
        &["serve", "--input", "a.wav", "b.wav", "c.wav", "--port", "0"],
        &["search", "two", "words", "--from", "-2h", "--to", "2026-01-31", "--json"],
        &["topics", "tail", "a.b.c", "--from-beginning", "--limit", "10000", "--json"],
        &["groups", "reset", "g", "--to", "-1d"],
        &["replay", "a.b.c", "--from", "-2h", "--to", "2026-01-31", "--into", "x.y.z", "--dry-run", "--offset-from", "5"],
        &["rules", "put", "rules.json", "--replace"],
        &["dlq", "redrive", "a.b.c", "--group", "g", "--kind", "skip", "--from", "-1d", "--dry-run", "--force"],
        &["dlq", "redrive", "a.b.c", "--offset", "1", "--offset", "2"],
        &["--data-dir", "x", "doctor", "--json"],
        &["doctor", "--data-dir", "x"],
        &["privacy", "filter", "--policy", "shared"],
        &["models", "list"],
        &["schemas", "list", "--json"],
        &["schemas", "check", "old.json", "device.sensor.gps.raw.v1"],
        &["schemas", "validate", "device.sensor.gps.raw", "-"],
    ] {
        assert!(Cli::try_parse_from([&["loom"], args].concat()).is_ok(), "{args:?}");
    }
}
