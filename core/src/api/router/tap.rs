//! The live tap: what passes the router and which rule took it, as it happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::Routes;
use super::super::envelope::envelope;
use super::super::problem::Problem;
use super::super::query::Params;
use super::super::state::State;
use super::super::ws::Closing;
use crate::router::{Outcome, Passed, Pattern, Took};

/// Listeners at once.
const LISTENERS: usize = 32;
/// An event stream is heard of at least this often, so that its listener knows it lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(tap))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TapQuery {
    /// A topic, with wildcards as rules have them; `**` is every one.
    topic: Option<String>,
    /// Only what this rule took.
    rule: Option<String>,
    /// Ends after so many records.
    limit: Option<u64>,
}

/// What one listener wants, and where it is.
struct Listener {
    passed: Receiver<Arc<Passed>>,
    topic: Option<Pattern>,
    rule: Option<String>,
    left: u64,
    events: bool,
    closing: Option<Closing>,
    closed: watch::Receiver<bool>,
}

/// What passes the router from now on: server-sent events where `Accept` asks for them, else a JSON object a line. A listener
/// that is too slow misses records and is told how many.
#[utoipa::path(get, path = "/event-router/tap", tag = "event router", params(TapQuery),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = 400, body = Problem), (status = 503, body = Problem)))]
async fn tap(
    Extract(state): Extract<Arc<State>>,
    closing: Option<Extension<Closing>>,
    headers: HeaderMap,
    Params(q): Params<TapQuery>,
) -> Result<Response, Problem> {
    if q.topic.is_none() && q.rule.is_none() {
        return Err(Problem::bad_request("say what to listen to: topic=device.sensor.gps.raw, topic=** or rule=ID"));
    }
    let topic = q.topic.as_deref().map(Pattern::parse).transpose().map_err(|e| Problem::bad_request(e.message()))?;
    if q.rule.as_deref().is_some_and(|id| state.rules.get(id).is_none()) {
        return Err(Problem::not_found("there is no such rule: /event-router/rules lists those there are"));
    }
    if state.rules.engine.tap.listeners() >= LISTENERS {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("{LISTENERS} programs listen already: close one of them")));
    }
    let events = headers.get(header::ACCEPT).is_some_and(|a| a.to_str().is_ok_and(|a| a.contains("text/event-stream")));
    let closing = closing.map(|c| c.0);
    let listener = Listener {
        passed: state.rules.engine.tap.listen(),
        topic,
        rule: q.rule,
        left: q.limit.unwrap_or(u64::MAX),
        events,
        closed: closing.as_ref().map_or_else(|| watch::channel(false).1, |c| c.closed.clone()),
        closing,
    };
    let body = Body::from_stream(stream::unfold(listener, |mut l| async move { Some((Ok::<_, Infallible>(l.next().await?), l)) }));
    let kind = if events { "text/event-stream" } else { "application/x-ndjson" };
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}

impl Listener {
    /// What to send next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        if self.left == 0 {
            return None;
        }
        // Without a server there is nobody to close.
        let served = self.closing.is_some();
        loop {
            let received = tokio::select! {
                received = self.passed.recv() => received,
                _ = self.closed.wait_for(|closed| *closed), if served => return None,
                () = tokio::time::sleep(SIGN_OF_LIFE), if self.events => return Some(": alive\n\n".into()),
            };
            match received {
                Ok(passed) => {
                    if let Some(event) = self.wanted(&passed) {
                        self.left -= 1;
                        return Some(self.written("passed", &event));
                    }
                }
                Err(RecvError::Lagged(records)) => return Some(self.written("missed", &json!({"type": "missed", "records": records}))),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn wanted(&self, p: &Passed) -> Option<Value> {
        let here = self.topic.as_ref().is_none_or(|t| t.matches(p.record.topic()));
        let taken = self.rule.as_ref().is_none_or(|rule| p.took.iter().any(|t| *t.rule == **rule));
        if !here || !taken {
            return None;
        }
        let record = envelope(&p.record).ok()?;
        Some(json!({"type": "passed", "record": record, "took": p.took.iter().map(took).collect::<Vec<_>>()}))
    }

    fn written(&self, event: &str, data: &Value) -> String {
        if self.events { format!("event: {event}\ndata: {data}\n\n") } else { format!("{data}\n") }
    }
}

fn took(t: &Took) -> Value {
    let outputs: Vec<String> = t.outputs.iter().map(ToString::to_string).collect();
    match &t.outcome {
        Outcome::Matched { .. } => json!({"rule": &*t.rule, "matched": true, "outputs": outputs}),
        Outcome::Failed { matched, why, .. } => json!({"rule": &*t.rule, "matched": matched, "outputs": outputs, "failure": why}),
    }
}
