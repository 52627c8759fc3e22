//! The panel of a chosen topic: what it is, who writes and reads it, its latest records.

use leptos::prelude::*;
use loom_ui_model::numbers::{bytes, count, rate};
use loom_ui_model::records::clock_ms;

use super::duplicates::Duplicates;
use super::heard::Heard;
use super::letters::Letters;
use crate::parts::Icon;
use crate::topics::{Json, SchemaName, Tail, kept_for, told};

/// Latest records in the panel.
const MOST: usize = 5;

#[component]
pub fn TopicPanel(topic: String) -> impl IntoView {
    let heard = Heard::of_page();
    let name = StoredValue::new(topic.clone());
    let row = Memo::new(move |_| name.with_value(|n| heard.row(n)));
    let speed = move || name.with_value(|n| heard.per_minute(n)).map_or("unknown".into(), rate);
    let told = told(topic.clone());
    let tail = Tail::new(topic.clone(), MOST);
    let dead = Memo::new(move |_| name.with_value(|n| heard.letters(n)) > 0);
    view! {
        <aside class="panel" aria-labelledby="chosen" tabindex="-1">
            <div class="head"><h2 id="chosen">{topic.clone()}</h2>
                <button class="btn only" type="button" aria-label="Copy name" on:click=move |_| name.with_value(|n| crate::browser::copy(n))><Icon name="copy" /></button>
                <button class="btn only" type="button" aria-label="Close" on:click=move |_| heard.choose(None)><Icon name="close" /></button></div>
            <dl class="pairs">
                <dt>"Rate"</dt><dd>{speed}</dd>
                {move || row.get().map(|r| view! {
                    <dt>"Records"</dt><dd>{count(r.records)}</dd><dt>"Size"</dt><dd>{bytes(r.bytes)}</dd>
                    <dt>"Class"</dt><dd>{r.class.clone()}</dd><dt>"Kept"</dt><dd>{kept_for(&r)}</dd><dt>"Schema"</dt><dd class="mono"><SchemaName name=r.schema told /></dd>
                })}
                {move || told.get().map(|t| view! { <dt>"Versions"</dt><dd><a href=format!("{}#versions", t.page)>{t.versions}</a></dd> })}
            </dl>
            <div class="row"><a class="btn plain" href=format!("#topics/{topic}")>"Open in Topics"</a></div>
            <section><h3>"Written by"</h3><Ends name writers=true /></section>
            <section><h3>"Read by"</h3><Ends name writers=false /></section>
            {move || dead.get().then(|| view! { <section><h3>"Dead letters"</h3><Letters topic=name.get_value() /></section> })}
            <Duplicates topic=name.get_value() />
            <section>
                <div class="head"><h3>"Latest records"</h3>
                    <button class="btn" type="button" aria-pressed=move || tail.on.get().to_string() on:click=move |_| tail.on.update(|on| *on = !*on)>
                        {move || if tail.on.get() { view! { <Icon name="pause" /> }.into_any() } else { view! { <Icon name="play" /> }.into_any() }}
                        "Live tail"</button></div>
                {move || tail.newest.with(Vec::is_empty).then(|| view! { <p class="quiet">"None that is kept."</p> })}
                <For each=move || tail.newest.get() key=|r| (r.partition, r.offset) let:record>
                    <details class="latest"><summary><b class="num">{count(record.offset)}</b>" "<time class="faint" datetime=record.received_at.clone()>{clock_ms(&record.received_at, crate::browser::offset_s)}</time></summary>
                        <Json record /></details>
                </For>
            </section>
        </aside>
    }
}

/// Producers and groups that write, or groups that read.
#[component]
fn Ends(name: StoredValue<String>, writers: bool) -> impl IntoView {
    let heard = Heard::of_page();
    let ends = Memo::new(move |_| {
        let Some(s) = heard.structure.with(|s| s.ready()) else { return Vec::new() };
        let has = |topics: &[String]| name.with_value(|n| topics.contains(n));
        let producers = s.producers.iter().filter(|p| writers && has(&p.output_topics)).map(|p| (p.id.clone(), p.label.clone()));
        let groups = s.consumers.iter().filter(|c| has(if writers { &c.produces_topics } else { &c.subscribed_topics }));
        producers.chain(groups.map(|c| (c.group_id.clone(), c.group_id.clone()))).collect::<Vec<_>>()
    });
    view! {
        {move || if ends.with(Vec::is_empty) {
            view! { <p class="quiet">{if writers { "Nobody that is known." } else { "Nobody." }}</p> }.into_any()
        } else {
            view! { <ul class="ends-list">{ends.get().into_iter().map(|(id, label)| {
                let (to, href) = (id.clone(), format!("#pipeline/{id}"));
                view! { <li><a href=href on:click=move |e| { e.prevent_default(); heard.choose(Some(to.clone())); }>{label}</a></li> }
            }).collect_view()}</ul> }.into_any()
        }}
    }
}
