//! Dead letters: what stages could not take, and giving it to them once more.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::query::{Params, Topic, time};
use super::state::{State, blocking};
use super::topics::existing;
use crate::bus::Record;
use crate::error::Result;
use crate::router::redrive::{self, Fate, Item, Selection};

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

/// Which letters; what is left out is not asked.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    /// Offsets in the dead-letter topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offsets: Option<Vec<u64>>,
    /// Of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// `skip`, `invalid` or `bug`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<String>,
    /// Set aside at or after, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Set aside before, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Only says what would be done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Those too that were given back three times and failed each time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}

#[derive(Default, Serialize, Deserialize, ToSchema)]
pub struct Redriven {
    /// Put on their topic again; of a dry run, that would be.
    pub redriven: u64,
    /// They were put there before.
    pub repeats: u64,
    /// Erased since, without their original, or given back too often.
    pub skipped: u64,
    /// The first thousand, one by one.
    pub items: Vec<RedrivenItem>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RedrivenItem {
    pub partition: u32,
    pub offset: u64,
    /// Of the letter.
    pub message_id: String,
    /// `redriven`, `repeat`, `would_redrive` or `skipped`.
    pub result: String,
    /// How often its original was given back, this time included.
    pub times: u32,
    /// Why it was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
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

fn letter(r: &Record) -> DeadLetter {
    DeadLetter {
        offset: r.offset(),
        message_id: r.message_id().to_string(),
        received_at: r.received_at().to_string(),
        letter: r.payload().unwrap_or_default(),
    }
}

/// Puts the originals on their topic again. Doing it twice puts nothing there twice, and what is made of them has the ids it
/// would have had, so that whoever could take them makes nothing new.
#[utoipa::path(post, path = "/api/dlq/{topic}/redrive", tag = "dlq", params(("topic" = String, Path)), request_body = Redrive,
    responses((status = 200, body = Redriven), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn redrive(Extract(state): Extract<Arc<State>>, Topic(topic): Topic, Json(which): Json<Redrive>) -> Result<Json<Redriven>, Problem> {
    let dead = existing(&state, topic.dlq()).await?;
    if dead.settings.class.is_walled() {
        let say =
            "these records are behind the privacy wall, where only the privacy filter writes: reset the filter's group to make them anew";
        return Err(Problem::new(StatusCode::FORBIDDEN, say));
    }
    let (from, to) = (time("from", which.from.as_deref())?, time("to", which.to.as_deref())?);
    let selection = Selection { offsets: which.offsets, group: which.group, error_kind: which.error_kind, from, to };
    blocking(move || {
        let mut done = Redriven::default();
        redrive::redrive(&*state.bus, &topic.dlq(), &selection, which.dry_run, which.force, |item| note(&mut done, &item))?;
        Ok(Json(done))
    })
    .await
}

/// Letters told of one by one.
const MOST_ITEMS: usize = 1_000;

fn note(done: &mut Redriven, item: &Item) {
    let too_often = || format!("given back {} times and failed each time: mend what fails, then force it", redrive::MOST_TIMES);
    let (count, result, reason) = match item.fate {
        Fate::GivenBack => (&mut done.redriven, "redriven", None),
        Fate::Would => (&mut done.redriven, "would_redrive", None),
        Fate::Repeat => (&mut done.repeats, "repeat", None),
        Fate::Lost => (&mut done.skipped, "skipped", Some("erased since, or without its original".to_string())),
        Fate::TooOften => (&mut done.skipped, "skipped", Some(too_often())),
    };
    *count += 1;
    if done.items.len() < MOST_ITEMS {
        let (partition, offset, message_id) = (item.partition, item.offset, item.message_id.to_string());
        done.items.push(RedrivenItem { partition, offset, message_id, result: result.into(), times: item.times, reason });
    }
}
