//! JSON as it may come from outside: no key twice in one object (readers would differ on which counts), and nested only so
//! deep. Numbers that no 64-bit float holds and texts that are no UTF-8 are no JSON to begin with.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::error::{Error, Result};

/// Objects and arrays inside one another, at most.
pub const DEEPEST: usize = 64;
/// Characters of a key that a complaint shows.
const SHOWN: usize = 60;

/// Parses a body.
///
/// Errors: `Invalid`, one sentence that says what is wrong and where, and quotes no value.
pub fn parse(bytes: &[u8]) -> Result<Value> {
    let wrong = |e: serde_json::Error| Error::invalid(format!("the body is no JSON that can be taken: {e}"));
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value = Level(0).deserialize(&mut from).map_err(wrong)?;
    from.end().map_err(wrong)?;
    Ok(value)
}

/// How deep it is.
#[derive(Clone, Copy)]
struct Level(usize);

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl Level {
    fn deeper<E: serde::de::Error>(self) -> std::result::Result<Self, E> {
        if self.0 < DEEPEST { Ok(Self(self.0 + 1)) } else { Err(E::custom(format!("it is nested deeper than {DEEPEST} levels"))) }
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, b: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(b))
    }
    fn visit_u64<E>(self, n: u64) -> std::result::Result<Value, E> {
        Ok(Value::Number(n.into()))
    }
    fn visit_i64<E>(self, n: i64) -> std::result::Result<Value, E> {
        Ok(Value::Number(n.into()))
    }
    fn visit_f64<E>(self, n: f64) -> std::result::Result<Value, E> {
        Ok(Number::from_f64(n).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, text: &str) -> std::result::Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> std::result::Result<Value, E> {
        Ok(Value::String(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> std::result::Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut all = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            match all.entry(key) {
                Entry::Vacant(place) => _ = place.insert(fields.next_value_seed(inner)?),
                Entry::Occupied(twice) => {
                    let shown: String = twice.key().chars().filter(|c| !c.is_control()).take(SHOWN).collect();
                    return Err(A::Error::custom(format!("the key {shown} stands twice in one object")));
                }
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json_is_taken_as_it_is() {
        for text in [r#"{"a": [1, -2, 3.5, 1e300, null, true, "ü\n"], "b": {"a": {}}}"#, "[]", "7", r#""x""#, " null "] {
            assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        assert!(parse(deep.as_bytes()).is_ok());
    }

    #[test]
    fn what_two_readers_would_read_differently_is_refused_with_a_sentence() {
        let deep = format!("{}{}", "[".repeat(DEEPEST + 1), "]".repeat(DEEPEST + 1));
        let deeper = "[".repeat(1_000_000);
        for (bad, word) in [
            (r#"{"a": 1, "b": {"c": "secret", "c": 2}}"#.as_bytes(), "the key c stands twice"),
            (deep.as_bytes(), "nested deeper"),
            (deeper.as_bytes(), "nested deeper"),
            (b"[1e999]", "out of range"),
            (b"{\"a\": \"\xff\"}", "unicode"),
            (b"{\"a\": 1} x", "trailing"),
            (b"", "EOF"),
            (b"{\"a\": NaN}", "expected"),
        ] {
            let said = parse(bad).unwrap_err().to_string();
            assert!(said.contains(word) && !said.contains("secret"), "{said}");
        }
    }
}
