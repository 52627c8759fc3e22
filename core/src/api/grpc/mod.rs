//! gRPC on the port of everything else: the same doors, groups, limits and guard in the words of `schemas/grpc/loom.proto`.
//! The code made from it is committed, and compared by a test, so that building Loom needs no generator.

mod consumption;
mod ingestion;
mod items;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use tonic::{Code, Status};

use self::consumption::Consume;
use self::ingestion::Ingest;
use self::words::consumption_server::ConsumptionServer;
use self::words::ingestion_server::IngestionServer;
use super::problem::Problem;
use super::state::State;

/// Messages and services, as generated.
pub(super) mod words {
    include!("generated/loom.v1.rs");
}

/// The same, for clients that ask which calls there are.
const DESCRIBED: &[u8] = include_bytes!("generated/loom.v1.bin");
/// One message.
const MESSAGE_BYTES: usize = 4 << 20;

pub fn routes(state: &Arc<State>) -> Router<Arc<State>> {
    let ingestion = IngestionServer::new(Ingest(state.clone())).max_decoding_message_size(MESSAGE_BYTES);
    let consumption = ConsumptionServer::new(Consume(state.clone())).max_decoding_message_size(MESSAGE_BYTES);
    let routes =
        Router::new().route_service("/loom.v1.Ingestion/{call}", ingestion).route_service("/loom.v1.Consumption/{call}", consumption);
    let reflection = || tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(DESCRIBED);
    match (reflection().build_v1(), reflection().build_v1alpha()) {
        (Ok(v1), Ok(v1alpha)) => routes
            .route_service("/grpc.reflection.v1.ServerReflection/{call}", v1)
            .route_service("/grpc.reflection.v1alpha.ServerReflection/{call}", v1alpha),
        // A test shows that it is described; without, every call still works.
        _ => routes,
    }
}

/// Whether a request is a call rather than plain HTTP.
pub fn is_call(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"application/grpc"))
}

/// A refusal in gRPC's words.
pub fn status(p: &Problem) -> Status {
    Status::new(code(p.status.into()), p.detail.clone())
}

/// gRPC's code for a status of HTTP.
fn code(status: u32) -> Code {
    match status {
        400 | 422 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 | 421 => Code::PermissionDenied,
        404 => Code::NotFound,
        409 => Code::FailedPrecondition,
        410 => Code::Aborted,
        413 | 429 => Code::ResourceExhausted,
        503 => Code::Unavailable,
        _ => Code::Internal,
    }
}

/// Comes back once the server ends; never where there is none, as in a test.
async fn closed(closing: &mut Option<super::ws::Closing>) {
    if let Some(c) = closing
        && c.closed.wait_for(|closed| *closed).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_described() {
        let described = || tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(DESCRIBED);
        assert!(described().build_v1().is_ok() && described().build_v1alpha().is_ok());
    }
}
