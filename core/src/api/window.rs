//! Asking the desktop app around this Loom for something.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::problem::Problem;
use super::state::State;
use crate::desk::Wish;

pub fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(wish))
}

/// Shows the window, closes it as its button does (Loom goes on), or ends Loom in order. 404 where this Loom has none.
#[utoipa::path(post, path = "/api/window/{wish}", tag = "window", params(("wish" = Wish, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn wish(Extract(state): Extract<Arc<State>>, headers: HeaderMap, Path(wish): Path<Wish>) -> Result<StatusCode, Problem> {
    // Whoever was let in without the token may not end Loom.
    if !super::auth::holds_token(&headers, &state.token) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "the window hears those alone who have the token, whatever else is open"));
    }
    match state.desk.ask(wish) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("this Loom runs without a window")),
    }
}
