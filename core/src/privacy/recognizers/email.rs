//! E-mail addresses: typed (RFC 5321's lengths, letters of any script), said aloud, and half heard.

use super::{Finding, Recognizer};
use crate::privacy::spoken;
use crate::privacy::text::{Doc, Token, TokenKind};

pub struct Email;

const KIND: &str = "EMAIL_ADDRESS";
const WORDS: [&str; 8] = ["email", "e-mail", "mail", "gmail", "correo", "courriel", "address", "contact"];
const STRONG: [&str; 5] = ["email", "mail", "gmail", "correo", "courriel"];
/// What people say at the end of an address; other endings are typed with an @.
const ENDINGS: [&str; 48] = [
    "com", "org", "net", "edu", "gov", "mil", "int", "io", "co", "info", "biz", "me", "dev", "app", "ai", "site", "online", "eu", "uk",
    "us", "ca", "au", "nz", "ie", "de", "at", "ch", "fr", "it", "es", "pt", "nl", "be", "se", "no", "dk", "fi", "pl", "cz", "ru", "in",
    "jp", "cn", "br", "mx", "kr", "za", "tv",
];
/// Words before "at" that make a place of what follows and not an address.
const NO_NAME: [&str; 26] = [
    "look",
    "looked",
    "looking",
    "it",
    "is",
    "was",
    "are",
    "shop",
    "buy",
    "bought",
    "here",
    "him",
    "us",
    "them",
    "that",
    "found",
    "find",
    "available",
    "arrive",
    "visit",
    "online",
    "working",
    "works",
    "work",
    "page",
    "website",
];

impl Recognizer for Email {
    fn entity_type(&self) -> &'static str {
        KIND
    }
    fn context(&self) -> &'static [&'static str] {
        &WORDS
    }
    fn find(&self, doc: &Doc<'_>, out: &mut Vec<Finding>) {
        for (at, _) in doc.text.match_indices('@') {
            out.extend(typed(doc.text, at));
        }
        for i in 0..doc.tokens.len() {
            if doc.tokens[i].is("at") {
                out.extend(said(doc, i));
            }
            out.extend(half_heard(doc, i));
        }
    }
}

fn local_char(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn domain_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '.')
}

/// Outwards from an @, at most as far as an address is long; a recogniser may put spaces around it.
fn typed(text: &str, at: usize) -> Option<Finding> {
    let before = &text[..at];
    let left = before.strip_suffix(' ').filter(|_| text[at + 1..].starts_with(' ')).unwrap_or(before);
    let spaced = left.len() < before.len();
    let after = if spaced { &text[at + 2..] } else { &text[at + 1..] };
    let name: usize = left.chars().rev().take(64).take_while(|c| local_char(*c)).map(char::len_utf8).sum();
    let name = left[left.len() - name..].trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_' && c != '+');
    let name = name.rsplit(['=', '\'']).next().unwrap_or(name);
    let domain: usize = after.chars().take(253).take_while(|c| domain_char(*c)).map(char::len_utf8).sum();
    let domain = after[..domain].trim_end_matches(['.', '-']);
    if name.is_empty() || name.ends_with('.') && !spaced && name.len() == 1 || !is_domain(domain) {
        return None;
    }
    let (start, end) = (left.len() - name.len(), text.len() - after.len() + domain.len());
    Some(Finding { entity_type: KIND, start, end, score: if spaced { 0.8 } else { 1.0 }, why: "a name, an @ and a domain" })
}

