//! From what a person typed to an FTS5 expression. Nothing typed is an operator but double quotes, and
//! what FTS5 gets is quoted throughout, so no query is a syntax error.

use std::collections::HashSet;

use uuid::Uuid;

/// Bytes of a query that count: longer than what anyone says in one breath.
const MAX_BYTES: usize = 4096;

/// The expression for FTS5, and whether its last phrase is the device; `None` where there is nothing to look for.
pub(super) fn expression(query: &str, device: Option<Uuid>) -> Option<String> {
    let phrases = phrases(query);
    if phrases.is_empty() {
        return None;
    }
    let quoted: Vec<String> = phrases.iter().map(|p| format!("\"{p}\"")).collect();
    let text = format!("{{text}} : ({})", quoted.join(" "));
    Some(match device {
        Some(d) => format!("{text} AND {{device_id}} : \"{}\"", d.simple()),
        None => text,
    })
}

/// Words, and runs of words between double quotes; an open quote ends with the query. Each once.
fn phrases(query: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (i, part) in query[..query.floor_char_boundary(MAX_BYTES)].split(is_quote).enumerate() {
        let mut words = part.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty());
        match i % 2 {
            0 => found.extend(words.map(str::to_owned)),
            _ => found.extend(words.next().map(|first| words.fold(first.to_owned(), |p, w| p + " " + w))),
        }
    }
    let mut seen = HashSet::new();
    found.retain(|p| seen.insert(p.clone()));
    found
}

/// Straight ones, and those that phones type instead.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_make_phrases_and_nothing_else_means_anything() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("  \t\n ", &[]),
            ("\"\"", &[]),
            ("\0\u{1}", &[]),
            ("hello", &["hello"]),
            ("hello  world", &["hello", "world"]),
            ("hello hello", &["hello"]),
            ("\"hello  world\"", &["hello world"]),
            ("say \"hello world\" twice", &["say", "hello world", "twice"]),
            ("say\"hello world\"twice", &["say", "hello world", "twice"]),
            ("“smart quotes” too", &["smart quotes", "too"]),
            ("\"never closed", &["never closed"]),
            ("a\0b", &["a", "b"]),
            ("x AND NOT y*", &["x", "AND", "NOT", "y*"]),
            ("col:(v) ^a -b {c}", &["col:(v)", "^a", "-b", "{c}"]),
        ];
        for (query, expected) in cases {
            assert_eq!(phrases(query), *expected, "{query:?}");
        }
    }

    #[test]
    fn a_long_query_counts_up_to_a_whole_character() {
        let long = "ä".repeat(5000);
        assert_eq!(phrases(&long), ["ä".repeat(MAX_BYTES / 2)]);
    }

    #[test]
    fn a_device_is_one_more_phrase() {
        let d = Uuid::from_u128(0xabc);
        assert_eq!(
            expression("a \"b c\"", Some(d)).unwrap(),
            "{text} : (\"a\" \"b c\") AND {device_id} : \"00000000000000000000000000000abc\""
        );
        assert_eq!(expression(" ", Some(d)), None);
    }
}
