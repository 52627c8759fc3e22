//! Taking connections: each on its own task, none allowed to dawdle over its headers, only so many at once.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tower::ServiceExt;

use super::ws::Closing;
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
    // Who listens on a socket would listen for ever: it is told, like every connection.
    let (close, closing) = watch::channel(false);
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    let router = router.layer(Extension(Closing { closed: closing.clone(), _alive: alive }));
    let mut shutdown = pin!(shutdown);
    loop {
        let (permit, accepted) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            next = async { (Arc::clone(&places).acquire_owned().await, listener.accept().await) } => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let answered = connection(stream, peer, router.clone(), closing.clone());
                tokio::spawn(async move {
                    let _permit = permit;
                    answered.await;
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
    close.send_replace(true);
    let drained = async {
        let _ = places.acquire_many(CONNECTIONS as u32).await;
        // Listeners have outlived their connection: they hold the other ends, and so does the router.
        drop(router);
        all_gone.recv().await
    };
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, drained).await;
    Ok(())
}

/// Answers one client until it goes, or until the server ends and what is being answered is done.
async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, mut closing: watch::Receiver<bool>) {
    // Answers are small: waiting to fill packets only delays them.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = pin!(connection);
    // A client that breaks off is its own affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.wait_for(|closed| *closed) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
