//! Secrets: keys in the shapes their issuers give them, private keys, tokens, and what follows "the password is".

use std::sync::LazyLock;

use regex::{Match, Regex};

use super::spelled;
use super::{Finding, Recognizer};
use crate::privacy::text::{Doc, Token, TokenKind};

pub struct Secret;

const KIND: &str = "SECRET";
const WORDS: [&str; 14] = [
    "password",
    "passwords",
    "passphrase",
    "passcode",
    "pin",
    "secret",
    "token",
    "key",
    "credential",
    "credentials",
    "passwort",
    "contraseña",
    "pwd",
    "apikey",
];

/// Shapes that are secrets wherever they stand, as their issuers document them; in the last column, those that
/// words could make too, which count with a digit inside.
const SHAPES: [(&str, &str, bool); 12] = [
    (r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{16}\b", "an AWS access key", false),
    (r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,})", "a code host's token", false),
    (
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bhooks\.slack\.com/services/[A-Za-z0-9/+]{20,}|\bxapp-[0-9]-[A-Za-z0-9-]{20,}",
        "a Slack token",
        false,
    ),
    (r"\b(?:AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{28})", "a Google key", false),
    (r"\b(?:[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{20,})", "a Stripe key", false),
    (r"\bsk-[A-Za-z0-9_-]{20,}", "an AI service's key", true),
    (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", "a JSON web token", false),
    (
        r"\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{64}|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}|shpat_[a-f0-9]{32}|AGE-SECRET-KEY-1[A-Z0-9]{58})",
        "a service's token",
        false,
    ),
    (r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s/:@]{1,100}:[^\s/@]{1,200}@", "a password in an address", false),
    (r"(?i)\b(?:bearer|basic)\s[A-Za-z0-9._~+/-]{16,}=*", "an authorization header", true),
    (r"\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b", "a bot's token", false),
    (r"\b[A-Za-z0-9]{24}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}", "a bot's token", true),
];

/// A name of a secret, perhaps with words joined to it, then what it is.
const NAMED: &str = r#"(?i)(?:\b|_)(?:pass(?:word|phrase|code|wd)?|pwd|passwort|contraseña|secret|token|api[ _-]?key|access[ _-]?key|secret[ _-]?key|private[ _-]?key|client[ _-]?secret|auth[ _-]?token|recovery (?:code|key|phrase)|seed phrase)s?["']?\s{0,3}(?::=|=>|[:=]|\bis now\b|\bis\b|\bwas\b|\bare\b|\bist\b|\bto\b)\s{0,3}["'`]?"#;

struct Patterns {
    shapes: Vec<(Regex, &'static str, bool)>,
    private_key: Regex,
    named: Regex,
    pin: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let shapes = SHAPES.iter().map(|(p, why, digit)| Some((Regex::new(p).ok()?, *why, *digit))).collect::<Option<_>>()?;
    let pin = r"(?i)\b(?:pin|pin code|pin number|passcode|security code|cvv|cvc|cvv2|verification code|one[- ]time code|access code|door code)\b(?: (?:number|code))?\s{0,2}(?:\bis\b|\bwas\b|:|=|#)?\s{0,2}(?:\b(?:for|to)\b)?";
    let private_key = Regex::new(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----").ok()?;
    Some(Patterns { shapes, private_key, named: Regex::new(NAMED).ok()?, pin: Regex::new(pin).ok()? })
});

/// Whether every pattern of this file compiles; without them nothing may pass.
pub fn ready() -> bool {
    PATTERNS.is_some()
}

/// What a field named `password`, `client secret`, `api key` … holds: all of it.
pub fn secret_field(name: &str, value: &str) -> Option<Finding> {
    let named = PATTERNS.as_ref()?.named.find(&format!("{name}: x")).is_some_and(|m| m.end() == name.len() + 2);
    let one = !value.is_empty() && value.parse::<f64>().is_err();
    (named && one).then(|| found(0, value.len(), 0.8, "what a name of a secret is set to"))
}

impl Recognizer for Secret {
    fn entity_type(&self) -> &'static str {
        KIND
    }
    fn context(&self) -> &'static [&'static str] {
        &WORDS
    }
    fn find(&self, doc: &Doc<'_>, out: &mut Vec<Finding>) {
        let Some(patterns) = &*PATTERNS else { return };
        for (re, why, digit) in &patterns.shapes {
            let sound = |m: &Match<'_>| !digit || m.as_str().bytes().any(|b| b.is_ascii_digit());
            out.extend(re.find_iter(doc.text).filter(sound).map(|m| found(m.start(), m.end(), 0.95, why)));
        }
        private_keys(doc, &patterns.private_key, out);
        for m in patterns.named.find_iter(doc.text) {
            out.extend(value_after(doc, &doc.text[m.start()..m.end()], m.end()));
        }
        for m in patterns.pin.find_iter(doc.text) {
            out.extend(pin_after(doc, m.end()));
        }
        spelled_keys(doc, out);
        dense(doc, out);
    }
}

