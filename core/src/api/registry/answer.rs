//! How the registry is asked and answers: its media type, its errors, its bodies.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::api::state::State;
use crate::schema::Registry;
use crate::schema::document::{MOST_BYTES, strictly};
use crate::schema::registry::{Answer, Content, Named, Offer, Reference, Refusal, Stored, Which};

pub const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// An answer in the registry's media type.
pub struct Answered(pub Value);
pub type Reply = Answer<Answered>;

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        typed(StatusCode::OK, self.0.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(code = self.code, "{}", self.message);
        }
        typed(status, json!({"error_code": self.code, "message": self.message}).to_string())
    }
}

pub fn typed(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], body).into_response()
}

/// Asks the registry off the threads that answer connections.
pub async fn ask<T: Send + 'static>(state: &Arc<State>, work: impl FnOnce(&Registry) -> Answer<T> + Send + 'static) -> Answer<T> {
    let registry = state.registry.clone();
    let broke = |_| Refusal::new(50001, "the registry failed here: the log says more under this request's trace id");
    tokio::task::spawn_blocking(move || work(&registry)).await.map_err(broke)?
}

/// The query string. Flags are `true` in whatever case.
pub struct Asked(HashMap<String, String>);

impl Asked {
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|v| v.eq_ignore_ascii_case("true"))
    }
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|n| self.0.contains_key(*n))
    }
    /// `deleted` and `deletedOnly`, which Confluent's Python client writes otherwise than the others.
    pub fn which(&self) -> Which {
        Which::of(self.flag("deleted"), self.flag("deletedOnly") || self.flag("deleted_only"))
    }
    /// `offset` and `limit`; no limit unless one from 0 on is said.
    pub fn page<T>(&self, all: impl IntoIterator<Item = T>) -> Vec<T> {
        let number = |name| self.text(name).and_then(|t| t.parse::<usize>().ok());
        all.into_iter().skip(number("offset").unwrap_or(0)).take(number("limit").unwrap_or(usize::MAX)).collect()
    }
    /// `:*:` is every context, and there is one.
    pub fn prefix(&self) -> &str {
        let prefix = self.text("subjectPrefix").unwrap_or_default();
        prefix.strip_prefix(":*:").unwrap_or(prefix)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = Query::<HashMap<String, String>>::from_request_parts(parts, state).await;
        query.map(|q| Self(q.0)).map_err(|e| Refusal::new(400, e.body_text()))
    }
}

/// A body: JSON of the registry's media type or any other, read strictly.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;
    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("application/json");
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !(kind.ends_with("json") || kind == "application/octet-stream") {
            return Err(Refusal::new(415, format!("a body comes as {MEDIA_TYPE} or application/json")));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|e| match e.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(413, "the body is too large: a schema weighs half a megabyte at most"),
            _ => Refusal::new(400, "the body broke off"),
        })?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|e| Refusal::new(400, format!("the body is not UTF-8 from byte {} on", e.valid_up_to())))?;
        let value = strictly(text).map_err(|flaw| Refusal::new(400, format!("the body is not JSON as it should be: {flaw}")))?;
        serde_json::from_value(value).map(Self).map_err(|e| Refusal::new(422, format!("the body is not what is asked for here: {e}")))
    }
}

/// A schema on its way in.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaBody {
    schema: Option<String>,
    schema_type: Option<String>,
    #[serde(default)]
    references: Option<Vec<Reference>>,
    id: Option<i64>,
    version: Option<i64>,
    metadata: Option<Map<String, Value>>,
    rule_set: Option<Map<String, Value>>,
}

impl SchemaBody {
    pub fn content(self) -> Answer<Content> {
        Ok(self.offer(false)?.content)
    }

    pub fn offer(self, normalize: bool) -> Answer<Offer> {
        if let Some(kind) = self.schema_type.filter(|k| k != "JSON") {
            return Err(Refusal::new(
                42201,
                format!("Invalid schema type {kind}: this registry keeps JSON Schema (\"schemaType\": \"JSON\")"),
            ));
        }
        let text = self.schema.filter(|s| !s.trim().is_empty()).ok_or_else(|| Refusal::new(42201, "Empty schema"))?;
        if text.len() > MOST_BYTES {
            return Err(Refusal::new(42209, format!("Schema too large: {} bytes, at most {MOST_BYTES}", text.len())));
        }
        let extras = [("metadata", self.metadata), ("ruleSet", self.rule_set)];
        let extras = extras.into_iter().filter_map(|(name, v)| Some((name.to_string(), v?.into()))).collect();
        let content = Content { text, references: self.references.unwrap_or_default(), extras };
        // Clients that know neither send -1 or nothing.
        let (id, version) = (self.id.filter(|id| *id >= 0), self.version.filter(|v| *v > 0));
        Ok(Offer { content, normalize, id, version })
    }
}

/// A schema as answers carry it.
pub fn schema(stored: &Stored) -> Value {
    let mut out = json!({"schemaType": "JSON", "schema": stored.content.text, "guid": stored.guid().to_string()});
    if !stored.content.references.is_empty() {
        out["references"] = json!(stored.content.references);
    }
    for (name, value) in &stored.content.extras {
        out[name] = value.clone();
    }
    out
}

/// A version as answers carry it.
pub fn version(named: &Named) -> Value {
    let mut out = schema(&named.stored);
    out["subject"] = named.subject.clone().into();
    out["version"] = named.number.into();
    out["id"] = named.stored.id.into();
    out["ts"] = (named.version.registered_at.micros() / 1000).into();
    if named.version.deleted {
        out["deleted"] = true.into();
    }
    out
}
