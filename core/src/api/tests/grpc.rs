//! gRPC over a real socket, with a client that knows nothing of the server's code.

use std::time::Duration;

use axum::http::uri::PathAndQuery;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, IntoStreamingRequest, Request as Call, Status, Streaming};
use tonic_prost::ProstCodec;

use super::served::{Served, served};
use super::*;
use crate::api::grpc::words::*;

const TOPIC: &str = "device.sensor.gps.raw";

struct Client(Grpc<Channel>);

type Said<T> = std::result::Result<T, Status>;

fn with_token<T>(mut call: Call<T>) -> Call<T> {
    call.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    call
}

impl Client {
    async fn of(s: &Served) -> Self {
        let channel = Endpoint::from_shared(format!("http://{}", s.address)).unwrap().timeout(Duration::from_secs(20)).connect().await;
        Self(Grpc::new(channel.unwrap()))
    }
    async fn ask<M, R>(&mut self, path: &'static str, call: Call<M>) -> Said<R>
    where
        M: prost::Message + Send + Sync + 'static,
        R: prost::Message + Default + Send + Sync + 'static,
    {
        self.0.ready().await.unwrap();
        let answer = self.0.unary(call, PathAndQuery::from_static(path), ProstCodec::<M, R>::default()).await;
        answer.map(tonic::Response::into_inner)
    }
    async fn take(&mut self, item: Item) -> Said<Accepted> {
        self.ask("/loom.v1.Ingestion/Take", with_token(Call::new(item))).await
    }
    async fn consume<M, R>(&mut self, call: &'static str, said: M) -> Said<R>
    where
        M: prost::Message + Send + Sync + 'static,
        R: prost::Message + Default + Send + Sync + 'static,
    {
        self.ask(call, with_token(Call::new(said))).await
    }
    async fn join(&mut self) -> Said<Joined> {
        let wish = JoinRequest { group: "word-counter-consumer".into(), topics: vec![TOPIC.into()], from: String::new() };
        self.consume("/loom.v1.Consumption/Join", wish).await
    }
    async fn records(&mut self, member: &str) -> Streaming<Batch> {
        self.0.ready().await.unwrap();
        let who = RecordsRequest { group: "word-counter-consumer".into(), member_id: member.into(), max: 0 };
        let path = PathAndQuery::from_static("/loom.v1.Consumption/Records");
        self.0.server_streaming(with_token(Call::new(who)), path, ProstCodec::default()).await.unwrap().into_inner()
    }
    async fn commit(&mut self, member: &str, positions: Vec<Position>) -> Said<Committed> {
        let done = CommitRequest { group: "word-counter-consumer".into(), member_id: member.into(), positions };
        self.consume("/loom.v1.Consumption/Commit", done).await
    }
}

fn gps(latitude: f64) -> Item {
    let data = format!("{{\"latitude\": {latitude}, \"longitude\": 13.4}}");
    Item { topic: TOPIC.into(), data, device_id: "phone".into(), ..Item::default() }
}

fn offsets(batch: &Batch) -> Vec<u64> {
    batch.records.iter().map(|r| r.offset).collect()
}

#[tokio::test]
async fn a_record_is_taken_or_refused_as_over_http() {
    let s = served();
    let mut client = Client::of(&s).await;
    let first = client.take(gps(52.5)).await.unwrap();
    assert_eq!((first.topic.as_str(), first.offset, first.trace_id.len()), (TOPIC, Some(0), 32));
    let again = Item { message_id: first.message_id.clone(), ..gps(52.5) };
    assert_eq!(client.take(again).await.unwrap().offset, Some(0), "a repeat is known by its id");
    let refused = client.take(gps(91.0)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("/data/latitude"), "{refused}");
    for (item, code) in [
        (Item { data: "[1]".into(), ..gps(1.0) }, Code::InvalidArgument),
        (Item { data: "{".into(), ..gps(1.0) }, Code::InvalidArgument),
        (Item { topic: "Nope".into(), ..gps(1.0) }, Code::InvalidArgument),
        (Item { topic: "media.text.shared".into(), data: "{}".into(), ..Item::default() }, Code::PermissionDenied),
    ] {
        assert_eq!(client.take(item).await.unwrap_err().code(), code);
    }
    let mut named = with_token(Call::new(gps(1.0)));
    named.metadata_mut().insert("x-producer", "gps-fetcher".parse().unwrap());
    client.ask::<_, Accepted>("/loom.v1.Ingestion/Take", named).await.unwrap();
    let newest = s.state.bus.read(&TopicName::of(TOPIC), 0, 1, 10, 1000).unwrap().pop().unwrap();
    assert_eq!(newest.headers().producer, "gps-fetcher");
}

#[tokio::test]
async fn nobody_comes_in_without_the_token_or_from_elsewhere() {
    let s = served();
    let mut client = Client::of(&s).await;
    let without = client.ask::<_, Accepted>("/loom.v1.Ingestion/Take", Call::new(gps(1.0))).await.unwrap_err();
    assert_eq!(without.code(), Code::Unauthenticated);
    let mut page = with_token(Call::new(gps(1.0)));
    page.metadata_mut().insert("origin", "http://evil.example".parse().unwrap());
    assert_eq!(client.ask::<_, Accepted>("/loom.v1.Ingestion/Take", page).await.unwrap_err().code(), Code::PermissionDenied);
    let unknown = client.ask::<_, Accepted>("/loom.v1.Ingestion/Dance", with_token(Call::new(gps(1.0)))).await.unwrap_err();
    assert_eq!(unknown.code(), Code::Unimplemented);
    assert!(s.state.bus.topics().unwrap().is_empty());
}

#[tokio::test]
async fn a_stream_is_summed_up_at_its_end() {
    let s = served();
    let mut client = Client::of(&s).await;
    let items: Vec<Item> = (0..700).map(|n| gps(if n % 7 == 3 { 91.0 } else { 1.0 })).collect();
    client.0.ready().await.unwrap();
    let path = PathAndQuery::from_static("/loom.v1.Ingestion/TakeAll");
    let call = with_token(tokio_stream::iter(items).into_streaming_request());
    let sum: Summary = client.0.client_streaming(call, path, ProstCodec::default()).await.unwrap().into_inner();
    assert_eq!((sum.total, sum.processed, sum.failed), (700, 600, 100));
    assert_eq!(sum.refused[1].index, 10);
    assert_eq!(s.state.bus.topics().unwrap()[0].records, 600);
}

#[tokio::test]
async fn every_item_is_answered_before_the_next_is_sent() {
    let s = served();
    let mut client = Client::of(&s).await;
    client.0.ready().await.unwrap();
    let (items, sent) = mpsc::channel(1);
    let path = PathAndQuery::from_static("/loom.v1.Ingestion/TakeEach");
    items.send(gps(0.0)).await.unwrap();
    let call = with_token(ReceiverStream::new(sent).into_streaming_request());
    let mut answers: Streaming<Outcome> = client.0.streaming(call, path, ProstCodec::default()).await.unwrap().into_inner();
    for n in 0..5 {
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!(answer.index, n);
        assert!(matches!(answer.result, Some(outcome::Result::Accepted(a)) if a.offset == Some(n)));
        items.send(gps(n as f64)).await.unwrap();
    }
    items.send(gps(200.0)).await.unwrap();
    answers.message().await.unwrap().unwrap();
    match answers.message().await.unwrap().unwrap().result {
        Some(outcome::Result::Refused(r)) => assert_eq!((r.status, r.errors[0].pointer.as_str()), (422, "/data/latitude")),
        other => panic!("{other:?}"),
    }
    drop(items);
    assert!(answers.message().await.unwrap().is_none());
}

#[tokio::test]
async fn a_service_reads_commits_and_goes_on_in_another_stream() {
    let s = served();
    let mut client = Client::of(&s).await;
    for n in 0..3 {
        client.take(gps(f64::from(n))).await.unwrap();
    }
    let joined = client.join().await.unwrap();
    assert!(joined.active && joined.positions[0].next == 0);
    assert!(!client.join().await.unwrap().active, "the second stands by");
    let mut stream = client.records(&joined.member_id).await;
    let batch = stream.message().await.unwrap().unwrap();
    assert_eq!(offsets(&batch), [0, 1, 2]);
    assert!(batch.records[0].data.contains("latitude"));
    client.commit(&joined.member_id, vec![Position { next: 2, ..batch.positions[0].clone() }]).await.unwrap();
    client.take(gps(3.0)).await.unwrap();
    assert_eq!(offsets(&stream.message().await.unwrap().unwrap()), [3], "a stream goes on by itself");
    drop(stream);
    let mut stream = client.records(&joined.member_id).await;
    assert_eq!(offsets(&stream.message().await.unwrap().unwrap()), [2, 3], "what was not committed comes again");
    let done = client.commit(&joined.member_id, Vec::new()).await.unwrap();
    assert_eq!(done.positions[0].next, 4);
    let beyond = client.commit(&joined.member_id, vec![Position { next: 9, ..batch.positions[0].clone() }]).await.unwrap_err();
    assert_eq!(beyond.code(), Code::InvalidArgument);
    let who = || MemberRequest { group: "word-counter-consumer".into(), member_id: joined.member_id.clone() };
    assert!(client.consume::<_, Membership>("/loom.v1.Consumption/Heartbeat", who()).await.unwrap().active);
    client.consume::<_, Left>("/loom.v1.Consumption/Leave", who()).await.unwrap();
    let gone = client.consume::<_, Membership>("/loom.v1.Consumption/Heartbeat", who()).await.unwrap_err();
    assert_eq!(gone.code(), Code::Aborted);
}

#[tokio::test]
async fn the_end_of_loom_ends_what_is_open() {
    let mut s = served();
    let mut client = Client::of(&s).await;
    let joined = client.join().await.unwrap();
    let mut stream = client.records(&joined.member_id).await;
    s.stop.take().unwrap().send(()).unwrap();
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Unavailable);
    let thread = s.thread.take().unwrap();
    tokio::task::spawn_blocking(|| thread.join().unwrap().unwrap()).await.unwrap();
}
