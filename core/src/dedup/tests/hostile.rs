//! Rules and records that nobody sane would write.

use crate::dedup::from_anywhere;
use crate::rules::tests::Hostile;

const WORDS: [&[u8]; 14] = [
    b"99999999999999999999",
    b"-1",
    b"1e308",
    b"null",
    b"[[[[",
    b"\"\"",
    b"/",
    b"~",
    b"\xff",
    b"0.5",
    b"\\ud800",
    b"{}",
    b"recorded_at",
    b"\n\n",
];

fn hostile() -> Hostile {
    Hostile::of("dedup", from_anywhere)
}

#[test]
fn the_corpus_is_alive() {
    let (all, said) = hostile().as_it_is();
    assert!(all >= 6 && said >= 8, "{said} things are said of {all}");
}

#[test]
fn thousands_of_seeded_changes_are_answered() {
    hostile().changed(300, &WORDS);
}

#[test]
fn deep_long_and_huge_is_answered() {
    let dedup = hostile();
    let rule = r#"{"id": "r", "topic": "in.a.x", "match": {"by": "fields", "fields": [{"field": "/v"}, {"field": "/n", "as": "number"}]}, "window_s": 10}"#;
    let text = r#"{"id": "r", "topic": "in.a.x", "match": {"by": "text", "fields": ["/v"]}, "window_s": 10}"#;
    let deep = format!("{{\"v\": {}1{}}}", "[".repeat(120), "]".repeat(120));
    let deeper = format!("{{\"v\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("{{\"v\": \"{}\"}}", "né ".repeat(500_000));
    for (rule, data, said) in
        [(rule, deep.as_str(), 2), (rule, &deeper, 0), (text, &long, 2), (rule, r#"{"n": 1e308}"#, 2), (text, r#"{"v": 5}"#, 2)]
    {
        assert_eq!(dedup.soon("made", format!("{rule}\n\n{data}").as_bytes()), said, "{}", &data[..data.len().min(60)]);
    }
}
