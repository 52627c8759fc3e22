//! What listeners of `/ws` hear, over a real socket.

use std::net::TcpStream;
use std::time::Duration;

use loom_schemas::live::{CaptureState, Listening};
use serde_json::json;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use super::served::{Served, served};
use super::*;

type Socket = WebSocket<TcpStream>;

impl Served {
    /// As a browser does it: the token among the subprotocols.
    fn listen(&self, token: &str, origin: &str) -> std::result::Result<Socket, u16> {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        let offered = format!("loom, token.{token}");
        request.headers_mut().insert("sec-websocket-protocol", offered.parse().unwrap());
        request.headers_mut().insert("origin", origin.replace("HERE", &self.address.to_string()).parse().unwrap());
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => Err(answer.status().as_u16()),
            Err(e) => panic!("{e}"),
        }
    }
    fn own(&self) -> Socket {
        self.listen(TOKEN, "http://HERE").unwrap()
    }
    fn add(&self, n: u64) -> u64 {
        let topic = TopicName::parse("device.sensor.gps.raw").unwrap();
        let id = message_id(self.state.clock.now(), &*self.state.entropy);
        let value = json!({ "n": n }).to_string().into_bytes();
        let record = NewRecord::new(topic, id, Uuid::nil(), self.state.clock.now(), Headers::default(), value);
        self.state.bus.append(vec![record]).unwrap()[0].offset
    }
}

fn say(socket: &mut Socket, message: &Value) {
    socket.send(Message::text(message.to_string())).unwrap();
}

/// The next message of this type; others are passed over.
fn hear(socket: &mut Socket, kind: &str) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            let said: Value = serde_json::from_str(&text).unwrap();
            if said["type"] == kind {
                return said;
            }
        }
    }
}

#[test]
fn who_has_no_token_or_comes_from_elsewhere_is_refused_before_the_upgrade() {
    let s = served();
    assert_eq!(s.listen("wrong", "http://HERE").unwrap_err(), 401);
    assert_eq!(s.listen(TOKEN, "http://evil.example").unwrap_err(), 403);
    assert!(s.listen(TOKEN, "http://HERE").is_ok());
}

#[test]
fn the_mailbox_is_heard_now_and_at_each_change() {
    let s = served();
    let mut a = s.own();
    let mut b = s.own();
    for socket in [&mut a, &mut b] {
        say(socket, &json!({"type": "subscribe", "channels": ["capture"]}));
        assert_eq!(hear(socket, "capture")["state"], "off");
    }
    s.state.live.capture.send_replace(CaptureState { state: Listening::Paused, ..CaptureState::default() });
    for socket in [&mut a, &mut b] {
        assert_eq!(hear(socket, "capture")["state"], "paused");
    }
}

#[test]
fn a_topic_goes_on_where_a_lost_connection_left_off() {
    let s = served();
    (0..200).for_each(|n| _ = s.add(n));
    let mut socket = s.own();
    say(&mut socket, &json!({"type": "stream_logs", "topic": "device.sensor.gps.raw", "fromBeginning": true}));
    let offset = |m: &Value| m["message"]["offset"].as_str().unwrap().parse::<u64>().unwrap();
    let first: Vec<u64> = (0..120).map(|_| offset(&hear(&mut socket, "log_message"))).collect();
    assert_eq!(first, (0..120).collect::<Vec<_>>());
    drop(socket);
    s.add(200);
    let mut socket = s.own();
    say(&mut socket, &json!({"type": "stream_logs", "topic": "device.sensor.gps.raw", "fromOffset": 120}));
    let rest: Vec<u64> = (120..201).map(|_| offset(&hear(&mut socket, "log_message"))).collect();
    assert_eq!(rest, (120..201).collect::<Vec<_>>());
    s.add(201);
    assert_eq!(offset(&hear(&mut socket, "log_message")), 201);
}

