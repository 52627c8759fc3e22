//! Loom v2's ports: each service alone, its routes at the root.

use std::str::FromStr;

use axum::Router;
use axum::http::Uri;
use tower::ServiceExt;

/// Port and prefix of each service, as Loom v2's plan had them; what has no prefix is at the root here too.
pub const PORTS: [(u16, &str); 13] = [
    (3000, ""),
    (8000, ""),
    (8010, "/schema-registry"),
    (8011, "/privacy-filter"),
    (8012, "/device-identity"),
    (8013, "/event-router"),
    (8020, "/aggregator"),
    (8021, "/files"),
    (8022, "/dedup"),
    (8023, "/enrichment"),
    (8030, "/health-aggregator"),
    (8031, "/quality"),
    (8082, ""),
];

/// The same routes with `prefix` put before every path that is asked for.
pub fn at_root(router: Router, prefix: &'static str) -> Router {
    Router::new().fallback(move |mut request: axum::extract::Request| {
        let asked = request.uri().path_and_query().map_or("/", |p| p.as_str());
        // What does not make a path with the prefix is answered as it was asked for.
        if let Ok(uri) = Uri::from_str(&format!("{prefix}{asked}")) {
            *request.uri_mut() = uri;
        }
        router.clone().oneshot(request)
    })
}
