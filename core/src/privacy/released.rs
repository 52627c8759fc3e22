//! What passed the filter, and for whom. Private fields, no `Deserialize`, no `From`, no `map`.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::permit::Permit;
use crate::bus::{Class, Record};
use crate::error::{Error, Result};

mod sealed {
    pub trait Sealed {}
}

/// Who may have it.
pub trait Destination: sealed::Sealed {
    /// Whether a topic of this class is for them.
    fn may_read(class: Class) -> bool;
}

macro_rules! destination {
    ($(#[$doc:meta])* $name:ident, $($class:pat_param)|+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl sealed::Sealed for $name {}
        impl Destination for $name {
            fn may_read(class: Class) -> bool { matches!(class, $($class)|+) }
        }
    };
}
destination!(
    /// The person whose devices these are.
    Owner, Class::Released | Class::Shared);
destination!(
    /// Kafka and peers.
    Sync, Class::Shared);
destination!(
    /// Files that are handed on.
    Export, Class::Shared);
destination!(
    /// Webhooks, plugins, MCP.
    Plugin, Class::Shared);

/// A `T` that the privacy filter let through for `D`.
#[derive(Debug)]
pub struct Released<D: Destination, T> {
    value: T,
    destination: PhantomData<D>,
}

impl<D: Destination, T> Released<D, T> {
    pub(in crate::privacy) fn new(value: T) -> Self {
        Self { value, destination: PhantomData }
    }
    pub fn get(&self) -> &T {
        &self.value
    }
    pub fn into_inner(self) -> T {
        self.value
    }
}

#[cfg(test)]
impl<D: Destination, T> Released<D, T> {
    /// As if the filter had let it through: for tests of what reads behind the wall.
    pub(crate) fn unfiltered(value: T) -> Self {
        Self::new(value)
    }
}

impl<D: Destination, T: Serialize> Released<D, T> {
    /// The payload and the right to append it behind the wall.
    pub(crate) fn seal(&self) -> Result<(Vec<u8>, Permit)> {
        let bytes = serde_json::to_vec(&self.value).map_err(|e| Error::bug("a released value does not serialise").because(e))?;
        Ok((bytes, Permit::grant()))
    }
}

/// The only way from a record's bytes to something released: its class is the log's own word.
pub fn open<D: Destination, T: DeserializeOwned>(record: &Record) -> Result<Released<D, T>> {
    if !D::may_read(record.class()) {
        return Err(Error::invalid(format!("{} holds {} records, which are not for this reader", record.topic(), record.class().as_str())));
    }
    record.payload::<serde_json::Value>().and_then(|v| {
        serde_json::from_value(v).map(Released::new).map_err(|e| Error::skip("the record is not what its topic holds").because(e))
    })
}
