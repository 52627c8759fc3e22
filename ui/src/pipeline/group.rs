//! The panel of a chosen group: how it is, lag over time, offsets, members, dead letters.

use leptos::prelude::*;
use loom_schemas::api::{GroupDetail, MemberRow, OffsetRow};
use loom_ui_model::checks::sentence;
use loom_ui_model::groups::Fact;
use loom_ui_model::meter::spark;
use loom_ui_model::numbers::{count, duration, of};
use loom_ui_model::time::{clock, epoch};

use super::heard::Heard;
use super::letters::Letters;
use super::reset::Reset;
use crate::browser;
use crate::link::{Load, poll};
use crate::parts::{Bones, Icon, Shape};

const DETAIL_S: f64 = 5.0;
const SHOWN_S: f64 = 1800.0;

#[component]
pub fn GroupPanel(group: String) -> impl IntoView {
    let heard = Heard::of_page();
    let path = format!("/api/groups/{}", browser::encoded(&group));
    let detail = poll::<GroupDetail>(move || Some(path.clone()), DETAIL_S);
    let name = StoredValue::new(group.clone());
    let fact = Memo::new(move |_| name.with_value(|n| heard.fact(n)));
    let state = move || fact.with(|f| f.as_ref().map_or("unknown", |f| f.state.word()));
    let tells = move || {
        let grows = name.with_value(|n| heard.flow.with(|f| f.grows(n)));
        fact.with(|f| f.as_ref().map_or("The log does not know this group any more.".to_string(), |f| f.tells(grows)))
    };
    let about = {
        let group = group.clone();
        move || {
            heard.structure.with(|s| s.ready()).and_then(|s| s.consumers.into_iter().find(|c| c.group_id == group)).map(|c| c.description)
        }
    };
    view! {
        <aside class="panel" data-state=state aria-labelledby="chosen" tabindex="-1">
            <div class="head">{move || view! { <Shape state=state() /> }}<h2 id="chosen">{group.clone()}</h2>
                <button class="btn only" type="button" aria-label="Close" on:click=move |_| heard.choose(None)><Icon name="close" /></button></div>
            <p>{tells}</p>
            {move || about().filter(|a| !a.is_empty()).map(|a| view! { <p class="quiet">{sentence(&a)}</p> })}
            <Chart name fact />
            {move || match detail.get() {
                Load::Ready(d) => view! { <Detail d /> }.into_any(),
                Load::Waiting => view! { <Bones /> }.into_any(),
                Load::Failed(trouble) => view! { <p class="quiet" role="alert">{crate::api::said(&trouble)}</p> }.into_any(),
            }}
            <Dead name />
        </aside>
    }
}

/// Lag over the last half hour, as far as this page has been open.
#[component]
fn Chart(name: StoredValue<String>, fact: Memo<Option<Fact>>) -> impl IntoView {
    let heard = Heard::of_page();
    let past = Memo::new(move |_| name.with_value(|n| heard.flow.with(|f| f.past(n, SHOWN_S, heard.now.get()))));
    let line = move || past.with(|p| spark(p, 296.0, 72.0));
    let since = move || {
        let first = past.with(|p| p.first().map(|p| p.0)).unwrap_or(heard.now.get());
        let at = browser::now() - (heard.now.get() - first) as i64;
        clock(at, browser::offset_s(at))
    };
    let until = move || {
        heard.now.track();
        let at = browser::now();
        clock(at, browser::offset_s(at))
    };
    let span = move || past.with(|p| p.first().zip(p.last()).map_or(0.0, |(a, b)| b.0 - a.0));
    let title = move || if span() < SHOWN_S - 60.0 { "Lag, since this page is open" } else { "Lag, last 30 min" };
    view! {
        <section><h3>{title}</h3>
            <div class="chart"><span class="num">{move || fact.with(|f| f.as_ref().map(|f| of(f.lag as usize, "record")))}</span>
                <svg class="spark" viewBox="0 0 296 72" aria-hidden="true"><path class="grid" d="M0 .5h296M0 36h296M0 71.5h296" />
                    <path class="under" d=move || format!("{}V72H0z", line().0) /><path class="over" d=move || line().0 />
                    <circle cx=move || line().1.0.to_string() cy=move || line().1.1.to_string() r="3" fill="currentColor" /></svg>
                <p class="ends"><time>{since}</time><time>{until}</time></p></div>
        </section>
    }
}

#[component]
fn Detail(d: GroupDetail) -> impl IntoView {
    let mut topics: Vec<String> = d.offsets.iter().filter(|o| !o.topic.ends_with(".dlq")).map(|o| o.topic.clone()).collect();
    topics.dedup();
    let tables = topics.into_iter().map(|topic| {
        let rows: Vec<OffsetRow> = d.offsets.iter().filter(|o| o.topic == topic).cloned().collect();
        view! { <section><h3>"Offsets in "<a href=format!("#pipeline/{topic}")>{topic.clone()}</a></h3><Offsets rows /></section> }
    });
    let members = d.member_list.len();
    view! {
        {tables.collect_view()}
        <section><h3>"Members"</h3>
            {if members == 0 {
                let last = d.last_commit.as_deref().and_then(epoch).map(|at| format!(" It last wrote down where it was {}.", ago(at)));
                view! { <p>"Nobody."{last}</p> }.into_any()
            } else {
                view! { <dl class="pairs members">{d.member_list.iter().map(member).collect_view()}</dl> }.into_any()
            }}
            <Reset group=d.row.group.clone() alive={members > 0} />
        </section>
    }
}

#[component]
fn Offsets(rows: Vec<OffsetRow>) -> impl IntoView {
    view! {
        <table class="table"><thead><tr><th scope="col">"Partition"</th><th scope="col" class="n">"Committed"</th><th scope="col" class="n">"Next"</th>
            <th scope="col" class="n">"Lag"</th></tr></thead>
            <tbody>{rows.into_iter().map(|o| view! {
                <tr><td>{o.partition}</td><td class="n">{count(o.committed)}</td><td class="n">{count(o.end)}</td><td class="n">{count(o.lag)}</td></tr>
            }).collect_view()}</tbody></table>
    }
}

fn member(m: &MemberRow) -> impl IntoView + use<> {
    let heartbeat = epoch(&m.last_heartbeat).map_or("unknown".into(), ago);
    let since = epoch(&m.joined_at).map(|at| clock(at, browser::offset_s(at)));
    view! {
        <dt data-state="ok"><span class="state"><Shape state="ok" />{m.id.clone()}</span></dt><dd>{m.host.clone()}</dd>
        <dt class="faint">"heartbeat "{heartbeat}</dt><dd class="faint">{since.map(|at| format!("since {at}"))}</dd>
    }
}

/// `2.0 s ago`, under an hour; then its clock.
pub fn ago(at: i64) -> String {
    match (browser::now() - at).max(0) {
        s if s < 3600 => format!("{} ago", duration(s as f64)),
        _ => format!("at {}", clock(at, browser::offset_s(at))),
    }
}

#[component]
fn Dead(name: StoredValue<String>) -> impl IntoView {
    let heard = Heard::of_page();
    let topics = Memo::new(move |_| {
        let fact = name.with_value(|n| heard.fact(n));
        fact.into_iter().flat_map(|f| f.topics).filter(|t| heard.letters(t) > 0).collect::<Vec<_>>()
    });
    view! {
        <section><h3>"Dead letters"</h3>
            {move || topics.with(Vec::is_empty).then(|| view! { <p class="quiet">"None in its inputs."</p> })}
            <For each=move || topics.get() key=|t| t.clone() let:topic><Letters topic group=name.get_value() /></For>
        </section>
    }
}
