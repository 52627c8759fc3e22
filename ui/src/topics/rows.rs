//! The records of a topic, one a row.

use leptos::html::Div;
use leptos::prelude::*;
use loom_schemas::api::Envelope;
use loom_ui_model::numbers::{bytes, count, of};
use loom_ui_model::records::{Filter, clock_ms, size, telling, told};
use serde_json::Value;

use super::shown::{Shown, Start};
use crate::browser;
use crate::dyes::Dyes;
use crate::link::Load;
use crate::parts::{Bones, Failure};
use crate::pipeline::heard::{Heard, dyes};

#[component]
pub fn Rows(filter: Memo<Filter>, found: Memo<Vec<Envelope>>) -> impl IntoView {
    let Some(shown) = Shown::of_page() else { return ().into_any() };
    let column = Memo::new(move |_| found.with(|f| telling(f)));
    let state = Memo::new(move |_| {
        shown.rows.with(|r| match r {
            Load::Waiting => Some(Load::<()>::Waiting),
            Load::Failed(t) => Some(Load::Failed(t.clone())),
            Load::Ready(_) => None,
        })
    });
    let all = move || shown.rows.with(|r| if let Load::Ready(r) = r { r.len() } else { 0 });
    let none = move || found.with(Vec::is_empty);
    let more = move || if shown.start.get() == Start::Newest { "Older" } else { "Next" };
    let list = NodeRef::<Div>::new();
    // What begins elsewhere is read from there.
    Effect::new(move |_| {
        shown.start.track();
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(0);
        }
    });
    view! {
        <div class="rows" node_ref=list tabindex="0" role="group" aria-label="Records">
            {move || match state.get() {
                Some(Load::Failed(trouble)) => view! { <Failure trouble /> }.into_any(),
                Some(_) => view! { <Bones /> }.into_any(),
                None if none() && all() == 0 => view! { <div class="blank page-blank"><h3>"No records"</h3><p>"Nothing is kept on this topic. What comes appears here."</p></div> }.into_any(),
                None if none() => view! { <div class="blank page-blank"><h3>"None of these has it"</h3>
                    <p>{format!("The filter was held against {}.", of(all(), "record"))}</p></div> }.into_any(),
                None => view! {
                    <table class="table">
                        <thead><tr><th scope="col" class="n">"Offset"</th><th scope="col">"Time"</th><th scope="col">"Source"</th>
                            <th scope="col" class="value">{move || column.get().map_or("data".to_string(), |c| format!("data.{c}"))}</th>
                            <th scope="col" class="n">"Size"</th></tr></thead>
                        <tbody><For each=move || found.get() key=|r| (r.partition, r.offset) let:record><Row record column shown /></For></tbody>
                    </table>
                }.into_any(),
            }}
            {move || (shown.more.get() && state.get().is_none()).then(|| view! {
                <p class="row-more"><button class="btn plain" type="button" on:click=move |_| shown.go_on()>{more}</button>
                    {move || (!filter.with(Filter::is_empty)).then(|| view! { <span class="faint">{of(all(), "record")}" looked at"</span> })}</p>
            })}
        </div>
    }
    .into_any()
}

#[component]
fn Row(record: Envelope, column: Memo<Option<&'static str>>, shown: Shown) -> impl IntoView {
    let at = (record.partition, record.offset);
    let chosen = move || shown.chosen.get() == Some(at);
    let clock = clock_ms(&record.received_at, browser::offset_s);
    // Groups have no dye: they pass on what sources sent. What was said keeps where it was heard, as on Live.
    let passed =
        Heard::of_page().structure.with_untracked(|s| s.ready()).is_some_and(|s| s.consumers.iter().any(|c| c.group_id == record.producer));
    let heard = record.data.pointer("/source/name").and_then(Value::as_str);
    let (dye, source) = match heard {
        Some(name) if passed => (Dyes::of_page().class(name), name),
        _ if passed => ("undyed".to_string(), record.producer.as_str()),
        _ => (dyes(&record.producer), record.producer.as_str()),
    };
    let (title, source, weight, offset) = (source.to_string(), source.to_string(), size(&record), record.offset);
    let new = move || shown.fresh.get() <= offset && shown.start.get() == Start::Newest;
    view! {
        <tr class:is-new=new aria-selected=move || chosen().then_some("true") on:click=move |_| shown.chosen.set(Some(at))>
            <th scope="row" class="n"><button type="button" aria-label=format!("Offset {offset}")>{count(offset)}</button></th>
            <td><time datetime=record.received_at.clone()>{clock}</time></td>
            <td class=dye><svg class="pick" width="22" height="4" role="img" aria-label=source><title>{title}</title><path d="M0 2h22" /></svg></td>
            <td class="value">{move || told(&record, column.get())}</td><td class="n">{bytes(weight)}</td>
        </tr>
    }
}
