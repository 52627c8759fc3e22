//! Taking out what is shown: written as it is read, however much it is.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State as Extract;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use loom_schemas::api::TimelineRow;
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Routes;
use super::problem::Problem;
use super::query::{Params, Topic, time, uuid};
use super::state::{State, blocking};
use crate::bus::{Class, TopicName};
use crate::env::Time;
use crate::error::{Error, Result};
use crate::export::{self, Format, Writer};
use crate::store::Range;

/// Lines or records read at once.
const PAGE: usize = 500;
const PAGE_BYTES: usize = 4 << 20;
/// Pieces that wait for a slow reader.
const WAITING_PIECES: usize = 4;
/// A reader that takes nothing for so long holds no thread any more.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(lines)).routes(routes!(records))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LinesQuery {
    /// `jsonl` unless `csv`, `md`, `srt` or `vtt`.
    format: Option<String>,
    /// RFC 3339, included.
    from: Option<String>,
    /// RFC 3339, excluded.
    to: Option<String>,
    /// Only lines that a search for this finds.
    q: Option<String>,
    /// A device's UUID.
    device: Option<String>,
    /// A microphone's or recording's name.
    source: Option<String>,
    #[serde(default)]
    starred: bool,
    #[serde(default)]
    masked: bool,
}

/// The timeline as its owner sees it, oldest first.
#[utoipa::path(get, path = "/api/timeline/export", tag = "timeline", params(LinesQuery),
    responses((status = 200, body = String, content_type = "application/jsonl"), (status = 400, body = Problem)))]
async fn lines(Extract(state): Extract<Arc<State>>, Params(q): Params<LinesQuery>) -> std::result::Result<Response, Problem> {
    let format = Format::parse(q.format.as_deref().unwrap_or("jsonl"))?;
    let (from, to) = (time("from", q.from.as_deref())?, time("to", q.to.as_deref())?);
    let device = uuid("device", q.device.as_deref())?;
    let LinesQuery { source, starred, masked, .. } = q;
    let range = Range { from, to, device, source, starred, masked, after: None, limit: PAGE, newest_first: false };
    let found = match q.q.filter(|q| !q.trim().is_empty()) {
        Some(q) => {
            let state = state.clone();
            Some(blocking(move || state.forget.matching(&q, from, to, device)).await?)
        }
        None => None,
    };
    let zone = state.settings.zone()?;
    Ok(streamed(format.media_type(), &format!("loom.{}", format.extension()), move |out| write(&state, format, zone, range, found, out)))
}

fn write(state: &State, format: Format, zone: TimeZone, range: Range, found: Option<Vec<Uuid>>, out: &Out) -> Result<()> {
    let mut writer = Writer::new(format, zone);
    out.say(writer.head().to_owned())?;
    let mut say = |lines: Vec<TimelineRow>| out.say(lines.iter().map(|l| writer.line(l)).collect::<Result<String>>()?);
    let Some(found) = found else { return pages(state, range, say) };
    for some in found.chunks(PAGE) {
        let mut lines = Vec::new();
        for id in some {
            lines.extend(state.timeline.line(*id)?.filter(|l| keeps(&range, l)));
        }
        say(lines)?;
    }
    Ok(())
}

/// What a search does not narrow by.
fn keeps(range: &Range, l: &TimelineRow) -> bool {
    range.source.as_ref().is_none_or(|s| *s == l.source) && (!range.starred || l.starred) && (!range.masked || !l.masked.is_empty())
}

