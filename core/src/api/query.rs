//! Parameters, parsed at the door.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::problem::Problem;
use crate::bus::TopicName;
use crate::env::Time;

/// The query string as a `T`; what does not fit is a 400 that names the parameter.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::<T>::from_request_parts(parts, state).await.map(|q| Self(q.0)).map_err(|e| Problem::bad_request(e.body_text()))
    }
}

/// A topic's name in the path.
pub struct Topic(pub TopicName);

impl<S: Send + Sync> FromRequestParts<S> for Topic {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::<String>::from_request_parts(parts, state).await.map_err(|e| Problem::bad_request(e.body_text()))?;
        TopicName::parse(&name).map(Self).map_err(Problem::from)
    }
}

/// A message's id in the path.
pub struct Message(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Message {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|e| Problem::bad_request(e.body_text()))?;
        id.parse().map(Self).map_err(|_| Problem::bad_request("a message id is a UUID"))
    }
}

pub fn time(name: &str, text: Option<&str>) -> Result<Option<Time>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |_| Problem::bad_request(format!("{name} is not an RFC 3339 time such as 2026-01-31T12:00:00Z"));
    Time::parse(text).map(Some).map_err(wrong)
}

pub fn uuid(name: &str, text: Option<&str>) -> Result<Option<Uuid>, Problem> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Problem::bad_request(format!("{name} is not a UUID")))
}
