//! What each request leaves behind: a trace id in its answer, a line in the log, a count. Never a value.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State as Extract};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::state::State;
use super::trace;

/// The route that answered, for the layers outside it.
#[derive(Clone)]
struct Route(String);

/// Notes which route answers; inside the router, where that is known.
pub async fn count(Extract(state): Extract<Arc<State>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_string(), |p| p.as_str().to_string());
    let mut response = next.run(request).await;
    state.metrics.count(&route, response.status().as_u16());
    response.extensions_mut().insert(Route(route));
    response
}

/// Gives the request its trace, and tells the log how it went.
pub async fn watch(Extract(state): Extract<Arc<State>>, mut request: Request, next: Next) -> Response {
    let began = state.clock.monotonic_ns();
    let trace = trace::of_request(request.headers(), &*state.entropy);
    let method = request.method().clone();
    request.extensions_mut().insert(trace);
    let mut response = next.run(request).await;
    let trace_id = hex::encode(trace.trace_id);
    let route = response.extensions().get::<Route>().map_or("none", |r| r.0.as_str());
    let ms = state.clock.monotonic_ns().saturating_sub(began) as f64 / 1e6;
    tracing::info!(trace_id, method = method.as_str(), route, status = response.status().as_u16(), ms, "request");
    if route == "none" {
        state.metrics.count("none", response.status().as_u16());
    }
    dress(&mut response, &trace_id);
    response
}

fn dress(response: &mut Response, trace_id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(trace_id) {
        headers.insert("x-trace-id", id);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
