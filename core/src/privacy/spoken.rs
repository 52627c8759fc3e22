//! Numbers said aloud: "four one one one", "double five", "oh", "twenty-three", and what a speech recogniser
//! makes of them, which mixes words, digits, commas and hyphens in one number.

use std::ops::Range;

use super::text::{Token, TokenKind};

/// How an item is joined to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    Space,
    Hyphen,
    /// A comma or semicolon: a pause, or a list.
    Comma,
    /// A full stop, "dot" or "point".
    Dot,
}

/// One number of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub start: usize,
    pub end: usize,
    /// Its digits as they would be typed.
    pub digits: String,
    /// Said as a word.
    pub word: bool,
    pub gap: Gap,
}

/// Numbers with nothing but pauses between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub items: Vec<Item>,
}

impl Run {
    pub fn start(&self) -> usize {
        self.items[0].start
    }
    pub fn end(&self) -> usize {
        self.items[self.items.len() - 1].end
    }
    pub fn total(&self) -> usize {
        count(&self.items)
    }
    /// Digits said as words.
    pub fn in_words(&self) -> usize {
        self.items.iter().filter(|i| i.word).map(|i| i.digits.len()).sum()
    }
    /// Digits said one at a time, as words or as "4-1-1-1".
    pub fn spelled(&self) -> usize {
        self.items.iter().filter(|i| i.word || i.digits.len() == 1).map(|i| i.digits.len()).sum()
    }
    /// "one, two, three, four": somebody counts.
    pub fn is_counting(&self) -> bool {
        let values: Option<Vec<i64>> = self.items.iter().map(|i| i.digits.parse().ok()).collect();
        values.is_some_and(|v| v.len() >= 4 && v[0] != v[1] && v.windows(2).all(|w| w[1].wrapping_sub(w[0]) == v[1].wrapping_sub(v[0])))
    }
}

pub fn count(items: &[Item]) -> usize {
    items.iter().map(|i| i.digits.len()).sum()
}

/// Ends of the windows from item `i` on whose digits number `least` to `most`.
pub fn windows(items: &[Item], i: usize, least: usize, most: usize) -> Range<usize> {
    let (mut total, mut from, mut j) = (0, items.len() + 1, i);
    while let Some(item) = items.get(j).filter(|item| total + item.digits.len() <= most) {
        total += item.digits.len();
        j += 1;
        if total >= least {
            from = from.min(j);
        }
    }
    from..j + 1
}

pub fn joined(items: &[Item]) -> String {
    items.iter().map(|i| i.digits.as_str()).collect()
}

const FILLERS: [&str; 13] = ["uh", "um", "er", "erm", "ah", "dash", "hyphen", "space", "comma", "and", "then", "dot", "point"];