/// Every line, a page at a time, each from behind the last one's end.
fn pages(state: &State, mut range: Range, mut say: impl FnMut(Vec<TimelineRow>) -> Result<()>) -> Result<()> {
    loop {
        let page = state.timeline.lines(&range)?;
        let full = page.len() == range.limit;
        range.after = page.last().and_then(|l| l.message_id.parse().ok());
        say(page)?;
        if !full {
            return Ok(());
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecordsQuery {
    /// `jsonl` unless `csv`.
    format: Option<String>,
    /// RFC 3339, included: when it was recorded.
    from: Option<String>,
    /// RFC 3339, excluded.
    to: Option<String>,
}

/// The records of a topic that may leave this machine.
#[utoipa::path(get, path = "/api/topics/{topic}/export", tag = "topics", params(("topic" = String, Path), RecordsQuery),
    responses((status = 200, body = String, content_type = "application/jsonl"), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn records(
    Extract(state): Extract<Arc<State>>,
    Topic(topic): Topic,
    Params(q): Params<RecordsQuery>,
) -> std::result::Result<Response, Problem> {
    let format = match Format::parse(q.format.as_deref().unwrap_or("jsonl"))? {
        format @ (Format::Jsonl | Format::Csv) => format,
        _ => return Err(Problem::bad_request("the records of a topic are written as jsonl or csv")),
    };
    let between = (time("from", q.from.as_deref())?, time("to", q.to.as_deref())?);
    let (asked, name) = (state.clone(), topic.clone());
    let known = blocking(move || asked.bus.topic(&name)).await?.ok_or_else(|| Problem::not_found("there is no topic of this name"))?;
    if known.settings.class != Class::Shared {
        let why = format!("{topic} does not leave this machine: only shared topics do, and the timeline as you see it");
        return Err(Problem::new(axum::http::StatusCode::FORBIDDEN, why));
    }
    let partitions = known.bounds.len() as u32;
    let name = format!("{topic}.{}", format.extension());
    Ok(streamed(format.media_type(), &name, move |out| all(&state, &topic, partitions, format == Format::Csv, between, out)))
}

fn all(state: &State, topic: &TopicName, partitions: u32, csv: bool, between: (Option<Time>, Option<Time>), out: &Out) -> Result<()> {
    if csv {
        out.say(export::csv_head().into())?;
    }
    for partition in 0..partitions {
        let mut next = 0;
        loop {
            let page = state.bus.read(topic, partition, next, PAGE, PAGE_BYTES)?;
            let Some(last) = page.last() else { break };
            next = last.offset() + 1;
            let wanted = |t: Time| between.0.is_none_or(|from| t >= from) && between.1.is_none_or(|to| t < to);
            let rows = page.iter().filter(|r| wanted(r.recorded_at())).map(|r| export::record(r, csv));
            out.say(rows.filter_map(Result::transpose).collect::<Result<String>>()?)?;
        }
    }
    Ok(())
}

/// Where a writer's pieces go.
struct Out(mpsc::Sender<std::io::Result<Bytes>>);

impl Out {
    /// `Skip` where the reader has left.
    fn say(&self, piece: String) -> Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        let sent = async { tokio::time::timeout(PATIENCE, self.0.send(Ok(piece.into()))).await };
        match tokio::runtime::Handle::current().block_on(sent) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Error::skip("the reader has left")),
            Err(_) => Err(Error::skip("the reader takes nothing any more")),
        }
    }
}

/// An answer that is written while it is read. What fails on the way breaks the answer off, so that nobody takes a part for all.
fn streamed(media_type: &'static str, name: &str, write: impl FnOnce(&Out) -> Result<()> + Send + 'static) -> Response {
    let (pieces, mut reader) = mpsc::channel(WAITING_PIECES);
    tokio::task::spawn_blocking(move || {
        let out = Out(pieces);
        if let Err(e) = write(&out) {
            tracing::warn!("an export broke off: {e}");
            let _ = out.0.blocking_send(Err(std::io::Error::other(e.to_string())));
        }
    });
    let body = Body::from_stream(futures_util::stream::poll_fn(move |cx| reader.poll_recv(cx)));
    let mut response = ([(header::CONTENT_TYPE, media_type)], body).into_response();
    if let Ok(v) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, v);
    }
    response
}
