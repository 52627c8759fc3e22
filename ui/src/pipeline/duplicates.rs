//! What the rules of deduplication found in a topic. Where no rule reads it, nothing is said.

use leptos::prelude::*;
use loom_schemas::dedup::{DedupRuleRow, Duplicate};
use loom_ui_model::duplicates::{alike, found, which};
use loom_ui_model::records::clock_ms;
use serde::Deserialize;

use crate::api::{self, Trouble};
use crate::browser;
use crate::link::{Load, poll_by};

const EVERY_S: f64 = 10.0;
/// The newest of them.
const MOST: usize = 5;

#[derive(Deserialize)]
struct Rules {
    rules: Vec<DedupRuleRow>,
}
#[derive(Deserialize)]
struct Found {
    duplicates: Vec<Duplicate>,
}

async fn ask(topic: String) -> Result<(Vec<DedupRuleRow>, Vec<Duplicate>), Trouble> {
    let mut rules = api::get::<Rules>("/dedup/rules").await?.rules;
    rules.retain(|r| r.rule.topic == topic);
    if rules.iter().all(|r| r.figures.duplicates() == 0) {
        return Ok((rules, Vec::new()));
    }
    let path = format!("/dedup/duplicates?topic={}&limit={MOST}", browser::encoded(&topic));
    Ok((rules, api::get::<Found>(&path).await?.duplicates))
}

#[component]
pub fn Duplicates(topic: String) -> impl IntoView {
    let asked = poll_by(move || Some(topic.clone()), ask, EVERY_S);
    move || match asked.get() {
        Load::Ready((rules, newest)) if !rules.is_empty() => view! {
            <section class="repeats"><h3>"Duplicates"</h3>
                <dl class="pairs">{rules.iter().map(|r| view! { <dt>{r.rule.id.clone()}</dt><dd>{found(r)}</dd> }).collect_view()}</dl>
                {(!newest.is_empty()).then(|| view! { <ul class="ends-list">{newest.iter().map(one).collect_view()}</ul> })}
            </section>
        }
        .into_any(),
        _ => ().into_any(),
    }
}

fn one(d: &Duplicate) -> impl IntoView + use<> {
    view! {
        <li><span class="num">{which(d)}</span>" "<span class="faint">{alike(d)}", "<time datetime=d.recorded_at.clone()>{clock_ms(&d.recorded_at, browser::offset_s)}</time></span></li>
    }
}
