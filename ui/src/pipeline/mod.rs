//! The pipeline: what needs heed, the graph, groups worst first, topics.

mod graph;

use leptos::prelude::*;
use loom_schemas::api::{GroupRow, Structure, TopicRow};
use loom_ui_model::groups::{State, state, worst_first};
use loom_ui_model::numbers::{bytes, count};

use crate::api::{Groups, Topics};
use crate::link::{Load, poll};
use crate::parts::{Bones, Failure, Icon, Shape};
use graph::{Graph, RoadList};

/// Flow is asked for every five seconds.
const FLOW_S: f64 = 5.0;

#[component]
pub fn Pipeline() -> impl IntoView {
    let groups = poll::<Groups>(|| Some("/api/groups".into()), FLOW_S);
    let topics = poll::<Topics>(|| Some("/api/topics".into()), FLOW_S);
    let structure = poll::<Structure>(|| Some("/api/kafka/structure".into()), FLOW_S);
    let query = RwSignal::new(String::new());
    let sorted = Memo::new(move |_| worst_first(groups.get().ready().map(|g| g.groups).unwrap_or_default()));
    view! {
        <main id="main" class="pipeline whole">
            <h1 class="sr">"Pipeline"</h1>
            <header class="tools">
                <search><label class="field"><Icon name="search" /><span class="sr">"Find in the pipeline"</span>
                    <input type="search" placeholder="Find a topic or group" bind:value=query /></label></search>
                <Heed groups=sorted />
            </header>
            {move || match groups.get() {
                Load::Waiting => view! { <Bones /> }.into_any(),
                Load::Failed(trouble) => view! { <Failure trouble /> }.into_any(),
                Load::Ready(g) if g.groups.is_empty() => view! { <NoRecords /> }.into_any(),
                Load::Ready(_) => view! {
                    <Graph structure groups=sorted />
                    <RoadList structure groups=sorted />
                    <GroupTable groups=sorted query />
                    <TopicTable topics query />
                }.into_any(),
            }}
        </main>
    }
}

#[component]
fn NoRecords() -> impl IntoView {
    view! {
        <div class="blank page-blank"><h3>"No records yet"</h3>
            <p>"Topics and groups appear as soon as the first record is on the log."</p></div>
    }
}

/// Groups that are not well, in words.
#[component]
fn Heed(groups: Memo<Vec<GroupRow>>) -> impl IntoView {
    view! {
        <div class="heed" role="status">
            {move || groups.get().into_iter().filter(|g| state(g) != State::Ok).take(3).map(|g| {
                let word = state(&g).word();
                view! { <span class="btn" data-state=word><Shape state=word /><span>{g.group}</span><span class="quiet">{word}", lag "{count(g.lag)}</span></span> }
            }).collect_view()}
        </div>
    }
}

fn matches(query: RwSignal<String>, name: &str) -> bool {
    name.contains(query.get().trim())
}

#[component]
fn GroupTable(groups: Memo<Vec<GroupRow>>, query: RwSignal<String>) -> impl IntoView {
    view! {
        <section class="groups" aria-label="Groups">
            <table class="table">
                <thead><tr><th scope="col">"Group"</th><th scope="col">"State"</th><th scope="col" class="n">"Members"</th>
                    <th scope="col" class="n">"Lag"</th><th scope="col">"Topics"</th></tr></thead>
                <tbody>{move || groups.get().into_iter().filter(|g| matches(query, &g.group)).map(|g| {
                    let word = state(&g).word();
                    view! { <tr data-state=word><th scope="row">{g.group}</th>
                        <td><span class="state"><Shape state=word />{word}</span></td>
                        <td class="n">{count(g.members)}</td><td class="n">{count(g.lag)}</td><td class="quiet">{g.topics.join(", ")}</td></tr> }
                }).collect_view()}</tbody>
            </table>
        </section>
    }
}

#[component]
fn TopicTable(topics: RwSignal<Load<Topics>>, query: RwSignal<String>) -> impl IntoView {
    let rows = move || -> Vec<TopicRow> { topics.get().ready().map(|t| t.topics).unwrap_or_default() };
    view! {
        <section class="topics-table" aria-labelledby="topics">
            <h2 id="topics">"Topics"</h2>
            <table class="table">
                <thead><tr><th scope="col">"Topic"</th><th scope="col">"Class"</th><th scope="col" class="n">"Records"</th>
                    <th scope="col" class="n">"Size"</th></tr></thead>
                <tbody>{move || rows().into_iter().filter(|t| matches(query, &t.topic)).map(|t| view! {
                    <tr><th scope="row">{t.topic}</th><td>{t.class}</td><td class="n">{count(t.records)}</td><td class="n">{bytes(t.bytes)}</td></tr>
                }).collect_view()}</tbody>
            </table>
        </section>
    }
}
