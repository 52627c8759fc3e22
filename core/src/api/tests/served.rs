//! The server itself, over a socket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use tokio::sync::oneshot;

use super::*;

pub struct Served {
    pub address: SocketAddr,
    pub state: Arc<State>,
    pub stop: Option<oneshot::Sender<()>>,
    pub thread: Option<std::thread::JoinHandle<Result<()>>>,
}

pub fn served() -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let Rig { router, state, .. } = rig();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(crate::api::serve(router, listener, async move {
            let _ = stopped.await;
        }))
    });
    Served { address, state, stop: Some(stop), thread: Some(thread) }
}

impl Served {
    fn ask(&self, path: &str) -> String {
        let mut c = TcpStream::connect(self.address).unwrap();
        c.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        write!(c, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut said = String::new();
        c.read_to_string(&mut said).unwrap();
        said
    }
}

#[test]
fn two_hundred_half_open_clients_hold_nobody_up() {
    let s = served();
    let mut held: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(s.address).unwrap()).collect();
    for c in &mut held[..100] {
        c.write_all(b"GET /api").unwrap();
    }
    assert!(s.ask("/healthz").starts_with("HTTP/1.1 200"));
    assert!(s.ask("/api/topics").starts_with("HTTP/1.1 401"));
}

#[test]
fn shutdown_lets_go_of_the_port_and_ends() {
    let mut s = served();
    assert!(s.ask("/healthz").contains("200"));
    s.stop.take().unwrap().send(()).unwrap();
    s.thread.take().unwrap().join().unwrap().unwrap();
    assert!(TcpStream::connect(s.address).is_err());
}
