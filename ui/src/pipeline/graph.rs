//! The graph from left to right, and on a phone the same as a list from top to bottom.

use leptos::prelude::*;
use loom_schemas::api::{GroupRow, Structure};
use loom_ui_model::groups::{State, state};
use loom_ui_model::numbers::count;
use loom_ui_model::road::{Knot, Road, Thread, road};

use crate::link::Load;
use crate::parts::Shape;

const GAP: f64 = 216.0;
const LANE: f64 = 112.0;
const LEFT: f64 = 230.0;
const TOP: f64 = 84.0;
/// The wall's only gate.
const GATE: &str = "privacy-filter-consumer";

fn x(column: usize) -> f64 {
    LEFT + GAP * column as f64
}
fn y(lane: usize) -> f64 {
    TOP + LANE * lane as f64
}

fn place<'a>(road: &'a Road, group: &str) -> Option<&'a Knot> {
    road.knots.iter().find(|k| k.group == group)
}

fn state_of(groups: &[GroupRow], name: &str) -> (State, u64) {
    groups.iter().find(|g| g.group == name).map_or((State::Unknown, 0), |g| (state(g), g.lag))
}

/// Right angles with round corners; the corner lies just before where it goes to.
fn path(road: &Road, thread: &Thread) -> Option<String> {
    let to = place(road, &thread.to)?;
    let (x2, y2) = (x(to.column), y(to.lane));
    let (x1, y1) = match &thread.from {
        Some(from) => place(road, from).map(|k| (x(k.column), y(k.lane)))?,
        None => (24.0, y2),
    };
    if (y1 - y2).abs() < 1.0 {
        return Some(format!("M{x1} {y1}H{x2}"));
    }
    let (bend, r) = (x2 - 34.0, if y2 > y1 { 14.0 } else { -14.0 });
    Some(format!("M{x1} {y1}H{}Q{bend} {y1} {bend} {}V{}Q{bend} {y2} {} {y2}H{x2}", bend - 14.0, y1 + r, y2 - r, bend + 14.0))
}

/// Each topic once, above the beginning of its first thread.
fn labels(road: &Road) -> Vec<(String, f64, f64)> {
    let mut seen: Vec<(String, f64, f64)> = Vec::new();
    for thread in &road.threads {
        if seen.iter().any(|(topic, ..)| *topic == thread.topic) {
            continue;
        }
        let from = thread.from.as_ref().and_then(|f| place(road, f)).map(|k| (x(k.column) + 20.0, y(k.lane)));
        let start = from.or_else(|| place(road, &thread.to).map(|k| (24.0, y(k.lane))));
        if let Some((at_x, at_y)) = start {
            // Topics of one group would lie on each other.
            let below = seen.iter().filter(|(_, sx, sy)| *sx == at_x && (*sy - at_y).abs() < 60.0).count() as f64;
            seen.push((thread.topic.clone(), at_x, at_y - below * 17.0));
        }
    }
    seen
}

#[component]
pub fn Graph(structure: RwSignal<Load<Structure>>, groups: Memo<Vec<GroupRow>>) -> impl IntoView {
    let road = Memo::new(move |_| structure.get().ready().map(|s| road(&s)).unwrap_or_default());
    move || {
        let road = road.get();
        if road.knots.is_empty() {
            return ().into_any();
        }
        let (w, h) = (x(road.columns.saturating_sub(1)) + 230.0, y(road.lanes.saturating_sub(1)) + 84.0);
        let wall = place(&road, GATE).map(|k| x(k.column));
        let threads: Vec<String> = road.threads.iter().filter_map(|t| path(&road, t)).collect();
        view! {
            <section class="graph" aria-label="Graph">
                <div class="plane" style=("--w", w.to_string()) style=("--h", h.to_string())>
                    {wall.map(|at| view! {
                        <div class="inside" style=("inset-inline", format!("0 {}px", w - at))><span>"sensitive: stays on this machine"</span></div>
                        <div class="outside" style=("inset-inline", format!("{at}px 0"))><span>"released: filtered"</span></div>
                    })}
                    <svg class="threads" viewBox=format!("0 0 {w} {h}") width=w height=h aria-hidden="true">
                        <g class="on t1">{threads.into_iter().map(|d| view! { <path stroke-width="2.2" d=d /> }).collect_view()}</g>
                    </svg>
                    {wall.map(|at| view! { <div class="wall" style=("--x", at.to_string())></div> })}
                    {labels(&road).into_iter().map(|(topic, lx, ly)| view! {
                        <span class="topic is-lit" style=("--x", lx.to_string()) style=("--y", (ly - 5.0).to_string())>{topic}</span>
                    }).collect_view()}
                    {road.knots.iter().map(|k| view! { <KnotOf knot=k.clone() last=k.column + 1 == road.columns groups /> }).collect_view()}
                </div>
            </section>
        }
        .into_any()
    }
}

#[component]
fn KnotOf(knot: Knot, last: bool, groups: Memo<Vec<GroupRow>>) -> impl IntoView {
    let name = knot.group.clone();
    let now = Memo::new(move |_| state_of(&groups.get(), &name));
    let kind = match knot.group.as_str() {
        GATE => "knot is-lit gate",
        _ if last => "knot is-lit end",
        _ => "knot is-lit",
    };
    let words = move || match now.get() {
        (State::Ok, _) => view! { <i class="sr">"ok"</i> }.into_any(),
        (State::Unknown, _) => view! { <i>"unknown"</i> }.into_any(),
        (s, lag) => view! { <i>{s.word()}", lag "{count(lag)}</i> }.into_any(),
    };
    view! {
        <span class=kind data-state=move || now.get().0.word() style=("--x", x(knot.column).to_string()) style=("--y", y(knot.lane).to_string())>
            {move || view! { <Shape state=now.get().0.word() /> }}<span>{knot.group}</span>{words}
        </span>
    }
}

#[component]
pub fn RoadList(structure: RwSignal<Load<Structure>>, groups: Memo<Vec<GroupRow>>) -> impl IntoView {
    let road = Memo::new(move |_| structure.get().ready().map(|s| road(&s)).unwrap_or_default());
    let stops = move || {
        let mut knots = road.get().knots;
        knots.sort_by_key(|k| (k.column, k.lane));
        knots
    };
    let reads = move |group: &str| road.get().threads.into_iter().find(|t| t.to == group).map(|t| t.topic);
    view! {
        <ol class="road" aria-label="Pipeline from source to store">
            {move || stops().into_iter().map(|knot| {
                let (now, lag) = state_of(&groups.get(), &knot.group);
                let is_wall = knot.group == GATE;
                let wall = is_wall.then(|| view! { <p>"All above this line stays on this machine."</p> });
                view! {
                    <li class="via"><span>{reads(&knot.group)}</span><span class="num">{(lag > 0).then(|| format!("lag {}", count(lag)))}</span></li>
                    <li class="stop" class:is-wall=is_wall data-state=now.word()>
                        <button type="button"><Shape state=now.word() /><b>{knot.group}</b><span>{now.word()}</span></button>{wall}
                    </li>
                }
            }).collect_view()}
        </ol>
    }
}