/// From the header to the footer, or as far as the key's letters go where the footer was cut off.
fn private_keys(doc: &Doc<'_>, header: &Regex, out: &mut Vec<Finding>) {
    let of_key = |b: &u8| b.is_ascii_alphanumeric() || b"+/=\\ \t\r\n:,.()_".contains(b);
    let mut from = 0;
    for m in header.find_iter(doc.text) {
        if m.start() < from {
            continue;
        }
        let mut end = m.end() + doc.text.as_bytes()[m.end()..].iter().take_while(|b| of_key(b)).count();
        // A passphrase's header may hold a hyphen: "DEK-Info: AES-128-CBC,…".
        for _ in 0..8 {
            let rest = &doc.text[end..];
            if !rest.starts_with('-') || rest.starts_with("-----") {
                break;
            }
            end += 1 + rest.as_bytes()[1..].iter().take_while(|b| of_key(b)).count();
        }
        if let Some(n) = doc.text[end..].strip_prefix("-----END ").and_then(|t| t.bytes().take(64).position(|b| b == b'-')) {
            end += "-----END ".len() + n;
            end += doc.text[end..].bytes().take(5).take_while(|b| *b == b'-').count();
        }
        out.push(found(m.start(), end, 0.95, "a private key"));
        from = end;
    }
}

fn found(start: usize, end: usize, score: f32, why: &'static str) -> Finding {
    Finding { entity_type: KIND, start, end, score, why }
}

/// Words after "the password is" that begin a sentence about it.
const ABOUT: [&str; 84] = [
    "a",
    "about",
    "again",
    "all",
    "already",
    "also",
    "always",
    "an",
    "and",
    "as",
    "at",
    "be",
    "because",
    "been",
    "being",
    "broken",
    "by",
    "case",
    "changed",
    "changing",
    "compromised",
    "correctly",
    "done",
    "due",
    "easy",
    "empty",
    "encrypted",
    "enough",
    "expired",
    "expiring",
    "failed",
    "for",
    "forgotten",
    "going",
    "good",
    "hard",
    "hashed",
    "here",
    "hidden",
    "important",
    "in",
    "incorrect",
    "invalid",
    "it",
    "just",
    "leaked",
    "locked",
    "long",
    "lost",
    "missing",
    "my",
    "needed",
    "never",
    "no",
    "not",
    "now",
    "of",
    "on",
    "only",
    "optional",
    "our",
    "protected",
    "required",
    "reset",
    "safe",
    "same",
    "saved",
    "secure",
    "sent",
    "set",
    "short",
    "so",
    "stored",
    "stronger",
    "that",
    "the",
    "there",
    "this",
    "to",
    "too",
    "valid",
    "very",
    "weak",
    "wrong",
];
const ABOUT_TOO: [&str; 22] = [
    "what",
    "where",
    "when",
    "how",
    "something",
    "still",
    "stolen",
    "supposed",
    "used",
    "unknown",
    "unsafe",
    "visible",
    "working",
    "written",
    "your",
    "you",
    "his",
    "her",
    "their",
    "they",
    "strong",
    "success",
];

/// The value named: to the end of the quotes, the token, or (said aloud) of the clause.
fn value_after(doc: &Doc<'_>, name: &str, at: usize) -> Option<Finding> {
    let rest = bounded(&doc.text[at..]);
    let said = name.trim_end().ends_with(|c: char| c.is_alphabetic());
    let quote = name.chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`'));
    let first: &str = rest.split(|c: char| c.is_whitespace() || quote == Some(c)).next().filter(|f| !f.is_empty())?;
    if let Some(q) = quote {
        let n = rest.find(q).filter(|n| (1..=200).contains(n) && !rest[..*n].contains('\n'))?;
        return Some(found(at, at + n, 0.8, "what a name of a secret is set to"));
    }
    if said && is_password(name) {
        return phrase(doc, at);
    }
    // In a program a name is followed by a type or a call as often as by a value.
    let value = first.split([')', ']', '<', '>', '"', '\'', '`']).next()?.trim_end_matches([',', ';', '}', '.', '!', '?']);
    let plain = value.starts_with(|c: char| c.is_alphanumeric() || "$!@#%^*_-+~/".contains(c));
    let called = first[value.len()..].starts_with(['(', '<']) || value.contains("::") || value.contains('(');
    let enough = match is_password(name) && !said {
        true => value.len() >= 4 && !word_about(value),
        false => value.len() >= 6 && odd(value) && entropy(value) > 2.0,
    };
    (plain && !called && enough).then(|| found(at, at + value.len(), 0.7, "what a name of a secret is set to"))
}

