//! What a condition is asked about: a record's names and times, and its payload, turned into CEL's values once for all
//! conditions and only when the first one asks.

use std::cell::OnceCell;
use std::collections::HashMap;

use cel::Context;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt};
use cel::common::value::Val;
use serde_json::Value;

use super::work;
use crate::bus::Record;

/// Everything a condition knows, by name.
pub const NAMES: [&str; 12] = [
    "topic",
    "schema",
    "producer",
    "device_id",
    "message_id",
    "trace_id",
    "recorded_at",
    "received_at",
    "partition",
    "offset",
    "hops",
    "data",
];

/// A record with its payload parsed.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub record: &'a Record,
    pub data: &'a Value,
}

impl View<'_> {
    /// One of the texts that conditions know, where it is one.
    pub fn text(&self, name: &str) -> Option<String> {
        let r = self.record;
        Some(match name {
            "topic" => r.topic().to_string(),
            "schema" => r.headers().schema.clone(),
            "producer" => r.headers().producer.clone(),
            "device_id" => r.device_id().to_string(),
            "message_id" => r.message_id().to_string(),
            "trace_id" => hex::encode(r.headers().trace.trace_id),
            "recorded_at" => r.recorded_at().to_string(),
            "received_at" => r.received_at().to_string(),
            _ => return None,
        })
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        match name {
            "partition" => Some(i64::from(self.record.partition())),
            "offset" => Some(self.record.offset() as i64),
            "hops" => Some(i64::from(self.record.headers().hops)),
            _ => None,
        }
    }
}

/// A view in CEL's values, for as many conditions as ask.
pub struct Subject<'s> {
    pub view: View<'s>,
    root: &'s Context<'s, 's>,
    context: OnceCell<Context<'s, 's>>,
}

thread_local! {
    static ROOT: Context<'static, 'static> = work::context();
}

impl<'s> Subject<'s> {
    /// Runs `f` on a record; the standard functions are set up once a thread.
    pub fn with<T>(view: View, f: impl FnOnce(&Subject) -> T) -> T {
        ROOT.with(|root| f(&Subject { view, root, context: OnceCell::new() }))
    }

    pub(super) fn context(&self) -> &Context<'s, 's> {
        self.context.get_or_init(|| {
            let mut context = self.root.new_inner_scope();
            for name in NAMES {
                let value: Box<dyn Val + 's> = match (self.view.text(name), self.view.number(name)) {
                    (Some(text), _) => Box::new(CelString::from(text)),
                    (_, Some(n)) => Box::new(CelInt::from(n)),
                    _ => cel_value(self.view.data),
                };
                context.add_variable_as_val(name, value);
            }
            context
        })
    }
}

/// JSON in CEL's values, texts borrowed. Whole numbers are ints, beyond 63 bits uints.
fn cel_value<'a>(value: &'a Value) -> Box<dyn Val + 'a> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(b) => Box::new(CelBool::from(*b)),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Box::new(CelInt::from(i)),
            (_, Some(u)) => Box::new(CelUInt::from(u)),
            _ => Box::new(CelDouble::from(n.as_f64().unwrap_or(f64::NAN))),
        },
        Value::String(s) => Box::new(CelString::from(s.as_str())),
        Value::Array(items) => Box::new(CelList::from(items.iter().map(cel_value).collect::<Vec<_>>())),
        Value::Object(fields) => {
            let entries = fields.iter().map(|(k, v)| (CelMapKey::from(k.as_str()), cel_value(v)));
            Box::new(CelMap::from(entries.collect::<HashMap<_, _>>()))
        }
    }
}
