//! Text as the recognisers see it: words and numbers with their places, and the runs of digits in them,
//! whether typed, spoken, or both in one breath as a speech recogniser writes them.

use std::borrow::Cow;

use super::spoken::{self, Run};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters, perhaps with an apostrophe inside.
    Word,
    /// Digits of any one script.
    Number,
    /// Latin letters and digits in one.
    Mixed,
}

/// A word or number; `start` and `end` are bytes of the text.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub start: usize,
    pub end: usize,
    pub kind: TokenKind,
    /// A word in lower case; a number in ASCII digits.
    pub text: Cow<'a, str>,
}

impl Token<'_> {
    pub fn is(&self, word: &str) -> bool {
        self.text == word
    }
    pub fn is_letter(&self) -> bool {
        self.kind == TokenKind::Word && self.text.len() == 1
    }
}

/// A text, its tokens and its digit runs, taken apart once for all recognisers.
pub struct Doc<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token<'a>>,
    pub runs: Vec<Run>,
}

/// Words of context looked at before and after a finding.
const WORDS_BEFORE: usize = 10;
const WORDS_AFTER: usize = 4;
/// Tokens walked at most, so that long numbers between do not make the search long.
const TOKENS_WALKED: usize = 40;

impl<'a> Doc<'a> {
    pub fn new(text: &'a str) -> Self {
        let tokens = tokenize(text);
        let runs = spoken::runs(text, &tokens);
        Self { text, tokens, runs }
    }

    /// Whether one of these words (lower case) stands near a place, within ten words before or four after.
    pub fn near(&self, start: usize, end: usize, words: &[&str]) -> bool {
        self.preceded(start, WORDS_BEFORE, words) || self.followed(end, WORDS_AFTER, words)
    }

    /// The same among the `n` words before a place alone.
    pub fn preceded(&self, start: usize, n: usize, words: &[&str]) -> bool {
        self.words_before(start, n).any(|t| words.contains(&&*t.text))
    }

    /// The same among the `n` words after a place alone.
    pub fn followed(&self, end: usize, n: usize, words: &[&str]) -> bool {
        let after = self.tokens[self.index_at(end)..].iter().take(TOKENS_WALKED).filter(|t| t.kind == TokenKind::Word);
        after.take(n).any(|t| words.contains(&&*t.text))
    }

    /// Nearest first.
    pub fn words_before(&self, start: usize, n: usize) -> impl Iterator<Item = &Token<'a>> {
        let i = self.index_at(start);
        self.tokens[..i].iter().rev().take(TOKENS_WALKED).filter(|t| t.kind == TokenKind::Word).take(n)
    }

    /// The first token that starts at or after a byte.
    pub fn index_at(&self, byte: usize) -> usize {
        self.tokens.partition_point(|t| t.start < byte)
    }

    pub fn char_before(&self, byte: usize) -> Option<char> {
        self.text[..byte].chars().next_back()
    }
    pub fn char_after(&self, byte: usize) -> Option<char> {
        self.text[byte..].chars().next()
    }
}

/// Letters and digits that make one token with a Latin neighbour.
pub fn joins(c: char) -> bool {
    c == '_' || class(c).is_some_and(|k| k != Class::Other)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Latin,
    /// Letters of other scripts, which are often written against a number without a space.
    Other,
}

fn class(c: char) -> Option<Class> {
    if digit(c).is_some() {
        Some(Class::Digit)
    } else if !c.is_alphabetic() {
        None
    } else if c <= '\u{24F}' {
        Some(Class::Latin)
    } else {
        Some(Class::Other)
    }
}

/// The value of a decimal digit in the scripts people write numbers in.
pub fn digit(c: char) -> Option<u8> {
    const ZEROS: [u32; 15] = [0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xFF10];
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let c = c as u32;
    ZEROS.iter().find(|z| (**z..**z + 10).contains(&c)).map(|z| (c - z) as u8)
}

fn tokenize(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(text.len() / 6);
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let Some(first) = class(c) else { continue };
        let (mut end, mut digits, mut letters) = (start + c.len_utf8(), first == Class::Digit, first != Class::Digit);
        while let Some(&(at, c)) = chars.peek() {
            let next = class(c);
            let apostrophe = matches!(c, '\'' | '’') && letters && !digits && followed_by_letter(&text[at..]);
            match next {
                Some(k) if (k == Class::Other) == (first == Class::Other) => {
                    digits |= k == Class::Digit;
                    letters |= k != Class::Digit;
                }
                None if apostrophe => {}
                _ => break,
            }
            end = at + c.len_utf8();
            chars.next();
        }
        push(text, &mut tokens, start, end, digits, letters);
    }
    tokens
}

fn followed_by_letter(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(char::is_alphabetic)
}

fn push<'a>(text: &'a str, tokens: &mut Vec<Token<'a>>, start: usize, end: usize, digits: bool, letters: bool) {
    let slice = &text[start..end];
    if digits && letters {
        // A phone number's extension is written against it: 555-3560x42.
        let n = slice.bytes().take_while(u8::is_ascii_digit).count();
        if n >= 3 && slice[n..].starts_with('x') && slice[n + 1..].bytes().all(|b| b.is_ascii_digit()) {
            tokens.push(Token { start, end: start + n, kind: TokenKind::Number, text: Cow::Borrowed(&slice[..n]) });
            tokens.push(Token { start: start + n, end, kind: TokenKind::Mixed, text: Cow::Borrowed(&slice[n..]) });
            return;
        }
    }
    let kind = match (digits, letters) {
        (true, true) => TokenKind::Mixed,
        (true, false) => TokenKind::Number,
        _ => TokenKind::Word,
    };
    let text = match kind {
        TokenKind::Number if !slice.is_ascii() => Cow::Owned(slice.chars().filter_map(digit).map(|d| (b'0' + d) as char).collect()),
        TokenKind::Number => Cow::Borrowed(slice),
        _ if slice.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) => Cow::Borrowed(slice),
        _ => Cow::Owned(slice.to_lowercase()),
    };
    tokens.push(Token { start, end, kind, text });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(String, TokenKind)> {
        tokenize(text).into_iter().map(|t| (t.text.into_owned(), t.kind)).collect()
    }

    #[test]
    fn words_numbers_and_both_are_told_apart() {
        use TokenKind::*;
        let w = |s: &str, k| (s.to_string(), k);
        assert_eq!(words("Don't pay 12th-4111"), [w("don't", Word), w("pay", Word), w("12th", Mixed), w("4111", Number)]);
        assert_eq!(words("899-3560x4587"), [w("899", Number), w("3560", Number), w("x4587", Mixed)]);
        assert_eq!(words("卡号4111谢谢"), [w("卡号", Word), w("4111", Number), w("谢谢", Word)]);
        assert_eq!(words("٤١ ４１"), [w("41", Number), w("41", Number)]);
        assert_eq!(words(""), []);
    }

    #[test]
    fn tokens_know_their_bytes() {
        for text in ["é 12 ß", "’tis", "…4111…", "a\u{301}1", "🙂4🙂"] {
            for t in tokenize(text) {
                assert!(text.is_char_boundary(t.start) && text.is_char_boundary(t.end) && t.start < t.end, "{text}");
            }
        }
    }
}
