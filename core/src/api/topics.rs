//! Topics and what is on them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::api::{Envelope, TopicRow, TopicVolume};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::envelope::{envelope, topic_row};
use super::problem::Problem;
use super::query::{Params, Topic, time};
use super::state::{State, blocking};
use crate::bus::{Bus, Record, TopicName, TopicState};
use crate::env::Time;
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(describe)).routes(routes!(records)).routes(routes!(volume))
}

/// Records in one answer, at most; and about how many bytes of values.
const MOST: usize = 1000;
const MOST_BYTES: usize = 8 << 20;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Topics {
    pub topics: Vec<TopicRow>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecordsQuery {
    /// The first offset wanted; without it, and without `from_beginning`, the newest `limit`.
    from: Option<u64>,
    /// From the oldest that is kept.
    #[serde(default)]
    from_beginning: bool,
    /// The first that came at or after this (RFC 3339), where no offset is given.
    from_time: Option<String>,
    /// 1 to 1000; 10 unless told.
    limit: Option<usize>,
    #[serde(default)]
    partition: u32,
}

/// Spans in one answer, at most.
const MOST_BARS: usize = 1000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct VolumeQuery {
    /// Equal spans of time, 1 to 1000; 240 unless told.
    bars: Option<usize>,
    #[serde(default)]
    partition: u32,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Records {
    pub records: Vec<Envelope>,
    /// Where to go on.
    pub next: u64,
    /// The offset the next record will have.
    pub end: u64,
}

/// A topic that exists, or 404.
pub async fn existing(state: &Arc<State>, topic: TopicName) -> Result<TopicState, Problem> {
    let bus = state.bus.clone();
    blocking(move || bus.topic(&topic)).await?.ok_or_else(|| Problem::not_found("there is no such topic"))
}

/// Every topic.
#[utoipa::path(get, path = "/api/topics", tag = "topics", responses((status = 200, body = Topics)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Result<Json<Topics>, Problem> {
    let topics = blocking(move || state.bus.topics()).await?;
    Ok(Json(Topics { topics: topics.iter().map(topic_row).collect() }))
}

/// One topic.
#[utoipa::path(get, path = "/api/topics/{topic}", tag = "topics", params(("topic" = String, Path)),
    responses((status = 200, body = TopicRow), (status = 404, body = Problem)))]
async fn describe(Extract(state): Extract<Arc<State>>, Topic(topic): Topic) -> Result<Json<TopicRow>, Problem> {
    Ok(Json(topic_row(&existing(&state, topic).await?)))
}

/// Records of a topic, in order.
#[utoipa::path(get, path = "/api/topics/{topic}/records", tag = "topics", params(("topic" = String, Path), RecordsQuery),
    responses((status = 200, body = Records), (status = 404, body = Problem)))]
async fn records(
    Extract(state): Extract<Arc<State>>,
    Topic(topic): Topic,
    Params(q): Params<RecordsQuery>,
) -> Result<Json<Records>, Problem> {
    let limit = q.limit.unwrap_or(10);
    if limit == 0 || limit > MOST {
        return Err(Problem::bad_request(format!("limit is a number from 1 to {MOST}")));
    }
    let known = existing(&state, topic.clone()).await?;
    let (low, end) = *known.bounds.get(q.partition as usize).ok_or_else(|| Problem::not_found("there is no such partition"))?;
    let time = time("from_time", q.from_time.as_deref())?;
    blocking(move || {
        let from = match (q.from, time) {
            (Some(from), _) => from.max(low),
            (None, Some(time)) => state.bus.offset_at(&topic, q.partition, time)?,
            (None, None) if q.from_beginning => low,
            (None, None) => end.saturating_sub(limit as u64).max(low),
        };
        page(&*state.bus, &topic, q.partition, from, limit, end)
    })
    .await
    .map(Json)
}

/// How many of a topic's records came when, from the oldest that is kept to the newest.
#[utoipa::path(get, path = "/api/topics/{topic}/volume", tag = "topics", params(("topic" = String, Path), VolumeQuery),
    responses((status = 200, body = TopicVolume), (status = 404, body = Problem)))]
async fn volume(
    Extract(state): Extract<Arc<State>>,
    Topic(topic): Topic,
    Params(q): Params<VolumeQuery>,
) -> Result<Json<TopicVolume>, Problem> {
    let bars = q.bars.unwrap_or(240);
    if bars == 0 || bars > MOST_BARS {
        return Err(Problem::bad_request(format!("bars is a number from 1 to {MOST_BARS}")));
    }
    let known = existing(&state, topic.clone()).await?;
    let bounds = *known.bounds.get(q.partition as usize).ok_or_else(|| Problem::not_found("there is no such partition"))?;
    blocking(move || came(&*state.bus, &topic, q.partition, bounds, bars)).await.map(Json)
}

/// Counts by offsets at times, which take microseconds each, however many records there are.
fn came(bus: &dyn Bus, topic: &TopicName, partition: u32, (low, end): (u64, u64), bars: usize) -> Result<TopicVolume> {
    let time = |offset| bus.read(topic, partition, offset, 1, 1).map(|read| read.first().map(Record::received_at));
    let (Some(from), Some(to)) = (time(low)?, time(end.saturating_sub(1))?) else { return Ok(TopicVolume::default()) };
    let mut at = low;
    let mut count = |i: usize| {
        let until = Time(from.0 + (to.0 - from.0) * i as i64 / bars as i64);
        let next = if i == bars { end } else { bus.offset_at(topic, partition, until)?.clamp(at, end) };
        Ok(next - std::mem::replace(&mut at, next))
    };
    let bars = (1..=bars).map(&mut count).collect::<Result<_>>()?;
    Ok(TopicVolume { from: Some(from.to_string()), to: Some(to.to_string()), bars })
}

fn page(bus: &dyn Bus, topic: &TopicName, partition: u32, from: u64, limit: usize, end: u64) -> Result<Records> {
    let read = bus.read(topic, partition, from, limit, MOST_BYTES)?;
    let next = read.last().map_or(from, |r| r.offset() + 1);
    Ok(Records { records: read.iter().map(envelope).collect::<Result<_>>()?, next, end: end.max(next) })
}
