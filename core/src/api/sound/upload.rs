//! `POST /audio/upload`: JSON in Loom v2's shapes, a form, or the bytes alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State as Extract};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::fields;
use crate::api::Routes;
use crate::api::body::{bytes, is_json, json, media_type};
use crate::api::door::{INGESTION, UPLOAD_BYTES};
use crate::api::problem::Problem;
use crate::api::produce::{many, one, refused, take};
use crate::api::query::Params;
use crate::api::state::State;
use crate::bus::{Trace, names};
use crate::door::{Entry, Offers, offers};

/// Files in one form.
const MOST_FILES: usize = 100;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::max(UPLOAD_BYTES))
}

/// Sound of a device: as JSON in any of Loom v2's shapes (`chunk_data`, `audio_data` or `data` in base64 or hex), as
/// `multipart/form-data` (a file, and fields beside it), or as the bytes themselves under their own media type with
/// `device_id` and further fields in the query. Samples, or a wav, flac, mp3, m4a, ogg, opus, aiff or webm file. 202 where
/// nothing can be decoded: it is kept, and named.
#[utoipa::path(post, path = "/audio/upload", tag = "ingestion", request_body = Value,
    responses((status = 201, body = crate::api::produce::Accepted), (status = 202, body = crate::api::produce::Accepted),
        (status = 207, body = crate::api::produce::BatchResult), (status = 415, body = Problem), (status = 422, body = Problem)))]
async fn upload(
    Extract(state): Extract<Arc<State>>,
    Extension(trace): Extension<Trace>,
    Params(query): Params<BTreeMap<String, String>>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let kind = media_type(&headers);
    let full = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    // Decoded sound is large: only so many at once.
    let _place = state.connections.uploads.clone().acquire_owned().await.map_err(|_| Problem::bug())?;
    let (offers, batch): (Offers, bool) = if is_json(&kind) {
        let body = json(&bytes(request, &state).await?)?;
        let batch = body.is_array();
        (offers(Entry::One(names::AUDIO_RAW), body).map_err(refused)?, batch)
    } else if kind == "multipart/form-data" {
        let offers = form(request, &state, query).await?;
        let batch = offers.len() != 1;
        (offers, batch)
    } else if kind.starts_with("audio/") || kind == "application/octet-stream" {
        let body = bytes(request, &state).await?.to_vec();
        (vec![fields::offer(names::AUDIO_RAW, fields::payload(query), body, &full)], false)
    } else {
        let said = "sound comes as application/json, as multipart/form-data, or as itself under its own type, such as audio/wav";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, said));
    };
    let outcomes = take(&state, offers, INGESTION, trace, &headers).await?;
    if batch { many(outcomes) } else { one(outcomes) }
}

/// A form's files, each with the fields beside it and those of the query.
async fn form(request: Request, state: &Arc<State>, query: BTreeMap<String, String>) -> Result<Offers, Problem> {
    let broken =
        |e: axum::extract::multipart::MultipartError| Problem::new(e.status(), format!("the form cannot be read: {}", e.body_text()));
    let mut form = Multipart::from_request(request, state).await.map_err(|e| Problem::bad_request(e.body_text()))?;
    let (mut said, mut files) = (query, Vec::new());
    while let Some(part) = form.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let kind = part.content_type().unwrap_or_default().to_owned();
        if part.file_name().is_some() || kind.starts_with("audio/") {
            if files.len() == MOST_FILES {
                return Err(Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    format!("a form holds at most {MOST_FILES} files: send more in parts"),
                ));
            }
            files.push((part.bytes().await.map_err(broken)?.to_vec(), kind));
        } else {
            said.insert(name, part.text().await.map_err(broken)?);
        }
    }
    let fields = fields::payload(said);
    if files.is_empty() {
        return offers(Entry::One(names::AUDIO_RAW), Value::Object(fields)).map_err(refused);
    }
    Ok(files.into_iter().map(|(bytes, kind)| fields::offer(names::AUDIO_RAW, fields.clone(), bytes, &kind)).collect())
}
