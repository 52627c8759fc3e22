//! Groups in words, worst first; and those among them that need heed.

use leptos::prelude::*;
use loom_ui_model::groups::{Fact, State};
use loom_ui_model::meter::spark;
use loom_ui_model::numbers::{count, duration, rate};

use super::heard::Heard;
use crate::parts::Shape;

/// What needs heed is said of so many; all are in the table.
const MOST_HEED: usize = 3;
const HOUR_S: f64 = 3600.0;

/// Groups that are not well, in words.
#[component]
pub fn Heed() -> impl IntoView {
    let heard = Heard::of_page();
    let unwell = Memo::new(move |_| {
        let of = |f: &Fact| (f.group.clone(), f.state, f.says());
        heard
            .facts
            .with(|all| all.iter().filter(|f| f.state != State::Ok && f.state != State::Paused).take(MOST_HEED).map(of).collect::<Vec<_>>())
    });
    view! {
        <div class="heed" role="status">
            {move || unwell.get().into_iter().map(|(group, state, says)| {
                let name = group.clone();
                view! {
                    <button class="btn" type="button" data-state=state.word() on:click=move |_| heard.choose(Some(name.clone()))>
                        <Shape state=state.word() /><span>{group}</span><span class="quiet">{says}</span></button>
                }
            }).collect_view()}
        </div>
    }
}

#[component]
pub fn GroupTable() -> impl IntoView {
    let heard = Heard::of_page();
    let names = Memo::new(move |_| {
        let query = heard.query.with(|q| q.trim().to_lowercase());
        let wanted = |f: &&Fact| f.group.to_lowercase().contains(&query) || f.topics.iter().any(|t| t.contains(&query));
        heard.facts.with(|all| all.iter().filter(wanted).map(|f| f.group.clone()).collect::<Vec<_>>())
    });
    view! {
        <section class="groups" aria-label="Groups" tabindex="0">
            <table class="table">
                <thead><tr><th scope="col">"Group"</th><th scope="col">"State"</th><th scope="col" class="n">"Members"</th>
                    <th scope="col" class="n">"Reads"</th><th scope="col" class="n">"Writes"</th><th scope="col" class="n">"Lag"</th>
                    <th scope="col" class="n">"Oldest waiting"</th><th scope="col">"Last hour"</th><th scope="col" class="n">"Dead letters"</th>
                    <th scope="col">"Topics"</th></tr></thead>
                <tbody><For each=move || names.get() key=|n| n.clone() let:group><Row group /></For></tbody>
            </table>
        </section>
    }
}

#[component]
fn Row(group: String) -> impl IntoView {
    let heard = Heard::of_page();
    let name = StoredValue::new(group.clone());
    let fact = Memo::new(move |_| name.with_value(|n| heard.fact(n)));
    let of = move |say: fn(&Fact) -> String| move || fact.with(|f| f.as_ref().map(say));
    let state = move || fact.with(|f| f.as_ref().map_or("unknown", |f| f.state.word()));
    let line = Memo::new(move |_| name.with_value(|n| heard.flow.with(|f| spark(&f.past(n, HOUR_S, heard.now.get()), 72.0, 17.0).0)));
    let reads = move || name.with_value(|n| heard.flow.with(|f| f.reads(n, heard.now.get()))).map_or("unknown".into(), rate);
    let writes = move || {
        let writes = heard.structure.with(|s| s.ready()).into_iter().flat_map(|s| s.consumers);
        let topics = writes.filter(|c| name.with_value(|n| c.group_id == *n)).flat_map(|c| c.produces_topics).collect::<Vec<_>>();
        if topics.is_empty() { "–".to_string() } else { rate(topics.iter().filter_map(|t| heard.per_minute(t)).sum()) }
    };
    let letters = move || fact.with(|f| f.as_ref().map(|f| f.topics.iter().map(|t| heard.letters(t)).sum::<u64>())).map(count);
    let topics = of(|f| f.topics.iter().filter(|t| !t.ends_with(".dlq")).cloned().collect::<Vec<_>>().join(", "));
    let chosen = move || heard.chosen.with(|c| c.as_ref().is_some_and(|c| name.with_value(|n| n == c)));
    view! {
        <tr data-state=state aria-selected=move || chosen().then_some("true")>
            <th scope="row"><button type="button" on:click=move |_| heard.choose(name.with_value(|n| Some(n.clone()).filter(|_| !chosen())))>{group}</button></th>
            <td><span class="state">{move || view! { <Shape state=state() /> }}{state}</span></td>
            <td class="n">{of(|f| count(f.members))}</td><td class="n">{reads}</td><td class="n">{writes}</td>
            <td class="n">{of(|f| count(f.lag))}</td>
            <td class="n">{of(|f| match f.oldest_s { Some(s) => duration(s), None if f.lag == 0 => "–".into(), None => "unknown".into() })}</td>
            <td><svg class="spark" width="72" height="18" aria-hidden="true"><path class="over" d=line /></svg></td>
            <td class="n">{letters}</td><td class="quiet">{topics}</td>
        </tr>
    }
}
