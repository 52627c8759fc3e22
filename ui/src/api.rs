//! Asking Loom: JSON with the token, and sound as a local address.

use gloo_net::http::{Request, Response};
use js_sys::{Array, Uint8Array};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use web_sys::{Blob, BlobPropertyBag, Url};

use loom_schemas::api::{GroupRow, SearchHit, TimelineRow, TopicRow};

use crate::browser;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Nobody is there.
    Lost,
    /// No token, or not the right one.
    Denied,
    /// Loom's own sentence.
    Refused(String),
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Lines {
    pub lines: Vec<TimelineRow>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Hits {
    pub hits: Vec<SearchHit>,
    #[serde(default)]
    pub capped: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Groups {
    pub groups: Vec<GroupRow>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Topics {
    pub topics: Vec<TopicRow>,
}

/// `application/problem+json`
#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
}

/// Lines in one answer, at most.
const MOST: usize = 1000;

/// All lines of a range: `path` asks for them oldest first from a time that is given again for what follows.
pub async fn lines(from: String, to: String) -> Result<Lines, Trouble> {
    let mut all: Vec<TimelineRow> = Vec::new();
    let mut next = from;
    loop {
        let answer: Lines = get(&format!("/api/timeline?from={next}&to={to}&order=asc&limit={MOST}")).await?;
        let full = answer.lines.len() == MOST;
        let before = all.len();
        // The first lines of a page may be the last of the one before: they share a time.
        all.extend(
            answer
                .lines
                .into_iter()
                .filter(|l| !all[before.saturating_sub(MOST)..before].iter().any(|a| a.message_id == l.message_id))
                .collect::<Vec<_>>(),
        );
        match all.last() {
            Some(last) if full && all.len() > before => next = last.recorded_at.clone(),
            _ => return Ok(Lines { lines: all }),
        }
    }
}

pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Trouble> {
    let answer = ask(path).await?;
    answer.json().await.map_err(|_| Trouble::Refused("The answer cannot be read. Reload the page: Loom may be newer than it.".into()))
}

/// The sound behind a link, as an address that an audio element can play; to be given back with [`forget`].
pub async fn sound(href: &str) -> Result<String, Trouble> {
    let bytes = ask(href).await?.binary().await.map_err(|_| Trouble::Lost)?;
    let parts = Array::of1(&Uint8Array::from(bytes.as_slice()));
    let kind = BlobPropertyBag::new();
    kind.set_type("audio/wav");
    let unreadable = |_| Trouble::Refused("The sound cannot be read.".into());
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &kind).map_err(unreadable)?;
    Url::create_object_url_with_blob(&blob).map_err(unreadable)
}

pub fn forget(sound: &str) {
    Url::revoke_object_url(sound).ok();
}

async fn ask(path: &str) -> Result<Response, Trouble> {
    let mut request = Request::get(path);
    if let Some(token) = browser::token() {
        request = request.header("Authorization", &format!("Bearer {token}"));
    }
    let answer = request.send().await.map_err(|_| Trouble::Lost)?;
    match answer.status() {
        200..300 => Ok(answer),
        401 => Err(Trouble::Denied),
        _ => Err(Trouble::Refused(sentence(answer).await)),
    }
}

async fn sentence(answer: Response) -> String {
    let status = answer.status();
    match answer.json::<Problem>().await {
        Ok(p) if !p.detail.is_empty() => p.detail,
        Ok(p) if !p.title.is_empty() => p.title,
        _ => format!("Loom answered {status}."),
    }
}

/// Sends JSON, and reads what comes back.
pub async fn post<T: DeserializeOwned>(path: &str, body: &impl serde::Serialize) -> Result<T, Trouble> {
    let mut request = Request::post(path);
    if let Some(token) = browser::token() {
        request = request.header("Authorization", &format!("Bearer {token}"));
    }
    let request = request.json(body).map_err(|_| Trouble::Refused("What was to be sent is no JSON.".into()))?;
    let answer = request.send().await.map_err(|_| Trouble::Lost)?;
    match answer.status() {
        200..300 => answer.json().await.map_err(|_| Trouble::Refused("The answer cannot be read. Reload the page.".into())),
        401 => Err(Trouble::Denied),
        _ => Err(Trouble::Refused(sentence(answer).await)),
    }
}

/// What went wrong, as a sentence beside what a person did.
pub fn said(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Lost => "Loom does not answer. Nothing was changed; try again when it is back.".into(),
        Trouble::Denied => "Loom does not know this page's key. Open the page anew from Loom.".into(),
        Trouble::Refused(sentence) => sentence.clone(),
    }
}
