//! Requests that take too long are given up: each as a whole, but for uploads, which may take as long as their bytes keep
//! coming. Who sends one now and then to hold a connection is given up too: a bit has to come in each span of time, and none lasts for
//! ever.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, timeout};

use super::problem::Problem;
use crate::door::entry;

/// What an upload has to bring in each span of the limit: half a kilobyte a second, a phone at the edge of its network.
const LEAST_BYTES: u64 = 16 << 10;
/// However it crawls, nothing is uploaded for longer.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// Answers, or gives up: after `limit`; an upload once it brings too little within `limit`, or its answer takes so long.
pub async fn watch(limit: Duration, request: Request, next: Next) -> Response {
    let answer =
        if is_upload(request.uri().path()) { upload(limit, request, next).await } else { timeout(limit, next.run(request)).await.ok() };
    answer.unwrap_or_else(|| Problem::new(StatusCode::REQUEST_TIMEOUT, "the request took too long: send it again").into_response())
}

/// What brings pictures, films, documents and sound.
fn is_upload(path: &str) -> bool {
    path == "/api/recordings" || entry(path.trim_end_matches('/')).is_some()
}

async fn upload(limit: Duration, request: Request, next: Next) -> Option<Response> {
    let came = Arc::<Came>::default();
    let request = request.map(|body| Body::new(Watched { body, came: came.clone() }));
    let (began, mut pace) = (Instant::now(), Pace::default());
    let mut answer = std::pin::pin!(next.run(request));
    loop {
        if let Ok(answer) = timeout(limit, answer.as_mut()).await {
            return Some(answer);
        }
        let (bytes, whole) = (came.bytes.load(Ordering::Relaxed), came.whole.load(Ordering::Relaxed));
        if !pace.goes_on(bytes, whole) || began.elapsed() >= LONGEST {
            return None;
        }
    }
}

/// How an upload stood when it was last looked at.
#[derive(Default)]
struct Pace {
    bytes: u64,
    whole: bool,
}

impl Pace {
    /// Whether it brought enough since; once it is whole the answer has one span more.
    fn goes_on(&mut self, bytes: u64, whole: bool) -> bool {
        let goes_on = if whole { !self.whole } else { bytes - self.bytes >= LEAST_BYTES };
        *self = Self { bytes, whole };
        goes_on
    }
}

/// How much of a body came.
#[derive(Default)]
struct Came {
    bytes: AtomicU64,
    whole: AtomicBool,
}

/// A body that is counted as it is read.
struct Watched {
    body: Body,
    came: Arc<Came>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let next = Pin::new(&mut self.body).poll_frame(cx);
        match &next {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                self.came.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            Poll::Ready(_) => self.came.whole.store(true, Ordering::Relaxed),
            Poll::Pending => {}
        }
        if self.body.is_end_stream() {
            self.came.whole.store(true, Ordering::Relaxed);
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use futures_util::stream;
    use tower::ServiceExt;

    use super::*;

    /// The status of a request that brings so many pieces of so many bytes, one after each pause.
    async fn status(limit_s: u64, path: &str, pieces: u32, bytes: usize, pause_ms: u64) -> u16 {
        let router = Router::new().fallback(post(|body: Bytes| async move { body.len().to_string() }));
        let router = router.layer(axum::extract::DefaultBodyLimit::disable());
        let router = router.layer(from_fn(move |request, next| watch(Duration::from_secs(limit_s), request, next)));
        let body = Body::from_stream(stream::unfold(0, move |n| async move {
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            (n < pieces).then(|| (Ok::<_, std::io::Error>(vec![0u8; bytes]), n + 1))
        }));
        router.oneshot(Request::post(path).body(body).unwrap()).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn an_upload_may_take_longer_than_other_requests_while_it_goes_on() {
        let (long, other, crawling, still) = tokio::join!(
            status(5, "/api/recordings", 12, 20 << 10, 500),
            status(5, "/privacy-filter/filter", 12, 20 << 10, 500),
            status(1, "/audio/upload", u32::MAX, 1, 100),
            status(1, "/ingest/message", 1, 20 << 10, 3_600_000),
        );
        assert_eq!((long, other, crawling, still), (200, 408, 408, 408));
    }

    #[test]
    fn each_span_has_to_bring_a_bit_and_the_answer_has_one_more() {
        let mut pace = Pace::default();
        let looks: Vec<bool> =
            [(LEAST_BYTES, false), (3 * LEAST_BYTES, false), (4 * LEAST_BYTES, true)].map(|(b, w)| pace.goes_on(b, w)).into();
        assert_eq!(looks, [true, true, true]);
        assert!(!pace.goes_on(4 * LEAST_BYTES, true), "whole for a span, and no answer");
        let mut pace = Pace::default();
        assert!(pace.goes_on(LEAST_BYTES, false) && !pace.goes_on(2 * LEAST_BYTES - 1, false));
        assert!(Pace::default().goes_on(10, true), "a small one that is whole");
    }

    #[test]
    fn uploads_are_told_by_their_address() {
        assert!(["/api/recordings", "/audio/upload", "/audio/upload/", "/ingest/message"].iter().all(|p| is_upload(p)));
        assert!(!is_upload("/api/search") && !is_upload("/api/recordings/sample") && !is_upload("/link"));
    }
}
