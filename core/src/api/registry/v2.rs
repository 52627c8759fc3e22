//! What Loom v2's registry answered, beside the rest; and what this registry has none of.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answered, Body, Reply, ask};
use crate::api::state::State;
use crate::schema::registry::{Refusal, Which};

#[derive(Deserialize)]
pub struct Validate {
    schema_name: String,
    data: Value,
}

/// Whether data fits, and every reason why not: its place, and what was expected there.
pub async fn validate(Extract(state): Extract<Arc<State>>, Body(body): Body<Validate>) -> Reply {
    ask(&state, move |r| {
        let held = r.by_name(&body.schema_name, None)?.ok_or_else(Refusal::no_schema)?;
        let complaints = held.complaints(&body.data);
        r.note(&complaints);
        let errors: Vec<String> =
            complaints.iter().map(|c| format!("{}: {}", if c.pointer.is_empty() { "/" } else { &c.pointer }, c.expected)).collect();
        Ok(Answered(json!({"valid": errors.is_empty(), "errors": errors, "schema_name": &*held.name})))
    })
    .await
}

pub async fn names(state: Arc<State>) -> Reply {
    ask(&state, |r| {
        let names: Vec<String> = r.all("", Which::Living, false).iter().map(|n| n.name()).collect();
        Ok(Answered(json!({"count": names.len(), "schemas": names})))
    })
    .await
}

pub async fn named(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Reply {
    ask(&state, move |r| {
        let named = r.named(&name)?;
        let schema: Value = serde_json::from_str(&named.stored.content.text).unwrap_or_default();
        Ok(Answered(json!({
            "schema_name": named.name(), "subject": named.subject, "version": named.number, "id": named.stored.id, "schema": schema,
        })))
    })
    .await
}

pub async fn versions_of(Extract(state): Extract<Arc<State>>, Path(name): Path<String>) -> Reply {
    ask(&state, move |r| {
        let subject = r.named(&name)?.subject;
        let versions: Vec<String> = r.versions(&subject, Which::Living)?.iter().map(|n| format!("v{n}")).collect();
        Ok(Answered(json!({"schema_name": name, "subject": subject, "versions": versions, "compatibility": r.level(&subject).as_str()})))
    })
    .await
}

pub async fn stats(Extract(state): Extract<Arc<State>>) -> Reply {
    ask(&state, |r| {
        let ((schemas, subjects, versions), tally) = (r.counts(), r.tally());
        Ok(Answered(json!({
            "schemas": schemas, "subjects": subjects, "versions": versions, "validations": tally.held, "invalid": tally.refused,
            "cached_validators": tally.validators,
        })))
    })
    .await
}

pub async fn nothing() -> Answered {
    Answered(json!({}))
}

pub async fn contexts() -> Answered {
    Answered(json!(["."]))
}

/// Clients ask which subject belongs to a topic, and go by the topic's name where nobody says.
pub async fn no_associations() -> Refusal {
    Refusal::new(404, "HTTP 404 Not Found: this registry keeps no associations, a topic's subject is named after it")
}
