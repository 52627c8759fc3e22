//! Narrow windows: the same pipeline as a list, from top to bottom.

use std::sync::Arc;

use leptos::prelude::*;
use loom_ui_model::flow::says;
use loom_ui_model::graph::{Kind, Step, Strand, steps};
use loom_ui_model::groups::State;

use super::heard::Heard;
use super::knots::{chosen_of, open};
use super::laid::{Laid, Layout};
use crate::parts::Shape;

#[component]
pub fn Road() -> impl IntoView {
    let Some(layout) = Layout::of_page() else { return ().into_any() };
    view! {
        <ol class="road" aria-label="Pipeline from source to store">
            {move || {
                let laid = layout.laid.get();
                let steps = steps(&laid.net, &laid.columns, &laid.rows);
                // A thread ends where the next step has another one.
                let ends = |at: usize| steps.get(at + 1).is_none_or(|next| !matches!(next, Step::Stop { .. }));
                let step = |(at, step): (usize, &Step)| view! { <StepOf laid=laid.clone() step=step.clone() ends=ends(at) layout /> };
                steps.iter().enumerate().map(step).collect_view()
            }}
        </ol>
    }
    .into_any()
}

#[component]
fn StepOf(laid: Arc<Laid>, step: Step, ends: bool, layout: Layout) -> impl IntoView {
    match step {
        Step::From(sources) => {
            view! { <li class="from" style=("--strands", strands(&dyes_of(&laid, &sources)))>{names(&laid, &sources)}</li> }.into_any()
        }
        Step::Via { topic, group } => view! { <Via laid topic group layout /> }.into_any(),
        Step::Stop { node, joins } => view! { <Stop laid node joins ends layout /> }.into_any(),
    }
}

fn names(laid: &Laid, sources: &[usize]) -> impl IntoView + use<> {
    let name = |i: &usize| (laid.net.nodes[*i].label.clone(), laid.dyes[*i].map(|d| d.class()).unwrap_or_default());
    sources.iter().map(name).map(|(label, class)| view! { <span class=class>{label}</span> }).collect_view()
}

fn dyes_of(laid: &Laid, sources: &[usize]) -> Vec<String> {
    sources.iter().filter_map(|i| laid.dyes[*i]).map(|d| format!("var(--thread-{})", d.0)).collect()
}

/// Threads side by side, as a background: each 2 px, 1 px between.
fn strands(dyes: &[String]) -> String {
    let undyed = ["var(--edge)".to_string()];
    let dyes = if dyes.is_empty() { &undyed[..] } else { &dyes[..dyes.len().min(4)] };
    let stop = |(i, dye): (usize, &String)| format!("{dye} {}px {}px, transparent {}px {}px", i * 3, i * 3 + 2, i * 3 + 2, i * 3 + 3);
    format!("linear-gradient(90deg, {})", dyes.iter().enumerate().map(stop).collect::<Vec<_>>().join(", "))
}

fn dyes_on(laid: &Laid, layout: Layout, topic: usize) -> Vec<String> {
    let on = layout.strands.with(|s| s.get(topic).cloned()).unwrap_or_default();
    on.iter()
        .map(|s| match s {
            Strand::Of(i) => laid.dyes.get(*i).copied().flatten().map_or("var(--edge)".into(), |d| format!("var(--thread-{})", d.0)),
            Strand::Undyed => "var(--edge)".into(),
        })
        .collect()
}

