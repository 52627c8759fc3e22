//! Fields by JSON pointer (RFC 6901): looking them up, taking them out, putting them in.

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Parts of a pointer at most.
const MOST_PARTS: usize = 16;

/// A checked pointer to a field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// `Invalid` for what is no pointer, or points at everything.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::invalid(format!("a JSON pointer to a field such as /location/latitude, of at most {MOST_PARTS} parts"));
        let parts: Vec<&str> = text.strip_prefix('/').ok_or_else(wrong)?.split('/').collect();
        if parts.len() > MOST_PARTS || text.len() > 512 {
            return Err(wrong());
        }
        Ok(Self(parts.iter().map(|p| p.replace("~1", "/").replace("~0", "~")).collect()))
    }

    pub fn get<'a>(&self, data: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(data, |at, part| match at {
            Value::Object(fields) => fields.get(part),
            Value::Array(items) => part.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => None,
        })
    }

    pub fn get_mut<'a>(&self, data: &'a mut Value) -> Option<&'a mut Value> {
        walk(data, &self.0)
    }

    /// Takes the field out; items of arrays stay where they are, so they cannot be taken.
    pub fn take(&self, data: &mut Value) -> Option<Value> {
        let (last, before) = self.0.split_last()?;
        walk(data, before)?.as_object_mut()?.remove(last)
    }

    /// Puts a value in, making objects on the way. `Skip` where something else is in the way.
    pub fn put(&self, data: &mut Value, value: Value) -> Result<()> {
        let blocked = || Error::skip("a field cannot be written: something that is no object is in its way");
        let (last, before) = self.0.split_last().ok_or_else(blocked)?;
        let mut at = data;
        for part in before {
            let fields = at.as_object_mut().ok_or_else(blocked)?;
            at = fields.entry(part.clone()).or_insert_with(|| Value::Object(Map::new()));
        }
        at.as_object_mut().ok_or_else(blocked)?.insert(last.clone(), value);
        Ok(())
    }
}

fn walk<'a>(data: &'a mut Value, parts: &[String]) -> Option<&'a mut Value> {
    parts.iter().try_fold(data, |at, part| match at {
        Value::Object(fields) => fields.get_mut(part),
        Value::Array(items) => part.parse::<usize>().ok().and_then(|i| items.get_mut(i)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_found_taken_and_put() {
        let mut data = json!({"a": {"b/c": [1, {"d": 2}]}, "n": 1});
        let p = |t: &str| Pointer::parse(t).unwrap();
        assert_eq!(p("/a/b~1c/1/d").get(&data), Some(&json!(2)));
        assert_eq!(p("/a/x").get(&data), None);
        assert_eq!(p("/a/b~1c/1/d").take(&mut data), Some(json!(2)));
        assert_eq!(p("/a/b~1c/0").take(&mut data), None, "an item stays");
        p("/x/y/z").put(&mut data, json!(3)).unwrap();
        assert_eq!(data, json!({"a": {"b/c": [1, {}]}, "n": 1, "x": {"y": {"z": 3}}}));
        assert!(p("/n/y").put(&mut data, json!(3)).is_err());
        for bad in ["", "a", &"/x".repeat(17)] {
            assert!(Pointer::parse(bad).is_err(), "{bad}");
        }
    }
}
