//! Tokens → words, from the vocabulary file of the Moonshine models: for each token its length and its bytes.

use std::ops::Range;
use std::path::Path;

use crate::error::{Error, Result};

/// U+2581 in UTF-8: a space in a token.
const SPACE: &[u8] = "\u{2581}".as_bytes();

/// The bytes each token stands for.
pub struct Tokenizer(Vec<Vec<u8>>);

impl Tokenizer {
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path)
            .map_err(|e| Error::stop("the recogniser's vocabulary cannot be read: run `loom models pull moonshine-tiny-en`").because(e))?;
        Self::parse(&bytes)
    }

    /// A length byte each (below 128: the length; 0: no token; else the next × 128 + it − 128), then the token.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let broken = || Error::stop("the recogniser's vocabulary is damaged: run `loom models verify`");
        let (mut tokens, mut rest) = (Vec::new(), bytes);
        while let Some((&b, after)) = rest.split_first() {
            let (length, after) = match b {
                0..128 => (b as usize, after),
                _ => {
                    let (&high, after) = after.split_first().ok_or_else(broken)?;
                    (high as usize * 128 + b as usize - 128, after)
                }
            };
            let (token, after) = after.split_at_checked(length).ok_or_else(broken)?;
            tokens.push(token.to_vec());
            rest = after;
        }
        Ok(Self(tokens))
    }

    /// Each word's text and the positions in `ids` of its tokens. Markers such as `<s>` are no text.
    pub fn words(&self, ids: &[u32]) -> Vec<(String, Range<usize>)> {
        let mut words: Vec<(Vec<u8>, Range<usize>)> = Vec::new();
        let mut inside = false;
        for (at, &id) in ids.iter().enumerate() {
            let mut rest = self.0.get(id as usize).map_or(&[][..], Vec::as_slice);
            if is_marker(rest) {
                continue;
            }
            while let Some(&b) = rest.first() {
                let gap = if rest.starts_with(SPACE) { SPACE.len() } else { usize::from(b.is_ascii_whitespace()) };
                if gap > 0 {
                    (inside, rest) = (false, &rest[gap..]);
                    continue;
                }
                match words.last_mut().filter(|_| inside) {
                    Some((bytes, range)) => {
                        bytes.push(b);
                        range.end = at + 1;
                    }
                    None => words.push((vec![b], at..at + 1)),
                }
                (inside, rest) = (true, &rest[1..]);
            }
        }
        let text = |b: Vec<u8>| String::from_utf8_lossy(&b).split_whitespace().collect::<String>();
        words.into_iter().map(|(bytes, range)| (text(bytes), range)).filter(|(t, _)| !t.is_empty()).collect()
    }
}

fn is_marker(token: &[u8]) -> bool {
    token.len() > 2 && token.starts_with(b"<") && token.ends_with(b">")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer() -> Tokenizer {
        let mut file = Vec::new();
        for token in ["<s>", "\u{2581}He", "llo", "\u{2581}", "world", ",", "\u{2581}caf", "\u{c3}"] {
            let bytes = if token == "\u{c3}" { &[0xc3][..] } else { token.as_bytes() };
            file.push(bytes.len() as u8);
            file.extend_from_slice(bytes);
        }
        file.extend_from_slice(&[1, 0xa9, 0, 130, 1]);
        file.extend_from_slice(&[b'x'; 130]);
        Tokenizer::parse(&file).unwrap()
    }

    #[test]
    fn tokens_become_words_with_their_tokens() {
        let t = tokenizer();
        let check = |ids: &[u32], expect: &[(&str, Range<usize>)]| {
            let expect: Vec<_> = expect.iter().map(|(w, r)| (w.to_string(), r.clone())).collect();
            assert_eq!(t.words(ids), expect, "{ids:?}");
        };
        check(&[], &[]);
        check(&[0, 1, 2, 3, 4, 5], &[("Hello", 1..3), ("world,", 4..6)]);
        check(&[4, 5], &[("world,", 0..2)]);
        check(&[6, 7, 8], &[("café", 0..3)]);
        check(&[3, 3, 0, 9, 99], &[]);
        assert_eq!(t.words(&[10])[0].0.len(), 130);
    }

    #[test]
    fn a_cut_vocabulary_is_refused() {
        for bytes in [&[3, b'a'][..], &[200], &[200, 1]] {
            assert!(Tokenizer::parse(bytes).is_err());
        }
    }
}
