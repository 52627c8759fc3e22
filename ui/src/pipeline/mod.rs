//! The pipeline: what needs heed, the graph, groups worst first, and what is chosen of them.

mod corner;
mod duplicates;
mod graph;
mod group;
mod hand;
pub mod heard;
mod keep;
mod knots;
mod laid;
pub mod letters;
mod reset;
mod road;
mod shuttles;
mod sight;
mod table;
mod threads;
mod tidy;
mod topic;

use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;
use loom_ui_model::numbers::duration;
use loom_ui_model::time::clock;
use loom_ui_model::token::{Page, rest_of_hash};
use web_sys::KeyboardEvent;

use crate::browser;
use crate::link::Load;
use crate::parts::{Bones, Failure, Icon};
use graph::Graph;
use group::GroupPanel;
use heard::Heard;
use laid::Layout;
use road::Road;
use sight::Sight;
use table::{GroupTable, Heed};
use tidy::Tidy;
use topic::TopicPanel;

/// Three rounds of flow that were missed.
const OLD_S: f64 = 15.0;

#[component]
pub fn Pipeline() -> impl IntoView {
    let heard = Heard::provide();
    let layout = Layout::provide(heard);
    let sight = Sight::new(layout);
    let search = NodeRef::<Input>::new();
    from_address(heard);
    let keys = window_event_listener(ev::keydown, move |e| key(&e, heard, sight, search));
    on_cleanup(move || keys.remove());
    let known = Memo::new(move |_| known(heard));
    view! {
        <main id="main" class="pipeline" class:whole=move || heard.chosen.with(Option::is_none)>
            <h1 class="sr">"Pipeline"</h1>
            <header class="tools">
                <search><label class="field"><Icon name="search" /><span class="sr">"Find in the pipeline"</span>
                    <input type="search" placeholder="Find a topic, group or source" bind:value=heard.query node_ref=search /><kbd>"/"</kbd></label></search>
                <Heed />
                <Age />
                <Tidy />
                <button class="btn only" type="button" aria-label="Save as JSON" on:click=move |_| save(heard)><Icon name="download" /></button>
            </header>
            {move || match known.get() {
                Known::Waiting => view! { <Bones /> }.into_any(),
                Known::Failed => heard.groups.with(|g| match g {
                    Load::Failed(trouble) => view! { <Failure trouble=trouble.clone() /> }.into_any(),
                    _ => ().into_any(),
                }),
                Known::Empty => view! { <NoRecords /> }.into_any(),
                Known::Something => view! { <NotFound /><Graph sight /><Road /><GroupTable /> }.into_any(),
            }}
            {move || heard.chosen.get().map(|name| view! { <Panel name /> })}
        </main>
    }
}

/// Sources, topics, groups and how far they are, as last heard.
fn save(heard: Heard) {
    let Some(structure) = heard.structure.with_untracked(|s| s.ready()) else { return };
    let groups = heard.groups.with_untracked(|g| g.ready()).map(|g| g.groups);
    let topics = heard.topics.with_untracked(|t| t.ready()).map(|t| t.topics);
    let all = serde_json::json!({"structure": structure, "groups": groups, "topics": topics});
    serde_json::to_string_pretty(&all).ok().and_then(|text| crate::topics::file("pipeline.json", "application/json", &text));
}

#[derive(Clone, Copy, PartialEq)]
enum Known {
    Waiting,
    Failed,
    Empty,
    Something,
}

fn known(heard: Heard) -> Known {
    heard.groups.with(|groups| match groups {
        Load::Waiting => Known::Waiting,
        Load::Failed(_) => Known::Failed,
        Load::Ready(g) if !g.groups.is_empty() => Known::Something,
        Load::Ready(_) => heard.structure.with(|s| match s {
            Load::Ready(s) if !s.producers.is_empty() => Known::Something,
            _ => Known::Empty,
        }),
    })
}

/// `#pipeline/NAME` chooses.
fn from_address(heard: Heard) {
    let read = move || {
        let hash = browser::hash();
        if Page::from_hash(&hash) == Page::Pipeline {
            let name = rest_of_hash(&hash).map(|rest| js_sys::decode_uri_component(rest).map_or_else(|_| rest.to_string(), String::from));
            heard.chosen.set(name);
        }
    };
    read();
    let turned = window_event_listener(ev::hashchange, move |_| read());
    on_cleanup(move || turned.remove());
}

fn key(e: &KeyboardEvent, heard: Heard, sight: Sight, search: NodeRef<Input>) {
    if e.key() == "Escape" {
        if heard.query.with_untracked(String::is_empty) {
            heard.choose(None)
        } else {
            heard.query.set(String::new())
        }
        return;
    }
    if browser::in_field(e) || e.ctrl_key() || e.meta_key() || e.alt_key() {
        return;
    }
    match e.key().as_str() {
        "/" => {
            e.prevent_default();
            if let Some(input) = search.get_untracked() {
                input.focus().ok();
            }
        }
        "j" => next(heard, 1),
        "k" => next(heard, -1),
        _ if sight.key(e) => e.prevent_default(),
        _ => {}
    }
}

/// The group after or before the chosen one, as the table has them.
fn next(heard: Heard, by: isize) {
    let names: Vec<String> = heard.facts.with_untracked(|f| f.iter().map(|f| f.group.clone()).collect());
    let at = heard.chosen.get_untracked().and_then(|c| names.iter().position(|n| *n == c));
    let to = at.map_or(if by > 0 { 0 } else { names.len().saturating_sub(1) }, |at| at.saturating_add_signed(by));
    if let Some(name) = names.get(to) {
        heard.choose(Some(name.clone()));
    }
}

