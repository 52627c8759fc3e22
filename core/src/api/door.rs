//! Loom v2's ways in, and those of other programs: each in its own shape, all through the one [`Door`](crate::door::Door).

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, OriginalUri, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, ResponseBuilder};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::body::{Strict, json as json_of, media_type};
use super::problem::Problem;
use super::produce::{BATCH_BYTES, Way, many, one, refused, take};
use super::query::Params;
use super::state::State;
use crate::bus::Trace;
use crate::door::{Entry, PATHS, cloud_events, entry, offers, overland, own_tracks, unified};

/// Pictures, films and documents come in base64.
pub const UPLOAD_BYTES: usize = 150 << 20;

pub const INGESTION: Way<'static> = Way { producer: "ingestion-api", device_required: true };

pub fn routes() -> Routes {
    let events = OpenApiRouter::new().routes(routes!(events)).routes(routes!(from_own_tracks)).routes(routes!(from_overland));
    let types = OpenApiRouter::new().routes(routes!(message_types));
    events.layer(DefaultBodyLimit::max(BATCH_BYTES)).merge(types).merge(old())
}

/// One route a path of the table, each in the description.
fn old() -> Routes {
    let mut routes = OpenApiRouter::new();
    // Sound also comes in other ways than JSON.
    for (path, entry) in PATHS.iter().filter(|(path, _)| *path != "/audio/upload") {
        routes = routes.route(path, axum::routing::post(ingest));
        routes.get_openapi_mut().paths.paths.insert((*path).into(), PathItem::new(HttpMethod::Post, described(*entry)));
    }
    routes.layer(DefaultBodyLimit::max(UPLOAD_BYTES))
}

fn described(entry: Entry) -> OperationBuilder {
    let what = match entry {
        Entry::One(topic) => format!("A record of {topic} (201), or an array of them (207), in any of the shapes Loom v2's clients send."),
        Entry::Many { topic, field, most } => format!("Up to {most} records of {topic} in `{field}`; a result an item (207)."),
        Entry::Sensors => "Readings that name their sensor; a result an item (207).".into(),
        Entry::Unified => "A message whose type names its topic: /ingest/message-types lists them.".into(),
    };
    let json = || ContentBuilder::new().build();
    OperationBuilder::new()
        .tag("ingestion")
        .summary(Some(what))
        .request_body(Some(RequestBodyBuilder::new().content("application/json", json()).build()))
        .response("201", ResponseBuilder::new().description("durable").content("application/json", json()))
        .response("207", ResponseBuilder::new().description("a result an item").content("application/json", json()))
        .response("422", ResponseBuilder::new().description("what is wrong where").content("application/problem+json", json()))
}

async fn ingest(
    Extract(state): Extract<Arc<State>>,
    Extension(trace): Extension<Trace>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Strict(body): Strict,
) -> Result<Response, Problem> {
    let entry = entry(uri.path().trim_end_matches('/')).ok_or_else(|| Problem::not_found("there is nothing at this address"))?;
    let batch = body.is_array() || matches!(entry, Entry::Many { .. });
    let offers = offers(entry, body).map_err(refused)?;
    let batch = batch || offers.len() != 1;
    let outcomes = take(&state, offers, INGESTION, trace, &headers).await?;
    if batch { many(outcomes) } else { one(outcomes) }
}

/// CloudEvents 1.0: binary, structured (`application/cloudevents+json`) or a batch (`application/cloudevents-batch+json`).
/// `type` is the topic, `source` the device, `id` the message.
#[utoipa::path(post, path = "/events", tag = "ingestion", request_body = Value,
    responses((status = 201, body = super::produce::Accepted), (status = 207, body = super::produce::BatchResult), (status = 422, body = Problem)))]
async fn events(
    Extract(state): Extract<Arc<State>>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Result<Response, Problem> {
    const WAY: Way<'static> = Way { producer: "cloudevents", device_required: true };
    let kind = media_type(&headers);
    let parsed = || json_of(&body);
    match kind.as_str() {
        "application/cloudevents-batch+json" => {
            let offers = cloud_events::batch(parsed()?).map_err(refused)?;
            many(take(&state, offers, WAY, trace, &headers).await?)
        }
        "application/cloudevents+json" => one(take(&state, vec![cloud_events::offer(parsed()?)], WAY, trace, &headers).await?),
        _ if headers.contains_key("ce-specversion") => {
            let event = binary(&headers, &kind, parsed()?);
            one(take(&state, vec![cloud_events::offer(event)], WAY, trace, &headers).await?)
        }
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "an event comes as application/cloudevents+json, as application/cloudevents-batch+json, or with ce- headers",
        )),
    }
}

/// Binary mode: attributes are headers, the body is the data.
fn binary(headers: &HeaderMap, kind: &str, data: Value) -> Value {
    let mut event = json!({"datacontenttype": if kind.is_empty() { "application/json" } else { kind }, "data": data});
    for (name, value) in headers {
        if let (Some(attribute), Ok(value)) = (name.as_str().strip_prefix("ce-"), value.to_str()) {
            event[attribute] = value.into();
        }
    }
    event
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Tracker {
    /// User.
    u: Option<String>,
    /// Device.
    d: Option<String>,
}

/// OwnTracks in HTTP mode. Answers with an empty list, as its app expects.
#[utoipa::path(post, path = "/owntracks", tag = "ingestion", params(Tracker), request_body = Value,
    responses((status = 200, body = Vec<Value>), (status = 422, body = Problem)))]
async fn from_own_tracks(
    Extract(state): Extract<Arc<State>>,
    Extension(trace): Extension<Trace>,
    Params(tracker): Params<Tracker>,
    headers: HeaderMap,
    Strict(body): Strict,
) -> Result<Response, Problem> {
    let named = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(String::from);
    let (user, device) = (named("x-limit-u").or(tracker.u), named("x-limit-d").or(tracker.d));
    let offer = own_tracks::offer(body, user.as_deref(), device.as_deref());
    let way = Way { producer: "owntracks", device_required: true };
    one(take(&state, vec![offer], way, trace, &headers).await?)?;
    Ok(Json(json!([])).into_response())
}

/// Overland. Answers `{"result": "ok"}` once all that can be kept is, and names what cannot: the app would send it for ever.
#[utoipa::path(post, path = "/overland", tag = "ingestion", request_body = Value,
    responses((status = 200, body = Value), (status = 422, body = Problem)))]
async fn from_overland(
    Extract(state): Extract<Arc<State>>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    Strict(body): Strict,
) -> Result<Json<Value>, Problem> {
    let offers = overland::offers(body).map_err(refused)?;
    let way = Way { producer: "overland", device_required: true };
    let outcomes = take(&state, offers, way, trace, &headers).await?;
    if let Some(crate::door::Outcome::Slow(seconds)) = outcomes.first() {
        return Err(Problem::slow(*seconds));
    }
    let refused: Vec<Value> = outcomes
        .into_iter()
        .filter_map(|o| match o {
            crate::door::Outcome::Refused(wrong) => Some(json!(refused(wrong).errors)),
            _ => None,
        })
        .collect();
    Ok(Json(if refused.is_empty() { json!({"result": "ok"}) } else { json!({"result": "ok", "refused": refused}) }))
}

/// The message types of `/ingest/message`, and where they go.
#[utoipa::path(get, path = "/ingest/message-types", tag = "ingestion", responses((status = 200, body = Value)))]
async fn message_types() -> Json<Value> {
    let row = |(id, topic): &(&str, &str)| json!({"message_type_id": id, "topic": topic});
    Json(json!({"message_types": unified::TYPES.iter().map(row).collect::<Vec<_>>()}))
}
