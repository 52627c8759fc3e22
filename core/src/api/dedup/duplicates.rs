//! What was a duplicate of what.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::dedup::Duplicate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::super::Routes;
use super::super::problem::Problem;
use super::super::query::{Message, Params, uuid};
use super::super::state::{State, blocking};
use crate::bus::{Bus, TopicName, names};
use crate::dedup::{MOST_LISTED, of_repeat, repeats_of};
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// Unless told.
const LISTED: usize = 100;
/// Records of the log that one answer looks through for those of a topic.
const LOOKED_THROUGH: u64 = 10_000;
const BYTES: usize = 8 << 20;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Of this topic.
    topic: Option<String>,
    /// Repeats of this record, in the order they came.
    of: Option<String>,
    /// What this record repeats.
    message_id: Option<String>,
    /// 1 to 1000; 100 unless told.
    limit: Option<usize>,
    /// Where to go on, as the answer before said.
    cursor: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Duplicates {
    /// The newest first; of one record, in the order they came.
    pub duplicates: Vec<Duplicate>,
    /// Where to go on; absent at the end. An answer may hold fewer than asked for and go on nevertheless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What a record repeats, and what repeats it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DuplicatesOfRecord {
    pub message_id: String,
    /// By each rule that says so; empty where it was first.
    pub duplicate_of: Vec<Duplicate>,
    /// At most 1000, in the order they came; `/dedup/duplicates?of=` goes on.
    pub repeats: Vec<Duplicate>,
}

/// Duplicates that were found: the newest, of a topic, of a record, or what a record repeats.
#[utoipa::path(get, path = "/dedup/duplicates", tag = "deduplication", params(Wanted),
    responses((status = 200, body = Duplicates), (status = 400, body = Problem)))]
async fn list(Extract(state): Extract<Arc<State>>, Params(q): Params<Wanted>) -> Result<Json<Duplicates>, Problem> {
    let limit = q.limit.unwrap_or(LISTED);
    if !(1..=MOST_LISTED).contains(&limit) {
        return Err(Problem::bad_request(format!("limit is a number from 1 to {MOST_LISTED}")));
    }
    let topic = q.topic.as_deref().map(TopicName::parse).transpose()?;
    let (of, message_id) = (uuid("of", q.of.as_deref())?, uuid("message_id", q.message_id.as_deref())?);
    let wrong = || Problem::bad_request("cursor is what the answer before said");
    let bus = state.bus.clone();
    let topic_is = move |d: &Duplicate| topic.as_ref().is_none_or(|t| t.as_str() == d.topic);
    if let Some(id) = message_id {
        let mut found = blocking(move || of_repeat(&*bus, id)).await?;
        found.retain(|d| topic_is(d) && of.is_none_or(|of| of.to_string() == d.of));
        return Ok(Json(Duplicates { duplicates: found, cursor: None }));
    }
    if let Some(of) = of {
        let after = q.cursor.map(hex::decode).transpose().map_err(|_| wrong())?;
        let (mut duplicates, next) = blocking(move || repeats_of(&*bus, of, after.as_deref(), limit)).await?;
        duplicates.retain(topic_is);
        return Ok(Json(Duplicates { duplicates, cursor: next.map(hex::encode) }));
    }
    let before = q.cursor.map(|c| c.parse::<u64>()).transpose().map_err(|_| wrong())?;
    blocking(move || newest(&*bus, topic_is, before, limit)).await.map(Json)
}

/// From the end of the log backwards.
fn newest(bus: &dyn Bus, wanted: impl Fn(&Duplicate) -> bool, before: Option<u64>, limit: usize) -> Result<Duplicates> {
    let topic = TopicName::of(names::DUPLICATES);
    let bounds = bus.topic(&topic)?.and_then(|t| t.bounds.first().copied()).unwrap_or_default();
    let (low, mut upto) = (bounds.0, before.unwrap_or(bounds.1).min(bounds.1));
    let stop = upto.saturating_sub(LOOKED_THROUGH).max(low);
    let mut duplicates = Vec::new();
    while upto > stop && duplicates.len() < limit {
        let from = upto.saturating_sub(MOST_LISTED as u64).max(stop);
        let mut page = bus.read(&topic, 0, from, (upto - from) as usize, BYTES)?;
        page.retain(|r| r.offset() < upto);
        for r in page.iter().rev() {
            if duplicates.len() == limit {
                break;
            }
            upto = r.offset();
            // One that was erased is passed over.
            duplicates.extend(r.payload().ok().filter(&wanted));
        }
        upto = if duplicates.len() < limit { from } else { upto };
    }
    Ok(Duplicates { duplicates, cursor: (upto > low).then(|| upto.to_string()) })
}

/// What one record repeats, and its repeats.
#[utoipa::path(get, path = "/dedup/duplicates/{message_id}", tag = "deduplication", params(("message_id" = String, Path)),
    responses((status = 200, body = DuplicatesOfRecord), (status = 404, body = Problem)))]
async fn show(Extract(state): Extract<Arc<State>>, Message(id): Message) -> Result<Json<DuplicatesOfRecord>, Problem> {
    let found = blocking(move || both(&*state.bus, id)).await?;
    found.map(Json).ok_or_else(|| Problem::not_found("this record repeats none, and none repeats it, as far as it is remembered"))
}

fn both(bus: &dyn Bus, id: Uuid) -> Result<Option<DuplicatesOfRecord>> {
    let (duplicate_of, repeats) = (of_repeat(bus, id)?, repeats_of(bus, id, None, MOST_LISTED)?.0);
    let any = !duplicate_of.is_empty() || !repeats.is_empty();
    Ok(any.then(|| DuplicatesOfRecord { message_id: id.to_string(), duplicate_of, repeats }))
}
