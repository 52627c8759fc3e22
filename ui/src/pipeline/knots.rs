//! Sources, knots and the names of topics: buttons and links on the same plane as the threads.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;
use loom_ui_model::flow::says;
use loom_ui_model::graph::{Kind, Lit};
use loom_ui_model::groups::{Fact, State};

use super::heard::Heard;
use super::laid::{Laid, Layout};
use super::sight::Sight;
use crate::parts::Shape;

/// What is drawn beyond what is in view, in pixels of the plane.
const MARGIN: f64 = 400.0;

/// What of a node's name stands for it in the address and in the panel.
pub fn chosen_of(laid: &Laid, node: usize) -> Option<String> {
    laid.inside.get(node).filter(|of| of.len() == 1).and_then(|of| of.first().cloned())
}

#[component]
pub fn Knots(laid: Arc<Laid>, lit: Memo<Lit>, sight: Sight) -> impl IntoView {
    let Some(layout) = Layout::of_page() else { return ().into_any() };
    let shown = {
        let laid = laid.clone();
        Memo::new(move |_| {
            let z = sight.zoom.get();
            let seen = sight.window.get();
            // Where so much is drawn that it could slow the rest, what is out of view is not.
            let few = laid.net.nodes.len() + laid.net.topics.len() < 120;
            let tile = |v: f64| (v / 200.0).floor() * 200.0;
            let (x, y) = (tile(seen.x / z), tile(seen.y / z));
            let inside = |px: f64, py: f64| {
                few || seen.w == 0.0
                    || (px > x - MARGIN && px < x + seen.w / z + MARGIN + 200.0 && py > y - MARGIN && py < y + seen.h / z + MARGIN + 200.0)
            };
            layout.plan.with(|p| {
                let knots = p.knots.iter().enumerate().filter(|(_, k)| inside(k.x, k.y)).map(|(i, _)| i).collect::<Vec<_>>();
                let labels = p.labels.iter().enumerate().filter(|(_, l)| inside(l.x, l.y)).map(|(i, _)| i).collect::<Vec<_>>();
                (knots, labels)
            })
        })
    };
    let (of_knots, of_labels) = (laid.clone(), laid);
    view! {
        <For each=move || shown.get().0 key=|i| *i let:at>
            <Knot laid=of_knots.clone() at lit layout />
        </For>
        <For each=move || shown.get().1 key=|i| *i let:at>
            <Name laid=of_labels.clone() at lit layout />
        </For>
    }
    .into_any()
}

#[component]
fn Knot(laid: Arc<Laid>, at: usize, lit: Memo<Lit>, layout: Layout) -> impl IntoView {
    let Some(knot) = laid.plan.knots.get(at).cloned() else { return ().into_any() };
    let Some(node) = laid.net.nodes.get(knot.node).cloned() else { return ().into_any() };
    let place = Memo::new(move |_| layout.plan.with(|p| p.knots.get(at).map_or((0.0, 0.0), |k| (k.x, k.y))));
    let on = move || lit.with(|l| l.nodes.get(knot.node).copied().unwrap_or(true));
    let heard = Heard::of_page();
    let name = chosen_of(&laid, knot.node);
    let is_chosen = Memo::new(move |_| name.is_some() && heard.chosen.get() == name);
    let (x, y) = (move || place.get().0.to_string(), move || place.get().1.to_string());
    let pressed = move || is_chosen.get().to_string();
    if matches!(node.kind, Kind::Unseen | Kind::Nobody) {
        return ().into_any();
    }
    if node.kind == Kind::Source {
        let dye = laid.dyes.get(knot.node).copied().flatten().map(|d| d.class()).unwrap_or_default();
        return view! {
            <button type="button" class=format!("source {dye}") class:is-lit=on class:is-chosen=is_chosen aria-pressed=pressed
                data-node=knot.node.to_string() style=("--x", x) style=("--y", y)>
                {node.label}
            </button>
        }
        .into_any();
    }
    let inside = laid.inside[knot.node].clone();
    let fact = Memo::new(move |_| worst(heard, &inside));
    let state = move || fact.with(|f| f.as_ref().map_or("unknown", |f| f.state.word()));
    let kind = if node.kind == Kind::Gate {
        "gate"
    } else if knot.end {
        "end"
    } else {
        ""
    };
    let opens = matches!(node.kind, Kind::Fold(_));
    let is_out = laid.plan.wall.is_some_and(|wall| knot.x > wall);
    view! {
        <button type="button" class=format!("knot {kind}") class:drops=knot.drops class:is-out=is_out class:is-lit=on class:is-chosen=is_chosen data-state=state
            aria-pressed=move || (!opens).then(&pressed) aria-expanded=opens.then_some("false")
            data-node=knot.node.to_string() style=("--x", x) style=("--y", y)>
            {move || view! { <Shape state=state() /> }}<span>{node.label}</span>{move || fact.with(said)}
        </button>
    }
    .into_any()
}