/// Every run of the text, in order.
pub fn runs(text: &str, tokens: &[Token<'_>]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let (mut i, mut open) = (0, false);
    while i < tokens.len() {
        let items = runs.last().filter(|_| open).map_or(&[][..], |r| r.items.as_slice());
        match next_item(text, tokens, i, items) {
            Some((item, used)) => {
                if open && let Some(run) = runs.last_mut() {
                    run.items.push(item);
                } else {
                    runs.push(Run { items: vec![item] });
                }
                open = true;
                i += used;
            }
            None if open => open = false, // the same token may begin a run
            None => i += 1,
        }
    }
    runs
}

/// The item at token `i`, how it hangs on the items before, and how many tokens it took.
fn next_item(text: &str, tokens: &[Token<'_>], i: usize, before: &[Item]) -> Option<(Item, usize)> {
    let Some(last) = before.last() else { return item_at(text, tokens, i, Gap::Space, false) };
    let mut gap = gap(&text[last.end..tokens[i].start])?;
    if last.word && HOMOPHONES.iter().any(|(w, _)| tokens[i].is(w)) {
        // "four one for one": only between numbers that are certainly being said.
        let more = tokens.get(i + 1).is_some_and(|t| gap_between(text, &tokens[i], t).is_some());
        if more && item_at(text, tokens, i + 1, gap, false).is_some_and(|(n, _)| n.word) {
            return item_at(text, tokens, i, gap, true);
        }
    }
    if let Some(found) = item_at(text, tokens, i, gap, false) {
        return Some(found);
    }
    if !FILLERS.contains(&&*tokens[i].text) {
        return None;
    }
    if matches!(&*tokens[i].text, "dot" | "point") {
        gap = Gap::Dot;
    }
    gap_between(text, &tokens[i], tokens.get(i + 1)?)?;
    item_at(text, tokens, i + 1, gap, false).map(|(item, used)| (item, used + 1))
}

fn gap_between(text: &str, a: &Token<'_>, b: &Token<'_>) -> Option<Gap> {
    gap(&text[a.end..b.start])
}

/// What may stand between two numbers of a run; a line's end, a slash or a colon may not.
fn gap(between: &str) -> Option<Gap> {
    let mut worst = Gap::Space;
    let mut n = 0;
    for c in between.chars() {
        n += 1;
        match c {
            ' ' | '\u{a0}' | '\u{202f}' | '(' | ')' => {}
            '-' | '–' | '—' | '\u{2010}' | '\u{2011}' | '_' if worst == Gap::Space => worst = Gap::Hyphen,
            ',' | ';' | '،' => worst = Gap::Comma,
            '.' | '…' => worst = Gap::Dot,
            '-' | '–' | '—' => {}
            _ => return None,
        }
    }
    (n <= 4).then_some(worst)
}

/// Words a recogniser writes for digits it heard amid others.
const HOMOPHONES: [(&str, &str); 7] = [("for", "4"), ("to", "2"), ("too", "2"), ("won", "1"), ("ate", "8"), ("free", "3"), ("tree", "3")];

fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "zero" | "oh" | "o" | "nought" | "naught" | "aught" => "0",
        "one" => "1",
        "two" => "2",
        "three" => "3",
        "four" => "4",
        "five" => "5",
        "six" => "6",
        "seven" => "7",
        "eight" => "8",
        "nine" | "niner" => "9",
        _ => return None,
    })
}

fn teen(word: &str) -> Option<&'static str> {
    Some(match word {
        "ten" => "10",
        "eleven" => "11",
        "twelve" => "12",
        "thirteen" => "13",
        "fourteen" => "14",
        "fifteen" => "15",
        "sixteen" => "16",
        "seventeen" => "17",
        "eighteen" => "18",
        "nineteen" => "19",
        _ => return None,
    })
}

fn tens(word: &str) -> Option<&'static str> {
    Some(match word {
        "twenty" => "2",
        "thirty" => "3",
        "forty" | "fourty" => "4",
        "fifty" => "5",
        "sixty" => "6",
        "seventy" => "7",
        "eighty" => "8",
        "ninety" => "9",
        _ => return None,
    })
}

/// Whether a word says a number below a hundred.
pub fn is_number(word: &str) -> bool {
    unit(word).or_else(|| teen(word)).or_else(|| tens(word)).is_some()
}

fn times(word: &str) -> Option<usize> {
    Some(match word {
        "double" => 2,
        "triple" | "treble" => 3,
        "quadruple" => 4,
        _ => return None,
    })
}

/// The token after `i`, if only a space or hyphen parts them.
fn after<'t, 'a>(text: &str, tokens: &'t [Token<'a>], i: usize) -> Option<&'t Token<'a>> {
    let (a, b) = (tokens.get(i)?, tokens.get(i + 1)?);
    matches!(gap_between(text, a, b)?, Gap::Space | Gap::Hyphen).then_some(b)
}

