//! Dead letters given back: the originals on their topic once more. What is made of them has the ids it would have had, so
//! that whoever took them the first time makes nothing new; and one that keeps failing is not given back for ever.

use serde_json::Value;
use uuid::Uuid;

use crate::bus::{Again, Bus, Headers, NewRecord, Record, TopicName};
use crate::env::Time;
use crate::error::{Error, Result};
use crate::pipeline::derived_id;

/// How often a record is given back, unless forced.
pub const MOST_TIMES: u32 = 3;
const PAGE: usize = 500;
const PAGE_BYTES: usize = 8 << 20;
const PRODUCER: &str = "dlq-redrive";

/// Which letters; what is not said is not asked.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub offsets: Option<Vec<u64>>,
    pub group: Option<String>,
    /// `skip`, `invalid`, `bug` …
    pub error_kind: Option<String>,
    /// Set aside at or after.
    pub from: Option<Time>,
    /// Set aside before.
    pub to: Option<Time>,
}

/// What became of a letter.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Its original is on its topic again.
    GivenBack,
    /// It was given back before.
    Repeat,
    /// It would be given back: this was a rehearsal.
    Would,
    /// Erased, or without its original.
    Lost,
    /// It was given back so often already.
    TooOften,
}

#[derive(Clone, Debug)]
pub struct Item {
    pub partition: u32,
    pub offset: u64,
    pub message_id: Uuid,
    /// How often its original was given back, this time included.
    pub times: u32,
    pub fate: Fate,
}

/// Goes through a topic's letters; `told` hears of each that was chosen, in order.
pub fn redrive(bus: &dyn Bus, dlq: &TopicName, which: &Selection, dry_run: bool, force: bool, mut told: impl FnMut(Item)) -> Result<()> {
    let bounds = bus.topic(dlq)?.map(|t| t.bounds).unwrap_or_default();
    for (partition, (low, end)) in (0..).zip(bounds) {
        let mut at = low;
        while at < end {
            let read = bus.read(dlq, partition, at, PAGE, PAGE_BYTES)?;
            let Some(last) = read.last() else { break };
            at = last.offset() + 1;
            page(bus, read.iter().filter(|r| r.offset() < end), which, dry_run, force, &mut told)?;
        }
    }
    Ok(())
}

fn page<'a>(
    bus: &dyn Bus,
    letters: impl Iterator<Item = &'a Record>,
    which: &Selection,
    dry_run: bool,
    force: bool,
    told: &mut impl FnMut(Item),
) -> Result<()> {
    let (mut items, mut originals) = (Vec::new(), Vec::new());
    for letter in letters {
        let body = letter.payload::<Value>().ok();
        if !which.chooses(letter, body.as_ref()) {
            continue;
        }
        let times = letter.headers().again.map_or(0, |a| a.times) + 1;
        let mut item =
            Item { partition: letter.partition(), offset: letter.offset(), message_id: letter.message_id(), times, fate: Fate::Lost };
        if let Some(new) = body.and_then(|b| original(letter, &b, times).ok()) {
            item.fate = if times > MOST_TIMES && !force { Fate::TooOften } else { Fate::Would };
            if item.fate == Fate::Would && !dry_run {
                originals.push(new);
                item.fate = Fate::GivenBack;
            }
        }
        items.push(item);
    }
    let landed = if originals.is_empty() { Vec::new() } else { bus.append(originals)? };
    let mut landed = landed.into_iter();
    for mut item in items {
        if item.fate == Fate::GivenBack && landed.next().is_some_and(|at| at.repeat) {
            item.fate = Fate::Repeat;
        }
        told(item);
    }
    Ok(())
}

impl Selection {
    fn chooses(&self, letter: &Record, body: Option<&Value>) -> bool {
        let says = |field: &str, wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|w| body.and_then(|b| b[field].as_str()).is_some_and(|is| is == w))
        };
        self.offsets.as_ref().is_none_or(|o| o.contains(&letter.offset()))
            && self.from.is_none_or(|t| letter.received_at() >= t)
            && self.to.is_none_or(|t| letter.received_at() < t)
            && says("group", &self.group)
            && says("error_kind", &self.error_kind)
    }
}

/// The letter's original under an id of its own (its first id is on the topic still), the same each time.
fn original(letter: &Record, body: &Value, times: u32) -> Result<NewRecord> {
    let record = &body["record"];
    let lost = || Error::skip("the letter is without its original");
    let text = |v: &Value| v.as_str().map(str::to_string).ok_or_else(lost);
    if !record["data"].is_object() {
        return Err(lost());
    }
    let topic = letter.topic().stem();
    let recorded_at = Time::parse(&text(&record["recorded_at"])?)?;
    let uuid = |v: &Value| text(v)?.parse::<Uuid>().map_err(|_| lost());
    let of = letter.headers().again.map_or_else(|| uuid(&record["message_id"]), |a| Ok(a.of))?;
    let headers = Headers {
        schema: text(&record["schema"])?,
        trace: letter.headers().trace,
        producer: PRODUCER.into(),
        sources: letter.headers().sources.clone(),
        hops: letter.headers().hops,
        again: Some(Again { of, times }),
        ..Headers::default()
    };
    let id = derived_id(PRODUCER, "1", "", &letter.origin(), &topic, letter.offset());
    let mut new = NewRecord::new(topic, id, uuid(&record["device_id"])?, recorded_at, headers, record["data"].to_string().into_bytes());
    new.partition = letter.partition();
    Ok(new)
}