#[component]
fn Panel(name: String) -> impl IntoView {
    let heard = Heard::of_page();
    let of = name.clone();
    // An address may name it before Loom has said what there is.
    let sort = Memo::new(move |last: Option<&Sort>| match (sort_of(heard, &of), last) {
        (Sort::Group | Sort::Waiting, Some(known)) if *known != Sort::Waiting => *known,
        (sort, _) => sort,
    });
    move || match sort.get() {
        Sort::Topic => view! { <TopicPanel topic=name.clone() /> }.into_any(),
        Sort::Source => view! { <SourcePanel source=name.clone() /> }.into_any(),
        Sort::Group => view! { <GroupPanel group=name.clone() /> }.into_any(),
        Sort::Waiting => view! { <aside class="panel" aria-label=name.clone()><Bones /></aside> }.into_any(),
    }
}

/// What a name is the name of.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Waiting,
    Topic,
    Source,
    Group,
}

fn sort_of(heard: Heard, name: &str) -> Sort {
    let waits = heard.topics.with(|t| *t == Load::Waiting) || heard.structure.with(|s| *s == Load::Waiting);
    if heard.row(name).is_some() {
        Sort::Topic
    } else if heard.structure.with(Load::ready).is_some_and(|s| s.producers.iter().any(|p| p.id == name)) {
        Sort::Source
    } else if heard.groups.with(Load::ready).is_some_and(|g| g.groups.iter().any(|g| g.group == name)) || !waits {
        Sort::Group
    } else {
        Sort::Waiting
    }
}

/// A source has no offsets: what it writes is all there is to say.
#[component]
fn SourcePanel(source: String) -> impl IntoView {
    let heard = Heard::of_page();
    let node = heard.structure.with(|s| s.ready()).and_then(|s| s.producers.into_iter().find(|p| p.id == source));
    let (label, topics) = node.map_or((source, Vec::new()), |p| (p.label, p.output_topics));
    view! {
        <aside class="panel" aria-labelledby="chosen" tabindex="-1">
            <div class="head"><h2 id="chosen">{label}</h2>
                <button class="btn only" type="button" aria-label="Close" on:click=move |_| heard.choose(None)><Icon name="close" /></button></div>
            <section><h3>"Writes to"</h3><ul class="ends-list">{topics.into_iter().map(|topic| {
                let (to, href) = (topic.clone(), format!("#pipeline/{topic}"));
                view! { <li><a href=href on:click=move |e| { e.prevent_default(); heard.choose(Some(to.clone())); }>{topic}</a></li> }
            }).collect_view()}</ul></section>
        </aside>
    }
}

/// How old what is shown is, once Loom has missed three rounds.
#[component]
fn Age() -> impl IntoView {
    let heard = Heard::of_page();
    let old = Memo::new(move |_| heard.flow.with(|f| f.silent_s(heard.now.get())).filter(|s| *s > OLD_S));
    view! {
        {move || old.get().map(|s| {
            let at = browser::now() - s as i64;
            view! { <p class="age"><Icon name="clock" />{format!("As of {}, {} ago", clock(at, browser::offset_s(at)), duration(s))}</p> }
        })}
    }
}

#[component]
fn NotFound() -> impl IntoView {
    let heard = Heard::of_page();
    let nothing = Memo::new(move |_| {
        let query = heard.query.with(|q| q.trim().to_lowercase());
        let names = heard.structure.with(|s| s.ready()).map(|s| {
            let ends = s.producers.iter().flat_map(|p| [p.id.clone(), p.label.clone()].into_iter().chain(p.output_topics.clone()));
            let groups = s
                .consumers
                .iter()
                .flat_map(|c| [c.group_id.clone()].into_iter().chain(c.subscribed_topics.clone()).chain(c.produces_topics.clone()));
            ends.chain(groups).collect::<Vec<_>>()
        });
        let missed = names.is_some_and(|all| !all.iter().any(|n| n.to_lowercase().contains(&query)));
        (!query.is_empty() && missed).then(|| heard.query.with(|q| q.trim().to_string()))
    });
    view! {
        {move || nothing.get().map(|query| view! {
            <div class="blank none-found" role="status"><h3>{format!("Nothing is called “{query}”")}</h3><p>"Names match anywhere."</p>
                <div class="row"><button class="btn" type="button" on:click=move |_| heard.query.set(String::new())>"Clear"</button></div></div>
        })}
    }
}

#[component]
fn NoRecords() -> impl IntoView {
    view! {
        <div class="blank page-blank">
            <svg class="mini bones" viewBox="0 0 300 80" width="300" height="80" aria-hidden="true">
                <path class="bone" d="M10 40H290M10 16H34Q44 16 44 26V30Q44 40 54 40M214 40Q224 40 224 30V22Q224 14 234 14H290M224 40V58Q224 66 234 66H290" />
                <path class="reed" d="M176 0V80M179 0V80M182 0V80M185 0V80" />
                <circle cx="70" cy="40" r="7" /><circle cx="124" cy="40" r="7" /><circle cx="180.5" cy="40" r="7" />
                <circle cx="290" cy="14" r="7" /><circle cx="290" cy="40" r="7" /><circle cx="290" cy="66" r="7" />
            </svg>
            <h3>"No records yet"</h3><p>"Topics and groups appear as soon as the first record is on the log."</p></div>
    }
}
