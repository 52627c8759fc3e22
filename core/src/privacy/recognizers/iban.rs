//! International bank account numbers (ISO 13616): a country's length and the checksum modulo 97; typed or spelled.

use super::spelled;
use super::{Finding, Recognizer};
use crate::privacy::text::{Doc, joins};

pub struct Iban;

const KIND: &str = "IBAN_CODE";
const WORDS: [&str; 9] = ["iban", "ibans", "bank", "account", "konto", "bankverbindung", "transfer", "swift", "bic"];
/// With which a wrong checksum is a misheard digit.
const STRONG: [&str; 2] = ["iban", "ibans"];

impl Recognizer for Iban {
    fn entity_type(&self) -> &'static str {
        KIND
    }
    fn context(&self) -> &'static [&'static str] {
        &WORDS
    }
    fn find(&self, doc: &Doc<'_>, out: &mut Vec<Finding>) {
        let mut from = 0;
        for t in doc.tokens.iter().filter(|t| t.end - t.start >= 2) {
            if t.start < from || !starts_like_one(&doc.text[t.start..]) || doc.char_before(t.start).is_some_and(joins) {
                continue;
            }
            if let Some(f) = typed(doc, t.start) {
                from = f.end;
                out.push(f);
            }
        }
        spoken(doc, out);
    }
}

fn starts_like_one(s: &str) -> bool {
    let b = s.as_bytes();
    let digits = if b.get(2) == Some(&b' ') { 3 } else { 2 };
    b.len() > 4
        && b[..2].iter().all(u8::is_ascii_alphabetic)
        && b.len() >= digits + 2
        && b[digits..digits + 2].iter().all(u8::is_ascii_digit)
}

/// Letters and digits with single separators, up to the country's length.
fn typed(doc: &Doc<'_>, start: usize) -> Option<Finding> {
    let want = length(&doc.text[start..start + 2])?;
    let strong = doc.near(start, start, &STRONG);
    let (mut code, mut end, mut gap) = (String::with_capacity(want), start, false);
    let mut last = start;
    for (at, c) in doc.text[start..].char_indices().take(want * 3) {
        match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' => {
                code.push(c.to_ascii_uppercase());
                (gap, last) = (false, start + at + 1);
            }
            ' ' | '-' | '\u{a0}' | '.' if !gap => gap = true,
            _ => break,
        }
        if code.len() == want {
            end = last;
            break;
        }
    }
    let whole = code.len() == want && !doc.text[end..].chars().next().is_some_and(joins);
    let finding = |end, score, why| Some(Finding { entity_type: KIND, start, end, score, why });
    if whole && checks(&code) {
        return finding(end, 1.0, "an account number with a right checksum");
    }
    if !strong {
        return None;
    }
    let end = start + likely(&doc.text[start..last]);
    let digits = doc.text[start..end].bytes().filter(u8::is_ascii_digit).count();
    if digits >= 10 { finding(end, 0.6, "what follows a word for an account number") } else { None }
}

/// Bytes of the groups that belong to a mistyped number, and not to the sentence that goes on after it.
fn likely(s: &str) -> usize {
    let mut end = 0;
    for g in s.split_inclusive([' ', '-', '.', '\u{a0}']) {
        let bare = g.trim_end_matches([' ', '-', '.', '\u{a0}']);
        let bank = bare.len() == 4 && bare.bytes().all(|b| b.is_ascii_uppercase());
        if end > 0 && !bank && !bare.bytes().any(|b| b.is_ascii_digit()) {
            break;
        }
        end += g.len();
    }
    s[..end].trim_end_matches([' ', '-', '.', '\u{a0}']).len()
}

fn spoken(doc: &Doc<'_>, out: &mut Vec<Finding>) {
    for s in spelled::spellings(doc) {
        let letters = s.code.bytes().filter(u8::is_ascii_alphabetic).count();
        let digits = s.code.len() - letters;
        if s.code.len() < 12 || letters < 2 || digits < 8 {
            continue;
        }
        let right = (0..s.code.len().saturating_sub(14)).any(|i| {
            let tail = &s.code[i..];
            length(&tail[..2]).is_some_and(|n| tail.len() >= n && checks(&tail[..n]))
        });
        let (score, why) = if right {
            (0.95, "a spelled account number with a right checksum")
        } else if doc.near(s.start, s.end, &WORDS) {
            (0.7, "a long spelled code near a word for an account")
        } else if s.code.as_bytes()[..2].iter().all(u8::is_ascii_alphabetic) && !s.code[8..].bytes().any(|b| b.is_ascii_alphabetic()) {
            (0.55, "a long spelled code that begins with letters")
        } else {
            continue;
        };
        out.push(Finding { entity_type: KIND, start: s.start, end: s.end, score, why });
    }
}

/// ISO 7064, modulo 97-10.
fn checks(code: &str) -> bool {
    let rotated = code[4..].bytes().chain(code[..4].bytes());
    let rest = rotated.fold(0u32, |r, b| match b {
        b'0'..=b'9' => (r * 10 + u32::from(b - b'0')) % 97,
        _ => (r * 100 + u32::from(b.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    rest == 1 && code.as_bytes()[2..4].iter().all(u8::is_ascii_digit)
}

/// Lengths of the registry (release 99) and of the partial IBANs in use.
const LENGTHS: [(usize, &str); 18] = [
    (15, "NO"),
    (16, "BE"),
    (18, "DK FI FK FO GL NL SD"),
    (19, "MK SI"),
    (20, "AT BA EE KZ LT LU MN XK"),
    (21, "CH HR LI LV"),
    (22, "BG BH CR DE GB GE IE ME RS VA"),
    (23, "AE GI IL IQ OM SO TL"),
    (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
    (25, "AO CV GW LY MZ PT ST"),
    (26, "DZ IR IS TR"),
    (27, "BI BL CF CG CM DJ FR GA GF GP GR IT KM MC MF MG MQ MR NC PF PM RE SM TD TF WF YT"),
    (28, "AL AZ BF BJ BY CI CY DO GT HN HU LB MA ML NE NI PL SN SV TG"),
    (29, "BR EG PS QA UA"),
    (30, "JO KW MU YE"),
    (31, "MT SC"),
    (32, "LC"),
    (33, "RU"),
];

fn length(country: &str) -> Option<usize> {
    let up = country.to_ascii_uppercase();
    LENGTHS.iter().find(|(_, cs)| cs.split(' ').any(|c| c == up)).map(|(n, _)| *n)
}
