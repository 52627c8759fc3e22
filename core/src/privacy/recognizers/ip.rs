//! Internet addresses: version 4 and 6 with zone and prefix length as `std` parses them, and version 4 said aloud.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Finding, Recognizer, surer};
use crate::privacy::spoken::{Gap, Item, Run, joined};
use crate::privacy::text::{Doc, joins};

pub struct Ip;

const KIND: &str = "IP_ADDRESS";
const WORDS: [&str; 11] = ["ip", "ipv4", "ipv6", "address", "server", "host", "router", "gateway", "dns", "network", "subnet"];

impl Recognizer for Ip {
    fn entity_type(&self) -> &'static str {
        KIND
    }
    fn context(&self) -> &'static [&'static str] {
        &WORDS
    }
    fn find(&self, doc: &Doc<'_>, out: &mut Vec<Finding>) {
        typed(doc, out);
        for run in &doc.runs {
            said(doc, run, out);
        }
    }
}

/// Every stretch of the characters addresses are made of, at most as long as one can be.
fn typed(doc: &Doc<'_>, out: &mut Vec<Finding>) {
    let bytes = doc.text.as_bytes();
    let of_address = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
    let mut i = 0;
    while i < bytes.len() {
        if !of_address(bytes[i]) {
            i += 1;
            continue;
        }
        let end = i + bytes[i..].iter().take_while(|b| of_address(**b)).count();
        if end - i >= 2 && end - i <= 64 {
            stretch(doc, i, end, out);
        }
        i = end;
    }
}

fn stretch(doc: &Doc<'_>, start: usize, end: usize, out: &mut Vec<Finding>) {
    let clear = |c: Option<char>| !c.is_some_and(joins);
    let whole = clear(doc.char_before(start)) && clear(doc.char_after(end));
    let text = &doc.text[start..end];
    for (a, b) in [(0, text.len()), (0, text.trim_end_matches(['.', ':']).len())] {
        let six = &text[a..b];
        if whole && six.contains("::") | (six.matches(':').count() >= 6) && six.parse::<Ipv6Addr>().is_ok() {
            push(doc, start + a, start + b, six_score(six), out);
            return;
        }
    }
    // Not a version 6 address: the dotted part, or each part of what colons divide, may be a version 4 one.
    let mut at = start;
    for part in text.split(':') {
        let dotted = part.trim_end_matches('.');
        let four = dotted.parse::<Ipv4Addr>().is_ok();
        let (a, b) = (at, at + dotted.len());
        if four && clear(doc.char_before(a)) && clear(doc.char_after(b)) {
            push(doc, a, b, 0.6, out);
        }
        at += part.len() + 1;
    }
}

fn six_score(s: &str) -> f32 {
    match s.bytes().any(|b| b.is_ascii_digit()) {
        _ if s == "::" => 0.1,
        true => 0.6,
        // `dead::beef` is as likely a name in a program.
        false => 0.3,
    }
}

/// Adds what belongs to it: `%zone`, `/prefix`.
fn push(doc: &Doc<'_>, start: usize, mut end: usize, score: f32, out: &mut Vec<Finding>) {
    let rest = &doc.text[end..];
    if doc.text[start..end].contains(':')
        && let Some(zone) = rest.strip_prefix('%')
    {
        let n = zone.bytes().take(32).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')).count();
        end += 1 + zone[..n].trim_end_matches('.').len();
    }
    if let Some(prefix) = doc.text[end..].strip_prefix('/') {
        let n = prefix.bytes().take_while(u8::is_ascii_digit).count();
        if (1..=3).contains(&n) && prefix[..n].parse::<u8>().is_ok_and(|p| p <= 128) {
            end += 1 + n;
        }
    }
    // A lone `::` is mostly punctuation, whatever stands near it.
    let score = if score < 0.2 { score } else { surer(score, doc.near(start, end, &WORDS)) };
    out.push(Finding { entity_type: KIND, start, end, score, why: "an internet address" });
}

/// "one ninety two dot one sixty eight dot one dot one": four numbers below 256 with "dot" between.
fn said(doc: &Doc<'_>, run: &Run, out: &mut Vec<Finding>) {
    // What "dot" parts; inside a part the numbers follow each other with a space.
    let parts: Vec<&[Item]> = run.items.chunk_by(|_, b| matches!(b.gap, Gap::Space | Gap::Hyphen)).collect();
    let byte = |p: &[Item]| joined(p).parse::<u16>().is_ok_and(|n| n < 256) && p[0].gap != Gap::Comma;
    let mut i = 0;
    while i + 4 <= parts.len() {
        let n = parts[i..].iter().enumerate().take_while(|(k, p)| byte(p) && (*k == 0 || p[0].gap == Gap::Dot)).count();
        if n < 4 {
            i += n.max(1);
            continue;
        }
        let (start, end) = (parts[i][0].start, parts[i + n - 1][parts[i + n - 1].len() - 1].end);
        let sentences = doc.text[start..end].contains(". ");
        let (words, near) = (parts[i..i + n].iter().any(|p| p.iter().any(|x| x.word)), doc.near(start, end, &WORDS));
        // Five numbers are a version or a misheard address: context decides.
        if (words || n > 4 && near && n <= 6) && !sentences {
            let score = surer(if n == 4 { 0.6 } else { 0.3 }, near);
            out.push(Finding { entity_type: KIND, start, end, score, why: "four numbers with dots between, said aloud" });
        }
        i += n;
    }
}
