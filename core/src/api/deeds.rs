//! What the owner does to lines: star and change them, take them back, and erase for good.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::{Extension, Json};
use loom_schemas::api::TimelineRow;
use loom_schemas::live::{Forgotten, LineChange};
use loom_schemas::payload::LineEdit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Routes;
use super::problem::{Complaint, Problem};
use super::query::{Message, time, uuid};
use super::state::{State, blocking};
use crate::bus::{Headers, NewRecord, Origin, SourceRange, TopicName, Trace, names};
use crate::env::Time;
use crate::error::{Error, Result};
use crate::forget::{Erased, Scope, Span, Undone};
use crate::live::LineNews;
use crate::pipeline::derived_id;
use crate::privacy::{self, Policy};
use crate::store::Place;

/// Characters of a line, at most: nobody says as much in one breath.
const MOST_CHARACTERS: usize = 10_000;
/// How long an answer waits for a change to go through the filter and arrive.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(change))
        .routes(routes!(delete))
        .routes(routes!(forget))
        .routes(routes!(undo))
        .routes(routes!(erase))
}

/// Stars a line or changes its wording, which goes through the privacy filter; the recogniser's is kept. 202 where the
/// change is on the log and not in the timeline yet.
#[utoipa::path(patch, path = "/api/timeline/{message_id}", tag = "timeline", params(("message_id" = String, Path)), request_body = LineChange,
    responses((status = 200, body = TimelineRow), (status = 202, body = TimelineRow), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    Extract(state): Extract<Arc<State>>,
    Message(id): Message,
    Extension(trace): Extension<Trace>,
    Json(change): Json<LineChange>,
) -> std::result::Result<(StatusCode, Json<TimelineRow>), Problem> {
    let text = change.text.as_deref().map(wording).transpose().map_err(|c| Problem::invalid(vec![c]))?;
    let asked = state.clone();
    let done = blocking(move || {
        let Some(line) = asked.timeline.line(id)? else { return Ok(None) };
        let Some(place) = asked.timeline.place(id)? else { return Ok(None) };
        let news = news(&asked, &line, change.starred, text)?;
        if news.starred.is_none() && news.text.is_none() {
            return Ok(Some((StatusCode::OK, line)));
        }
        asked.bus.append(vec![record(&line, &place, &news, trace)?])?;
        arrived(&asked, id, &place).map(|arrived| arrived.map(|line| (StatusCode::OK, line)).or(Some((StatusCode::ACCEPTED, line))))
    });
    let (status, line) = done.await?.ok_or_else(gone)?;
    Ok((status, Json(line)))
}

fn gone() -> Problem {
    Problem::not_found("the timeline has no line with this id")
}

/// One line of single spaces.
fn wording(text: &str) -> std::result::Result<String, Complaint> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.chars().count() {
        0 => Err(Complaint::new("/text", "minLength", "some words: to be rid of the line, delete it")),
        n if n > MOST_CHARACTERS => Err(Complaint::new("/text", "maxLength", "at most 10,000 characters")),
        _ => Ok(text),
    }
}

/// What would really change: what the filter makes the same again is no news.
fn news(state: &State, line: &TimelineRow, starred: Option<bool>, text: Option<String>) -> Result<LineEdit> {
    let policy = Policy::named(&state.settings.privacy_policy)?;
    let text = text.filter(|t| privacy::filter(t, &policy) != line.text);
    Ok(LineEdit { line: line.message_id.clone(), starred: starred.filter(|s| *s != line.starred), text })
}

/// The change on its way to the filter. It is about the time of its line, and is erased with it; asked twice it is one record.
fn record(line: &TimelineRow, place: &Place, news: &LineEdit, trace: Trace) -> Result<NewRecord> {
    let topic = TopicName::of(names::EDITS_RAW);
    let wrong = |_| Error::bug("a line of the timeline has no id or device");
    let (id, device) = (Uuid::try_parse(&line.message_id).map_err(wrong)?, Uuid::try_parse(&line.device_id).map_err(wrong)?);
    let value = serde_json::to_vec(news).map_err(|e| Error::bug("a change does not serialise").because(e))?;
    let (recorded_at, released) = (Time::parse(&line.recorded_at)?, TopicName::of(names::RELEASED));
    let (partition, first, last) = (place.partition, place.offset, place.offset);
    let (trace_id, links) = (String::new(), Vec::new());
    let origin = Origin { topic: released.clone(), partition, first, last, message_id: id, recorded_at, trace_id, links };
    let before = place.edit.unwrap_or_default().to_string();
    let message_id = derived_id("owner", &before, &String::from_utf8_lossy(&value), &origin, &topic, 0);
    let sources = vec![SourceRange { topic: released, partition, first, last }];
    let headers = Headers { schema: format!("{topic}.v1"), trace, producer: "owner".into(), sources, ..Headers::default() };
    Ok(NewRecord::new(topic, message_id, device, recorded_at, headers, value))
}

