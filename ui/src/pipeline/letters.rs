//! Dead letters of a topic: what could not be taken and why, and giving it once more, tried dry before.

use leptos::prelude::*;
use loom_ui_model::numbers::{count, of};
use loom_ui_model::time::{clock, epoch};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::{post, said};
use crate::browser;
use crate::link::{Load, poll};

const LETTERS_S: f64 = 10.0;
/// Letters that are looked at.
const MOST: usize = 200;

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Letter {
    offset: u64,
    received_at: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    error_kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    attempts: u64,
    #[serde(default)]
    record: Value,
}
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Page {
    letters: Vec<Letter>,
    end: u64,
}
#[derive(Serialize)]
struct Which {
    offsets: Vec<u64>,
}
#[derive(Clone, Deserialize)]
struct Redriven {
    redriven: u64,
    repeats: u64,
    skipped: u64,
}

/// Of `group` alone where one is named; `topic` without `.dlq`.
#[component]
pub fn Letters(topic: String, #[prop(optional, into)] group: Option<String>) -> impl IntoView {
    let path = format!("/api/dlq/{topic}?limit={MOST}");
    let page = poll::<Page>(move || Some(path.clone()), LETTERS_S);
    let letters = Memo::new(move |_| {
        let mut all = page.with(|p| p.ready()).map(|p| p.letters).unwrap_or_default();
        all.retain(|l| group.as_ref().is_none_or(|g| *g == l.group));
        all
    });
    let (shown, trying) = (RwSignal::new(false), RwSignal::new(false));
    let done = RwSignal::new(None::<String>);
    let name = topic.clone();
    let last = move || {
        letters.with(|l| {
            l.last().map(|l| {
                let at = epoch(&l.received_at).map(|at| format!(", last at {}", clock(at, browser::offset_s(at)))).unwrap_or_default();
                format!("{}: {}{at}", capital(&l.error_kind), l.message)
            })
        })
    };
    view! {
        <div class="letters">
            {move || match page.get() {
                Load::Failed(trouble) => view! { <p class="quiet" role="alert">{said(&trouble)}</p> }.into_any(),
                _ => view! { <p>{count(letters.with(|l| l.len() as u64))}" in "<a href=format!("#topics/{name}.dlq")>{name.clone()}".dlq"</a><br />
                    <span class="quiet">{last}</span></p> }.into_any(),
            }}
            {move || shown.get().then(|| view! { <List letters /> })}
            {move || trying.get().then(|| view! { <Redrive topic=topic.clone() letters trying done /> })}
            {move || done.get().map(|words| view! { <p role="status">{words}</p> })}
            <div class="row">
                <button class="btn plain" type="button" aria-expanded=move || shown.get().to_string() on:click=move |_| shown.update(|s| *s = !*s)>
                    {move || if shown.get() { "Hide" } else { "Show" }}</button>
                <button class="btn" type="button" disabled=move || trying.get() || letters.with(Vec::is_empty)
                    on:click=move |_| { done.set(None); trying.set(true); }>"Redrive…"</button>
            </div>
        </div>
    }
}

#[component]
fn List(letters: Memo<Vec<Letter>>) -> impl IntoView {
    view! {
        <ol class="letter-list">
            {move || letters.get().into_iter().rev().map(|l| {
                let at = epoch(&l.received_at).map(|at| clock(at, browser::offset_s(at)));
                view! { <li><b class="num">{count(l.offset)}</b>" "<time>{at}</time>" "<span class="faint">{l.group}</span><br />
                    {capital(&l.error_kind)}": "{l.message}<span class="quiet">", after "{of(l.attempts as usize, "attempt")}</span></li> }
            }).collect_view()}
        </ol>
    }
}

/// The dry run: what would go where, before anything goes.
#[component]
fn Redrive(topic: String, letters: Memo<Vec<Letter>>, trying: RwSignal<bool>, done: RwSignal<Option<String>>) -> impl IntoView {
    let would = letters.get_untracked();
    let offsets: Vec<u64> = would.iter().filter(|l| l.record["data"].is_object()).map(|l| l.offset).collect();
    let lost = would.len() - offsets.len();
    let says = format!("{} would go onto {topic} again, for every group that reads it.", capital(&of(offsets.len(), "record")));
    let stays = (lost > 0).then(|| format!(" {} without an original would stay.", of(lost, "letter")));
    let nothing = offsets.is_empty();
    let go = move |_| {
        let (path, body) = (format!("/api/dlq/{topic}/redrive"), Which { offsets: offsets.clone() });
        leptos::task::spawn_local(async move {
            let words = match post::<Redriven>(&path, &body).await {
                Ok(r) => told(&r),
                Err(trouble) => said(&trouble),
            };
            done.try_set(Some(words));
            trying.try_set(false);
        });
    };
    view! {
        <div class="dry" role="group" aria-label="Redrive">
            <p>{says}{stays}" What went before does not go twice."</p>
            <div class="row">
                <button class="btn solid" type="button" disabled=nothing on:click=go>"Redrive"</button>
                <button class="btn" type="button" on:click=move |_| trying.set(false)>"Leave them"</button>
            </div>
        </div>
    }
}

fn told(r: &Redriven) -> String {
    let mut words = format!("{} went onto the topic again", of(r.redriven as usize, "record"));
    if r.repeats > 0 {
        words.push_str(&format!(", {} had gone before", count(r.repeats)));
    }
    if r.skipped > 0 {
        words.push_str(&format!(", {} could not", count(r.skipped)));
    }
    words + "."
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
