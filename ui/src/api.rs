//! Asking Loom: JSON with the token.

use gloo_net::http::{Request, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wasm_bindgen::JsValue;

use loom_schemas::api::{Check, GroupRow, TimelineRow, TopicRow};

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

impl Trouble {
    /// One sentence for a person.
    pub fn sentence(self) -> String {
        match self {
            Trouble::Lost => "Loom does not answer. Try again once it does.".into(),
            Trouble::Denied => "This page has no key to Loom. Reload it.".into(),
            Trouble::Refused(sentence) => sentence,
        }
    }
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

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Checks {
    pub checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Models {
    pub models: Vec<ModelRow>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ModelRow {
    pub id: String,
    pub bytes: u64,
    pub state: String,
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
    read(&text(Request::get(path), None).await?)
}

/// Sends something to be done; what is answered is what is so then.
pub async fn send<T: DeserializeOwned>(method: &str, path: &str, body: Option<&Value>) -> Result<T, Trouble> {
    let request = request(method, path);
    read(&text(request, body.map(|b| b.to_string().into())).await?)
}

/// Sends a file as it is.
pub async fn send_bytes<T: DeserializeOwned>(path: &str, body: JsValue) -> Result<T, Trouble> {
    read(&text(Request::post(path), Some(body)).await?)
}

/// The same as [`send`] where what is answered does not matter.
pub async fn told(method: &str, path: &str, body: Option<JsValue>) -> Result<(), Trouble> {
    text(request(method, path), body).await.map(drop)
}

fn request(method: &str, path: &str) -> RequestBuilder {
    match method {
        "PUT" => Request::put(path),
        "PATCH" => Request::patch(path),
        "DELETE" => Request::delete(path),
        "GET" => Request::get(path),
        _ => Request::post(path),
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Trouble> {
    serde_json::from_str(text)
        .map_err(|_| Trouble::Refused("The answer cannot be read. Reload the page: Loom may be newer than it.".into()))
}

async fn text(request: RequestBuilder, body: Option<JsValue>) -> Result<String, Trouble> {
    ask(request, body).await?.text().await.map_err(|_| Trouble::Lost)
}

/// The answer itself, for who wants its bytes or its status.
pub async fn answer(method: &str, path: &str, body: Option<JsValue>) -> Result<Response, Trouble> {
    ask(request(method, path), body).await
}

/// Whether anybody answers at all.
pub async fn is_there() -> bool {
    Request::get("/healthz").send().await.is_ok()
}

async fn ask(mut request: RequestBuilder, body: Option<JsValue>) -> Result<Response, Trouble> {
    if let Some(token) = browser::token() {
        request = request.header("Authorization", &format!("Bearer {token}"));
    }
    if body.as_ref().is_some_and(JsValue::is_string) {
        request = request.header("Content-Type", "application/json");
    }
    let request = match body {
        Some(body) => request.body(body),
        None => request.build(),
    };
    let answer = request.map_err(|_| Trouble::Lost)?.send().await.map_err(|_| Trouble::Lost)?;
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
    let body = serde_json::to_string(body).map_err(|_| Trouble::Refused("What was to be sent is no JSON.".into()))?;
    read(&text(Request::post(path), Some(body.into())).await?)
}

/// What went wrong, as a sentence beside what a person did.
pub fn said(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Lost => "Loom does not answer. Nothing was changed; try again when it is back.".into(),
        Trouble::Denied => "Loom does not know this page's key. Open the page anew from Loom.".into(),
        Trouble::Refused(sentence) => sentence.clone(),
    }
}