/// Names whose value may be words, when what follows is "is" and not "to".
fn is_password(name: &str) -> bool {
    let name = name.trim_end().to_lowercase();
    let one = ["password", "passphrase", "passcode", "passwd", "pwd", "passwort", "contraseña", "phrase", "recovery"];
    !name.ends_with(" to") && one.iter().any(|w| name.contains(w)) && !name.contains("passwords")
}

/// No more of it than a value may be long, or a line of names without a space would cost its square.
fn bounded(rest: &str) -> &str {
    &rest[..rest.floor_char_boundary(MAX_VALUE_BYTES)]
}

const MAX_VALUE_BYTES: usize = 1024;

fn word_about(value: &str) -> bool {
    let v = value.to_lowercase();
    ABOUT.contains(&&*v) || ABOUT_TOO.contains(&&*v) || matches!(&*v, "null" | "none" | "true" | "false" | "undefined" | "string" | "str")
}

/// Digits or signs in it, or letters in an order no word has.
fn odd(v: &str) -> bool {
    v.bytes().any(|b| !b.is_ascii_alphabetic()) && v.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A pass phrase as it is said: up to six words, until a pause or a word that goes on about something else.
fn phrase(doc: &Doc<'_>, at: usize) -> Option<Finding> {
    let i = doc.index_at(at);
    let first = doc.tokens.get(i).filter(|t| doc.text[at..t.start].chars().count() <= 2)?;
    if word_about(&first.text) {
        return None;
    }
    let solid = solid_end(doc, first.start);
    let (mut end, mut last) = (solid.max(first.end), i);
    while let Some(t) = doc.tokens.get(last + 1).filter(|_| last + 1 < i + 6) {
        if t.start < end {
            last += 1;
            continue;
        }
        let gap = &doc.text[end..t.start];
        if !matches!(gap, " " | "-") || matches!(&*t.text, "and" | "but" | "so" | "please" | "thanks" | "okay" | "for" | "on" | "if") {
            break;
        }
        (end, last) = (solid_end(doc, t.start).max(t.end), last + 1);
    }
    Some(found(at + (first.start - at), end, 0.6, "what follows the name of a secret"))
}

/// Where the characters without a space end, less the sentence's own punctuation.
fn solid_end(doc: &Doc<'_>, start: usize) -> usize {
    let rest = bounded(&doc.text[start..]);
    let n = rest.find(char::is_whitespace).unwrap_or(rest.len());
    start + doc.text[start..start + n].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'', '”']).len()
}

/// Three to eight digits straight after "my PIN is".
fn pin_after(doc: &Doc<'_>, at: usize) -> Option<Finding> {
    let i = doc.runs.partition_point(|r| r.start() < at);
    let run = doc.runs.get(i).filter(|r| r.start() - at <= 2 && (3..=8).contains(&r.total()))?;
    let between = &doc.text[at..run.start()];
    between
        .chars()
        .all(|c| matches!(c, ' ' | ':' | ',' | '"'))
        .then(|| found(run.start(), run.end(), 0.7, "digits after a word for a code"))
}

/// "The API key is K-I-O-S-7-E …".
fn spelled_keys(doc: &Doc<'_>, out: &mut Vec<Finding>) {
    for s in spelled::spellings(doc) {
        let mixed = s.code.bytes().any(|b| b.is_ascii_digit());
        let near = doc.preceded(s.start, 6, &WORDS);
        if near && s.code.len() >= 6 || mixed && s.code.len() >= 16 && s.code.bytes().filter(u8::is_ascii_alphabetic).count() >= 6 {
            out.push(found(s.start, s.end, if near { 0.7 } else { 0.55 }, "a code spelled letter by letter"));
        }
    }
}

/// A long token of letters and digits in no order, near a word for a secret.
fn dense(doc: &Doc<'_>, out: &mut Vec<Finding>) {
    for t in doc.tokens.iter().filter(|t| t.kind == TokenKind::Mixed && (16..=512).contains(&(t.end - t.start))) {
        if doc.near(t.start, t.end, &WORDS) && entropy(&doc.text[t.start..t.end]) > 3.0 && !is_id(t) {
            out.push(found(t.start, t.end, 0.7, "a token without order near a word for a secret"));
        }
    }
}

fn is_id(t: &Token<'_>) -> bool {
    t.text.starts_with("0x")
}

/// Shannon's, bits a byte.
fn entropy(s: &str) -> f32 {
    let mut counts = [0u32; 256];
    s.bytes().for_each(|b| counts[b as usize] += 1);
    let n = s.len() as f32;
    counts.iter().filter(|c| **c > 0).map(|c| *c as f32 / n).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_compiles() {
        for (p, why, _) in super::SHAPES {
            regex::Regex::new(p).unwrap_or_else(|e| panic!("{why}: {e}"));
        }
        regex::Regex::new(super::NAMED).unwrap();
        assert!(super::ready());
    }
}
