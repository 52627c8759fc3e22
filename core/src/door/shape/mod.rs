//! From the shapes that senders have to the one shape of each topic: fields by their other names, units, nested figures.

pub mod cloud_events;
mod events;
mod external;
mod fields;
mod media;
pub mod overland;
pub mod own_tracks;
mod sensors;
pub mod unified;

pub use media::{bytes_field, decoded};

use serde_json::{Map, Value};

use super::lift::Lifted;
use super::paths::Entry;
use super::{Offer, Offers, Wrong};
use crate::bus::TopicName;

/// Other names of a topic's fields: (what was sent, what it is called).
type Renames = &'static [(&'static str, &'static str)];

/// Records in one batch, at most.
const MOST: usize = 10_000;

/// Gives a payload its topic's shape. What is there under the right name already stays.
fn fit(topic: &str, data: &mut Map<String, Value>) {
    for (from, to) in renames(topic) {
        if !data.contains_key(*to)
            && let Some(value) = data.remove(*from)
        {
            data.insert((*to).into(), value);
        }
    }
    sensors::fit(topic, data);
    events::fit(topic, data);
    media::fit(topic, data);
    external::fit(topic, data);
}

fn renames(topic: &str) -> Renames {
    let of = [sensors::renames, events::renames, media::renames, external::renames];
    of.into_iter().map(|f| f(topic)).find(|r| !r.is_empty()).unwrap_or_default()
}

/// What a body at one of Loom v2's paths offers. A body that is an array is a batch.
///
/// Errors: what is wrong with the body as a whole.
pub fn offers(entry: Entry, body: Value) -> Result<Offers, Vec<Wrong>> {
    if let Value::Array(items) = &body
        && (items.is_empty() || items.len() > MOST)
    {
        return Err(vec![Wrong::new("", "maxItems", format!("1 to {MOST} records: send more in parts"))]);
    }
    match (entry, body) {
        (Entry::One(topic), Value::Array(items)) => Ok(each(items, |item| one(topic, item))),
        (Entry::One(topic), body) => Ok(vec![one(topic, body)]),
        (Entry::Many { topic, field, most }, body) => many(topic, field, most, body),
        (Entry::Sensors, body) => sensors::offers(body),
        (Entry::Unified, Value::Array(items)) => Ok(each(items, unified::offer)),
        (Entry::Unified, body) => Ok(vec![unified::offer(body)]),
    }
}

/// Each item's own complaints begin with its place in the batch.
fn each(items: Vec<Value>, offer: impl Fn(Value) -> Result<Offer, Vec<Wrong>>) -> Offers {
    let numbered = |(i, item)| match offer(item) {
        Ok(offer) => Ok(Offer { at: format!("/{i}{}", offer.at), ..offer }),
        Err(wrong) => Err(wrong.into_iter().map(|w| Wrong { pointer: format!("/{i}{}", w.pointer), ..w }).collect()),
    };
    items.into_iter().enumerate().map(numbered).collect()
}

fn one(topic: &'static str, body: Value) -> Result<Offer, Vec<Wrong>> {
    Lifted::of(body).map(|lifted| of_lifted(topic, lifted))
}

fn of_lifted(topic: &'static str, lifted: Lifted) -> Offer {
    let mut data = lifted.data;
    fit(topic, &mut data);
    Offer {
        topic: TopicName::of(topic),
        device: lifted.device,
        recorded_at: lifted.recorded_at,
        message_id: lifted.message_id,
        trace_id: lifted.trace_id,
        schema: None,
        data,
        bytes: None,
        stream: lifted.stream,
        at: lifted.at.into(),
    }
}

/// The items of a list; device and time of the whole are those of each that names none.
fn many(topic: &'static str, field: &str, most: usize, body: Value) -> Result<Offers, Vec<Wrong>> {
    let (items, outer) = match body {
        Value::Array(items) => (items, Lifted::default()),
        Value::Object(mut body) => match body.remove(field) {
            Some(Value::Array(items)) => (items, Lifted::of(Value::Object(body))?),
            _ => return Err(vec![Wrong::new(format!("/{field}"), "required", "a list of records")]),
        },
        _ => return Err(vec![Wrong::new("", "type", "a list of records")]),
    };
    if items.is_empty() || items.len() > most {
        return Err(vec![Wrong::new(format!("/{field}"), "maxItems", format!("1 to {most} records: send more in parts"))]);
    }
    let mut offers = each(items, |item| one(topic, item));
    for offer in offers.iter_mut().flatten() {
        offer.device = offer.device.take().or_else(|| outer.device.clone());
        offer.recorded_at = offer.recorded_at.or(outer.recorded_at);
    }
    Ok(offers)
}
