//! Consumers' words on the wire, and refusals as HTTP has them; REST, `/ws` and gRPC share them.

use axum::http::StatusCode;
use loom_schemas::services::{GroupRecords, JoinGroup, JoinedGroup, NextOffset};

use super::super::envelope::envelope;
use super::super::problem::Problem;
use super::super::state::State;
use crate::bus::{MEMBER_TIMEOUT_SECONDS, Position, Positions, TopicName};
use crate::consumer::{Ask, From, Page, Reader, Refusal};

impl std::convert::From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Wrong(why) => Self::bad_request(why),
            Refusal::NotFound(why) => Self::not_found(why),
            Refusal::Forbidden(why) => Self::new(StatusCode::FORBIDDEN, why),
            Refusal::Conflict(why) => Self::conflict(why),
            Refusal::Gone(why) => Self::new(StatusCode::GONE, why),
            Refusal::Full(why) => Self::new(StatusCode::TOO_MANY_REQUESTS, why),
            Refusal::Failed(e) => e.into(),
        }
    }
}

pub fn ask(group: String, wish: &JoinGroup, reader: Reader, host: &str) -> Result<Ask, Problem> {
    let topics = wish.topics.iter().map(|t| TopicName::parse(t)).collect::<crate::Result<_>>()?;
    Ok(Ask { group, topics, from: From::parse(&wish.from)?, reader, host: host.into() })
}

pub fn joined(state: &State, ask: Ask) -> Result<JoinedGroup, Refusal> {
    let group = ask.group.clone();
    let joined = state.consumers.join(ask)?;
    Ok(JoinedGroup {
        group,
        member_id: joined.member,
        active: joined.active,
        positions: offsets(&joined.positions),
        silent_for_at_most_s: MEMBER_TIMEOUT_SECONDS,
    })
}

pub fn records(page: &Page) -> Result<GroupRecords, Problem> {
    let records = page.records.iter().map(envelope).collect::<crate::Result<_>>()?;
    Ok(GroupRecords { active: page.active, records, positions: offsets(&page.positions), full: page.full })
}

pub fn offsets(positions: &Positions) -> Vec<NextOffset> {
    positions.iter().map(|(p, next)| NextOffset { topic: p.topic.to_string(), partition: p.partition, next: *next }).collect()
}

pub fn positions(offsets: &[NextOffset]) -> Result<Positions, Problem> {
    let one = |o: &NextOffset| Ok((Position { topic: TopicName::parse(&o.topic)?, partition: o.partition }, o.next));
    offsets.iter().map(one).collect()
}
