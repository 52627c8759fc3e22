//! Conditions, rules and records that nobody sane would write.

use crate::router::from_anywhere;
use crate::rules::tests::Hostile;

const WORDS: [&[u8]; 24] = [
    b"data",
    b".",
    b"[",
    b"]",
    b"(",
    b")",
    b"{",
    b"}",
    b"'",
    b"\"",
    b"\\",
    b"&&",
    b"||",
    b"?",
    b":",
    b"!",
    b"-",
    b"9223372036854775807",
    b".map(x, ",
    b".all(y, ",
    b"matches('(a*)*')",
    b"\xff",
    b"\0",
    b"/~1/",
];

fn hostile() -> Hostile {
    Hostile::of("router", from_anywhere)
}

#[test]
fn the_corpus_is_alive() {
    let (all, took) = hostile().as_it_is();
    assert!(all >= 8 && took >= 5, "{took} of {all} are taken");
}

#[test]
fn thousands_of_seeded_changes_are_answered() {
    hostile().changed(400, &WORDS);
}

#[test]
fn what_is_only_large_is_answered_too() {
    let router = hostile();
    let rule = |condition: &str| {
        format!("{{\"id\": \"a\", \"inputs\": [\"**\"], \"outputs\": [\"my.a.raw\"], \"condition\": {}}}", serde_json::json!(condition))
    };
    for text in [
        "(".repeat(4_000),
        "[".repeat(4_000),
        "{".repeat(4_000),
        "!".repeat(4_000),
        "-".repeat(4_000),
        format!("{}1", "-(".repeat(2_000)),
        "data.".repeat(800),
        "data[0]".repeat(580),
        format!("data{}", "[0]".repeat(1_300)),
        "true?".repeat(800),
        "a.b(".repeat(1_000),
        "'".repeat(4_096),
        "\"\\x".repeat(1_300),
        "true||".repeat(680),
        "[1].map(x,".repeat(400),
        format!("{}true", "1 in [1] == ".repeat(340)),
        "9".repeat(4_000),
        "0x".repeat(2_000),
        "\u{202e}\u{1f600}".repeat(500),
        "e".repeat(1 << 20),
    ] {
        router.soon("large", text.as_bytes());
        router.soon("large rule", rule(&text).as_bytes());
    }
    let deep = format!("data == data\n\n{}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(router.soon("deep", deep.as_bytes()), 1);
    assert_eq!(router.soon("too deep", format!("true\n\n{}", "[".repeat(100_000)).as_bytes()), 0);
    assert_eq!(router.soon("broken", b"true\n\n{\"a\": \xff}"), 0);
}
