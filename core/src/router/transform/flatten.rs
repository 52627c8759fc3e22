//! Objects inside an object become fields beside.

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Arrays stay as they are. `Skip` where two fields would get one name.
pub fn flatten(value: &mut Value, separator: &str) -> Result<()> {
    let Value::Object(fields) = value else { return Err(Error::skip("what is flattened is no object")) };
    let mut flat = Map::new();
    inside(std::mem::take(fields), "", separator, &mut flat)?;
    *fields = flat;
    Ok(())
}

fn inside(fields: Map<String, Value>, before: &str, separator: &str, flat: &mut Map<String, Value>) -> Result<()> {
    for (name, value) in fields {
        let name = if before.is_empty() { name } else { format!("{before}{separator}{name}") };
        match value {
            Value::Object(inner) if !inner.is_empty() => inside(inner, &name, separator, flat)?,
            value => {
                if flat.insert(name, value).is_some() {
                    return Err(Error::skip("flattened, two fields have one name: choose another separator"));
                }
            }
        }
    }
    Ok(())
}