/// The line as it is once the change has gone through; `None` where that takes longer.
fn arrived(state: &State, id: Uuid, before: &Place) -> Result<Option<TimelineRow>> {
    let until = state.clock.monotonic_ns() + PATIENCE.as_nanos() as u64;
    let mut seen = 0;
    while state.clock.monotonic_ns() < until {
        if state.timeline.place(id)?.is_none_or(|now| now.edit != before.edit) {
            // Nobody may be listening.
            let _ = state.live.lines.send(LineNews::Changed(id));
            return state.timeline.line(id);
        }
        seen = state.bus.wait(seen, LOOK);
    }
    Ok(None)
}

/// Takes a line out of sight at once; ten seconds later it is erased for good, with everything it came from.
#[utoipa::path(delete, path = "/api/timeline/{message_id}", tag = "timeline", params(("message_id" = String, Path)),
    responses((status = 200, body = Forgotten), (status = 404, body = Problem)))]
async fn delete(Extract(state): Extract<Arc<State>>, Message(id): Message) -> std::result::Result<Json<Forgotten>, Problem> {
    blocking(move || state.forget.line(id)).await?.map(Json).ok_or_else(gone)
}

/// How far back.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Last {
    /// 1 to 1440.
    pub minutes: u32,
}

/// Forgets the last minutes: lines, what is being said, what the microphone heard. It can be undone for ten seconds.
#[utoipa::path(post, path = "/api/timeline/forget", tag = "timeline", request_body = Last,
    responses((status = 200, body = Forgotten), (status = 400, body = Problem)))]
async fn forget(Extract(state): Extract<Arc<State>>, Json(last): Json<Last>) -> std::result::Result<Json<Forgotten>, Problem> {
    blocking(move || state.forget.last(last.minutes)).await.map(Json)
}

/// What came back.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Back {
    pub forget_id: String,
    /// Lines that are in sight again.
    pub lines: u64,
}

/// Brings back what was deleted or forgotten less than ten seconds ago.
#[utoipa::path(post, path = "/api/timeline/forget/{forget_id}/undo", tag = "timeline", params(("forget_id" = String, Path)),
    responses((status = 200, body = Back), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn undo(Extract(state): Extract<Arc<State>>, Message(id): Message) -> std::result::Result<Json<Back>, Problem> {
    match blocking(move || state.forget.undo(id)).await? {
        Undone::Back(lines) => Ok(Json(Back { forget_id: id.to_string(), lines })),
        Undone::TooLate => Err(Problem::conflict("it is too late: this is erased for good ten seconds after it was asked for")),
        Undone::Unknown => Err(Problem::not_found("nothing was forgotten under this id")),
    }
}

/// What is to be erased; everything that is given narrows.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Erase {
    /// A device's UUID.
    #[serde(default)]
    pub device: Option<String>,
    /// RFC 3339, included.
    #[serde(default)]
    pub from: Option<String>,
    /// RFC 3339, excluded.
    #[serde(default)]
    pub to: Option<String>,
    /// Lines that a search for this finds.
    #[serde(default)]
    pub matching: Option<String>,
    /// Only say how much it would be.
    #[serde(default)]
    pub dry_run: bool,
}

/// How much was erased, or would be.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ErasedAnswer {
    pub dry_run: bool,
    pub lines: u64,
    pub records: u64,
    /// Records by topic.
    pub topics: std::collections::BTreeMap<String, u64>,
    /// Seconds of sound.
    pub audio_s: f64,
}

/// Erases for good, at once: every record of a device or a span of time, or the lines a search finds with all they came from.
#[utoipa::path(post, path = "/privacy-filter/erase", tag = "privacy filter", request_body = Erase,
    responses((status = 200, body = ErasedAnswer), (status = 400, body = Problem)))]
async fn erase(Extract(state): Extract<Arc<State>>, Json(ask): Json<Erase>) -> std::result::Result<Json<ErasedAnswer>, Problem> {
    let (from, to) = (time("from", ask.from.as_deref())?, time("to", ask.to.as_deref())?);
    let device = uuid("device", ask.device.as_deref())?;
    if from.is_none() && to.is_none() && device.is_none() && ask.matching.is_none() {
        return Err(Problem::bad_request("say what is to be erased: a device, a time from or to, or what it matches"));
    }
    blocking(move || {
        let scope = match &ask.matching {
            Some(query) => Scope::Lines(state.forget.matching(query, from, to, device)?),
            None => Scope::Span(Span { from: from.unwrap_or(Span::EVER), to: to.unwrap_or(Span::NEVER), device }),
        };
        let Erased { lines, records, audio_s } = state.forget.erase_now(&scope, ask.dry_run)?;
        Ok(Json(ErasedAnswer { dry_run: ask.dry_run, lines, records: records.values().sum(), topics: records, audio_s }))
    })
    .await
}
