//! From a text, a transcript or JSON to the same with everything covered that a policy covers.

use std::collections::BTreeMap;

use loom_schemas::payload::{Masked, Word};
use serde_json::Value;

use super::analyze::{analyze, analyze_after};
use super::policy::Policy;
use super::recognizers::{Finding, secret_field};
use super::text::Doc;
use crate::error::{Error, Result};

/// Digits in a row from which on a number is held back while it is being said.
const HELD_BACK_DIGITS: usize = 3;

/// The text with its findings covered; byte for byte the same where nothing is found.
pub fn filter(text: &str, policy: &Policy) -> String {
    cover(text, 0, text.len(), &analyze(text, policy), policy).0
}

/// A text that may go on: numbers of three digits and more are held back too, for they may become a card's.
pub fn unsettled(text: &str, policy: &Policy) -> String {
    let numbers = Doc::new(text).runs.into_iter().filter(|r| r.total() >= HELD_BACK_DIGITS).map(|r| (r.start(), r.end()));
    let mut held: Vec<(usize, usize)> = analyze(text, policy).iter().map(|f| (f.start, f.end)).chain(numbers).collect();
    held.sort_unstable();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (start, end) in held {
        if start >= at {
            out.push_str(&text[at..start]);
            out.push('…');
        }
        at = at.max(end);
    }
    out.push_str(&text[at..]);
    out
}

/// The text with its findings covered, and where that is.
pub(super) fn masked(text: &str, policy: &Policy) -> (String, Vec<Masked>) {
    let findings = analyze(text, policy);
    let (out, places) = cover(text, 0, text.len(), &findings, policy);
    let chars = |bytes: usize| out[..bytes].chars().count() as u32;
    let place = |(start, end, f): &(usize, usize, &Finding)| Masked {
        entity_type: f.entity_type.into(),
        start: chars(*start),
        end: chars(*end),
        score: f.score,
    };
    let places = places.iter().map(place).collect();
    (out, places)
}

/// A transcript that passed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    pub text: String,
    pub words: Vec<Word>,
    pub masked: Vec<Masked>,
}

impl Transcript {
    /// How many of each kind were covered.
    pub fn counts(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        self.masked.iter().for_each(|m| *counts.entry(m.entity_type.clone()).or_default() += 1);
        counts
    }
}

/// `text[from..to]` covered, and where in the result (bytes) each covering stands.
fn cover<'f>(text: &str, from: usize, to: usize, findings: &'f [Finding], policy: &Policy) -> (String, Vec<(usize, usize, &'f Finding)>) {
    let (mut out, mut places, mut at) = (String::with_capacity(to - from), Vec::new(), from);
    for f in findings {
        out.push_str(&text[at..f.start]);
        let start = out.len();
        out.push_str(&policy.operator(f.entity_type).apply(f.entity_type, &text[f.start..f.end], &policy.hash_key));
        places.push((start, out.len(), f));
        at = f.end;
    }
    out.push_str(&text[at..to]);
    (out, places)
}

/// Longest text that is looked at; nobody says as much in one breath.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// A transcript covered: words that a finding touches become one word with their span of time.
///
/// `lead` is what was said just before, as context. `Skip` where the words and the text differ, times run backwards
/// or the text is too long: what cannot be judged is held back.
pub fn transcript(lead: &str, text: &str, words: &[Word], policy: &Policy) -> Result<Transcript> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::skip("the text is too long to be judged"));
    }
    let places = word_places(text, words)?;
    let findings = analyze_after(lead, text, policy);
    let mut out = Transcript::default();
    let (mut w, mut f) = (0, 0);
    while w < words.len() {
        // The words that findings tie together, and those findings.
        let (mut last, first_finding) = (w, f);
        let mut end = places[w].1;
        while let Some(next) = findings.get(f).filter(|n| n.start < end) {
            while end < next.end && last + 1 < words.len() {
                last += 1;
                end = places[last].1;
            }
            f += 1;
        }
        let (covered, at) = cover(text, places[w].0, end, &findings[first_finding..f], policy);
        push(&mut out, covered, &at, &words[w..=last]);
        w = last + 1;
    }
    Ok(out)
}

fn push(out: &mut Transcript, covered: String, at: &[(usize, usize, &Finding)], words: &[Word]) {
    let (first, last) = (&words[0], &words[words.len() - 1]);
    if !covered.is_empty() && !out.words.is_empty() {
        out.text.push(' ');
    }
    let chars = |bytes: usize| covered[..bytes].chars().count() as u32;
    let base = out.text.chars().count() as u32;
    for (start, end, f) in at {
        let (start, end) = (base + chars(*start), base + chars(*end));
        out.masked.push(Masked { entity_type: f.entity_type.into(), start, end, score: f.score });
    }
    if covered.is_empty() {
        return;
    }
    out.text.push_str(&covered);
    let confidence = words.iter().map(|w| w.confidence).fold(first.confidence, f32::min);
    let end_s = last.end_s.max(first.start_s);
    out.words.push(Word { text: covered, start_s: first.start_s, end_s, confidence });
}

/// Bytes of each word in the text, if single spaces alone join them.
fn word_places(text: &str, words: &[Word]) -> Result<Vec<(usize, usize)>> {
    let differ = || Error::skip("the transcript's words and its text differ, so it cannot be judged");
    let mut at = 0;
    let mut places = Vec::with_capacity(words.len());
    for (i, w) in words.iter().enumerate() {
        if i > 0 {
            at = text[at..].starts_with(' ').then(|| at + 1).ok_or_else(differ)?;
        }
        if w.text.is_empty() || !text[at..].starts_with(&w.text) {
            return Err(differ());
        }
        if !(w.start_s.is_finite() && w.end_s.is_finite() && w.start_s <= w.end_s) {
            return Err(Error::skip("a word of the transcript ends before it begins"));
        }
        places.push((at, at + w.text.len()));
        at += w.text.len();
    }
    if at == text.len() { Ok(places) } else { Err(differ()) }
}

/// Every string of a JSON value covered, keys included; a field's name is context for what it holds.
pub fn filter_json(value: &Value, policy: &Policy) -> Value {
    json(value, "", policy)
}

fn json(value: &Value, name: &str, policy: &Policy) -> Value {
    match value {
        Value::String(s) => Value::String(field(name, s, policy).unwrap_or_else(|| s.clone())),
        // A number that would be covered as text becomes the covering.
        Value::Number(n) => field(name, &n.to_string(), policy).map_or_else(|| value.clone(), Value::String),
        Value::Array(items) => items.iter().map(|v| json(v, name, policy)).collect(),
        Value::Object(fields) => {
            let covered = |(k, v): (&String, &Value)| (filter(k, policy), json(v, &k.replace(['_', '-', '.'], " "), policy));
            Value::Object(fields.iter().map(covered).collect())
        }
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

/// What a field holds, covered; `None` if there is nothing to cover. One that is named a secret is one as a whole.
fn field(name: &str, text: &str, policy: &Policy) -> Option<String> {
    let mut findings = analyze_after(name, text, policy);
    if let Some(f) = secret_field(name, text).filter(|f| policy.wants(f.entity_type) && f.score >= policy.threshold(f.entity_type)) {
        findings = vec![f];
    }
    (!findings.is_empty()).then(|| cover(text, 0, text.len(), &findings, policy).0)
}

#[cfg(test)]
mod tests;
