//! Which model files there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::{State, blocking};

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(pull))
}

/// A model or native library that Loom can use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelRow {
    pub id: String,
    pub description: String,
    pub licence: String,
    pub bytes: u64,
    /// `present`, `absent`, `damaged`
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Models {
    pub models: Vec<ModelRow>,
}

/// Every model this Loom knows.
#[utoipa::path(get, path = "/api/models", tag = "models", responses((status = 200, body = Models)))]
async fn list(Extract(state): Extract<Arc<State>>) -> Result<Json<Models>, Problem> {
    blocking(move || Ok(Json(Models { models: (state.models)() }))).await
}

/// What became of the wish for a model.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Pulling {
    pub id: String,
    /// `pulling`: it is on its way, and `/api/models` says when it is there; `present`: it is there.
    pub state: String,
}

/// Fetches a model, checks it, and puts it where Loom finds it. Answers at once.
#[utoipa::path(post, path = "/api/models/{id}/pull", tag = "models", params(("id" = String, Path)),
    responses((status = 202, body = Pulling), (status = 200, body = Pulling), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn pull(Extract(state): Extract<Arc<State>>, Path(id): Path<String>) -> Result<(StatusCode, Json<Pulling>), Problem> {
    let models = state.clone();
    let (rows, wanted) = (blocking(move || Ok((models.models)())).await?, id.clone());
    let known = rows.into_iter().find(|m| m.id == wanted).ok_or_else(|| Problem::not_found("Loom knows no model of this id"))?;
    if known.state == "present" {
        return Ok((StatusCode::OK, Json(Pulling { id, state: known.state })));
    }
    let pull = state.pull.clone();
    match blocking(move || pull(&wanted)).await? {
        true => Ok((StatusCode::ACCEPTED, Json(Pulling { id, state: "pulling".into() }))),
        false => Err(Problem::conflict("a model is being fetched already: wait until it is there")),
    }
}
