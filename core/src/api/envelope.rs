//! The log's own types in the words of the API.

use loom_schemas::api::{Envelope, GroupDetail, GroupRow, MemberRow, OffsetRow, TopicRow};
use serde_json::Value;

use crate::bus::{GroupState, Record, TopicState};
use crate::error::Result;

/// A record as every answer carries it; `data` is null once erased.
pub fn envelope(r: &Record) -> Result<Envelope> {
    let data = r.value().map_or(Ok(Value::Null), |_| r.payload::<Value>())?;
    let h = r.headers();
    Ok(Envelope {
        schema: h.schema.clone(),
        message_id: r.message_id().to_string(),
        device_id: r.device_id().to_string(),
        recorded_at: r.recorded_at().to_string(),
        received_at: r.received_at().to_string(),
        trace_id: hex::encode(h.trace.trace_id),
        span_id: hex::encode(h.trace.span_id),
        data,
        topic: r.topic().to_string(),
        partition: r.partition(),
        offset: r.offset(),
        producer: h.producer.clone(),
    })
}

/// `low` and `high` are the lowest kept and the highest next offset of its partitions.
pub fn topic_row(t: &TopicState) -> TopicRow {
    let s = &t.settings;
    TopicRow {
        topic: s.name.to_string(),
        records: t.records,
        low: t.bounds.iter().map(|b| b.0).min().unwrap_or(0),
        high: t.bounds.iter().map(|b| b.1).max().unwrap_or(0),
        bytes: t.bytes,
        schema: s.schema.clone(),
        class: s.class.as_str().into(),
        retention_days: s.retention.days,
        retention_bytes: s.retention.bytes,
        last_received_at: t.last_received_at.map(|t| t.to_string()),
    }
}

pub fn group_row(g: &GroupState) -> GroupRow {
    GroupRow {
        group: g.group.clone(),
        state: g.state().into(),
        members: g.members.len() as u64,
        lag: g.total_lag(),
        topics: g.topics.iter().map(ToString::to_string).collect(),
    }
}

pub fn group_detail(g: &GroupState) -> GroupDetail {
    let member = |m: &crate::bus::Member| MemberRow {
        id: m.id.clone(),
        host: m.host.clone(),
        joined_at: m.joined_at.to_string(),
        last_heartbeat: m.last_heartbeat.to_string(),
    };
    let offset = |(p, lag): (&crate::bus::Position, &u64)| {
        let committed = g.committed.get(p).copied().unwrap_or(0);
        OffsetRow { topic: p.topic.to_string(), partition: p.partition, committed, end: committed + lag, lag: *lag }
    };
    GroupDetail {
        row: group_row(g),
        member_list: g.members.iter().map(member).collect(),
        offsets: g.lag.iter().map(offset).collect(),
        last_commit: g.last_commit.map(|t| t.to_string()),
    }
}
