//! Who may come in: this machine's programs with the token, and no web page.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Extract};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use super::state::State;

/// Lets a request through, or says why not: a foreign Host 421, a foreign Origin 403, no or a wrong token 401.
pub async fn guard(Extract(state): Extract<Arc<State>>, request: Request, next: Next) -> Response {
    match check(&state, &request) {
        Ok(()) => {
            let mark = earned_mark(&state, &request);
            let mut response = next.run(request).await;
            if let Some(mark) = mark {
                response.headers_mut().append(header::SET_COOKIE, mark);
            }
            response
        }
        #[cfg(feature = "grpc")]
        Err(p) if super::grpc::is_call(request.headers()) => super::grpc::status(&p).into_http::<axum::body::Body>(),
        Err(p) => {
            let unauthorised = p.status == StatusCode::UNAUTHORIZED.as_u16();
            let mut response = p.into_response();
            if unauthorised {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"loom\""));
            }
            response
        }
    }
}

fn check(state: &State, request: &Request) -> Result<(), Problem> {
    let host = host(request.headers(), request.uri()).filter(|h| is_loopback_name(name_of(h))).ok_or_else(|| {
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "this Loom answers to 127.0.0.1 and localhost only: call it by that name")
    })?;
    if !request.headers().get_all(header::ORIGIN).iter().all(|o| is_own(o, host)) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "pages of other origins may not call Loom: open Loom's own page"));
    }
    let open = is_open(request.method(), request.uri().path()) || (state.settings.open_loopback && from_loopback(request));
    if open || holds_token(request.headers(), &state.token) || (is_mark_enough(request) && holds_mark(request.headers(), &state.token)) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNAUTHORIZED,
        "the token is missing or wrong: send what api-token in the data folder holds as Authorization: Bearer",
    ))
}

/// The one Host header, or the request line's own.
fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut all = headers.get_all(header::HOST).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => one.to_str().ok(),
        (None, _) => uri.authority().map(|a| a.as_str()),
        _ => None,
    }
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((v6, _)) => v6,
        None => host.split(':').next().unwrap_or(host),
    }
}

fn is_loopback_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a page's origin is the very address it calls: another port of this machine is another program's page.
fn is_own(origin: &HeaderValue, host: &str) -> bool {
    origin.to_str().ok().and_then(|o| o.strip_prefix("http://")).is_some_and(|o| o.eq_ignore_ascii_case(host))
}

fn from_loopback(request: &Request) -> bool {
    request.extensions().get::<ConnectInfo<SocketAddr>>().is_some_and(|c| c.0.ip().is_loopback())
}

/// What holds nothing of anyone: the app's own files, its description, and whether it lives.
pub fn is_open(method: &Method, path: &str) -> bool {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return false;
    }
    matches!(path, "/" | "/docs" | "/openapi.json")
        || path.starts_with("/ui/")
        || path == "/ui"
        || path.starts_with("/assets/")
        || super::health::is_open(path)
}

/// Pages that a link opens in a browser, which cannot send the token with it. They tell of schemas, those that were registered here
/// included: not for every program on this machine. Loom's own page has the token, so its browser gets a mark, good for
/// these pages alone: other ports of this machine, which share its cookies, learn nothing that opens more.
const MARKED: &str = "/schema-registry/docs";
const MARK: &str = "loom-docs=";

fn is_mark_enough(request: &Request) -> bool {
    let path = request.uri().path();
    matches!(*request.method(), Method::GET | Method::HEAD)
        && path.strip_prefix(MARKED).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn mark_of(token: &str) -> String {
    hex::encode(&Sha256::new().chain_update("pages about schemas").chain_update(token).finalize()[..16])
}

fn holds_mark(headers: &HeaderMap, token: &str) -> bool {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    !token.is_empty() && cookies.filter_map(|c| c.trim().strip_prefix(MARK)).any(|given| same(given, &mark_of(token)))
}

/// The cookie for the browser of a page of Loom's own; it goes with the browser's session.
fn earned_mark(state: &State, request: &Request) -> Option<HeaderValue> {
    let headers = request.headers();
    let own_page = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    let earned = own_page && holds_token(headers, &state.token);
    let cookie = || HeaderValue::from_str(&format!("{MARK}{}; Path={MARKED}; HttpOnly; SameSite=Strict", mark_of(&state.token))).ok();
    if earned { cookie() } else { None }
}

pub fn holds_token(headers: &HeaderMap, token: &str) -> bool {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| {
        let (scheme, rest) = v.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
    });
    let key = headers.get("x-api-key").and_then(|v| v.to_str().ok());
    // A browser's WebSocket can send no header of its own: its token comes among the subprotocols.
    let mut offered = super::ws::offered(headers).filter_map(|p| p.strip_prefix(super::ws::TOKEN_PREFIX));
    bearer.or(key).or_else(|| offered.next()).is_some_and(|given| same(given, token))
}

/// In a time that tells nothing: digests are compared, all of them.
fn same(given: &str, token: &str) -> bool {
    let (a, b) = (Sha256::digest(given.as_bytes()), Sha256::digest(token.as_bytes()));
    !token.is_empty() && a.iter().zip(b.iter()).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}
