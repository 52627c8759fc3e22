//! Records out, to members of consumer groups.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use loom_schemas::services::{JoinGroup, NextOffset};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::super::consumers::{next_page, reader, words as shared};
use super::super::problem::Problem;
use super::super::state::{State, blocking_for};
use super::super::ws::Closing;
use super::words::consumption_server::Consumption;
use super::words::{
    Batch, CommitRequest, Committed, JoinRequest, Joined, Left, MemberRequest, Membership, Position, Record, RecordsRequest,
};
use super::{closed, status};
use crate::bus::Positions;
use crate::consumer::{PAGE_RECORDS, Page};

/// In one batch, unless told.
const RECORDS: usize = 100;
/// One question to the log; the next follows at once.
const WAIT: Duration = Duration::from_secs(20);

pub struct Consume(pub Arc<State>);

#[tonic::async_trait]
impl Consumption for Consume {
    type RecordsStream = ReceiverStream<Result<Batch, Status>>;

    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<Joined>, Status> {
        let headers = request.metadata().clone().into_headers();
        let reader = reader(&self.0, &headers, request.extensions().get::<ConnectInfo<SocketAddr>>());
        let wish = request.into_inner();
        let asked = JoinGroup { topics: wish.topics, from: wish.from };
        let ask = shared::ask(wish.group, &asked, reader, "this computer (gRPC)").map_err(|p| status(&p))?;
        let state = self.0.clone();
        let joined = blocking_for(move || shared::joined(&state, ask)).await.map_err(|p| status(&p))?;
        let positions = joined.positions.into_iter().map(position).collect();
        Ok(Response::new(Joined { group: joined.group, member_id: joined.member_id, active: joined.active, positions }))
    }

    async fn records(&self, request: Request<RecordsRequest>) -> Result<Response<Self::RecordsStream>, Status> {
        let mut closing = request.extensions().get::<Closing>().cloned();
        let who = request.into_inner();
        let max = if who.max == 0 { RECORDS } else { who.max as usize };
        if max > PAGE_RECORDS {
            return Err(Status::invalid_argument(format!("max is a number from 1 to {PAGE_RECORDS}")));
        }
        let (state, group, member) = (self.0.clone(), who.group.clone(), who.member_id.clone());
        // What an earlier stream lost on its way comes again.
        let turn = blocking_for(move || state.consumers.rewind(&group, &member)).await.map_err(|p| status(&p))?;
        let (batches, sent) = mpsc::channel(1);
        let state = self.0.clone();
        tokio::spawn(async move {
            let over = tokio::select! {
                over = stream(&state, &who, max, turn, &batches) => over,
                () = batches.closed() => return,
                () = closed(&mut closing) => Status::unavailable("Loom ends: join again when it is back"),
            };
            let _ = batches.send(Err(over)).await;
        });
        Ok(Response::new(ReceiverStream::new(sent)))
    }

    async fn commit(&self, request: Request<CommitRequest>) -> Result<Response<Committed>, Status> {
        let done = request.into_inner();
        let named: Vec<NextOffset> =
            done.positions.into_iter().map(|p| NextOffset { topic: p.topic, partition: p.partition, next: p.next }).collect();
        let named: Option<Positions> = if named.is_empty() { None } else { Some(shared::positions(&named).map_err(|p| status(&p))?) };
        let state = self.0.clone();
        let committed = blocking_for(move || state.consumers.commit(&done.group, &done.member_id, named)).await.map_err(|p| status(&p))?;
        Ok(Response::new(Committed { positions: shared::offsets(&committed).into_iter().map(position).collect() }))
    }

    async fn heartbeat(&self, request: Request<MemberRequest>) -> Result<Response<Membership>, Status> {
        let (state, who) = (self.0.clone(), request.into_inner());
        let active = blocking_for(move || state.consumers.heartbeat(&who.group, &who.member_id)).await.map_err(|p| status(&p))?;
        Ok(Response::new(Membership { active }))
    }

    async fn leave(&self, request: Request<MemberRequest>) -> Result<Response<Left>, Status> {
        let (state, who) = (self.0.clone(), request.into_inner());
        blocking_for(move || state.consumers.leave(&who.group, &who.member_id)).await.map_err(|p| status(&p))?;
        Ok(Response::new(Left {}))
    }
}

/// Sends page after page; a client that does not read is not asked for, and so falls silent. Why it ended.
async fn stream(state: &Arc<State>, who: &RecordsRequest, max: usize, turn: u64, batches: &mpsc::Sender<Result<Batch, Status>>) -> Status {
    loop {
        let batch = match next_page(state, &who.group, &who.member_id, max, turn, WAIT).await.and_then(|page| batch(&page)) {
            Ok(batch) if batch.records.is_empty() => continue,
            Ok(batch) => batch,
            Err(p) => return status(&p),
        };
        if batches.send(Ok(batch)).await.is_err() {
            return Status::cancelled("nobody reads");
        }
    }
}

fn batch(page: &Page) -> Result<Batch, Problem> {
    let page = shared::records(page)?;
    let record = |e: loom_schemas::api::Envelope| Record {
        topic: e.topic,
        partition: e.partition,
        offset: e.offset,
        message_id: e.message_id,
        device_id: e.device_id,
        recorded_at: e.recorded_at,
        received_at: e.received_at,
        schema: e.schema,
        trace_id: e.trace_id,
        span_id: e.span_id,
        producer: e.producer,
        data: e.data.to_string(),
    };
    Ok(Batch { records: page.records.into_iter().map(record).collect(), positions: page.positions.into_iter().map(position).collect() })
}

fn position(o: NextOffset) -> Position {
    Position { topic: o.topic, partition: o.partition, next: o.next }
}
