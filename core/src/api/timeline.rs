//! The timeline: lines in time, search, one line, and its sound.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::api::{SearchHit, TimelineRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::problem::Problem;
use super::query::{Message, Params, time, uuid};
use super::state::{State, blocking};
use super::{Routes, audio};
use crate::store::Range;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(lines)).routes(routes!(search)).routes(routes!(line)).routes(routes!(audio::sound))
}

/// Rows in one answer, at most.
const MOST: usize = 1000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LinesQuery {
    /// RFC 3339, included.
    from: Option<String>,
    /// RFC 3339, excluded.
    to: Option<String>,
    /// A device's UUID.
    device: Option<String>,
    /// A microphone's or recording's name.
    source: Option<String>,
    /// Only those with a star.
    #[serde(default)]
    starred: bool,
    /// Only those in which something is masked.
    #[serde(default)]
    masked: bool,
    /// 1 to 1000; 100 unless told.
    limit: Option<usize>,
    /// `desc`, newest first, unless `asc`.
    order: Option<Order>,
}

#[derive(Clone, Copy, Deserialize, ToSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    Desc,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// Words are ANDed, quotes make a phrase; no query is a syntax error.
    q: String,
    /// RFC 3339, included.
    from: Option<String>,
    /// RFC 3339, excluded.
    to: Option<String>,
    /// A device's UUID.
    device: Option<String>,
    /// A microphone's or recording's name.
    source: Option<String>,
    /// Only those with a star.
    #[serde(default)]
    starred: bool,
    /// Only those in which something is masked.
    #[serde(default)]
    masked: bool,
    /// 1 to 1000; 50 unless told.
    limit: Option<usize>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Lines {
    pub lines: Vec<TimelineRow>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Hits {
    pub hits: Vec<SearchHit>,
    /// Only the newest matches were ranked: an older one may be missing.
    pub capped: bool,
    /// Where nothing was found between `from` and `to`: matches at other times, 1000 at most.
    #[serde(default)]
    pub elsewhere: u64,
}

/// How many rows are wanted, within bounds.
fn limit(asked: Option<usize>, unless: usize) -> Result<usize, Problem> {
    match asked.unwrap_or(unless) {
        n if (1..=MOST).contains(&n) => Ok(n),
        _ => Err(Problem::bad_request(format!("limit is a number from 1 to {MOST}"))),
    }
}

impl LinesQuery {
    fn range(self) -> Result<Range, Problem> {
        Ok(Range {
            from: time("from", self.from.as_deref())?,
            to: time("to", self.to.as_deref())?,
            device: uuid("device", self.device.as_deref())?,
            source: self.source,
            starred: self.starred,
            masked: self.masked,
            after: None,
            limit: limit(self.limit, 100)?,
            newest_first: self.order != Some(Order::Asc),
        })
    }
}

impl SearchQuery {
    fn range(self) -> Result<(String, Range), Problem> {
        let Self { q, from, to, device, source, starred, masked, limit } = self;
        let lines = LinesQuery { from, to, device, source, starred, masked, limit: limit.or(Some(50)), order: None };
        Ok((q, lines.range()?))
    }
}

/// Lines of the timeline.
#[utoipa::path(get, path = "/api/timeline", tag = "timeline", params(LinesQuery), responses((status = 200, body = Lines), (status = 400, body = Problem)))]
async fn lines(Extract(state): Extract<Arc<State>>, Params(q): Params<LinesQuery>) -> Result<Json<Lines>, Problem> {
    let range = q.range()?;
    let lines = blocking(move || state.timeline.lines(&range)).await?;
    Ok(Json(Lines { lines }))
}

/// What was said about something, best first.
#[utoipa::path(get, path = "/api/timeline/search", tag = "timeline", params(SearchQuery), responses((status = 200, body = Hits), (status = 400, body = Problem)))]
async fn search(Extract(state): Extract<Arc<State>>, Params(q): Params<SearchQuery>) -> Result<Json<Hits>, Problem> {
    let (q, range) = q.range()?;
    let found = blocking(move || state.timeline.search(&q, &range)).await?;
    Ok(Json(Hits { hits: found.hits, capped: found.capped, elsewhere: found.elsewhere }))
}

/// One line.
#[utoipa::path(get, path = "/api/timeline/{message_id}", tag = "timeline", params(("message_id" = String, Path)),
    responses((status = 200, body = TimelineRow), (status = 404, body = Problem)))]
async fn line(Extract(state): Extract<Arc<State>>, Message(id): Message) -> Result<Json<TimelineRow>, Problem> {
    let line = blocking(move || state.timeline.line(id)).await?;
    line.map(Json).ok_or_else(|| Problem::not_found("the timeline has no line with this id"))
}
