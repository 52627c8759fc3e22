//! Who may come in, at every door there is.

use super::*;
use crate::api::openapi;

fn get_paths() -> Vec<String> {
    openapi().paths.paths.iter().filter(|(p, i)| i.get.is_some() && !p.contains('{')).map(|(p, _)| p.clone()).collect()
}

fn is_open(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap();
    // How services and the database are is not for everyone.
    let told = path.starts_with("/api/kafka/") || path.starts_with("/api/database/");
    !told && ["health", "healthz", "ready", "readyz", "version"].contains(&last) || ["/", "/openapi.json", "/docs"].contains(&path)
}

fn request(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut r = Request::get(path);
    for (k, v) in headers {
        r = r.header(*k, *v);
    }
    r.body(Body::empty()).unwrap()
}

const HOST: (&str, &str) = ("host", "127.0.0.1:8600");

#[tokio::test]
async fn every_closed_route_wants_the_token_and_every_route_its_host_and_origin() {
    let rig = rig();
    let bearer = format!("Bearer {TOKEN}");
    let paths = get_paths();
    assert!(paths.len() > 70, "{} paths", paths.len());
    for p in &paths {
        let closed = if is_open(p) { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(rig.send(request(p, &[HOST])).await.status, closed, "no token {p}");
        let wrong = format!("Bearer {}", "x".repeat(TOKEN.len()));
        assert_eq!(rig.send(request(p, &[HOST, ("authorization", &wrong)])).await.status, closed, "wrong token {p}");
        let right = rig.send(request(p, &[HOST, ("authorization", &bearer)])).await.status;
        // A search wants a query, and a socket an upgrade.
        let wants_more = p.ends_with("/search") || p == "/ws" || p == "/event-router/tap";
        assert!(right == StatusCode::OK || (right == StatusCode::BAD_REQUEST && wants_more), "{p} {right}");
        let evil = [HOST, ("authorization", &*bearer), ("origin", "https://evil.example")];
        assert_eq!(rig.send(request(p, &evil)).await.status, StatusCode::FORBIDDEN, "origin {p}");
        let rebound = [("host", "evil.example"), ("authorization", &*bearer)];
        assert_eq!(rig.send(request(p, &rebound)).await.status, StatusCode::MISDIRECTED_REQUEST, "host {p}");
    }
}

#[tokio::test]
async fn hosts_and_origins_one_by_one() {
    let rig = rig();
    for (host, ok) in [
        ("127.0.0.1", true),
        ("127.0.0.1:1", true),
        ("localhost:8600", true),
        ("LOCALHOST", true),
        ("[::1]:8600", true),
        ("127.0.0.1.evil.example", false),
        ("localhost.evil.example:8600", false),
        ("10.0.0.1", false),
        ("0.0.0.0", false),
        ("", false),
    ] {
        let got = rig.send(request("/healthz", &[("host", host)])).await.status;
        assert_eq!(got, if ok { StatusCode::OK } else { StatusCode::MISDIRECTED_REQUEST }, "{host}");
    }
    for (origin, ok) in [
        ("http://127.0.0.1:8600", true),
        ("http://127.0.0.1:3000", false),
        ("http://localhost:8600", false),
        ("https://127.0.0.1:8600", false),
        ("null", false),
        ("http://127.0.0.1:8600.evil.example", false),
    ] {
        let got = rig.send(request("/healthz", &[HOST, ("origin", origin)])).await.status;
        assert_eq!(got, if ok { StatusCode::OK } else { StatusCode::FORBIDDEN }, "{origin}");
    }
    assert_eq!(rig.send(request("/healthz", &[])).await.status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(rig.send(request("/healthz", &[HOST, HOST])).await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn the_token_comes_in_a_header_and_nowhere_else() {
    let rig = rig();
    let status = |h: Vec<(&'static str, String)>, path: &'static str| {
        let mut r = Request::get(path).header("host", "localhost");
        for (k, v) in h {
            r = r.header(k, v);
        }
        rig.send(r.body(Body::empty()).unwrap())
    };
    let ok = [("authorization", format!("Bearer {TOKEN}")), ("authorization", format!("bearer {TOKEN}")), ("x-api-key", TOKEN.to_string())];
    for h in ok {
        assert_eq!(status(vec![h], "/api/topics").await.status, StatusCode::OK);
    }
    let bad = [
        ("authorization", TOKEN.to_string()),
        ("authorization", format!("Basic {TOKEN}")),
        ("authorization", "Bearer ".into()),
        ("x-api-key", TOKEN[..31].to_string()),
        ("x-api-key", format!("{TOKEN}0")),
        ("cookie", format!("token={TOKEN}")),
    ];
    for h in bad {
        let a = status(vec![h.clone()], "/api/topics").await;
        assert_eq!(a.status, StatusCode::UNAUTHORIZED, "{h:?}");
        assert_eq!((a.header("content-type"), a.header("www-authenticate")), ("application/problem+json", "Bearer realm=\"loom\""));
    }
    let in_url: &'static str = "/api/topics?token=0123456789abcdef0123456789abcdef";
    assert_eq!(status(vec![], in_url).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn opened_loopback_needs_no_token_but_still_its_host_and_a_peer_here() {
    let rig = rig_with(Settings { open_loopback: true, ..Settings::default() });
    let from = |peer: [u8; 4], host: &str, origin: Option<&str>| {
        let mut r = Request::get("/api/topics").header("host", host);
        if let Some(o) = origin {
            r = r.header("origin", o);
        }
        let mut r = r.body(Body::empty()).unwrap();
        r.extensions_mut().insert(axum::extract::ConnectInfo(std::net::SocketAddr::from((peer, 1))));
        rig.send(r)
    };
    assert_eq!(from([127, 0, 0, 1], "localhost", None).await.status, StatusCode::OK);
    assert_eq!(from([10, 0, 0, 9], "localhost", None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(from([127, 0, 0, 1], "evil.example", None).await.status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(from([127, 0, 0, 1], "localhost", Some("http://evil.example")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn posts_are_never_open() {
    let rig = rig();
    for path in ["/", "/healthz", "/api/topics/a.b.c/records", "/api/dlq/a.b.c/redrive"] {
        let r = Request::post(path).header("host", "localhost").body(Body::empty()).unwrap();
        assert_eq!(rig.send(r).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_pages() {
    let t = tempfile::tempdir().unwrap();
    let ui = t.path().join("ui");
    std::fs::create_dir_all(ui.join("assets")).unwrap();
    std::fs::write(t.path().join("secret.txt"), "secret").unwrap();
    std::fs::write(ui.join("index.html"), "<p>app").unwrap();
    std::fs::write(ui.join("assets/app.js"), "1").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(t.path().join("secret.txt"), ui.join("assets/link.txt")).unwrap();
    let rig = rig_with(Settings { ui_dir: Some(ui), ..Settings::default() });
    let html = [("accept", "text/html,*/*")];
    let app = rig.get_with("/", &html).await;
    assert_eq!((app.status, app.body.as_slice()), (StatusCode::OK, b"<p>app".as_slice()));
    assert!(app.header("content-security-policy").contains("default-src 'none'"));
    let js = rig.get("/assets/app.js").await;
    assert_eq!((js.status, js.header("content-type")), (StatusCode::OK, "text/javascript; charset=utf-8"));
    assert_eq!(rig.get("/ui/assets/app.js").await.body, b"1");
    assert_eq!(rig.get("/ui/timeline").await.body, b"<p>app");
    let long = format!("/{}", "a".repeat(20000));
    for path in [
        "/assets/..%2f..%2fsecret.txt",
        "/assets/../../secret.txt",
        "/ui/../secret.txt",
        "/assets/%2e%2e/secret.txt",
        "/assets//etc/passwd",
        "/assets/link.txt",
        "/assets/absent.js",
        "/assets/app.js%00",
        "/..%2f..%2fetc/passwd",
        "/%00",
        &long,
    ] {
        let a = rig.get(path).await;
        assert_eq!(a.status, StatusCode::NOT_FOUND, "{}", &path[..path.len().min(40)]);
        assert!(!String::from_utf8_lossy(&a.body).contains("secret"), "{path}");
    }
}

#[tokio::test]
async fn without_built_pages_the_root_says_so() {
    let rig = rig_with(Settings { ui_dir: None, ..Settings::default() });
    let a = rig.get_with("/", &[("accept", "text/html")]).await;
    assert!(String::from_utf8_lossy(&a.body).contains("cargo xtask setup"));
    assert_eq!(rig.get("/").await.json()["endpoints"]["health"], "/healthz");
}

#[tokio::test]
async fn the_window_hears_the_owner_alone_and_only_where_there_is_one() {
    let rig = rig_with(Settings { open_loopback: true, ..Settings::default() });
    let asks = async |wish: &str, token: bool| {
        let mut r = Request::post(format!("/api/window/{wish}")).header("host", "localhost");
        r.extensions_mut().unwrap().insert(axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 1))));
        if token {
            r = r.header("x-api-key", &rig.state.token);
        }
        rig.send(r.body(Body::empty()).unwrap()).await.status
    };
    assert_eq!(asks("show", true).await, StatusCode::NOT_FOUND);
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hears = heard.clone();
    rig.state.desk.attend(move |wish| hears.lock().unwrap().push(wish));
    assert_eq!(asks("quit", false).await, StatusCode::FORBIDDEN);
    assert_eq!(asks("dance", true).await, StatusCode::BAD_REQUEST);
    for wish in ["show", "close", "quit"] {
        assert_eq!(asks(wish, true).await, StatusCode::NO_CONTENT);
    }
    use crate::desk::Wish::{Close, Quit, Show};
    assert_eq!(*heard.lock().unwrap(), [Show, Close, Quit]);
}
