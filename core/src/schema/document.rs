//! A schema's text becomes a document: JSON of bounded size, depth and length, in which every key stands once.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What a schema's text may weigh.
pub const MOST_BYTES: usize = 512 << 10;
/// How deep it may nest.
pub const MOST_DEPTH: usize = 64;
/// Values in it, at most.
pub const MOST_VALUES: usize = 50_000;

/// What is wrong with a schema: a sentence for its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw(pub String);

impl Flaw {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads JSON strictly.
///
/// Errors: what is wrong, and where: a line and column, or the path of a key that stands twice.
pub fn parse(text: &str) -> Result<Value, Flaw> {
    if text.len() > MOST_BYTES {
        return Err(Flaw::new(format!("it is larger than {MOST_BYTES} bytes: split it and name the parts as references")));
    }
    strictly(text)
}

/// The same for JSON that is not itself a schema, whatever it weighs.
pub fn strictly(text: &str) -> Result<Value, Flaw> {
    let (values, path) = (Cell::new(0), RefCell::new(Vec::new()));
    let mut input = serde_json::Deserializer::from_str(text);
    let strict = Strict { values: &values, path: &path };
    let value = strict.deserialize(&mut input).map_err(|e| Flaw::new(e.to_string()))?;
    input.end().map_err(|e| Flaw::new(e.to_string()))?;
    Ok(value)
}

/// The text without the space between its tokens, its keys in their order. `text` is valid JSON.
pub fn compact(text: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        if inside {
            out.push(c);
            inside = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else if !c.is_ascii_whitespace() {
            out.push(c);
            inside = c == '"';
        }
    }
    out
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    values: &'a Cell<usize>,
    path: &'a RefCell<Vec<String>>,
}

impl Strict<'_> {
    fn bounded<E: serde::de::Error>(&self) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MOST_VALUES {
            return Err(E::custom(format!("it holds more than {MOST_VALUES} values")));
        }
        if self.path.borrow().len() > MOST_DEPTH {
            return Err(E::custom(format!("it nests deeper than {MOST_DEPTH} levels")));
        }
        Ok(())
    }

    fn below<T>(&self, key: String, read: impl FnOnce(Self) -> T) -> T {
        self.path.borrow_mut().push(key);
        let done = read(*self);
        self.path.borrow_mut().pop();
        done
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        self.bounded()?;
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Value, E> {
        Number::from_f64(v).map(Value::Number).ok_or_else(|| E::custom("a number is beyond what a double can hold"))
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = self.below(items.len().to_string(), |s| seq.next_element_seed(s))? {
            items.push(item);
        }
        Ok(items.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if fields.contains_key(&key) {
                let path = self.path.borrow().join("/");
                return Err(A::Error::custom(format!("the key {key:?} stands twice under /{path}")));
            }
            let value = self.below(key.clone(), |s| map.next_value_seed(s))?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_read_strictly() {
        assert_eq!(parse(r#" {"a": [1, -2, 2.5, null, true, "x"]} "#).unwrap(), json!({"a": [1, -2, 2.5, null, true, "x"]}));
        for (text, says) in [
            (r#"{"a": {"b": 1, "b": 2}}"#, "stands twice under /a"),
            ("{", "EOF"),
            ("1e999", "number out of range"),
            ("[1] 2", "trailing"),
            (r#""\ud800""#, "escape"),
        ] {
            let flaw = parse(text).unwrap_err();
            assert!(flaw.0.contains(says), "{text}: {flaw}");
        }
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(parse(&deep).unwrap_err().0.contains("deeper than 64"));
        let wide = format!("[{}1]", "1,".repeat(MOST_VALUES));
        assert!(parse(&wide).unwrap_err().0.contains("more than"));
        assert!(parse(&" ".repeat(MOST_BYTES + 1)).unwrap_err().0.contains("larger"));
    }

    #[test]
    fn compacting_leaves_strings_and_order_alone() {
        assert_eq!(compact("{ \"b\" : \" a \\\" \\\\\" ,\n \"a\":[ 1 , 2 ] }"), r#"{"b":" a \" \\","a":[1,2]}"#);
    }
}
