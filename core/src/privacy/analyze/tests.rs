use super::*;
use crate::privacy::filter::filter;

const ENTITIES: [(&str, &str); 10] = [
    ("CREDIT_CARD", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "four one one one one one one one one one one one one one one one"),
    ("PHONE_NUMBER", "+1 415 555 2671"),
    ("IBAN_CODE", "DE89370400440532013000"),
    ("IP_ADDRESS", "192.168.17.23"),
    ("IP_ADDRESS", "2001:db8::1"),
    ("US_SSN", "536-90-4399"),
    ("EMAIL_ADDRESS", "jane.roe@example.org"),
    ("EMAIL_ADDRESS", "jane dot roe at example dot org"),
    ("SECRET", "AKIAIOSFODNN7EXAMPLE"),
];

/// Every entity in every surrounding: start, end, punctuation, other scripts, several bytes a letter.
#[test]
fn an_entity_is_found_whatever_stands_around_it() {
    let p = Policy::owner();
    let around = [
        ("", ""),
        (" ", " "),
        ("(", ")"),
        ("\"", "\"."),
        ("«", "»"),
        ("\n", "\n"),
        ("🙂 ", " 🙂"),
        ("é, ", "; é"),
        ("это ", " да"),
        ("は、", "、です"),
        ("שלום ", " שלום"),
        ("مرحبا ", " مرحبا"),
        ("\u{feff}", ""),
        ("…", "…"),
        ("a\u{301} ", "!"),
        ("\t", "\r\n"),
    ];
    for (kind, entity) in ENTITIES {
        for (before, after) in around {
            let text = format!("{before}{entity}{after}");
            let got: Vec<(&str, &str)> = analyze(&text, &p).iter().map(|f| (f.entity_type, &text[f.start..f.end])).collect();
            assert_eq!(got, [(kind, entity)], "{text:?}");
            assert_eq!(filter(&text, &p), format!("{before}<{kind}>{after}"));
        }
    }
}

#[test]
fn neighbours_stay_apart() {
    let p = Policy::owner();
    let text = ENTITIES.iter().filter(|(_, e)| !e.contains("one") && !e.contains("dot")).map(|(_, e)| *e).collect::<Vec<_>>().join(" | ");
    let kinds: Vec<&str> = analyze(&text, &p).iter().map(|f| f.entity_type).collect();
    assert_eq!(kinds, ["CREDIT_CARD", "PHONE_NUMBER", "IBAN_CODE", "IP_ADDRESS", "IP_ADDRESS", "US_SSN", "EMAIL_ADDRESS", "SECRET"]);
}

#[test]
fn overlapping_findings_cover_all_that_either_covers() {
    let f = |entity_type, start, end, score| Finding { entity_type, start, end, score, why: "" };
    for (found, want) in [
        (vec![f("A", 0, 5, 0.5), f("B", 5, 9, 0.5)], vec![f("A", 0, 5, 0.5), f("B", 5, 9, 0.5)]),
        (vec![f("A", 0, 5, 0.9), f("B", 0, 9, 0.5)], vec![f("B", 0, 9, 0.5)]),
        (vec![f("A", 0, 5, 0.5), f("B", 0, 5, 0.9)], vec![f("B", 0, 5, 0.9)]),
        (vec![f("A", 0, 5, 0.9), f("B", 3, 9, 0.5)], vec![f("B", 0, 9, 0.5)]),
        (vec![f("A", 0, 9, 0.5), f("B", 3, 5, 0.9)], vec![f("A", 0, 9, 0.5)]),
        (vec![f("B", 6, 9, 0.9), f("A", 0, 5, 0.5), f("A", 4, 7, 0.7)], vec![f("A", 0, 9, 0.7)]),
        (vec![], vec![]),
    ] {
        assert_eq!(merge(found.clone()), want, "{found:?}");
    }
}

