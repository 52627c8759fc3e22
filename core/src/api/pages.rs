//! The app's own files for browsers: `/`, `/ui/*` and `/assets/*` from the built pages, and nothing outside them.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::extract::State as Extract;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::{State, blocking};

/// Loom's own scripts, styles and pictures, talking to Loom alone.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub fn described() -> Routes {
    OpenApiRouter::new().routes(routes!(root))
}

pub fn routes() -> Router<Arc<State>> {
    Router::new().route("/ui", get(file)).route("/ui/", get(file)).route("/ui/{*path}", get(file)).route("/assets/{*path}", get(file))
}

/// The app to a browser, the service's information to others.
#[utoipa::path(get, path = "/", tag = "docs", responses((status = 200, body = serde_json::Value)))]
async fn root(Extract(state): Extract<Arc<State>>, headers: HeaderMap) -> Result<Response, Problem> {
    let browser = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).is_some_and(|a| a.contains("text/html"));
    if browser {
        return page(state, PathBuf::from("index.html")).await;
    }
    Ok(Json(json!({
        "service": "loom",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "One private, searchable timeline of what a person's devices sense",
        "endpoints": {
            "health": "/healthz", "readiness": "/readyz", "metrics": "/metrics", "docs": "/docs",
            "openapi": "/openapi.json", "timeline": "/api/timeline", "structure": "/api/kafka/structure",
        },
    }))
    .into_response())
}

async fn file(Extract(state): Extract<Arc<State>>, uri: Uri) -> Result<Response, Problem> {
    let path = uri.path();
    let inside = path.strip_prefix("/ui").map(|p| p.trim_start_matches('/')).or_else(|| path.strip_prefix('/')).unwrap_or("");
    let relative = relative(inside).ok_or_else(absent)?;
    // A name without an ending is one of the app's own places: the app finds it.
    let is_place = path.starts_with("/ui") && relative.extension().is_none();
    page(state, if is_place { PathBuf::from("index.html") } else { relative }).await
}

fn absent() -> Problem {
    Problem::not_found("there is no such file")
}

/// A path that can only lead downwards; percent signs, which built files never have, are refused.
fn relative(path: &str) -> Option<PathBuf> {
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    let path = Path::new(path);
    (plain && path.components().all(|c| matches!(c, Component::Normal(_)))).then(|| path.to_path_buf())
}

async fn page(state: Arc<State>, relative: PathBuf) -> Result<Response, Problem> {
    let Some(folder) = folder(state.settings.ui_dir.as_deref()) else {
        return if relative == Path::new("index.html") { Ok(unbuilt()) } else { Err(absent()) };
    };
    let kind = media_type(&relative);
    let bytes = blocking(move || Ok(read_inside(&folder, &relative))).await?.ok_or_else(absent)?;
    Ok(guarded(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], bytes)))
}

/// Links that lead out of the folder are not followed.
fn read_inside(folder: &Path, relative: &Path) -> Option<Vec<u8>> {
    let folder = folder.canonicalize().ok()?;
    let path = folder.join(relative).canonicalize().ok()?;
    path.starts_with(&folder).then(|| std::fs::read(path).ok())?
}

/// The built pages: as the settings say, else beside the program, else where a checkout builds them.
fn folder(chosen: Option<&Path>) -> Option<PathBuf> {
    if let Some(chosen) = chosen {
        return Some(chosen.to_path_buf());
    }
    let program = std::env::current_exe().ok()?;
    let beside = program.parent()?;
    [beside.join("ui"), beside.join("../../ui/dist")].into_iter().find(|d| d.join("index.html").is_file())
}

fn unbuilt() -> Response {
    guarded(Html(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Loom</title><main><h1>Loom is running</h1>\
         <p>Its pages are not built: <code>cargo xtask setup</code> builds them. Until then, <code>loom search</code> and \
         the <a href=\"/docs\">HTTP API</a> are there.</p></main></html>",
    ))
}

fn guarded(page: impl IntoResponse) -> Response {
    let mut response = page.into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()).unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
