//! Schemas by id and guid, and all of them.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::json;
use uuid::Uuid;

use super::answer::{Answered, Asked, Reply, ask, schema, typed, version};
use super::v2;
use crate::api::state::State;
use crate::schema::registry::{Answer, Refusal, Which};

/// A number, or no schema has it.
fn id(text: &str) -> Answer<i64> {
    text.parse().map_err(|_| Refusal::new(404, "an id is a number"))
}

fn guid(text: &str) -> Answer<Uuid> {
    text.parse().map_err(|_| Refusal::new(404, "a guid is a UUID"))
}

/// Confluent's clients name their media type, or ask for part of the list; others get Loom v2's.
pub async fn list(Extract(state): Extract<Arc<State>>, headers: HeaderMap, asked: Asked) -> Reply {
    let accepts = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).unwrap_or_default();
    let parts = ["subjectPrefix", "deleted", "deletedOnly", "latestOnly", "offset", "limit", "aliases", "ruleType"];
    if !accepts.contains("schemaregistry") && !asked.has(&parts) {
        return v2::names(state).await;
    }
    let (prefix, which, latest) = (asked.prefix().to_string(), asked.which(), asked.flag("latestOnly"));
    let all = ask(&state, move |r| Ok(r.all(&prefix, which, latest))).await?;
    Ok(Answered(asked.page(all).iter().map(version).collect()))
}

pub async fn types() -> Answered {
    Answered(json!(["JSON"]))
}

pub async fn by_id(Extract(state): Extract<Arc<State>>, Path(text): Path<String>, asked: Asked) -> Reply {
    let (id, most, subject) = (id(&text)?, asked.flag("fetchMaxId"), asked.text("subject").map(String::from));
    ask(&state, move |r| {
        let mut out = schema(&*r.schema(id)?);
        if let Some(subject) = subject
            && let Some((subject, number)) = r.uses(id, Which::All)?.into_iter().find(|(s, _)| *s == subject)
        {
            out["subject"] = subject.into();
            out["version"] = number.into();
        }
        if most {
            out["maxId"] = r.highest_id().into();
        }
        Ok(Answered(out))
    })
    .await
}

pub async fn text(Extract(state): Extract<Arc<State>>, Path(text): Path<String>) -> Answer<Response> {
    let id = id(&text)?;
    let stored = ask(&state, move |r| r.schema(id)).await?;
    Ok(typed(StatusCode::OK, stored.content.text.clone()))
}

pub async fn subjects(Extract(state): Extract<Arc<State>>, Path(text): Path<String>, asked: Asked) -> Reply {
    let (id, which) = (id(&text)?, asked.which());
    let mut names: Vec<String> = ask(&state, move |r| r.uses(id, which)).await?.into_iter().map(|(s, _)| s).collect();
    names.dedup();
    Ok(Answered(json!(asked.page(names))))
}

pub async fn versions(Extract(state): Extract<Arc<State>>, Path(text): Path<String>, asked: Asked) -> Reply {
    let (id, which) = (id(&text)?, asked.which());
    let uses = ask(&state, move |r| r.uses(id, which)).await?;
    Ok(Answered(asked.page(uses).into_iter().map(|(s, n)| json!({"subject": s, "version": n})).collect()))
}

pub async fn by_guid(Extract(state): Extract<Arc<State>>, Path(text): Path<String>) -> Reply {
    let guid = guid(&text)?;
    ask(&state, move |r| r.by_guid(guid).map(|s| Answered(schema(&s)))).await
}

pub async fn ids_of_guid(Extract(state): Extract<Arc<State>>, Path(text): Path<String>) -> Reply {
    let guid = guid(&text)?;
    ask(&state, move |r| r.by_guid(guid).map(|s| Answered(json!([{"context": ".", "id": s.id}])))).await
}
