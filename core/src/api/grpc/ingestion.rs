//! Records in, through the same door as over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::super::problem::Problem;
use super::super::produce::{self, ItemResult, Way};
use super::super::state::State;
use super::super::ws::Closing;
use super::items::Items;
use super::words::{Accepted, Complaint, Item, Outcome, Refused, Summary, ingestion_server::Ingestion, outcome};
use super::{closed, code, status};
use crate::bus::{TopicName, Trace};
use crate::door::{self, Wrong, strict};

/// Answers that wait to be read.
const ANSWERS: usize = 256;
/// Between two tries of what came too fast, at most.
const LONGEST_WAIT_S: f64 = 10.0;
/// Refusals that a summary names.
const NAMED: usize = 1000;

pub struct Ingest(pub Arc<State>);

/// What a call gives all its items.
struct Call {
    state: Arc<State>,
    headers: HeaderMap,
    trace: Trace,
}

impl Call {
    fn of<T>(state: &Arc<State>, request: &Request<T>) -> Self {
        let trace = request.extensions().get::<Trace>().copied().unwrap_or_default();
        Self { state: state.clone(), headers: request.metadata().clone().into_headers(), trace }
    }

    /// An `Idempotency-Key` names one record: the items of a stream have ids of their own.
    fn of_stream(state: &Arc<State>, request: &Request<Streaming<Item>>) -> Self {
        let mut call = Self::of(state, request);
        call.headers.remove("idempotency-key");
        call
    }

    async fn take(&self, items: Vec<Item>) -> Result<Vec<door::Outcome>, Problem> {
        let producer = produce::producer(&self.state, &self.headers, "grpc")?;
        let way = Way { producer, device_required: false };
        produce::take(&self.state, items.into_iter().map(offer).collect(), way, self.trace, &self.headers).await
    }

    /// The same for a stream: whose device sends faster than it may waits, and so does its stream.
    async fn take_in_time(&self, items: Vec<Item>) -> Result<Vec<door::Outcome>, Problem> {
        loop {
            let outcomes = self.take(items.clone()).await?;
            match outcomes.first() {
                Some(door::Outcome::Slow(seconds)) => {
                    tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.05, LONGEST_WAIT_S))).await
                }
                _ => return Ok(outcomes),
            }
        }
    }
}

#[tonic::async_trait]
impl Ingestion for Ingest {
    type TakeEachStream = ReceiverStream<Result<Outcome, Status>>;

    async fn take(&self, request: Request<Item>) -> Result<Response<Accepted>, Status> {
        let call = Call::of(&self.0, &request);
        let outcome = call.take(vec![request.into_inner()]).await.map_err(|p| status(&p))?.pop();
        match outcome.map(answer) {
            Some(outcome::Result::Accepted(accepted)) => Ok(Response::new(accepted)),
            Some(outcome::Result::Refused(r)) => Err(Status::new(code(r.status), r.detail)),
            None => Err(status(&Problem::bug())),
        }
    }

    async fn take_all(&self, request: Request<Streaming<Item>>) -> Result<Response<Summary>, Status> {
        let (call, mut closing) = (Call::of_stream(&self.0, &request), request.extensions().get::<Closing>().cloned());
        let mut items = Items::new(request.into_inner());
        let mut sum = Summary::default();
        loop {
            let chunk = tokio::select! {
                chunk = items.chunk() => chunk?,
                () = closed(&mut closing) => return Err(Status::unavailable("Loom ends: send what follows again")),
            };
            if chunk.is_empty() {
                return Ok(Response::new(sum));
            }
            for outcome in call.take_in_time(chunk).await.map_err(|p| status(&p))? {
                let result = answer(outcome);
                match &result {
                    outcome::Result::Accepted(_) => sum.processed += 1,
                    outcome::Result::Refused(_) => {
                        sum.failed += 1;
                        if sum.refused.len() < NAMED {
                            sum.refused.push(Outcome { index: sum.total, result: Some(result) });
                        }
                    }
                }
                sum.total += 1;
            }
        }
    }

    async fn take_each(&self, request: Request<Streaming<Item>>) -> Result<Response<Self::TakeEachStream>, Status> {
        let (call, mut closing) = (Call::of_stream(&self.0, &request), request.extensions().get::<Closing>().cloned());
        let mut items = Items::new(request.into_inner());
        let (answers, said) = mpsc::channel(ANSWERS);
        tokio::spawn(async move {
            let over = tokio::select! {
                over = each(&call, &mut items, &answers) => over,
                () = closed(&mut closing) => Err(Status::unavailable("Loom ends: send what was not answered again")),
            };
            if let Err(why) = over {
                let _ = answers.send(Err(why)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(said)))
    }
}

/// Answers item after item, until they end or nobody reads the answers.
async fn each(call: &Call, items: &mut Items, answers: &mpsc::Sender<Result<Outcome, Status>>) -> Result<(), Status> {
    let mut index = 0;
    loop {
        let chunk = items.chunk().await?;
        if chunk.is_empty() {
            return Ok(());
        }
        for outcome in call.take_in_time(chunk).await.map_err(|p| status(&p))? {
            if answers.send(Ok(Outcome { index, result: Some(answer(outcome)) })).await.is_err() {
                return Ok(());
            }
            index += 1;
        }
    }
}

/// The item as an offer, or everything that is wrong with it; what is empty was not said.
fn offer(item: Item) -> Result<door::Offer, Vec<Wrong>> {
    let topic = TopicName::parse(&item.topic).map_err(|e| vec![Wrong::new("/topic", "format", e.message())])?;
    let data = strict::parse(item.data.as_bytes()).map_err(|_| vec![Wrong::new("/data", "type", "the payload is a JSON object")])?;
    let mut said = Map::new();
    let rest = [
        ("message_id", item.message_id),
        ("device_id", item.device_id),
        ("recorded_at", item.recorded_at),
        ("schema", item.schema),
        ("trace_id", item.trace_id),
        ("stream", item.stream),
    ];
    said.insert("data".into(), data);
    said.extend(rest.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.to_string(), v.into())));
    said.extend(item.sequence.map(|n| ("sequence".to_string(), n.into())));
    produce::offer(&topic, Value::Object(said))
}

fn answer(outcome: door::Outcome) -> outcome::Result {
    let p = match produce::item(outcome) {
        ItemResult::Accepted(a) => {
            let (message_id, topic, trace_id) = (a.message_id, a.topic, a.trace_id);
            let (offset, reason) = (a.offset, a.reason.unwrap_or_default());
            return outcome::Result::Accepted(Accepted { message_id, topic, trace_id, offset, reason });
        }
        ItemResult::Refused(p) => p,
    };
    let complaint = |c: super::super::problem::Complaint| Complaint { pointer: c.pointer, rule: c.rule, expected: c.expected };
    outcome::Result::Refused(Refused { status: p.status.into(), detail: p.detail, errors: p.errors.into_iter().map(complaint).collect() })
}
