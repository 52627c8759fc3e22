//! Topics by class, thickness as rate.

use leptos::prelude::*;
use loom_schemas::api::TopicRow;
use loom_ui_model::graph::width_of;
use loom_ui_model::numbers::{count, rate};

use crate::parts::Icon;
use crate::pipeline::heard::Heard;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shelf {
    Sensitive,
    Released,
    Shared,
    Commands,
}

const SHELVES: [(Shelf, &str, &str); 4] = [
    (Shelf::Sensitive, "Sensitive", "stays on this machine"),
    (Shelf::Released, "Released", "filtered, yours"),
    (Shelf::Shared, "Shared", "may leave"),
    (Shelf::Commands, "Commands", ""),
];

fn shelf(row: &TopicRow) -> Shelf {
    match row.class.as_str() {
        _ if row.topic.starts_with("device.command.") || row.topic.starts_with("device.response.") => Shelf::Commands,
        "released" => Shelf::Released,
        "shared" => Shelf::Shared,
        _ => Shelf::Sensitive,
    }
}

#[component]
pub fn Names(chosen: Memo<Option<String>>) -> impl IntoView {
    let (heard, query) = (Heard::of_page(), RwSignal::new(String::new()));
    // Dead letters are named where there are some; what has never had a record stands by itself.
    let rows = Memo::new(move |_| {
        let query = query.with(|q| q.trim().to_lowercase());
        let mut rows = heard.topics.with(|t| t.ready()).map(|t| t.topics).unwrap_or_default();
        rows.retain(|r| r.topic.contains(&query) && (r.records > 0 || !r.topic.ends_with(".dlq")));
        rows.sort_by(|a, b| a.topic.cmp(&b.topic));
        rows
    });
    let on = move |of: Shelf, full: bool| {
        rows.with(|r| {
            r.iter().filter(|r| shelf(r) == of && (r.records > 0) == full).map(|r| (r.topic.clone(), r.records)).collect::<Vec<_>>()
        })
    };
    view! {
        <nav class="topics" aria-label="Topics">
            <search><label class="field"><Icon name="search" /><span class="sr">"Find a topic"</span>
                <input type="search" placeholder="Find a topic" bind:value=query /></label></search>
            {SHELVES.into_iter().map(|(of, title, about)| {
                let (full, empty) = (Memo::new(move |_| on(of, true)), Memo::new(move |_| on(of, false)));
                let asked = move || query.with(|q| !q.trim().is_empty()) || chosen.with(|c| c.as_ref().is_some_and(|c| empty.with(|e| e.iter().any(|(t, _)| t == c))));
                view! {
                    <div class="shelf" class:hidden=move || full.with(Vec::is_empty) && empty.with(Vec::is_empty)>
                        <h2>{title}" "<span class="faint">{about}</span></h2>
                        <ul><For each=move || full.get() key=|r| r.0.clone() let:row><Name topic=row.0 chosen /></For></ul>
                        {move || match empty.with(Vec::len) {
                            0 => ().into_any(),
                            n => view! { <details class="unused" open=asked><summary>{count(n as u64)}" without records"</summary>
                                <ul><For each=move || empty.get() key=|r| r.0.clone() let:row><Name topic=row.0 chosen /></For></ul></details> }.into_any(),
                        }}
                    </div>
                }
            }).collect_view()}
        </nav>
    }
}

#[component]
fn Name(topic: String, chosen: Memo<Option<String>>) -> impl IntoView {
    let heard = Heard::of_page();
    let name = StoredValue::new(topic.clone());
    let speed = Memo::new(move |_| name.with_value(|n| heard.per_minute(n)));
    let dead = topic.ends_with(".dlq");
    let words = move || match (dead, name.with_value(|n| heard.row(n)).map_or(0, |r| r.records)) {
        (true, n) => format!("{} dead", count(n)),
        _ => speed.get().map(rate).unwrap_or_default(),
    };
    let thread = move || {
        speed.get().filter(|s| *s > 0.0 && !dead).map(|s| {
        view! { <svg class="rate" width="12" height="10" aria-hidden="true"><path stroke-width=format!("{:.1}", width_of(s)) d="M0 5h12" /></svg> }
    })
    };
    let here = move || chosen.with(|c| c.as_ref().is_some_and(|c| name.with_value(|n| n == c))).then_some("page");
    view! {
        <li data-state=dead.then_some("down")><a href=format!("#topics/{topic}") aria-current=here>{thread}<span title=topic.clone()>{topic.clone()}</span><i>{words}</i></a></li>
    }
}
