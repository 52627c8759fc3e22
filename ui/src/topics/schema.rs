//! The registry's own pages on a topic's schema: what its fields are, and how it came to be so.

use leptos::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::api::{self, Trouble};
use crate::browser;
use crate::link::{Load, poll_by};

const EVERY_S: f64 = 60.0;

#[derive(Deserialize)]
struct Evolution {
    compatibility: String,
    versions: Vec<Value>,
}

/// What the registry has of a topic.
#[derive(Clone, PartialEq)]
pub struct Told {
    /// Where its page is.
    pub page: String,
    /// `2, backward`
    pub versions: String,
}

async fn ask(topic: String) -> Result<Option<Told>, Trouble> {
    let subject = format!("{topic}-value");
    if !api::get::<Vec<String>>("/schema-registry/subjects").await?.contains(&subject) {
        return Ok(None);
    }
    let page = format!("/schema-registry/docs/{}", browser::encoded(&subject));
    let Evolution { compatibility, versions } = api::get(&format!("{page}/evolution")).await?;
    let versions = format!("{}, {}", versions.len(), compatibility.to_lowercase().replace('_', " "));
    Ok(Some(Told { page, versions }))
}

/// Nothing until it is known, and where the registry has no schema of the topic.
pub fn told(topic: String) -> Signal<Option<Told>> {
    let asked = poll_by(move || Some(topic.clone()), ask, EVERY_S);
    Signal::derive(move || asked.with(Load::ready).flatten())
}

/// The name of a schema, leading to its page where there is one.
#[component]
pub fn SchemaName(name: String, told: Signal<Option<Told>>) -> impl IntoView {
    move || match told.get() {
        Some(told) => view! { <a href=told.page>{name.clone()}</a> }.into_any(),
        None => name.clone().into_any(),
    }
}
