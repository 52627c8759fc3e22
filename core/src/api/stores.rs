//! What is made from the log can be made again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::{State, blocking};
use crate::error::Error;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(rebuild))
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Rebuilt {
    pub store: String,
    /// `emptied`: the running Loom fills it from the log at once, one that stands still at its next start.
    pub status: String,
}

/// Empties a store, `timeline` or `analytics`, so that it is made again from the log.
#[utoipa::path(post, path = "/api/stores/{store}/rebuild", tag = "stores", params(("store" = String, Path)),
    responses((status = 200, body = Rebuilt), (status = 404)))]
async fn rebuild(Extract(state): Extract<Arc<State>>, Path(store): Path<String>) -> Result<Json<Rebuilt>, Problem> {
    blocking(move || match (state.rebuild)(&store)? {
        true => Ok(Json(Rebuilt { store, status: "emptied".into() })),
        false => Err(Error::invalid("there is no such store: timeline and analytics can be made again")),
    })
    .await
}
