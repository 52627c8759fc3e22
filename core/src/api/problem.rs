//! Refusals: one shape (RFC 9457) for all of them, from whichever layer they come.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Kind};

pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused, and what to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says which kind it is.
    #[serde(rename = "type")]
    pub type_: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// What is wrong where, for an invalid body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Complaint>,
    /// Seconds until it is worth trying again; goes into `Retry-After`.
    #[serde(skip)]
    #[schema(ignore)]
    pub retry_after_s: Option<u64>,
}

/// One thing wrong with a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Complaint {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// `required`, `type`, `format` …
    pub rule: String,
    pub expected: String,
}

impl Complaint {
    pub fn new(pointer: impl Into<String>, rule: &str, expected: &str) -> Self {
        Self { pointer: pointer.into(), rule: rule.into(), expected: expected.into() }
    }
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_string();
        Self { type_: "about:blank".into(), title, status: status.as_u16(), detail: detail.into(), errors: Vec::new(), retry_after_s: None }
    }
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }
    /// Who sends too fast hears when there is room again.
    pub fn slow(seconds: f64) -> Self {
        let seconds = seconds.ceil().clamp(1.0, 3600.0) as u64;
        let detail = format!("this device sends more records a second than it may: nothing was taken, send it again in {seconds} s");
        Self { retry_after_s: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }
    pub fn bug() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Loom failed here: the log says more under this request's trace id")
    }
    pub fn invalid(errors: Vec<Complaint>) -> Self {
        let detail = errors.first().map_or_else(String::new, |e| format!("{}: {}", e.pointer, e.expected));
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }
}

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        let status = match e.kind {
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::Skip => StatusCode::GONE,
            Kind::Retry | Kind::Stop => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            let cause = std::error::Error::source(&e).map(ToString::to_string).unwrap_or_default();
            tracing::error!(kind = e.kind.as_str(), cause, "{}", e.message());
        }
        Self::new(status, e.message())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let after = self.retry_after_s.unwrap_or(2);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after));
        }
        response
    }
}

pub async fn no_such_route() -> Problem {
    Problem::not_found("there is nothing at this address: /docs lists what there is")
}

/// Gives refusals of axum's own (a body that is no JSON, a wrong method) the one shape.
pub async fn uniform(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let ours = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t == MEDIA_TYPE || t == super::registry::MEDIA_TYPE);
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let said = to_bytes(body, 4096).await.unwrap_or_default();
    let detail = String::from_utf8_lossy(&said).into_owned();
    let mut wrapped = Problem::new(status, if detail.is_empty() { "the request cannot be served".into() } else { detail }).into_response();
    for kept in [header::ALLOW, header::CONTENT_RANGE, header::ACCEPT_RANGES, header::WWW_AUTHENTICATE] {
        if let Some(v) = parts.headers.get(&kept) {
            wrapped.headers_mut().insert(kept, v.clone());
        }
    }
    wrapped
}
