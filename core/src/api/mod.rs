//! The HTTP API: one file a service's routes. Whoever wants data asks here, the command line too; the log and
//! the stores are behind [`State`]. Outside in: [`serve`] takes connections, [`observe`] gives each request a
//! trace, [`auth`] decides who may come in, the routes answer, [`problem`] gives every refusal one shape.

mod audio;
mod auth;
mod body;
mod capture;
pub mod classic;
mod classic_asks;
mod consumers;
mod days;
mod dedup;
mod deeds;
mod devices;
mod discovery;
mod dlq;
mod docs;
mod doctor;
mod door;
mod envelope;
mod export;
mod groups;
#[cfg(feature = "grpc")]
mod grpc;
mod health;
mod in_time;
mod metrics;
mod models;
mod observe;
mod pace;
mod pages;
mod privacy;
mod problem;
mod produce;
mod query;
mod recordings;
mod registry;
mod router;
mod rules;
mod serve;
mod settings;
mod sound;
mod state;
mod stores;
mod structure;
mod timeline;
mod topics;
mod trace;
mod window;
mod ws;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use utoipa_axum::router::OpenApiRouter;

pub use metrics::{Exposition, Metrics};
pub use models::ModelRow;
pub use pace::Pace;
pub use problem::{Complaint, Problem};
pub use recordings::{HALF, TakeIn};
pub use serve::serve;
pub use sound::Connections;
pub use state::{Ask, State};
pub use ws::{Limits, Sockets};

/// What a body may weigh unless its route says more.
const BODY_BYTES: usize = 1 << 20;
/// A request that takes longer is given up; an upload, once nothing comes of it for so long.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Every route, with the layers that guard and watch it.
pub fn router(state: Arc<State>) -> Router {
    state.metrics.start(state.clock.monotonic_ns());
    let (routes, mut spec) = routes().split_for_parts();
    docs::finish(&mut spec);
    routes
        .merge(docs::routes(&spec))
        .merge(pages::routes())
        .fallback(problem::no_such_route)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn(|req, next| in_time::watch(REQUEST_TIMEOUT, req, next)))
        .layer(from_fn(problem::uniform))
        .merge(calls(&state))
        .layer(from_fn_with_state(state.clone(), auth::guard))
        .route_layer(from_fn_with_state(state.clone(), observe::count))
        .layer(from_fn_with_state(state.clone(), observe::watch))
        .with_state(state)
}

/// gRPC has refusals of its own, and streams that last.
#[cfg(feature = "grpc")]
fn calls(state: &Arc<State>) -> Router<Arc<State>> {
    grpc::routes(state)
}
#[cfg(not(feature = "grpc"))]
fn calls(_: &Arc<State>) -> Router<Arc<State>> {
    Router::new()
}

/// The description of every route, as `/openapi.json` answers it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut spec = routes().split_for_parts().1;
    docs::finish(&mut spec);
    spec
}

type Routes = OpenApiRouter<Arc<State>>;

fn routes() -> Routes {
    health::prefixes()
        .merge(pages::described())
        .merge(docs::described())
        .merge(timeline::routes())
        .merge(days::routes())
        .merge(deeds::routes())
        .merge(export::routes())
        .merge(topics::routes())
        .merge(produce::routes())
        .merge(door::routes())
        .merge(sound::routes())
        .merge(devices::routes())
        .merge(classic_asks::routes())
        .merge(groups::routes())
        .merge(stores::routes())
        .merge(dlq::routes())
        .merge(structure::routes())
        .merge(discovery::routes())
        .merge(consumers::routes())
        .merge(privacy::routes())
        .merge(models::routes())
        .merge(doctor::routes())
        .merge(capture::routes())
        .merge(router::routes())
        .merge(dedup::routes())
        .merge(recordings::routes())
        .merge(settings::routes())
        .merge(window::routes())
        .merge(ws::routes())
        .merge(registry::routes())
}

#[cfg(test)]
mod tests;