fn is_domain(d: &str) -> bool {
    let labels: Vec<&str> = d.split('.').collect();
    let end = labels[labels.len() - 1];
    labels.len() >= 2
        && labels.iter().all(|l| !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-'))
        && end.chars().count() >= 2
        && (end.starts_with("xn--") || end.chars().all(char::is_alphabetic))
}

/// "jane dot roe at example dot org": from an "at" to both sides.
fn said(doc: &Doc<'_>, at: usize) -> Option<Finding> {
    let t = &doc.tokens;
    let (end, dotted) = domain_after(doc, at + 1)?;
    let first = name_before(doc, at)?;
    let plain = first + 1 == at;
    let strong = doc.near(t[first].start, end, &STRONG);
    if plain && !strong && (NO_NAME.contains(&&*t[first].text) || t[first].is("me")) {
        return None;
    }
    let score = if dotted || strong || !plain { 0.8 } else { 0.6 };
    Some(Finding { entity_type: KIND, start: t[first].start, end, score, why: "an address said aloud" })
}

fn is_connector(t: &Token<'_>) -> bool {
    matches!(&*t.text, "dot" | "point" | "period" | "underscore" | "dash" | "hyphen" | "plus" | "minus")
}

/// Where the words end that make a domain from token `i` on, and whether "dot" was said (or typed).
fn domain_after(doc: &Doc<'_>, mut i: usize) -> Option<(usize, bool)> {
    let t = &doc.tokens;
    let (mut end, mut said) = (None, false);
    for _ in 0..12 {
        let label = t.get(i)?;
        let typed = end.is_some() || i > 0;
        if typed && ENDINGS.contains(&&*label.text) && i > 0 && dot_before(doc, i).is_some() {
            end = Some(label.end);
            said |= dot_before(doc, i) == Some(true);
        }
        // On to the next label, over a dot said or typed.
        match (t.get(i + 1), t.get(i + 2)) {
            (Some(dot), Some(next)) if is_connector(dot) && spaces(doc, label.end, dot.start) && spaces(doc, dot.end, next.start) => i += 2,
            (Some(next), _) if matches!(&doc.text[label.end..next.start], "." | "-") => i += 1,
            // A name of several letters or words: "g mail dot com".
            (Some(next), _) if end.is_none() && spaces(doc, label.end, next.start) && (label.is_letter() || next.is_letter()) => i += 1,
            _ => break,
        }
    }
    end.map(|e| (e, said))
}

/// Whether a dot stands before token `i`: said (`true`) or typed.
fn dot_before(doc: &Doc<'_>, i: usize) -> Option<bool> {
    let (a, b) = (doc.tokens.get(i.checked_sub(1)?)?, &doc.tokens[i]);
    if matches!(&*a.text, "dot" | "point") {
        return Some(true);
    }
    (&doc.text[a.end..b.start] == ".").then_some(false)
}

fn spaces(doc: &Doc<'_>, from: usize, to: usize) -> bool {
    matches!(&doc.text[from..to], " " | ", " | "\u{a0}" | "-")
}

/// The first token of the name that ends before "at": words joined by "dot" and the like, spelled letters, numbers.
fn name_before(doc: &Doc<'_>, at: usize) -> Option<usize> {
    let t = &doc.tokens;
    let mut first = at.checked_sub(1)?;
    if !spaces(doc, t[first].end, t[at].start) || is_connector(&t[first]) {
        return None;
    }
    for _ in 0..24 {
        let Some(before) = first.checked_sub(1) else { break };
        let touching = spaces(doc, t[before].end, t[first].start);
        let typed = matches!(&doc.text[t[before].end..t[first].start], "." | "_" | "+");
        let joined = is_connector(&t[before]) && touching && before > 0;
        if joined {
            first = before - 1;
        } else if typed || touching && (short(&t[before]) || short(&t[first])) && !is_verb(&t[before]) {
            first = before;
        } else {
            break;
        }
    }
    Some(first)
}

/// A letter or number, which is never a whole name.
fn short(t: &Token<'_>) -> bool {
    t.kind == TokenKind::Number || t.is_letter() && !t.is("i") && !t.is("a") || spoken::is_number(&t.text)
}

fn is_verb(t: &Token<'_>) -> bool {
    matches!(&*t.text, "is" | "at" | "to" | "me" | "on" | "it's" | "address" | "email" | "mail" | "write" | "for" | "and" | "or" | "the")
}

/// "my email is jain.ro.app.sample.org": the "at" was lost, the word "email" was not.
fn half_heard(doc: &Doc<'_>, i: usize) -> Option<Finding> {
    let t = &doc.tokens;
    let touches = |a: &Token<'_>, b: &Token<'_>| matches!(&doc.text[a.end..b.start], "." | "-" | "_");
    if !ENDINGS.contains(&&*t[i].text) || i == 0 || &doc.text[t[i - 1].end..t[i].start] != "." || doc.char_after(t[i].end) == Some('@') {
        return None;
    }
    let first = (i.saturating_sub(12)..i).rev().take_while(|j| touches(&t[*j], &t[*j + 1])).last()?;
    let whole = t.get(i + 1).is_none_or(|n| !touches(&t[i], n));
    let said = doc.preceded(t[first].start, 4, &STRONG);
    let page = doc.char_before(t[first].start).is_some_and(|c| matches!(c, '/' | '@'));
    (whole && said && !page && !t[first].is("www")).then_some(Finding {
        entity_type: KIND,
        start: t[first].start,
        end: t[i].end,
        score: 0.6,
        why: "a dotted name after a word for e-mail",
    })
}
