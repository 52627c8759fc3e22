//! Asking Loom: JSON with the token.

use gloo_net::http::{Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use loom_schemas::api::{GroupRow, TimelineRow, TopicRow};

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

pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Trouble> {
    let answer = ask(path).await?;
    answer.json().await.map_err(|_| Trouble::Refused("The answer cannot be read. Reload the page: Loom may be newer than it.".into()))
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
