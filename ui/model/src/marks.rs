//! A search's snippet: what was found stands between `[` and `]`.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Plain(String),
    Found(String),
}

/// Brackets that do not pair stay as they are.
pub fn pieces(snippet: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = snippet;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((found, behind)) = after.split_once(']') else { break };
        push(&mut out, Piece::Plain(before.into()));
        push(&mut out, Piece::Found(found.into()));
        rest = behind;
    }
    push(&mut out, Piece::Plain(rest.into()));
    out
}

fn push(out: &mut Vec<Piece>, piece: Piece) {
    let (Piece::Plain(text) | Piece::Found(text)) = &piece;
    if !text.is_empty() {
        out.push(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_marked() {
        let found = pieces("in casting [letters] and [printing]");
        assert_eq!(found.len(), 4);
        assert_eq!(found[1], Piece::Found("letters".into()));
        assert_eq!(found[3], Piece::Found("printing".into()));
    }

    #[test]
    fn a_lonely_bracket_is_text() {
        assert_eq!(pieces("a [ b"), [Piece::Plain("a [ b".into())]);
        assert_eq!(pieces(""), []);
    }
}
