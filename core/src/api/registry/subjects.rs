//! Subjects and their versions.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{Answered, Asked, Body, Reply, SchemaBody, ask, typed, version as told};
use crate::api::state::State;
use crate::schema::registry::{Answer, Refusal, Wanted};

pub async fn list(Extract(state): Extract<Arc<State>>, asked: Asked) -> Reply {
    let all = ask(&state, {
        let (prefix, which) = (asked.prefix().to_string(), asked.which());
        move |r| Ok(r.subjects(&prefix, which))
    })
    .await?;
    Ok(Answered(json!(asked.page(all))))
}

pub async fn versions(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>, asked: Asked) -> Reply {
    let which = asked.which();
    let all = ask(&state, move |r| r.versions(&subject, which)).await?;
    Ok(Answered(json!(asked.page(all))))
}

pub async fn register(
    Extract(state): Extract<Arc<State>>,
    Path(subject): Path<String>,
    asked: Asked,
    Body(body): Body<SchemaBody>,
) -> Reply {
    let offer = body.offer(asked.flag("normalize"))?;
    ask(&state, move |r| r.register(&subject, offer).map(|named| Answered(told(&named)))).await
}

pub async fn lookup(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>, asked: Asked, Body(body): Body<SchemaBody>) -> Reply {
    let (content, which) = (body.content()?, asked.which());
    ask(&state, move |r| r.lookup(&subject, &content, which).map(|named| Answered(told(&named)))).await
}

pub async fn remove(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>, asked: Asked) -> Reply {
    let permanent = asked.flag("permanent");
    ask(&state, move |r| r.remove_subject(&subject, permanent).map(|numbers| Answered(json!(numbers)))).await
}

pub async fn version(Extract(state): Extract<Arc<State>>, Path((subject, number)): Path<(String, String)>, asked: Asked) -> Reply {
    let (wanted, which) = (Wanted::parse(&number)?, asked.which());
    ask(&state, move |r| r.version(&subject, wanted, which).map(|named| Answered(told(&named)))).await
}

pub async fn text(Extract(state): Extract<Arc<State>>, Path((subject, number)): Path<(String, String)>, asked: Asked) -> Answer<Response> {
    let (wanted, which) = (Wanted::parse(&number)?, asked.which());
    let named = ask(&state, move |r| r.version(&subject, wanted, which)).await?;
    Ok(typed(StatusCode::OK, named.stored.content.text.clone()))
}

pub async fn remove_version(Extract(state): Extract<Arc<State>>, Path((subject, number)): Path<(String, String)>, asked: Asked) -> Reply {
    let (wanted, permanent) = (Wanted::parse(&number)?, asked.flag("permanent"));
    ask(&state, move |r| r.remove_version(&subject, wanted, permanent).map(|number| Answered(json!(number)))).await
}

pub async fn referrers(Extract(state): Extract<Arc<State>>, Path((subject, number)): Path<(String, String)>, asked: Asked) -> Reply {
    let wanted = Wanted::parse(&number)?;
    let ids = ask(&state, move |r| r.referrers(&subject, wanted)).await?;
    Ok(Answered(json!(asked.page(ids))))
}

/// `key` and `value`, each as often as there are pairs; the query map keeps the last of each, so one pair it is.
pub async fn with_metadata(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>, asked: Asked) -> Reply {
    let which = asked.which();
    let pair = (asked.text("key").unwrap_or_default().to_string(), asked.text("value").unwrap_or_default().to_string());
    ask(&state, move |r| {
        for number in r.versions(&subject, which)?.into_iter().rev() {
            let named = r.version(&subject, Wanted::Number(number), which)?;
            let properties = named.stored.content.extras.get("metadata").and_then(|m| m.get("properties"));
            if properties.and_then(|p| p.get(&pair.0)).and_then(Value::as_str) == Some(&pair.1) {
                return Ok(Answered(told(&named)));
            }
        }
        Err(Refusal::no_schema())
    })
    .await
}
