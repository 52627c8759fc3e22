//! The API described: `/openapi.json` for programs, `/docs` for people, without a line of anyone else's script.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, PathItem};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::auth::is_open;
use super::state::State;
use super::{Routes, pages};

/// Their place in the description; [`routes`] answers.
pub fn described() -> Routes {
    let (_, spec) = OpenApiRouter::<Arc<State>>::new().routes(routes!(openapi_json)).routes(routes!(docs)).split_for_parts();
    OpenApiRouter::with_openapi(spec)
}

/// The API's description.
#[utoipa::path(get, path = "/openapi.json", tag = "docs", responses((status = 200, body = Value)))]
async fn openapi_json() {}

/// The same for people.
#[utoipa::path(get, path = "/docs", tag = "docs", responses((status = 200, body = String, content_type = "text/html")))]
async fn docs() {}

pub fn routes(spec: &OpenApi) -> Router<Arc<State>> {
    let json = serde_json::to_value(spec).unwrap_or_default();
    let page: Arc<str> = page(&json).into();
    let text: Arc<str> = json.to_string().into();
    Router::new()
        .route("/openapi.json", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], text.to_string()) }))
        .route("/docs", get(move || async move { guarded(Html(page.to_string())) }))
}

fn guarded(page: impl IntoResponse) -> impl IntoResponse {
    let mut response = page.into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(pages::POLICY));
    response
}

/// What every operation shares: its name, the token, the answer without one.
pub fn finish(spec: &mut OpenApi) {
    spec.info.title = "Loom".into();
    spec.info.description = Some("One private, searchable timeline of what a person's devices sense. Answers on loopback alone.".into());
    spec.info.version = env!("CARGO_PKG_VERSION").into();
    spec.info.contact = None;
    let components = spec.components.get_or_insert_with(Components::new);
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    for (path, item) in &mut spec.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(format!("{method}{}", path.replace(['/', '-', '{', '}', '.'], "_")));
            let open = method == "get" && is_open(&axum::http::Method::GET, path);
            operation.security = Some(if open { Vec::new() } else { vec![SecurityRequirement::new("token", Vec::<String>::new())] });
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [("get", &mut item.get), ("post", &mut item.post), ("put", &mut item.put), ("delete", &mut item.delete)]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|o| (method, o)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn page(spec: &Value) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Loom: the HTTP API</title><main><h1>Loom: the HTTP API</h1>\
         <p>Requests carry what <code>api-token</code> in the data folder holds, as <code>Authorization: Bearer</code>. \
         For programs: <a href=\"/openapi.json\">openapi.json</a>.</p>",
    );
    let empty = json!({});
    for (path, item) in spec["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().unwrap_or(empty.as_object().unwrap_or(&serde_json::Map::new())) {
            describe(&mut out, method, path, operation);
        }
    }
    out.push_str("</main></html>");
    out
}

/// Writing to a String cannot fail.
fn describe(out: &mut String, method: &str, path: &str, operation: &Value) {
    let text = |v: &Value| escaped(v.as_str().unwrap_or(""));
    let _ = write!(out, "<section><h2><code>{} {}</code></h2><p>{}</p>", method.to_uppercase(), escaped(path), text(&operation["summary"]));
    let parameters = operation["parameters"].as_array();
    if let Some(parameters) = parameters.filter(|p| !p.is_empty()) {
        out.push_str("<dl>");
        for p in parameters {
            let _ = write!(out, "<dt><code>{}</code> ({})</dt><dd>{}</dd>", text(&p["name"]), text(&p["in"]), text(&p["description"]));
        }
        out.push_str("</dl>");
    }
    let answers: Vec<&str> = operation["responses"].as_object().map(|r| r.keys().map(String::as_str).collect()).unwrap_or_default();
    let _ = write!(out, "<p>Answers {}.</p></section>", answers.join(", "));
}