/// One number from token `i` on and how many tokens it took; `inside` a run homophones count.
fn item_at(text: &str, tokens: &[Token<'_>], i: usize, gap: Gap, inside: bool) -> Option<(Item, usize)> {
    let t = tokens.get(i)?;
    let word = t.kind == TokenKind::Word;
    let (digits, used) = match t.kind {
        TokenKind::Number => (t.text.to_string(), 1),
        TokenKind::Mixed => return None,
        TokenKind::Word => said_at(text, tokens, i, inside)?,
    };
    Some((Item { start: t.start, end: tokens[i + used - 1].end, digits, word, gap }, used))
}

/// The digits of a number said from token `i` on, and how many tokens say it.
fn said_at(text: &str, tokens: &[Token<'_>], i: usize, inside: bool) -> Option<(String, usize)> {
    let t = &tokens[i];
    if let Some(n) = times(&t.text) {
        let b = after(text, tokens, i)?;
        let one = unit(&b.text).or_else(|| (b.kind == TokenKind::Number && b.text.len() == 1).then_some(&*b.text))?;
        return Some((one.repeat(n), 2));
    }
    if let Some((_, d)) = HOMOPHONES.iter().find(|(w, _)| inside && t.is(w)) {
        return Some(((*d).into(), 1));
    }
    if tens(&t.text).is_some() {
        return two_digits(text, tokens, i);
    }
    let digits = teen(&t.text).or_else(|| unit(&t.text))?;
    match after(text, tokens, i) {
        Some(b) if b.is("thousand") => Some((format!("{digits}000"), 2)),
        Some(b) if b.is("hundred") => {
            // "one hundred and ninety two"
            let and = after(text, tokens, i + 1).filter(|t| t.is("and")).and_then(|_| after(text, tokens, i + 2));
            match and.and_then(|_| two_digits(text, tokens, i + 3)) {
                Some((rest, used)) => Some((format!("{digits}{rest}"), 3 + used)),
                None => Some((format!("{digits}00"), 2)),
            }
        }
        _ => Some((digits.into(), 1)),
    }
}

/// "ninety two" as 92, "ninety" as 90, "twelve" as 12, "five" as 05.
fn two_digits(text: &str, tokens: &[Token<'_>], i: usize) -> Option<(String, usize)> {
    let t = tokens.get(i)?;
    let Some(d) = tens(&t.text) else {
        let small = teen(&t.text).map(str::to_string).or_else(|| unit(&t.text).map(|u| format!("0{u}")))?;
        return Some((small, 1));
    };
    match after(text, tokens, i).and_then(|b| unit(&b.text)).filter(|u| *u != "0") {
        Some(u) => Some((format!("{d}{u}"), 2)),
        None => Some((format!("{d}0"), 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Doc;

    fn digits(text: &str) -> Vec<String> {
        Doc::new(text).runs.iter().map(|r| super::joined(&r.items)).collect()
    }

    #[test]
    fn numbers_said_aloud() {
        for (said, want) in [
            ("four one one one", vec!["4111"]),
            ("double five, triple nine", vec!["55999"]),
            ("treble 8 oh", vec!["8880"]),
            ("twenty-three twenty three forty", vec!["232340"]),
            ("one eight hundred five five five", vec!["1800555"]),
            ("one hundred and ninety two", vec!["192"]),
            ("one hundred and five", vec!["105"]),
            ("four one for one", vec!["4141"]),
            ("it is for one day", vec!["1"]),
            ("4111 one one one one, 1111-1111", vec!["4111111111111111"]),
            ("4-1-1-1", vec!["4111"]),
            ("four, uh, one, um one dash one", vec!["4111"]),
            ("one\ntwo", vec!["1", "2"]),
            ("12/26 4111:22", vec!["12", "264111", "22"]),
            ("five thousand", vec!["5000"]),
            ("double trouble", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(digits(said), want, "{said}");
        }
    }

    #[test]
    fn counting_is_not_spelling() {
        for (said, counting) in [
            ("one two three four five", true),
            ("ten nine eight seven", true),
            ("two four six eight ten", true),
            ("one one one one", false),
            ("four one five two", false),
            ("one two three", false),
        ] {
            assert_eq!(Doc::new(said).runs[0].is_counting(), counting, "{said}");
        }
    }
}
