//! What is well and what is not, with what to do.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use loom_schemas::api::Check;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::{State, blocking};

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(doctor))
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Checks {
    pub checks: Vec<Check>,
}

/// Every check of this machine and folder.
#[utoipa::path(get, path = "/api/doctor", tag = "health", responses((status = 200, body = Checks)))]
async fn doctor(Extract(state): Extract<Arc<State>>) -> Result<Json<Checks>, Problem> {
    blocking(move || Ok(Json(Checks { checks: (state.checks)() }))).await
}