#[test]
fn nonsense_and_unknown_topics_are_answered_and_the_listener_stays() {
    let s = served();
    let mut socket = s.own();
    for wrong in [
        json!("no"),
        json!({"type": "dance"}),
        json!({"type": "stream_logs", "topic": "no.such.topic"}),
        json!({"type": "stream_logs", "topic": "../x"}),
    ] {
        say(&mut socket, &wrong);
        assert!(!hear(&mut socket, "error")["message"].as_str().unwrap().is_empty());
    }
    say(&mut socket, &json!({"type": "request_metrics"}));
    assert!(hear(&mut socket, "metrics_update")["data"]["topics"].is_array());
}

#[test]
fn an_older_client_is_greeted_and_the_end_is_said() {
    let mut s = served();
    let stream = TcpStream::connect(s.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut request = format!("ws://{}/ws", s.address).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    let (mut socket, _) = tungstenite::client(request, stream).unwrap();
    assert!(hear(&mut socket, "initial_data")["data"]["consumers"].is_array());
    s.stop.take().unwrap().send(()).unwrap();
    let closed = loop {
        match socket.read() {
            Ok(Message::Close(frame)) => break frame,
            Ok(_) => {}
            Err(e) => panic!("{e}"),
        }
    };
    assert_eq!(closed.unwrap().reason.as_str(), "Loom ends");
    drop(socket);
    s.thread.take().unwrap().join().unwrap().unwrap();
}

#[test]
fn a_member_is_sent_what_it_commits_and_the_rest_comes_again() {
    let s = served();
    (0..150).for_each(|n| _ = s.add(n));
    let join = json!({"type": "join_group", "group": "word-counter-consumer", "topics": ["device.sensor.gps.raw"]});
    let mut a = s.own();
    say(&mut a, &json!({"type": "commit"}));
    assert!(hear(&mut a, "error")["message"].as_str().unwrap().contains("join"));
    say(&mut a, &join);
    assert_eq!(hear(&mut a, "joined_group")["active"], true);
    let mut b = s.own();
    say(&mut b, &join);
    assert_eq!(hear(&mut b, "joined_group")["active"], false);
    let first = hear(&mut a, "records");
    assert_eq!(first["records"].as_array().unwrap().len(), 64);
    say(&mut a, &json!({"type": "commit", "positions": first["positions"]}));
    assert_eq!(hear(&mut a, "committed")["positions"][0]["next"], 64);
    // Its place goes with it; whoever stands by goes on where it was.
    drop(a);
    let mut offsets = Vec::new();
    while offsets.len() < 86 {
        let page = hear(&mut b, "records");
        offsets.extend(page["records"].as_array().unwrap().iter().map(|r| r["offset"].as_u64().unwrap()));
    }
    assert_eq!(offsets, (64..150).collect::<Vec<_>>());
    s.add(150);
    assert_eq!(hear(&mut b, "records")["records"][0]["offset"], 150);
    say(&mut b, &json!({"type": "commit"}));
    assert_eq!(hear(&mut b, "committed")["positions"][0]["next"], 151);
    say(&mut b, &json!({"type": "leave_group"}));
    assert_eq!(hear(&mut b, "left_group")["group"], "word-counter-consumer");
}

#[test]
fn a_member_that_commits_nothing_is_sent_only_so_much() {
    let s = served();
    (0..1200).for_each(|n| _ = s.add(n));
    let mut a = s.own();
    say(&mut a, &json!({"type": "join_group", "group": "word-counter-consumer", "topics": ["device.sensor.gps.raw"]}));
    let mut got = 0;
    let mut last = json!(null);
    while got < 1000 {
        last = hear(&mut a, "records");
        got += last["records"].as_array().unwrap().len();
    }
    assert_eq!((got, &last["full"]), (1000, &json!(true)));
    assert_eq!(s.state.consumers.members()[0].in_flight, 1000);
    say(&mut a, &json!({"type": "commit"}));
    assert_eq!(hear(&mut a, "records")["records"][0]["offset"], 1000);
}