#[component]
fn Via(laid: Arc<Laid>, topic: usize, group: usize, layout: Layout) -> impl IntoView {
    let heard = Heard::of_page();
    let Some(t) = laid.net.topics.get(topic).cloned() else { return ().into_any() };
    let groups = laid.inside[group].clone();
    let (members, of) = (t.members.clone(), groups.clone());
    let lag = Memo::new(move |_| members.iter().flat_map(|m| of.iter().map(|g| heard.lag(g, m)).max()).sum::<u64>());
    let state = Memo::new(move |_| heard.worst(&groups).map_or(State::Ok, |w| w.0));
    let members = t.members.clone();
    let speed = move || {
        let known: Vec<f64> = members.iter().filter_map(|m| heard.per_minute(m)).collect();
        let waits = matches!(state.get(), State::Behind | State::Down);
        says((!known.is_empty()).then(|| known.iter().sum()), lag.get() * u64::from(waits))
    };
    let slack = Memo::new(move |_| state.get() == State::Behind && lag.get() > 0);
    let lines = laid.clone();
    let style = move || strands(&dyes_on(&lines, layout, topic));
    let alone = t.members.len() == 1;
    let name = t.name.clone();
    let choose = move |e: web_sys::MouseEvent| {
        e.prevent_default();
        if alone { heard.choose(Some(name.clone())) } else { open(layout, &name) }
    };
    view! {
        <li class="via" class:is-slack=slack style=("--strands", style)>
            {move || slack.get().then(|| view! { <Loops laid=laid.clone() topic layout /> })}
            <a href=format!("#pipeline/{}", t.name) on:click=choose>{t.label}</a><span class="num">{speed}</span>
        </li>
    }
    .into_any()
}

#[component]
fn Loops(laid: Arc<Laid>, topic: usize, layout: Layout) -> impl IntoView {
    let on = layout.strands.get_untracked().get(topic).cloned().unwrap_or_default();
    let path = |(i, s): (usize, &Strand)| {
        let class = match s {
            Strand::Of(at) => laid.dyes.get(*at).copied().flatten().map_or("undyed".into(), |d| d.class()),
            Strand::Undyed => "undyed".into(),
        };
        view! { <path class=class d=format!("M{} 0v3c6.7 1 6.7 7 0 8c10.6 1 10.6 7 0 8c13.3 1 13.3 7 0 8v60", 1 + 3 * i) /> }
    };
    view! { <svg class="loops" width="24" height="32" aria-hidden="true">{on.iter().enumerate().map(path).collect_view()}</svg> }
}

#[component]
fn Stop(laid: Arc<Laid>, node: usize, joins: Vec<usize>, ends: bool, layout: Layout) -> impl IntoView {
    let heard = Heard::of_page();
    let of = laid.inside[node].clone();
    let fact = Memo::new(move |_| of.iter().filter_map(|g| heard.fact(g)).min_by_key(|f| f.state));
    let state = move || fact.with(|f| f.as_ref().map_or("unknown", |f| f.state.word()));
    let name = chosen_of(&laid, node);
    let mine = name.clone();
    let chosen = Memo::new(move |_| mine.is_some() && heard.chosen.get() == mine);
    let is_wall = laid.net.nodes[node].kind == Kind::Gate;
    // Of several gates the road's own is the last.
    let parts = is_wall && (laid.rows.nodes[node] == 0 || laid.net.nodes.iter().filter(|n| n.kind == Kind::Gate).count() == 1);
    let label = laid.net.nodes[node].label.clone();
    let input = laid
        .net
        .topics
        .iter()
        .position(|t| t.writers.contains(&node))
        .or_else(|| laid.net.topics.iter().position(|t| t.readers.contains(&node)));
    let lines = laid.clone();
    let style = move || strands(&input.map(|t| dyes_on(&lines, layout, t)).unwrap_or_default());
    let topic = laid.net.topics.iter().find(|t| t.readers.contains(&node)).map(|t| t.name.clone());
    let press = move |_| match &name {
        Some(_) => heard.choose(name.clone().filter(|_| !chosen.get_untracked())),
        None => topic.iter().for_each(|t| open(layout, t)),
    };
    let last = ends && !laid.net.topics.iter().any(|t| t.writers.contains(&node));
    let words =
        move || fact.with(|f| f.as_ref().map_or("unknown".to_string(), |f| if f.state == State::Ok { "ok".into() } else { f.says() }));
    view! {
        <li class="stop" class:is-wall=is_wall class:is-chosen=chosen class:is-cut=move || state() == "down" || last data-state=state style=("--strands", style)>
            <button type="button" aria-expanded=move || chosen.get().to_string() on:click=press>
                {move || view! { <Shape state=state() /> }}<b>{label}</b><span>{words}</span></button>
            {(!joins.is_empty()).then(|| view! { <p class="joins">{names(&laid, &joins)}</p> })}
            {parts.then(|| view! { <p>"All above this line stays on this machine."</p> })}
        </li>
    }
}
