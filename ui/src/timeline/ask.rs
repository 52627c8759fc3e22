//! What the timeline asks of Loom.

use js_sys::{Array, Uint8Array};
use loom_schemas::api::{SearchHit, TimelineRow};
use loom_schemas::live::{Forgotten, LineChange};
use loom_ui_model::time::{rfc3339, rfc3339_us};
use serde::Deserialize;
use web_sys::{Blob, BlobPropertyBag, Url};

use crate::api::{self, Trouble, get};

/// Lines in one answer: more than two windows full, and read within a frame.
pub const PAGE: usize = 120;
/// Of a day of which nothing is known yet: a window full, as soon as may be.
pub const FIRST_PAGE: usize = 48;

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

/// The line as it is now, where that is known at once.
pub async fn change(id: &str, change: &LineChange) -> Result<Option<TimelineRow>, Trouble> {
    /// It is on the log, and not in the timeline yet: what is answered is the line as it was.
    const ON_ITS_WAY: u16 = 202;
    let body = serde_json::to_string(change).unwrap_or_default();
    let answer = api::answer("PATCH", &format!("/api/timeline/{id}"), Some(body.into())).await?;
    Ok(if answer.status() == ON_ITS_WAY { None } else { answer.json().await.ok() })
}

pub async fn delete(id: &str) -> Result<Forgotten, Trouble> {
    api::send("DELETE", &format!("/api/timeline/{id}"), None).await
}

pub async fn undo(forget_id: &str) -> Result<(), Trouble> {
    api::told("POST", &format!("/api/timeline/forget/{forget_id}/undo"), None).await
}

pub async fn bytes(path: &str) -> Result<Vec<u8>, Trouble> {
    api::answer("GET", path, None).await?.binary().await.map_err(|_| Trouble::Lost)
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

fn unreadable() -> Trouble {
    Trouble::Refused("The answer cannot be read. Reload the page: Loom may be newer than it.".into())
}
