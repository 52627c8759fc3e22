//! Codes spelled aloud, letter by letter and digit by digit: "D E eight nine", "K-I-O-S-7", "alpha two bravo".

use crate::privacy::spoken::Run;
use crate::privacy::text::{Doc, TokenKind};

/// A spelled code in capitals and digits.
pub struct Spelling {
    pub start: usize,
    pub end: usize,
    pub code: String,
}

const ALPHABET: [(&str, char); 28] = [
    ("alpha", 'A'),
    ("alfa", 'A'),
    ("bravo", 'B'),
    ("charlie", 'C'),
    ("delta", 'D'),
    ("echo", 'E'),
    ("foxtrot", 'F'),
    ("golf", 'G'),
    ("hotel", 'H'),
    ("india", 'I'),
    ("juliet", 'J'),
    ("juliett", 'J'),
    ("kilo", 'K'),
    ("lima", 'L'),
    ("mike", 'M'),
    ("november", 'N'),
    ("oscar", 'O'),
    ("papa", 'P'),
    ("quebec", 'Q'),
    ("romeo", 'R'),
    ("sierra", 'S'),
    ("tango", 'T'),
    ("uniform", 'U'),
    ("victor", 'V'),
    ("whiskey", 'W'),
    ("yankee", 'Y'),
    ("zulu", 'Z'),
    ("xray", 'X'),
];

/// Runs of single letters (or their radio names) and numbers, at least six of them with a letter.
pub fn spellings(doc: &Doc<'_>) -> Vec<Spelling> {
    let mut found = Vec::new();
    let (mut i, mut run) = (0, 0);
    while i < doc.tokens.len() {
        let mut s = Spelling { start: doc.tokens[i].start, end: doc.tokens[i].start, code: String::new() };
        let (mut letters, begun) = (0, i);
        while i < doc.tokens.len() {
            let t = &doc.tokens[i];
            if begun < i && !close(&doc.text[s.end..t.start]) {
                break;
            }
            while doc.runs.get(run).is_some_and(|r| r.end() <= t.start) {
                run += 1;
            }
            // "o" is a digit in the ears of `spoken`, a letter here unless digits surround it.
            if let Some(r) = doc.runs.get(run).filter(|r| r.start() <= t.start && !lone_o(r, doc)) {
                let items = r.items.iter().filter(|x| x.start >= t.start);
                s.code.extend(items.map(|x| x.digits.as_str()));
                s.end = r.end();
                i = doc.index_at(s.end);
            } else if let Some(c) = letter(&t.text, t.kind) {
                s.code.push(c);
                letters += 1;
                s.end = t.end;
                i += 1;
            } else if t.kind == TokenKind::Mixed && t.text.is_ascii() && begun < i {
                s.code.push_str(&t.text.to_ascii_uppercase());
                s.end = t.end;
                i += 1;
            } else {
                break;
            }
        }
        if s.code.len() >= 6 && letters > 0 {
            found.push(s);
        }
        i = i.max(begun + 1);
    }
    found
}

fn lone_o(run: &Run, doc: &Doc<'_>) -> bool {
    run.items.len() == 1 && doc.text[run.start()..run.end()].eq_ignore_ascii_case("o")
}

fn letter(text: &str, kind: TokenKind) -> Option<char> {
    if kind != TokenKind::Word {
        return None;
    }
    match text.as_bytes() {
        [b] => Some(b.to_ascii_uppercase() as char),
        _ => ALPHABET.iter().find(|(w, _)| *w == text).map(|(_, c)| *c),
    }
}

/// Nothing but a space, hyphen or comma between; full stops are of abbreviations.
fn close(between: &str) -> bool {
    between.len() <= 3 && between.chars().all(|c| matches!(c, ' ' | '-' | ','))
}
