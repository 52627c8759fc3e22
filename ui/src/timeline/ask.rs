//! What the timeline asks of Loom.

use gloo_net::http::{Method, RequestBuilder, Response};
use js_sys::{Array, Uint8Array};
use loom_schemas::api::{SearchHit, TimelineRow};
use loom_schemas::live::{Forgotten, LineChange};
use loom_ui_model::time::{rfc3339, rfc3339_us};
use serde::Deserialize;
use web_sys::{Blob, BlobPropertyBag, Url};

use crate::api::{Trouble, get};
use crate::browser;

/// Lines in one answer: more than two windows full, and read within a frame.
pub const PAGE: usize = 120;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Hits {
    pub hits: Vec<SearchHit>,
    #[serde(default)]
    pub capped: bool,
    /// Matches on other days, where this one has none.
    #[serde(default)]
    pub elsewhere: u64,
}

/// Days that have lines, and the nearest on either side.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Days {
    #[serde(default)]
    pub days: Vec<DayCount>,
    #[serde(default)]
    pub before: Option<String>,
    #[serde(default)]
    pub after: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct DayCount {
    pub date: String,
    pub lines: u64,
}

/// Microseconds as an address has them.
pub fn time(us: i64) -> String {
    if us % 1_000_000 == 0 { rfc3339(us / 1_000_000) } else { rfc3339_us(us) }
}

pub async fn line(id: &str) -> Result<TimelineRow, Trouble> {
    get(&format!("/api/timeline/{id}")).await
}

/// The line as it is now, where the answer holds it.
pub async fn change(id: &str, change: &LineChange) -> Result<Option<TimelineRow>, Trouble> {
    let body = serde_json::to_string(change).unwrap_or_default();
    let answer = send(Method::PATCH, &format!("/api/timeline/{id}"), Some(body)).await?;
    Ok(answer.json().await.ok())
}

pub async fn delete(id: &str) -> Result<Forgotten, Trouble> {
    let answer = send(Method::DELETE, &format!("/api/timeline/{id}"), None).await?;
    answer.json().await.map_err(|_| unreadable())
}

pub async fn undo(forget_id: &str) -> Result<(), Trouble> {
    send(Method::POST, &format!("/api/timeline/forget/{forget_id}/undo"), None).await.map(drop)
}

pub async fn bytes(path: &str) -> Result<Vec<u8>, Trouble> {
    send(Method::GET, path, None).await?.binary().await.map_err(|_| Trouble::Lost)
}

/// An address in this page for bytes; to be given back with [`let_go`].
pub fn local_address(bytes: &[u8], kind: &str) -> Result<String, Trouble> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let bag = BlobPropertyBag::new();
    bag.set_type(kind);
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &bag).map_err(|_| unreadable())?;
    Url::create_object_url_with_blob(&blob).map_err(|_| unreadable())
}

pub fn let_go(address: &str) {
    Url::revoke_object_url(address).ok();
}

async fn send(method: Method, path: &str, body: Option<String>) -> Result<Response, Trouble> {
    let mut request = RequestBuilder::new(path).method(method);
    if let Some(token) = browser::token() {
        request = request.header("Authorization", &format!("Bearer {token}"));
    }
    let request = match body {
        Some(body) => request.header("Content-Type", "application/json").body(body),
        None => request.build(),
    };
    let answer = request.map_err(|_| unreadable())?.send().await.map_err(|_| Trouble::Lost)?;
    match answer.status() {
        200..300 => Ok(answer),
        401 => Err(Trouble::Denied),
        status => Err(Trouble::Refused(sentence(answer).await.unwrap_or_else(|| format!("Loom answered {status}.")))),
    }
}

/// `application/problem+json`
#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    detail: String,
}

async fn sentence(answer: Response) -> Option<String> {
    answer.json::<Problem>().await.ok().map(|p| p.detail).filter(|d| !d.is_empty())
}

fn unreadable() -> Trouble {
    Trouble::Refused("The answer cannot be read. Reload the page: Loom may be newer than it.".into())
}
