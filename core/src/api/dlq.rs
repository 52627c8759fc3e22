//! Dead letters: what stages could not take, and giving it to them once more.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Routes;
use super::problem::Problem;
use super::query::{Params, Topic};
use super::state::{State, blocking};
use super::topics::existing;
use crate::bus::{Bus, Headers, NewRecord, Record, TopicName};
use crate::env::Time;
use crate::error::{Error, Result};
use crate::pipeline::derived_id;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(redrive))
}

/// A topic with dead letters.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeadTopic {
    /// `<topic>.dlq`
    pub topic: String,
    pub records: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_received_at: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeadTopics {
    pub topics: Vec<DeadTopic>,
}

/// What could not be taken: `data` is the letter with the original record, group, error kind, message, attempts, first and last time.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    pub offset: u64,
    pub message_id: String,
    pub received_at: String,
    #[serde(flatten)]
    pub letter: serde_json::Map<String, Value>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeadLetters {
    pub letters: Vec<DeadLetter>,
    pub next: u64,
    pub end: u64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ShowQuery {
    /// The first offset wanted; the oldest kept unless told.
    from: Option<u64>,
    /// 1 to 1000; 100 unless told.
    limit: Option<usize>,
}

/// Which letters.
#[derive(Default, Serialize, Deserialize, ToSchema)]
pub struct Redrive {
    /// Offsets in the dead-letter topic; all unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offsets: Option<Vec<u64>>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Redriven {
    /// Put on their topic again.
    pub redriven: u64,
    /// They were put there before.
    pub repeats: u64,
    /// Erased since, or without their original.
    pub skipped: u64,
}

/// Topics with dead letters.
#[utoipa::path(get, path = "/api/dlq", tag = "dlq", responses((status = 200, body = DeadTopics)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Result<Json<DeadTopics>, Problem> {
    let topics = blocking(move || state.bus.topics()).await?;
    let dead = topics.iter().filter(|t| t.settings.name.is_dlq() && t.records > 0).map(|t| DeadTopic {
        topic: t.settings.name.to_string(),
        records: t.records,
        last_received_at: t.last_received_at.map(|t| t.to_string()),
    });
    Ok(Json(DeadTopics { topics: dead.collect() }))
}

/// The dead letters of a topic; `topic` with or without `.dlq`.
#[utoipa::path(get, path = "/api/dlq/{topic}", tag = "dlq", params(("topic" = String, Path), ShowQuery),
    responses((status = 200, body = DeadLetters), (status = 404, body = Problem)))]
async fn show(
    Extract(state): Extract<Arc<State>>,
    Topic(topic): Topic,
    Params(q): Params<ShowQuery>,
) -> Result<Json<DeadLetters>, Problem> {
    let topic = topic.dlq();
    let (low, end) = existing(&state, topic.clone()).await?.bounds.first().copied().unwrap_or((0, 0));
    let (from, limit) = (q.from.unwrap_or(low).max(low), q.limit.unwrap_or(100).clamp(1, 1000));
    let read = blocking(move || state.bus.read(&topic, 0, from, limit, PAGE_BYTES)).await?;
    let next = read.last().map_or(from, |r| r.offset() + 1);
    Ok(Json(DeadLetters { letters: read.iter().map(letter).collect(), next, end: end.max(next) }))
}

const PAGE_BYTES: usize = 8 << 20;
const PAGE: usize = 500;

fn letter(r: &Record) -> DeadLetter {
    DeadLetter {
        offset: r.offset(),
        message_id: r.message_id().to_string(),
        received_at: r.received_at().to_string(),
        letter: r.payload().unwrap_or_default(),
    }
}

/// Puts the originals on their topic again, for every group that reads it. Doing it twice puts nothing there twice.
#[utoipa::path(post, path = "/api/dlq/{topic}/redrive", tag = "dlq", params(("topic" = String, Path)), request_body = Redrive,
    responses((status = 200, body = Redriven), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn redrive(Extract(state): Extract<Arc<State>>, Topic(topic): Topic, Json(which): Json<Redrive>) -> Result<Json<Redriven>, Problem> {
    let dead = existing(&state, topic.dlq()).await?;
    if dead.settings.class.is_walled() {
        let say =
            "these records are behind the privacy wall, where only the privacy filter writes: reset the filter's group to make them anew";
        return Err(Problem::new(StatusCode::FORBIDDEN, say));
    }
    let name = topic.dlq();
    blocking(move || {
        let mut done = Redriven { redriven: 0, repeats: 0, skipped: 0 };
        for (partition, (low, end)) in (0..).zip(&dead.bounds) {
            drive(&*state.bus, &name, partition, *low..*end, &which, &mut done)?;
        }
        Ok(Json(done))
    })
    .await
}

fn drive(bus: &dyn Bus, dlq: &TopicName, partition: u32, range: std::ops::Range<u64>, which: &Redrive, done: &mut Redriven) -> Result<()> {
    let mut at = range.start;
    while at < range.end {
        let read = bus.read(dlq, partition, at, PAGE, PAGE_BYTES)?;
        let Some(last) = read.last() else { break };
        at = last.offset() + 1;
        let wanted = read.iter().filter(|r| which.offsets.as_ref().is_none_or(|o| o.contains(&r.offset())));
        let (originals, lost): (Vec<_>, Vec<_>) = wanted.map(original).partition(Result::is_ok);
        done.skipped += lost.len() as u64;
        for landed in bus.append(originals.into_iter().flatten().collect())? {
            *(if landed.repeat { &mut done.repeats } else { &mut done.redriven }) += 1;
        }
    }
    Ok(())
}

/// The letter's original under an id of its own (its first id is on the topic still), the same each time.
fn original(letter: &Record) -> Result<NewRecord> {
    let body: Value = letter.payload()?;
    let record = &body["record"];
    let lost = || Error::skip("the letter is without its original");
    let text = |v: &Value| v.as_str().map(str::to_string).ok_or_else(lost);
    if !record["data"].is_object() {
        return Err(lost());
    }
    let topic = letter.topic().stem();
    let recorded_at = Time::parse(&text(&record["recorded_at"])?)?;
    let device: Uuid = text(&record["device_id"])?.parse().map_err(|_| lost())?;
    let headers = Headers {
        schema: text(&record["schema"])?,
        trace: letter.headers().trace,
        producer: "dlq-redrive".into(),
        sources: letter.headers().sources.clone(),
        ..Headers::default()
    };
    let id = derived_id("dlq-redrive", "1", "", &letter.origin(), &topic, letter.offset());
    let mut new = NewRecord::new(topic, id, device, recorded_at, headers, record["data"].to_string().into_bytes());
    new.partition = letter.partition();
    Ok(new)
}
