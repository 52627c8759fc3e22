//! Whether a schema is compatible with what is registered, and what is between them.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use serde_json::{Value, json};

use super::answer::{Answered, Asked, Body, Reply, SchemaBody, ask};
use crate::api::state::State;
use crate::schema::registry::{Direction, Judgement, Refusal, Wanted};
use crate::schema::{Change, Depth};

pub async fn next(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>, asked: Asked, Body(body): Body<SchemaBody>) -> Reply {
    judged(state, subject, None, asked.flag("verbose"), body).await
}

pub async fn with_version(
    Extract(state): Extract<Arc<State>>,
    Path((subject, number)): Path<(String, String)>,
    asked: Asked,
    Body(body): Body<SchemaBody>,
) -> Reply {
    let wanted = Wanted::parse(&number)?;
    judged(state, subject, Some(wanted), asked.flag("verbose"), body).await
}

async fn judged(state: Arc<State>, subject: String, against: Option<Wanted>, verbose: bool, body: SchemaBody) -> Reply {
    let content = body.content()?;
    let depth = if verbose { Depth::Example } else { Depth::Verdict };
    let judgement = ask(&state, move |r| r.judge(&subject, &content, against, depth)).await;
    match judgement {
        Ok(judgement) if verbose => Ok(Answered(told(&judgement))),
        Ok(judgement) => Ok(Answered(json!({"is_compatible": judgement.is_compatible()}))),
        // Whoever asks for words gets them.
        Err(Refusal { code: 42201, message }) if verbose => Ok(Answered(json!({"is_compatible": false, "messages": [message]}))),
        Err(refusal) => Err(refusal),
    }
}

fn told(judgement: &Judgement) -> Value {
    let troubles = judgement.troubles.iter().map(|t| {
        let direction = match t.direction {
            Direction::Backward => "backward",
            Direction::Forward => "forward",
        };
        json!({"version": t.version, "direction": direction, "changes": changes(&t.changes), "counter_example": t.counter_example})
    });
    json!({
        "is_compatible": judgement.is_compatible(), "messages": judgement.messages(),
        "compatibility": judgement.level.as_str(), "details": troubles.collect::<Vec<_>>(),
    })
}

/// Changes as answers carry them.
pub fn changes(changes: &[Change]) -> Value {
    let told = |c: &Change| json!({"kind": c.kind.name(), "path": c.path, "breaks": c.breaks, "says": c.kind.sentence()});
    changes.iter().map(told).collect()
}
