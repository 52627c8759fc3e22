//! Headers as bytes, about forty instead of JSON's three hundred: what many records share is named by number.
//!
//! Layout, fixed for ever (numbers are LEB128): 1, flags (1: timed by arrival, 2: a trace follows), schema,
//! producer, trace (16 + 8 bytes), count of sources, each topic, partition, first, last − first; count of
//! links, each a length and bytes; with flag 4 the hops; with flag 8 the 16 bytes and the number of `again`. A word is its number, or 0, a length and its bytes.

use uuid::Uuid;

use super::super::record::{Again, Headers, SourceRange, Trace};
use super::super::topic::TopicName;
use crate::error::{Error, Result};

const VERSION: u8 = 1;
const BY_ARRIVAL: u8 = 1;
const TRACED: u8 = 2;
const HOPPED: u8 = 4;
const AGAIN: u8 = 8;

/// The words headers name, in the order [`encode`] takes their numbers.
pub(super) fn words(h: &Headers) -> impl Iterator<Item = &str> {
    [h.schema.as_str(), h.producer.as_str()].into_iter().chain(h.sources.iter().map(|s| s.topic.as_str()))
}

/// Bytes of headers whose words have these numbers.
pub(super) fn encode(h: &Headers, numbers: &[i64]) -> Vec<u8> {
    let mut out = Vec::with_capacity(48 + 16 * h.sources.len());
    let traced = h.trace != Trace::default();
    out.push(VERSION);
    let flag = |set, bit| if set { bit } else { 0 };
    out.push(flag(h.timed_by_arrival, BY_ARRIVAL) | flag(traced, TRACED) | flag(h.hops > 0, HOPPED) | flag(h.again.is_some(), AGAIN));
    let mut numbers = numbers.iter();
    let mut word = |out: &mut Vec<u8>, text: &str| {
        let n = numbers.next().copied().unwrap_or(0);
        number(out, n as u64);
        if n == 0 {
            bytes(out, text.as_bytes());
        }
    };
    word(&mut out, &h.schema);
    word(&mut out, &h.producer);
    if traced {
        out.extend(h.trace.trace_id);
        out.extend(h.trace.span_id);
    }
    number(&mut out, h.sources.len() as u64);
    for s in &h.sources {
        word(&mut out, s.topic.as_str());
        number(&mut out, u64::from(s.partition));
        number(&mut out, s.first);
        number(&mut out, s.last.saturating_sub(s.first));
    }
    number(&mut out, h.links.len() as u64);
    for l in &h.links {
        bytes(&mut out, l.as_bytes());
    }
    if h.hops > 0 {
        number(&mut out, u64::from(h.hops));
    }
    if let Some(again) = h.again {
        out.extend(again.of.as_bytes());
        number(&mut out, u64::from(again.times));
    }
    out
}

/// Headers from their bytes; `text` gives the word of a number.
pub(super) fn decode(from: &[u8], text: impl Fn(i64) -> Result<String>) -> Result<Headers> {
    let mut r = Reader { left: from };
    if r.take(1)? != [VERSION] {
        return Err(Error::stop("loom.db was written by a newer Loom: update Loom"));
    }
    let flags = r.take(1)?[0];
    let word = |r: &mut Reader| match r.number()? {
        0 => r.text(),
        n => text(n as i64),
    };
    let (schema, producer) = (word(&mut r)?, word(&mut r)?);
    let mut trace = Trace::default();
    if flags & TRACED != 0 {
        trace.trace_id.copy_from_slice(r.take(16)?);
        trace.span_id.copy_from_slice(r.take(8)?);
    }
    let source = |r: &mut Reader| {
        let topic = TopicName::parse(&word(r)?)?;
        let (partition, first, more) = (r.number()? as u32, r.number()?, r.number()?);
        Ok(SourceRange { topic, partition, first, last: first + more })
    };
    let sources = (0..r.number()?).map(|_| source(&mut r)).collect::<Result<_>>()?;
    let links = (0..r.number()?).map(|_| r.text()).collect::<Result<_>>()?;
    let hops = if flags & HOPPED != 0 { r.number()? as u32 } else { 0 };
    let again = if flags & AGAIN != 0 { Some(Again { of: id(r.take(16)?)?, times: r.number()? as u32 }) } else { None };
    Ok(Headers { schema, trace, producer, sources, links, timed_by_arrival: flags & BY_ARRIVAL != 0, hops, again })
}

/// The trace in the bytes of headers, without the words.
pub(super) fn trace(from: &[u8]) -> Result<[u8; 16]> {
    let mut r = Reader { left: from };
    let flags = r.take(2)?[1];
    for _ in ["schema", "producer"] {
        if r.number()? == 0 {
            r.text()?;
        }
    }
    let mut trace = [0; 16];
    if flags & TRACED != 0 {
        trace.copy_from_slice(r.take(16)?);
    }
    Ok(trace)
}

fn number(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn bytes(out: &mut Vec<u8>, b: &[u8]) {
    number(out, b.len() as u64);
    out.extend(b);
}

struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(n).ok_or_else(broken)?;
        self.left = left;
        Ok(taken)
    }
    fn number(&mut self) -> Result<u64> {
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let b = self.take(1)?[0];
            n |= u64::from(b & 0x7f) << shift;
            if b < 0x80 {
                return Ok(n);
            }
        }
        Err(broken())
    }
    fn text(&mut self) -> Result<String> {
        let n = self.number()? as usize;
        String::from_utf8(self.take(n)?.to_vec()).map_err(|e| broken().because(e))
    }
}

fn broken() -> Error {
    Error::bug("a record's headers cannot be read")
}

/// Sixteen bytes of a column as an id.
pub(super) fn id(bytes: &[u8]) -> Result<Uuid> {
    Uuid::from_slice(bytes).map_err(|e| Error::bug("a record's id cannot be read").because(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Headers {
        let topic = TopicName::of("device.audio.raw");
        let source = |first, last| SourceRange { topic: topic.clone(), partition: 3, first, last };
        Headers {
            schema: "media.text.enriched.v1".into(),
            trace: Trace { trace_id: [9; 16], span_id: [7; 8] },
            producer: "context-enrichment-consumer".into(),
            sources: vec![source(0, 0), source(1 << 39, (1 << 40) - 1)],
            links: vec!["ab".repeat(16), String::new()],
            timed_by_arrival: true,
            hops: 300,
            again: Some(Again { of: Uuid::from_u128(77), times: 3 }),
        }
    }

    #[test]
    fn headers_come_back_as_they_were() {
        for h in [full(), Headers::default()] {
            let words: Vec<String> = words(&h).map(str::to_owned).collect();
            for known in [0, 1, words.len()] {
                let numbers: Vec<i64> = (0..words.len()).map(|i| if i < known { 1000 + i as i64 } else { 0 }).collect();
                let bytes = encode(&h, &numbers);
                assert_eq!(decode(&bytes, |n| Ok(words[n as usize - 1000].clone())).unwrap(), h);
                assert_eq!(trace(&bytes).unwrap(), h.trace.trace_id);
            }
        }
    }

    #[test]
    fn they_are_small() {
        assert!(encode(&Headers { links: vec![], again: None, ..full() }, &[1, 2, 3, 3]).len() < 60);
    }

    #[test]
    fn cut_bytes_are_an_error_and_no_panic() {
        let bytes = encode(&full(), &[0; 4]);
        for n in 0..bytes.len() {
            assert!(decode(&bytes[..n], |_| Ok(String::new())).is_err(), "{n} bytes");
        }
    }
}