fn worst(heard: Heard, groups: &[String]) -> Option<Fact> {
    groups.iter().filter_map(|g| heard.fact(g)).min_by_key(|f| f.state)
}

fn said(fact: &Option<Fact>) -> AnyView {
    match fact {
        None => view! { <i>"unknown"</i> }.into_any(),
        Some(f) if f.state == State::Ok => view! { <i class="sr">"ok"</i> }.into_any(),
        Some(f) => view! { <i>{f.says()}</i> }.into_any(),
    }
}

#[component]
fn Name(laid: Arc<Laid>, at: usize, lit: Memo<Lit>, layout: Layout) -> impl IntoView {
    let heard = Heard::of_page();
    let Some(label) = laid.plan.labels.get(at).cloned() else { return ().into_any() };
    let Some(topic) = laid.net.topics.get(label.topic).cloned() else { return ().into_any() };
    let place = Memo::new(move |_| layout.plan.with(|p| p.labels.get(at).map_or((0.0, 0.0), |l| (l.x, l.y))));
    let readers: Vec<String> = topic.readers.iter().flat_map(|r| laid.inside[*r].clone()).collect();
    let state = {
        let readers = readers.clone();
        Memo::new(move |_| heard.worst(&readers).map_or(State::Ok, |w| w.0))
    };
    let members = topic.members.clone();
    let facts = Memo::new(move |_| {
        let known: Vec<f64> = members.iter().filter_map(|m| heard.per_minute(m)).collect();
        let lag: u64 = members.iter().flat_map(|m| readers.iter().map(|g| heard.lag(g, m)).max()).sum();
        let waits = matches!(state.get(), State::Behind | State::Down);
        says((!known.is_empty()).then(|| known.iter().sum()), lag * u64::from(waits))
    });
    let on = move || lit.with(|l| l.topics.get(label.topic).copied().unwrap_or(true));
    let alone = topic.members.len() == 1;
    let name = topic.name.clone();
    let choose = move |e: web_sys::MouseEvent| {
        e.prevent_default();
        if alone { heard.choose(Some(name.clone())) } else { open(layout, &name) }
    };
    let href = if alone { format!("#pipeline/{}", topic.name) } else { "#pipeline".into() };
    view! {
        <a class="topic" class:is-lit=on href=href data-state=move || state.get().word() on:click=choose
            style=("--x", move || place.get().0.to_string()) style=("--y", move || (place.get().1 - 5.0).to_string())>
            {topic.label}{if label.wide { " ".into_any() } else { view! { <br /> }.into_any() }}<i>{facts}</i>
        </a>
    }
    .into_any()
}

/// Opens the siblings of a name in place.
pub fn open(layout: Layout, name: &str) {
    let prefix = name.split('.').take(2).collect::<Vec<_>>().join(".");
    layout.open.update(|o: &mut BTreeSet<String>| {
        o.insert(prefix);
    });
}
