//! Bodies that are JSON, parsed strictly: no key twice, no bottomless nesting.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::Value;

use super::problem::Problem;
use crate::door::strict;

/// A JSON body.
pub struct Strict(pub Value);

impl<S: Send + Sync> FromRequest<S> for Strict {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&media_type(request.headers())) {
            let said = "the body must be JSON, and say so: content-type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, said));
        }
        json(&bytes(request, state).await?).map(Self)
    }
}

/// All of a body, within its route's limit.
pub async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|e| {
        let status = e.into_response().status();
        let said = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than this address takes: send it in parts",
            _ => "the body broke off before its end: send it again",
        };
        Problem::new(status, said)
    })
}

pub fn json(bytes: &[u8]) -> Result<Value, Problem> {
    strict::parse(bytes).map_err(Problem::from)
}

/// `application/json` of `Application/JSON; charset=utf-8`; empty where nothing is said.
pub fn media_type(headers: &HeaderMap) -> String {
    let said = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}
