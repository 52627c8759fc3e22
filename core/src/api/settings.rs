//! Settings as a page shows and changes them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use loom_schemas::live::SettingsPage;
use serde_json::{Map, Value};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::{Complaint, Problem};
use super::state::{State, blocking};
use crate::settings::Refused;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(page)).routes(routes!(change))
}

/// Every setting with what it is, where that comes from, and what it is changed with.
#[utoipa::path(get, path = "/api/settings", tag = "settings", responses((status = 200, body = SettingsPage)))]
async fn page(Extract(state): Extract<Arc<State>>) -> Json<SettingsPage> {
    Json(state.keeper.page())
}

/// Changes settings, by key, all or none; `null` goes back to the default. What comes from the environment or a flag is not
/// changed here (409).
#[utoipa::path(patch, path = "/api/settings", tag = "settings", request_body(content = Object, description = "values by key"),
    responses((status = 200, body = SettingsPage), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn change(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Json(changes): Json<Map<String, Value>>,
) -> Result<Json<SettingsPage>, Problem> {
    // Whoever was let in without the token may read and send; what lasts beyond that is the owner's alone.
    if !super::auth::holds_token(&headers, &state.token) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "settings are changed with the token, whatever else is open"));
    }
    let keeper = state.keeper.clone();
    match blocking(move || Ok(keeper.change(&changes))).await? {
        Ok(()) => Ok(page(Extract(state)).await),
        Err(Refused::Wrong { key, expected }) => Err(Problem::invalid(vec![Complaint::new(format!("/{key}"), "setting", &expected)])),
        Err(Refused::Elsewhere(why)) => Err(Problem::conflict(why)),
        Err(Refused::Failed(e)) => Err(e.into()),
    }
}
