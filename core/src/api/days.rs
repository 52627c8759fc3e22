//! Days of the timeline: one as the cloth shows it, and which there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use jiff::ToSpan;
use jiff::civil::Date;
use loom_schemas::live::Day;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::query::Params;
use super::state::{State, blocking};
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(day)).routes(routes!(days))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// Local, `2026-01-31`; today unless told.
    date: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DaysQuery {
    /// Local, `2026-01-01`, included; six weeks before `to` unless told.
    from: Option<String>,
    /// Local, `2026-01-31`, included; today unless told. At most 400 days.
    to: Option<String>,
}

/// Days that have lines, in order.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DayList {
    pub days: Vec<DayCount>,
    /// The nearest day before these that has lines.
    pub before: Option<String>,
    /// The nearest day after these that has lines.
    pub after: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DayCount {
    /// Local, `2026-01-31`.
    pub date: String,
    pub lines: u64,
    /// Seconds of speech.
    pub speech_s: f64,
}

/// A day in levels of speech, a row a source.
#[utoipa::path(get, path = "/api/timeline/day", tag = "timeline", params(DayQuery), responses((status = 200, body = Day), (status = 400, body = Problem)))]
async fn day(Extract(state): Extract<Arc<State>>, Params(q): Params<DayQuery>) -> Result<Json<Day>, Problem> {
    let date = date("date", q.date.as_deref())?;
    blocking(move || {
        let zone = state.settings.zone()?;
        state.timeline.day(date.unwrap_or(today(&state)?), &zone).map(Json)
    })
    .await
}

/// Which days have lines, how many, and where the next ones are.
#[utoipa::path(get, path = "/api/timeline/days", tag = "timeline", params(DaysQuery), responses((status = 200, body = DayList), (status = 400, body = Problem)))]
async fn days(Extract(state): Extract<Arc<State>>, Params(q): Params<DaysQuery>) -> Result<Json<DayList>, Problem> {
    let (from, to) = (date("from", q.from.as_deref())?, date("to", q.to.as_deref())?);
    blocking(move || {
        let to = to.unwrap_or(today(&state)?);
        let from = from.unwrap_or(to.saturating_sub(6.weeks()));
        let found = state.timeline.days(from, to, &state.settings.zone()?)?;
        let count = |d: crate::store::DayCount| DayCount { date: d.date.to_string(), lines: d.lines, speech_s: d.speech_s };
        let name = |d: Option<Date>| d.map(|d| d.to_string());
        Ok(Json(DayList { days: found.days.into_iter().map(count).collect(), before: name(found.before), after: name(found.after) }))
    })
    .await
}

fn today(state: &State) -> Result<Date> {
    Ok(state.clock.now().timestamp().to_zoned_datetime(state.settings.zone()?).date())
}

fn date(name: &str, text: Option<&str>) -> Result<Option<Date>, Problem> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Problem::bad_request(format!("{name} is not a date such as 2026-01-31")))
}
