//! One replay at work: read a page, copy it, note how far, rest.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::plan::Plan;
use super::{Into, Progress, Shared, State, kept};
use crate::bus::{Headers, NewRecord, Record, TopicName, Trace, catalogued};
use crate::error::{Error, Kind, Result};
use crate::pipeline::derived_id;
use crate::router::set;
use crate::rules::MOST_HOPS;
use crate::schema::Registry;

const PAGE_RECORDS: usize = 500;
const PAGE_BYTES: usize = 4 << 20;
/// Records between two rests at most; a fraction of what goes in a second, so that a rest is short.
const STEPS_A_SECOND: u32 = 10;
/// Records that a rehearsal looks at.
const MOST_REHEARSED: u64 = 100_000;
const PRODUCER: &str = "event-router-replay";
/// After what may work later.
const PATIENCE: Duration = Duration::from_secs(2);

/// Until the end, a cancellation or the end of the process; how it went is in `loom.db`.
pub fn run(shared: &Shared, id: &str, plan: &Plan, mut progress: Progress, cancelled: &AtomicBool) {
    let asked = || cancelled.load(Ordering::Acquire);
    loop {
        if asked() || *shared.stop.lock().unwrap_or_else(PoisonError::into_inner) {
            return;
        }
        let began = shared.clock.monotonic_ns();
        let stepped = step(shared, id, plan, &mut progress);
        let state = match &stepped {
            Ok(Some(_)) => State::Running,
            Ok(None) => State::Done,
            Err(e) if e.kind == Kind::Retry => State::Running,
            Err(e) => {
                progress.reason = Some(e.message().into());
                State::Failed
            }
        };
        let noted = kept::set(&shared.db, id, state, &progress, shared.clock.now());
        if let Err(e) = stepped.as_ref().map(|_| ()).and(noted.as_ref().copied()) {
            tracing::warn!(replay = id, kind = e.kind.as_str(), "a replay is held up: {e}");
        }
        if state != State::Running && noted.is_ok() {
            return;
        }
        let due = match stepped {
            Ok(Some(copied)) if noted.is_ok() => Duration::from_secs_f64(copied as f64 / f64::from(plan.rate)),
            _ => PATIENCE,
        };
        rest(shared, due.saturating_sub(Duration::from_nanos(shared.clock.monotonic_ns().saturating_sub(began))), asked);
    }
}

/// One page; how many were copied, `None` at the end.
fn step(shared: &Shared, id: &str, plan: &Plan, progress: &mut Progress) -> Result<Option<usize>> {
    let Some((partition, from, end)) = place(plan, progress) else { return Ok(None) };
    let most = (plan.rate.div_ceil(STEPS_A_SECOND) as usize).clamp(1, PAGE_RECORDS).min((end - from) as usize);
    let Into::Topic(into) = &plan.into else { return Ok(None) };
    let page = shared.bus.read(&plan.topic, partition, from, most, PAGE_BYTES)?;
    let next = page.last().map_or(end, |r| r.offset() + 1).min(end);
    let partitions = shared.bus.topic(into)?.map_or(1, |t| t.bounds.len() as u32);
    let mut copies = Vec::new();
    let mut after = progress.clone();
    for r in wanted(plan, &page, end) {
        after.looked_at += 1;
        match copy(&shared.registry, r, into, id, partitions) {
            Ok(new) => copies.push(new),
            Err(e) => leave_out(&mut after, &e),
        }
    }
    let made = copies.len();
    let landed = if copies.is_empty() { Vec::new() } else { shared.bus.append(copies)? };
    after.repeats += landed.iter().filter(|a| a.repeat).count() as u64;
    after.copied += landed.iter().filter(|a| !a.repeat).count() as u64;
    after.next[partition as usize] = next;
    *progress = after;
    Ok(Some(made))
}

/// What a replay would do, at most so many records of it.
pub fn rehearse(shared: &Shared, plan: &Plan) -> Result<Progress> {
    let mut progress = Progress { next: plan.range.iter().map(|r| r.0).collect(), ..Progress::default() };
    while let Some((partition, from, end)) = place(plan, &progress) {
        if progress.looked_at >= MOST_REHEARSED {
            progress.reason.get_or_insert(format!("only the first {MOST_REHEARSED} records were looked at"));
            break;
        }
        let page = shared.bus.read(&plan.topic, partition, from, PAGE_RECORDS, PAGE_BYTES)?;
        for r in wanted(plan, &page, end) {
            progress.looked_at += 1;
            match &plan.into {
                Into::Group(_) => progress.copied += 1,
                Into::Topic(into) => match copy(&shared.registry, r, into, "", u32::MAX) {
                    Ok(_) => progress.copied += 1,
                    Err(e) => leave_out(&mut progress, &e),
                },
            }
        }
        progress.next[partition as usize] = page.last().map_or(end, |r| r.offset() + 1).min(end);
    }
    Ok(progress)
}

fn leave_out(progress: &mut Progress, e: &Error) {
    progress.left_out += 1;
    progress.reason.get_or_insert_with(|| e.message().to_string());
}

/// Partition, next offset and end of what is left.
fn place(plan: &Plan, progress: &Progress) -> Option<(u32, u64, u64)> {
    let parts = (0..).zip(progress.next.iter().zip(&plan.range));
    parts.map(|(p, (next, (_, end)))| (p, *next, *end)).find(|(_, next, end)| next < end)
}

fn wanted<'a>(plan: &'a Plan, page: &'a [Record], end: u64) -> impl Iterator<Item = &'a Record> {
    page.iter().filter(move |r| r.offset() < end && plan.device_id.is_none_or(|d| d == r.device_id()))
}

/// The record under an id of this replay; the trace stays. `Skip` for what the topic does not take.
fn copy(registry: &Registry, r: &Record, into: &TopicName, run: &str, partitions: u32) -> Result<NewRecord> {
    let value = r.value().ok_or_else(|| Error::skip("erased"))?;
    if r.headers().hops >= MOST_HOPS {
        return Err(Error::skip(format!("it has come through {MOST_HOPS} stages: something feeds itself")));
    }
    let mut schema = r.headers().schema.clone();
    if into != r.topic() {
        let data: Value = r.payload()?;
        set::fits(registry, into, &data)?;
        schema = catalogued(into).schema;
    }
    let id = derived_id(PRODUCER, "1", run, &r.origin(), into, 0);
    let mut span_id = [0; 8];
    span_id.copy_from_slice(&id.as_bytes()[8..]);
    let headers = Headers {
        schema,
        trace: Trace { span_id, ..r.headers().trace },
        producer: PRODUCER.into(),
        sources: vec![r.range()],
        timed_by_arrival: r.headers().timed_by_arrival,
        hops: r.headers().hops + 1,
        ..Headers::default()
    };
    let mut new = NewRecord::new(into.clone(), id, r.device_id(), r.recorded_at(), headers, value.to_vec());
    new.partition = r.partition().min(partitions.saturating_sub(1));
    Ok(new)
}

/// Sleeps, unless the process ends or the replay is cancelled.
fn rest(shared: &Shared, time: Duration, asked: impl Fn() -> bool) {
    let stop = shared.stop.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = shared.wake.wait_timeout_while(stop, time, |stop| !*stop && !asked());
}
