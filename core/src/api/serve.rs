//! Taking connections, HTTP/1 and HTTP/2 on the one port: each on its own task, none allowed to dawdle over its headers, only so many at once.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
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
/// An HTTP/2 client is asked so often whether it is there, and has as long to answer.
const PING: Duration = Duration::from_secs(10);
/// Requests and streams at once on one HTTP/2 connection.
const STREAMS: u32 = 128;
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
    let http2 = tokio::select! {
        spoken = tokio::time::timeout(HEADER_TIMEOUT, speaks_http2(&stream)) => spoken,
        _ = closing.wait_for(|closed| *closed) => return,
    };
    let service = TowerToHyperService::new(router.map_request(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    }));
    let stream = TokioIo::new(stream);
    match http2 {
        // It said nothing for as long as headers may take.
        Err(_) => {}
        Ok(false) => {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            answered(http.serve_connection(stream, service).with_upgrades(), |c| c.graceful_shutdown(), closing).await;
        }
        Ok(true) => {
            let mut http = http2::Builder::new(TokioExecutor::new());
            http.timer(TokioTimer::new()).keep_alive_interval(PING).keep_alive_timeout(PING).max_concurrent_streams(STREAMS);
            answered(http.serve_connection(stream, service), |c| c.graceful_shutdown(), closing).await;
        }
    }
}

/// Drives a connection to its end; a client that breaks off is its own affair.
async fn answered<C: Future>(connection: C, finish: impl FnOnce(Pin<&mut C>), mut closing: watch::Receiver<bool>) {
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.wait_for(|closed| *closed) => finish(connection.as_mut()),
    }
    let _ = connection.await;
}

/// Whether a client speaks HTTP/2 without having asked (RFC 9113, 3.3), as gRPC does; no method of HTTP/1 begins with PRI.
async fn speaks_http2(stream: &TcpStream) -> bool {
    const PREFACE: &[u8] = b"PRI";
    let mut first = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut first).await {
            Ok(n) if n < PREFACE.len() && n > 0 && PREFACE.starts_with(&first[..n]) => tokio::time::sleep(Duration::from_millis(5)).await,
            Ok(_) => return first == *PREFACE,
            Err(_) => return false,
        }
    }
}
