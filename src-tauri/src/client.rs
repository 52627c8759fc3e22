//! Asking the API: over loopback where Loom runs, else of the data folder opened here.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use loom_core::data_dir::Lock;
use loom_core::{Error, Result};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::context::Context;
use crate::home::Home;

/// Someone else may hold the folder for a moment: a command like this one, or a Loom that is starting.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

pub struct Client {
    runtime: Runtime,
    door: Door,
    token: String,
}

enum Door {
    /// The running instance.
    Running { http: reqwest::Client, url: String },
    /// Nobody runs: the router is asked in this process, and no pipeline.
    Folder { router: Router, _home: Box<Home> },
}

enum Found {
    Free(Lock),
    Answers { url: String, token: String },
}

impl Client {
    /// The folder's lock decides whether someone runs; an address that was left behind is not believed.
    pub fn open(context: &Context) -> Result<Self> {
        context.dir.create()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Error::stop("the system gives no more threads").because(e))?;
        let http = reqwest::Client::builder().no_proxy().build().map_err(|e| Error::bug("no HTTP client").because(e))?;
        Ok(match runtime.block_on(find(context, &http))? {
            Found::Answers { url, token } => Self { runtime, door: Door::Running { http, url }, token },
            Found::Free(lock) => {
                let home = Home::open(context, lock)?;
                let (router, token) = (loom_core::api::router(home.state.clone()), home.token.clone());
                Self { runtime, door: Door::Folder { router, _home: Box::new(home) }, token }
            }
        })
    }

    /// Whether new records can come while this client lives.
    pub fn is_running(&self) -> bool {
        matches!(self.door, Door::Running { .. })
    }

    pub fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value> {
        let query: Vec<String> = query.iter().map(|(k, v)| format!("{k}={}", encode(v))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        self.ask("GET", &format!("{path}{mark}{}", query.join("&")), None)
    }

    /// An answer as it comes, a piece at a time.
    pub fn stream(&self, path: &str, query: &[(&str, String)], take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let query: Vec<String> = query.iter().map(|(k, v)| format!("{k}={}", encode(v))).collect();
        let asked = format!("{path}?{}", query.join("&"));
        self.runtime.block_on(async {
            let refused = |bytes: &[u8]| {
                let answer: Value = serde_json::from_slice(bytes).unwrap_or_default();
                Error::invalid(answer["detail"].as_str().unwrap_or("the request was refused").to_string())
            };
            match &self.door {
                Door::Running { http, url } => {
                    let gone = |e: reqwest::Error| Error::retry("the running Loom broke off: try again").because(e);
                    let mut response = http.get(format!("{url}{asked}")).bearer_auth(&self.token).send().await.map_err(gone)?;
                    if !response.status().is_success() {
                        return Err(refused(&response.bytes().await.map_err(gone)?));
                    }
                    while let Some(piece) = response.chunk().await.map_err(gone)? {
                        take(&piece)?;
                    }
                    Ok(())
                }
                Door::Folder { router, .. } => {
                    let broke_off = |e: axum::Error| Error::stop("the answer broke off: nothing after this is there").because(e);
                    let response = router.clone().oneshot(self.request("GET", &asked, None)?).await.unwrap_or_else(|never| match never {});
                    let (parts, mut body) = response.into_parts();
                    if !parts.status.is_success() {
                        return Err(refused(&body.collect().await.map_err(broke_off)?.to_bytes()));
                    }
                    while let Some(frame) = body.frame().await {
                        if let Ok(piece) = frame.map_err(broke_off)?.into_data() {
                            take(&piece)?;
                        }
                    }
                    Ok(())
                }
            }
        })
    }

    /// A request to the folder's own router.
    fn request(&self, method: &str, path_and_query: &str, body: Option<String>) -> Result<Request<Body>> {
        let request = Request::builder().method(method).uri(path_and_query).header("host", "127.0.0.1");
        let request = request.header("authorization", format!("Bearer {}", self.token)).header("content-type", "application/json");
        request.body(Body::from(body.unwrap_or_default())).map_err(|e| Error::invalid("that cannot be asked").because(e))
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", path, Some(body.to_string()))
    }

    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("PUT", path, Some(body.to_string()))
    }

    pub fn delete(&self, path: &str) -> Result<Value> {
        self.ask("DELETE", path, None)
    }

    fn ask(&self, method: &str, path_and_query: &str, body: Option<String>) -> Result<Value> {
        let (status, bytes) = self.runtime.block_on(self.send(method, path_and_query, body))?;
        let answer: Value =
            serde_json::from_slice(&bytes).map_err(|e| Error::bug("the answer is no JSON: is another Loom version running?").because(e))?;
        match status {
            200..=299 => Ok(answer),
            _ => Err(Error::invalid(
                answer["detail"].as_str().or(answer["message"].as_str()).unwrap_or("the request was refused").to_string(),
            )),
        }
    }

    async fn send(&self, method: &str, path_and_query: &str, body: Option<String>) -> Result<(u16, Vec<u8>)> {
        let gone = |e: reqwest::Error| Error::retry("the running Loom broke off: try again").because(e);
        match &self.door {
            Door::Running { http, url } => {
                let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|e| Error::bug("no HTTP method").because(e))?;
                let mut request = http.request(method, format!("{url}{path_and_query}")).bearer_auth(&self.token);
                if let Some(body) = body {
                    request = request.header("content-type", "application/json").body(body);
                }
                let response = request.send().await.map_err(gone)?;
                Ok((response.status().as_u16(), response.bytes().await.map_err(gone)?.to_vec()))
            }
            Door::Folder { router, .. } => {
                let response =
                    router.clone().oneshot(self.request(method, path_and_query, body)?).await.unwrap_or_else(|never| match never {});
                let (parts, body) = response.into_parts();
                let bytes = body.collect().await.map_err(|e| Error::bug("an answer broke off").because(e))?;
                Ok((parts.status.as_u16(), bytes.to_bytes().to_vec()))
            }
        }
    }
}

async fn find(context: &Context, http: &reqwest::Client) -> Result<Found> {
    let began = Instant::now();
    loop {
        let taken = match context.dir.lock() {
            Ok(lock) => return Ok(Found::Free(lock)),
            Err(e) => e,
        };
        if let (Some(address), Some(token)) = (context.dir.address(), context.dir.kept_token())
            && answers(http, &address.url).await
        {
            return Ok(Found::Answers { url: address.url, token });
        }
        if began.elapsed() > PATIENCE {
            return Err(taken);
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}

/// Asked without the token, in case it is someone else's port by now.
pub async fn answers(http: &reqwest::Client, url: &str) -> bool {
    let asked = http.get(format!("{url}/healthz")).timeout(Duration::from_secs(2)).send().await;
    asked.is_ok_and(|r| r.status().is_success())
}

/// One segment of a path, or a query's value (RFC 3986).
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, b| {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("%{b:02X}")),
        }
        out
    })
}
