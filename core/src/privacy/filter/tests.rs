use super::super::operators::{HashKey, Operator};
use super::super::policy::Rule;
use super::*;

/// Words of a tenth of a second each, one after the other.
fn words(text: &str) -> Vec<Word> {
    let word =
        |(i, w): (usize, &str)| Word { text: w.into(), start_s: i as f64, end_s: i as f64 + 0.5, confidence: 1.0 - i as f32 / 100.0 };
    text.split(' ').filter(|w| !w.is_empty()).enumerate().map(word).collect()
}

fn with(operator: Operator) -> Policy {
    let mut p = Policy { hash_key: HashKey::new([3; 32]), ..Policy::owner() };
    p.kinds.values_mut().for_each(|r| *r = Rule { operator, threshold: None });
    p
}

/// Filters a transcript, checks what must hold of every one, and gives text and words with their times.
#[track_caller]
fn run(text: &str, policy: &Policy) -> (String, Vec<(String, f64, f64)>) {
    let t = transcript("", text, &words(text), policy).unwrap();
    let joined: Vec<&str> = t.words.iter().map(|w| w.text.as_str()).collect();
    assert_eq!(joined.join(" "), t.text);
    assert!(t.words.windows(2).all(|w| w[0].end_s <= w[1].start_s));
    let chars: Vec<char> = t.text.chars().collect();
    for m in &t.masked {
        let covered: String = chars[m.start as usize..m.end as usize].iter().collect();
        match policy.operator(&m.entity_type) {
            Operator::Replace => assert_eq!(covered, format!("<{}>", m.entity_type)),
            Operator::Redact => assert_eq!(covered, ""),
            Operator::Mask => assert!(covered.contains('*')),
            Operator::Hash => assert!(covered.starts_with(&format!("<{}:", m.entity_type))),
        }
    }
    (t.text, t.words.into_iter().map(|w| (w.text, w.start_s, w.end_s)).collect())
}

#[test]
fn what_holds_nothing_comes_back_byte_for_byte() {
    for text in ["", "  two  spaces \r\n", "é🙂 中文\u{0}\u{feff}", "He counted one two three four and jumped."] {
        assert_eq!(filter(text, &Policy::owner()), text);
        let t = transcript("", text.trim(), &words(text), &Policy::owner());
        assert!(text.contains("  ") || t.is_ok_and(|t| t.text == text.trim() && t.words == words(text) && t.masked.is_empty()), "{text:?}");
    }
}

#[test]
fn a_masked_run_of_words_is_one_word() {
    let p = Policy::owner();
    let (text, w) = run("My card is four one one one, one one one one, one one one one, one one one one. Thanks!", &p);
    assert_eq!(text, "My card is <CREDIT_CARD>. Thanks!");
    assert_eq!(w[3], ("<CREDIT_CARD>.".into(), 3.0, 18.5));
    assert_eq!(w[4], ("Thanks!".into(), 19.0, 19.5));
    let (text, w) = run("é🙂 call +1 415 555 2671, or jane@example.org now", &p);
    assert_eq!(text, "é🙂 call <PHONE_NUMBER>, or <EMAIL_ADDRESS> now");
    assert_eq!(w.len(), 6);
    // Two findings in one word, and two that share a word.
    assert_eq!(run("10.0.0.1,10.0.0.2", &p).0, "<IP_ADDRESS>,<IP_ADDRESS>");
    let (text, w) = run("4111 1111 1111 1111,10.0.0.2 ok", &p);
    assert_eq!((text.as_str(), w.len()), ("<CREDIT_CARD>,<IP_ADDRESS> ok", 2));
    // The whole of it, first and last.
    assert_eq!(run("4111 1111 1111 1111", &p), ("<CREDIT_CARD>".into(), vec![("<CREDIT_CARD>".into(), 0.0, 3.5)]));
    assert_eq!(run("", &p), (String::new(), vec![]));
}

#[test]
fn confidence_is_the_least_of_the_words() {
    let text = "card 4111 1111 1111 1111";
    let t = transcript("", text, &words(text), &Policy::owner()).unwrap();
    assert_eq!(t.words[1].confidence, 0.96);
    assert_eq!(t.counts().into_iter().collect::<Vec<_>>(), [("CREDIT_CARD".to_string(), 1)]);
}

#[test]
fn every_operator_keeps_words_and_text_together() {
    let said = "card 4111 1111 1111 1111. Bye";
    assert_eq!(run(said, &with(Operator::Mask)).0, "card **** **** **** ****. Bye");
    assert_eq!(run(said, &with(Operator::Redact)).0, "card . Bye");
    assert_eq!(run("host 10.0.0.1 is up", &with(Operator::Redact)).0, "host is up");
    assert_eq!(run("10.0.0.1", &with(Operator::Redact)), (String::new(), vec![]));
    let (text, _) = run(said, &with(Operator::Hash));
    assert!(text.starts_with("card <CREDIT_CARD:") && !text.contains("4111"));
    assert_eq!(text, filter(said, &with(Operator::Hash)));
}

#[test]
fn what_cannot_be_judged_is_held_back() {
    let p = Policy::owner();
    let text = "my card is 4111";
    let mut late = words(text);
    late[1].end_s = late[1].start_s - 1.0;
    let mut nan = words(text);
    nan[0].start_s = f64::NAN;
    let long = "a ".repeat(MAX_TEXT_BYTES / 2) + "a";
    for (text, words) in [
        (text, words("my card is 4112")),
        (text, words("my card is")),
        (text, vec![]),
        ("", words("a")),
        ("my  card", words("my card")),
        (" my card", words("my card")),
        ("my card ", words("my card")),
        (text, late),
        (text, nan),
        (&long, words(&long)),
    ] {
        let held = transcript("", text, &words, &p).unwrap_err();
        assert_eq!(held.kind, crate::Kind::Skip);
        assert!(!held.message().contains("4111"), "an error never quotes");
    }
}

#[test]
fn json_is_filtered_string_by_string() {
    let p = Policy::owner();
    let v = serde_json::json!({
        "phone": "5552671", "note": "5552671", "n": 5, "f": 1.5, "none": null, "yes": true,
        "card": 4111111111111111u64, "at_ms": 1716239022123u64, "list": ["a@b.co", ["10.0.0.1"], {}],
        "jane@example.org": "x", "client_secret": "abc", "password": "with spaces", "max_tokens": 512, "lat": 37.774929512345
    });
    let want = serde_json::json!({
        "phone": "<PHONE_NUMBER>", "note": "5552671", "n": 5, "f": 1.5, "none": null, "yes": true,
        "card": "<CREDIT_CARD>", "at_ms": 1716239022123u64, "list": ["<EMAIL_ADDRESS>", ["<IP_ADDRESS>"], {}],
        "<EMAIL_ADDRESS>": "x", "client_secret": "<SECRET>", "password": "<SECRET>", "max_tokens": 512, "lat": 37.774929512345
    });
    assert_eq!(filter_json(&v, &p), want);
}
