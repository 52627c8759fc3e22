//! Which records are shown: words that all must be there, or comparisons such as `data.language == "en"`.

use loom_schemas::api::Envelope;
use serde_json::Value;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter(Vec<Term>);

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Word(String),
    Compare(Vec<String>, Op, Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Is,
    IsNot,
    Over,
    Under,
    AtLeast,
    AtMost,
}

const OPS: [(&str, Op); 6] =
    [("==", Op::Is), ("!=", Op::IsNot), (">=", Op::AtLeast), ("<=", Op::AtMost), (">", Op::Over), ("<", Op::Under)];

impl Filter {
    /// Comparisons are joined by `&&`; what is none is taken as words.
    pub fn parse(text: &str) -> Self {
        let part = |part: &str| -> Vec<Term> {
            compare(part).map_or_else(|| part.split_whitespace().map(|w| Term::Word(w.to_lowercase())).collect(), |c| vec![c])
        };
        Self(text.split("&&").flat_map(part).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn finds(&self, record: &Envelope) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let whole = serde_json::to_value(record).unwrap_or_default();
        let text = whole.to_string().to_lowercase();
        self.0.iter().all(|term| match term {
            Term::Word(word) => text.contains(word),
            Term::Compare(path, op, wanted) => holds(at(&whole, path), *op, wanted),
        })
    }
}

fn compare(part: &str) -> Option<Term> {
    let (path, op, value) = OPS.iter().find_map(|(sign, op)| part.split_once(sign).map(|(path, value)| (path, *op, value)))?;
    let path: Vec<String> = path.trim().split(['.', '[']).map(|p| p.trim_end_matches(']').to_string()).collect();
    let named = path.iter().all(|p| !p.is_empty() && p.chars().all(|c| c.is_alphanumeric() || c == '_'));
    let value = value.trim();
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.trim_matches('\'').into()));
    named.then_some(Term::Compare(path, op, value))
}

fn at<'a>(whole: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(whole, |value, key| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    })
}

fn holds(found: Option<&Value>, op: Op, wanted: &Value) -> bool {
    let Some(found) = found else { return op == Op::IsNot };
    let order = match (found, wanted) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().zip(b.as_f64()).and_then(|(a, b)| a.partial_cmp(&b)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (a, b) => (a == b).then_some(std::cmp::Ordering::Equal),
    };
    match op {
        Op::Is => order.is_some_and(|o| o.is_eq()),
        Op::IsNot => !order.is_some_and(|o| o.is_eq()),
        Op::Over => order.is_some_and(|o| o.is_gt()),
        Op::Under => order.is_some_and(|o| o.is_lt()),
        Op::AtLeast => order.is_some_and(|o| o.is_ge()),
        Op::AtMost => order.is_some_and(|o| o.is_le()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::record;
    use super::*;
    use serde_json::json;

    #[test]
    fn words_must_all_be_there_and_comparisons_hold() {
        let r = record(7, json!({"text": "The average man", "language": "en", "words": [{"confidence": 0.9}], "n": 3}));
        let finds = |text: &str| Filter::parse(text).finds(&r);
        for yes in [
            "",
            "average MAN",
            r#"data.language == "en""#,
            "data.language==en",
            "data.n >= 3",
            "data.n<4",
            "offset == 7",
            "data.words[0].confidence > 0.5",
            "data.nowhere != 1",
            "data.n > 2 && average",
            "producer == 'http-api'",
        ] {
            assert!(finds(yes), "{yes}");
        }
        for no in ["average woman", r#"data.language == "de""#, "data.n > 3", "data.nowhere == 1", "data.n > 2 && woman", "data.text < 5"] {
            assert!(!finds(no), "{no}");
        }
    }
}
