//! Payment cards: typed with any separators, said aloud, or half and half. A valid number (issuer's prefix and
//! length, Luhn's checksum, ISO/IEC 7812-1) needs no context; one heard wrongly is known by its context or its length.

use super::{Finding, Recognizer};
use crate::privacy::spoken::{Gap, Item, Run, count, joined, windows};
use crate::privacy::text::{Doc, TokenKind};

pub struct Card;

const KIND: &str = "CREDIT_CARD";
const WORDS: [&str; 22] = [
    "american",
    "card",
    "cards",
    "credit",
    "debit",
    "visa",
    "mastercard",
    "amex",
    "express",
    "discover",
    "maestro",
    "jcb",
    "diners",
    "cvv",
    "creditcard",
    "kreditkarte",
    "karte",
    "tarjeta",
    "carte",
    "carta",
    "kort",
    "karta",
];

impl Recognizer for Card {
    fn entity_type(&self) -> &'static str {
        KIND
    }
    fn context(&self) -> &'static [&'static str] {
        &WORDS
    }
    fn find(&self, doc: &Doc<'_>, out: &mut Vec<Finding>) {
        for run in doc.runs.iter().filter(|r| r.total() >= 8) {
            // "cc" is also a compiler and a copy, so it counts only straight before.
            let context = doc.near(run.start(), run.end(), &WORDS) || doc.preceded(run.start(), 1, &["cc"]);
            if run.is_counting() {
                continue;
            }
            let before = out.len();
            valid_numbers(run, context, out);
            // Said aloud, what is beside a valid number is that number heard twice.
            if (out.len() == before || run.spelled() >= 8)
                && let Some((score, why)) = long_number(doc, run, context)
            {
                out.push(Finding { entity_type: KIND, start: run.start(), end: run.end(), score, why });
            }
        }
        for t in doc.tokens.iter().filter(|t| t.kind == TokenKind::Number && t.text.len() >= 20) {
            // A recogniser that loses count; the digits after a decimal point are nobody's card.
            if !fraction(doc, t.start) {
                out.push(Finding { entity_type: KIND, start: t.start, end: t.end, score: 0.5, why: "more digits than any quantity" });
            }
        }
    }
}

fn fraction(doc: &Doc<'_>, start: usize) -> bool {
    let before = &doc.text.as_bytes()[..start];
    before.len() >= 2 && matches!(before[before.len() - 1], b'.' | b',') && before[before.len() - 2].is_ascii_digit()
}

/// Windows of whole items that are card numbers, from the left, the longest first.
fn valid_numbers(run: &Run, context: bool, out: &mut Vec<Finding>) {
    let items = &run.items;
    let mut i = 0;
    while i < items.len() {
        let found = windows(items, i, 12, 19).rev().find(|j| is_card(&items[i..*j], context));
        let Some(j) = found else {
            i += 1;
            continue;
        };
        out.push(Finding {
            entity_type: KIND,
            start: items[i].start,
            end: items[j - 1].end,
            score: 1.0,
            why: "a card number with a right checksum",
        });
        i = j;
    }
}

fn is_card(items: &[Item], context: bool) -> bool {
    if !context && !matches!(count(items), 13..=16) {
        return false;
    }
    let digits = joined(items);
    let usual = matches!(digits.len(), 14..=16) || digits.len() == 13 && digits.starts_with('4') && items.len() == 1;
    (usual || context) && issued(&digits) && luhn(&digits) && (context || grouped(items))
}

/// Whether these groups are a number's and not a list of numbers.
fn grouped(items: &[Item]) -> bool {
    let lens: Vec<usize> = items.iter().map(|i| i.digits.len()).collect();
    let list = items[1..].iter().any(|i| matches!(i.gap, Gap::Comma | Gap::Dot));
    let even = lens[0] >= 3 && lens[..lens.len() - 1].iter().all(|l| *l == lens[0]) && lens[lens.len() - 1] <= lens[0];
    let spoken = items.iter().any(|i| i.word) || lens.iter().all(|l| *l == 1);
    !list || even || spoken || matches!(lens[..], [4, 6, 4 | 5])
}

/// Issuers' prefixes and lengths.
fn issued(d: &str) -> bool {
    let head = |n: usize| d.get(..n).and_then(|h| h.parse::<u32>().ok()).unwrap_or(0);
    let n = d.len();
    match head(4) {
        4000..=4999 => matches!(n, 13 | 16 | 19),
        2221..=2720 | 2200..=2204 | 5100..=5599 => n == 16,
        3400..=3499 | 3700..=3799 | 2131 | 1800 => n == 15,
        3000..=3059 | 3090..=3099 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&n),
        3528..=3589 => (16..=19).contains(&n),
        5000..=5099 | 5600..=5899 | 6000..=6999 => (12..=19).contains(&n),
        8100..=8199 | 9792 => (16..=19).contains(&n),
        _ => false,
    }
}

/// ISO/IEC 7812-1, annex B.
pub(super) fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0') << (i % 2);
            d / 10 + d % 10
        })
        .sum();
    sum.is_multiple_of(10) && digits.bytes().any(|b| b != b'0')
}

/// A number that is no valid card but plainly was one before somebody misheard or mistyped it.
fn long_number(doc: &Doc<'_>, run: &Run, context: bool) -> Option<(f32, &'static str)> {
    let total = run.total();
    if context && total >= 12 {
        return Some((0.65, "a long number near a word for a card"));
    }
    if context
        && total >= 8
        && doc.preceded(run.start(), 4, &["number", "nummer", "numero", "digits"])
        && doc.preceded(run.start(), 6, &WORDS)
    {
        return Some((0.55, "part of a number after a word for a card's"));
    }
    if total >= 13 && (run.spelled() >= 8 || run.in_words() >= 4) {
        return Some((0.6, "a long number said digit by digit"));
    }
    let zeros = run.items.iter().filter(|i| i.digits.len() > 2 && i.digits.starts_with('0')).count();
    let groups = (3..=6).contains(&run.items.len()) && run.items.iter().all(|i| i.digits.len() <= 6);
    (total >= 13 && zeros >= 2 && groups).then_some((0.5, "a long number in groups that begin with zero"))
}
