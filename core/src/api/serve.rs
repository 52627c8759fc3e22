//! Taking connections: each on its own task, none allowed to dawdle over its headers, only so many at once.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::error::{Error, Result};

/// Connections at once; the next ones wait in the system's queue.
const CONNECTIONS: usize = 1024;
/// A client that has not sent its headers by then is let go.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// What is being answered at shutdown gets this long.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Answers on `listener` until `shutdown` comes, then finishes what is being answered.
pub async fn serve(router: Router, listener: std::net::TcpListener, shutdown: impl Future<Output = ()>) -> Result<()> {
    let cannot = |e| Error::stop("the HTTP port cannot be listened on").because(e);
    listener.set_nonblocking(true).map_err(cannot)?;
    let listener = TcpListener::from_std(listener).map_err(cannot)?;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (permit, accepted) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            next = async { (Arc::clone(&places).acquire_owned().await, listener.accept().await) } => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let conn = graceful.watch(connection(stream, peer, &router));
                tokio::spawn(async move {
                    let _permit = permit;
                    // A client that breaks off is its own affair.
                    let _ = conn.await;
                });
            }
            // Out of file handles, or a client that left while being accepted: the next one may fare better.
            Err(e) => {
                tracing::warn!(cause = e.to_string(), "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await;
    Ok(())
}

fn connection(stream: TcpStream, peer: SocketAddr, router: &Router) -> impl GracefulConnection<Error = hyper::Error> + Send + use<> {
    // Answers are small: waiting to fill packets only delays them.
    let _ = stream.set_nodelay(true);
    let service = router.clone().map_request(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
}
