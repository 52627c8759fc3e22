//! Topics: by class; one with its volume, its records, and one of them.

mod asking;
mod json;
mod names;
mod record;
mod rows;
mod save;
mod schema;
mod shown;
mod tail;
mod volume;

use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;
use loom_schemas::api::{Envelope, TopicRow};
use loom_ui_model::numbers::{bytes, count, rate};
use loom_ui_model::records::Filter;
use loom_ui_model::token::{Page, rest_of_hash};
use web_sys::KeyboardEvent;

use crate::browser;
use crate::link::Load;
use crate::parts::{Failure, Icon};
use crate::pipeline::heard::Heard;
use crate::pipeline::letters::Letters;
use asking::Asking;
use names::Names;
use record::{Beside, Produce, RecordPanel};
use rows::Rows;
use shown::Shown;
use volume::Volume;

pub use json::Json;
pub use save::file;
pub use schema::{SchemaName, told};
pub use tail::Tail;

/// `30 days or 2 GB`, `until you delete it`
pub fn kept_for(row: &TopicRow) -> String {
    let days = row.retention_days.map(|d| if d == 1 { "1 day".into() } else { format!("{d} days") });
    match (days, row.retention_bytes.map(bytes)) {
        (Some(days), Some(bytes)) => format!("{days} or {bytes}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "until you delete it".into(),
    }
}

#[component]
pub fn Topics() -> impl IntoView {
    let heard = Heard::provide();
    let hash = RwSignal::new(browser::hash());
    let turned = window_event_listener(ev::hashchange, move |_| hash.set(browser::hash()));
    on_cleanup(move || turned.remove());
    let chosen = Memo::new(move |last: Option<&Option<String>>| match hash.get() {
        h if Page::from_hash(&h) == Page::Topics => rest_of_hash(&h).map(str::to_string),
        // The page is being left.
        _ => last.cloned().flatten(),
    });
    let failed = move || heard.topics.with(|t| if let Load::Failed(t) = t { Some(t.clone()) } else { None });
    view! {
        <main id="main" class="browser" class:at-list=move || chosen.with(Option::is_none)>
            <Names chosen />
            {move || match (failed(), chosen.get()) {
                (Some(trouble), _) => view! { <section class="records"><h1 class="sr">"Topics"</h1><Failure trouble /></section> }.into_any(),
                (_, Some(topic)) => view! { <Topic topic /> }.into_any(),
                (_, None) => view! { <section class="records none-chosen"><h1 class="sr">"Topics"</h1><div class="blank page-blank">
                    <h3>"Choose a topic"</h3><p>"Its records appear here, newest first, as they come."</p></div></section> }.into_any(),
            }}
        </main>
    }
}

#[component]
fn Topic(topic: String) -> impl IntoView {
    let heard = Heard::of_page();
    let shown = Shown::new(topic.clone());
    let (text, field) = (RwSignal::new(String::new()), NodeRef::<Input>::new());
    let filter = Memo::new(move |_| text.with(|t| Filter::parse(t)));
    let found = Memo::new(move |_| found(shown, &filter.get()));
    let beside = RwSignal::new(Beside::Nothing);
    Effect::new(move |_| {
        if shown.chosen.get().is_some() {
            beside.set(Beside::Record);
        }
    });
    let name = StoredValue::new(topic.clone());
    let row = Memo::new(move |_| name.with_value(|n| heard.row(n)));
    let dead = topic.ends_with(".dlq");
    let takes = Memo::new(move |_| !dead && row.with(|r| r.as_ref().is_some_and(|r| r.class == "sensitive")));
    let keys = window_event_listener(ev::keydown, move |e| key(&e, shown, field, found, beside, takes.get_untracked()));
    on_cleanup(move || keys.remove());
    view! {
        <section class="records" aria-labelledby="topic">
            <header class="topic-head">
                <a class="btn only back" href="#topics" aria-label="All topics"><Icon name="left" /></a>
                <h1 id="topic">{topic.clone()}</h1>
                <button class="btn only" type="button" aria-label="Copy name" on:click=move |_| name.with_value(|n| browser::copy(n))><Icon name="copy" /></button>
                {move || takes.get().then(|| view! { <button class="btn" type="button" on:click=move |_| beside.set(Beside::Produce(None))>"Produce"</button> })}
                <button class="btn only" type="button" aria-label="Save records" on:click=move |_| save(name, found)><Icon name="download" /></button>
                <Facts row name />
            </header>
            <Volume />
            {dead.then(|| view! { <div class="dead-head"><Letters topic=topic.trim_end_matches(".dlq").to_string() /></div> })}
            <Asking filter=text field />
            <Rows filter found />
        </section>
        {move || match beside.get() {
            Beside::Nothing => ().into_any(),
            Beside::Record => view! { {move || shown.record().map(|record| view! { <RecordPanel record takes=takes.get() beside shown /> })} }.into_any(),
            Beside::Produce(begin) => view! { <Produce topic=name.get_value() begin beside /> }.into_any(),
        }}
    }
}

fn save(name: StoredValue<String>, found: Memo<Vec<Envelope>>) {
    name.with_value(|n| save::records(n, &found.get_untracked()));
}

fn found(shown: Shown, filter: &Filter) -> Vec<Envelope> {
    shown.rows.with(|rows| match rows {
        Load::Ready(rows) => rows.iter().filter(|r| filter.finds(r)).cloned().collect(),
        _ => Vec::new(),
    })
}

#[component]
fn Facts(row: Memo<Option<TopicRow>>, name: StoredValue<String>) -> impl IntoView {
    let heard = Heard::of_page();
    let speed = move || name.with_value(|n| heard.per_minute(n)).map(rate);
    let told = told(name.get_value());
    view! {
        <p class="quiet">
            {move || row.get().map(|r| view! {
                <span class="num">{count(r.records)}{if r.records == 1 { " record" } else { " records" }}</span><span class="num">{bytes(r.bytes)}</span>
                <span class="num">{speed}</span><span>{match (r.retention_days, r.retention_bytes) { (None, None) => "kept until you delete it".to_string(), _ => format!("kept {}", kept_for(&r)) }}</span>
                <span>{r.class.clone()}</span><span class="mono"><SchemaName name=r.schema.clone() told /></span>
            })}
            <a href=move || format!("#pipeline/{}", name.get_value())>"In the pipeline"</a>
        </p>
    }
}

fn key(e: &KeyboardEvent, shown: Shown, field: NodeRef<Input>, found: Memo<Vec<Envelope>>, beside: RwSignal<Beside>, takes: bool) {
    if e.key() == "Escape" {
        shown.chosen.set(None);
        beside.set(Beside::Nothing);
        return;
    }
    if browser::in_field(e) || e.ctrl_key() || e.meta_key() || e.alt_key() {
        return;
    }
    match e.key().as_str() {
        " " if !browser::on_control(e) => {
            e.prevent_default();
            asking::tail(shown);
        }
        "/" => {
            e.prevent_default();
            if let Some(field) = field.get_untracked() {
                field.focus().ok();
            }
        }
        "+" if takes => beside.set(Beside::Produce(None)),
        "j" => next(shown, found, 1),
        "k" => next(shown, found, -1),
        _ => {}
    }
}

fn next(shown: Shown, found: Memo<Vec<Envelope>>, by: isize) {
    let at: Vec<(u32, u64)> = found.with_untracked(|f| f.iter().map(|r| (r.partition, r.offset)).collect());
    let here = shown.chosen.get_untracked().and_then(|c| at.iter().position(|a| *a == c));
    let to = here.map_or(0, |h| h.saturating_add_signed(by));
    if let Some(to) = at.get(to) {
        shown.chosen.set(Some(*to));
    }
}
