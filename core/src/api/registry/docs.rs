//! Pages made from the schemas themselves, and what they are made of as JSON.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::answer::{Answered, Reply, ask};
use super::page;
use crate::api::pages::POLICY;
use crate::api::state::State;
use crate::schema::describe::{Field, Step, evolution as steps, fields};
use crate::schema::registry::{Answer, Level, Named, Wanted, Which};

/// All that is told of one subject.
pub struct Told {
    pub newest: Named,
    pub level: Level,
    pub fields: Vec<Field>,
    pub steps: Vec<Step>,
}

async fn told(state: &Arc<State>, name: String) -> Answer<Told> {
    ask(state, move |r| {
        // A subject, or the name records give a schema.
        let subject = if r.versions(&name, Which::Living).is_ok() { name } else { r.named(&name)?.subject };
        let newest = r.version(&subject, Wanted::Latest, Which::Living)?;
        let fields = fields(&r.whole(&newest.stored)?);
        Ok(Told { level: r.level(&subject), fields, steps: steps(r, &subject)?, newest })
    })
    .await
}

pub async fn evolution(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>) -> Reply {
    let told = told(&state, subject).await?;
    Ok(Answered(json!({
        "subject": told.newest.subject, "name": told.newest.name(), "compatibility": told.level.as_str(), "fields": told.fields, "versions": told.steps,
    })))
}

pub async fn subject(Extract(state): Extract<Arc<State>>, Path(subject): Path<String>) -> Answer<Response> {
    Ok(guarded(page::subject(&told(&state, subject).await?)))
}

pub async fn list(Extract(state): Extract<Arc<State>>) -> Answer<Response> {
    let all = ask(&state, |r| Ok(r.all("", Which::Living, true))).await?;
    let rows: Vec<(Named, String)> = all
        .into_iter()
        .map(|named| {
            let says = description(&named);
            (named, says)
        })
        .collect();
    Ok(guarded(page::list(&rows)))
}

fn description(named: &Named) -> String {
    let schema: Value = serde_json::from_str(&named.stored.content.text).unwrap_or_default();
    schema["description"].as_str().or(schema["title"].as_str()).unwrap_or_default().to_string()
}

fn guarded(page: String) -> Response {
    ([(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))], Html(page)).into_response()
}
