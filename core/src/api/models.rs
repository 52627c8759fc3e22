//! Which model files there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::{State, blocking};

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list))
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