#[test]
fn one_kind_alone_and_a_threshold_of_ones_own() {
    let mut p = Policy::owner();
    p.kinds.retain(|k, _| k == "IP_ADDRESS");
    let text = "10.0.0.1, 4111111111111111, ::";
    assert_eq!(analyze(text, &p).len(), 1);
    p.threshold = 0.0;
    assert_eq!(analyze(text, &p).len(), 2, "a lone :: is an address to whoever asks for everything");
}

/// What stands before is context, not part of the answer.
#[test]
fn a_lead_is_context_only() {
    let p = Policy::owner();
    let got = analyze_after("credit card number 0 0 0 0 0 0 0 0", "1111, 1111 thanks", &p);
    assert_eq!(got.iter().map(|f| (f.start, f.end)).collect::<Vec<_>>(), [(0, 10)]);
    assert_eq!(analyze_after("", "1111, 1111 thanks", &p), []);
    assert_eq!(analyze_after("phone", "5552671", &p).len(), 1);
}

/// No clock: one quadratic step over these would be a thousand million, and the test would not end.
#[test]
fn long_inputs_are_linear_work() {
    let p = Policy::owner();
    let long = |unit: &str| unit.repeat((1 << 16) / unit.len());
    for unit in [
        "a",
        "1",
        "1 ",
        "one ",
        "a@",
        "@",
        ".",
        "a.",
        "a.b@",
        "1.",
        "1.1.1.",
        ":",
        "1:",
        "f:",
        "::",
        "+1 ",
        "(",
        "+",
        "DE89 ",
        "eyJa.",
        "password is ",
        "password=",
        "pwd='",
        "K-",
        concat!("-----BEGIN PRIV", "ATE KEY-----"),
        concat!("-----BEGIN PRIV", "ATE KEY-----\nA"),
        "at ",
        "a dot ",
        "a at b dot ",
        "A B 1 ",
        "a-",
        "sk-a",
        "x://a:",
        "double ",
        "twenty ",
        "pin ",
        "é",
        "٤",
        "0 ",
        "1, 2, ",
        "card ",
        "key 1a",
        "one hundred and ",
        "phone 1 ",
        "4-",
        "x1",
        "123x4 ",
        "iban AA11 ",
        "bearer ",
        "a.com ",
        "email a.",
    ] {
        let text = long(unit);
        let got = analyze(&text, &p);
        assert!(got.windows(2).all(|w| w[0].end <= w[1].start), "{unit:?} overlaps");
    }
    let one_line = format!("{} 4111111111111111", "lorem ipsum ".repeat((1 << 20) / 12));
    assert_eq!(analyze(&one_line, &p).len(), 1);
}

/// No input makes it panic or cut a letter in two.
#[test]
fn random_text_is_cut_between_letters() {
    let pieces = [
        "4111",
        " ",
        "1",
        "one",
        "-",
        ",",
        ".",
        "@",
        "é",
        "🙂",
        "at",
        "dot",
        "com",
        ":",
        "::",
        "/",
        "+",
        "(",
        ")",
        "DE89",
        "double",
        "hundred",
        "and",
        "password is",
        "card",
        "phone",
        "x",
        "٤",
        "\n",
        "\u{301}",
        "pin",
        "key",
        "A",
        "b",
        "oh",
        "for",
        "'",
        "’",
        "_",
        "%",
        concat!("-----BEGIN PRIV", "ATE KEY-----"),
        "--",
        "中",
    ];
    let chance = crate::env::Seeded::new(7);
    let p = Policy { threshold: 0.0, ..Policy::owner() };
    for _ in 0..5_000 {
        let text: String = (0..chance.below(24)).map(|_| pieces[chance.below(pieces.len() as u64) as usize]).collect();
        let mut at = 0;
        for f in analyze(&text, &p) {
            assert!(at <= f.start && f.start < f.end && text.get(f.start..f.end).is_some(), "{text:?}");
            at = f.end;
        }
        // What is covered once has nothing left to cover.
        let once = filter(&text, &Policy::owner());
        assert_eq!(once.is_empty(), text.is_empty());
    }
}
