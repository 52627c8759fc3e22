//! Whether Loom lives and can serve, at the root and under every service's prefix.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use super::metrics;
use super::problem::Problem;
use super::state::{State, blocking};
use crate::built::built;

/// Each service answers under its own; the root is ingestion's, `/api` the pipeline monitor's.
pub const PREFIXES: [&str; 12] = [
    "",
    "/schema-registry",
    "/privacy-filter",
    "/device-identity",
    "/event-router",
    "/aggregator",
    "/files",
    "/dedup",
    "/enrichment",
    "/health-aggregator",
    "/quality",
    "/api",
];

const OPEN: [&str; 5] = ["/health", "/healthz", "/ready", "/readyz", "/version"];

/// Whether a path is health, readiness or version of a service.
pub fn is_open(path: &str) -> bool {
    path == "/health/ready" || OPEN.iter().any(|end| path.strip_suffix(end).is_some_and(|prefix| PREFIXES.contains(&prefix)))
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`; `unavailable` with 503.
    pub status: String,
    pub version: String,
    pub uptime_s: f64,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Version {
    pub version: String,
    /// Of the source it was built from.
    pub commit: String,
    pub build_date: String,
    pub features: Vec<String>,
}

pub fn prefixes() -> Routes {
    PREFIXES.iter().fold(OpenApiRouter::new(), |all, prefix| match *prefix {
        "" => all.merge(family()),
        p => all.nest(p, family()),
    })
}

fn family() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(healthz))
        .routes(routes!(ready))
        .routes(routes!(readyz))
        .routes(routes!(version))
        .routes(routes!(metrics::metrics))
}

pub fn alive(state: &State) -> Health {
    Health { status: "ok".into(), version: env!("CARGO_PKG_VERSION").into(), uptime_s: state.metrics.uptime_s(state.clock.monotonic_ns()) }
}

/// Ready is who can read the log.
pub async fn readiness(state: Arc<State>) -> Result<Json<Health>, Problem> {
    let bus = state.bus.clone();
    match blocking(move || bus.watermark()).await {
        Ok(_) => Ok(Json(alive(&state))),
        Err(p) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, p.detail)),
    }
}

/// Whether the process answers.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Health)))]
async fn health(Extract(state): Extract<Arc<State>>) -> Json<Health> {
    Json(alive(&state))
}

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
async fn healthz(Extract(state): Extract<Arc<State>>) -> Json<Health> {
    Json(alive(&state))
}

/// Whether the log can be read; 503 with the reason when not.
#[utoipa::path(get, path = "/ready", tag = "health", responses((status = 200, body = Health), (status = 503, body = Problem)))]
async fn ready(Extract(state): Extract<Arc<State>>) -> Result<Json<Health>, Problem> {
    readiness(state).await
}

/// Whether the log can be read; 503 with the reason when not.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = Health), (status = 503, body = Problem)))]
async fn readyz(Extract(state): Extract<Arc<State>>) -> Result<Json<Health>, Problem> {
    readiness(state).await
}

/// What is running.
#[utoipa::path(get, path = "/version", tag = "health", responses((status = 200, body = Version)))]
async fn version() -> Json<Version> {
    Json(this_version())
}

pub fn this_version() -> Version {
    let features = [
        ("speech", cfg!(feature = "speech")),
        ("recordings", cfg!(feature = "recordings")),
        ("analytics", cfg!(feature = "analytics")),
        ("grpc", cfg!(feature = "grpc")),
        ("pictures", cfg!(feature = "pictures")),
        ("keyring", cfg!(feature = "keyring")),
    ];
    let built = built();
    Version {
        version: env!("CARGO_PKG_VERSION").into(),
        commit: built.commit.into(),
        build_date: built.date.into(),
        features: features.iter().filter(|f| f.1).map(|f| f.0.to_string()).collect(),
    }
}
