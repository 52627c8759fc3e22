//! The lower left of the graph: what is in view, zoom, and how to read it.

use std::fmt::Write;

use leptos::prelude::*;
use loom_ui_model::graph::{Kind, Plan};

use super::laid::Layout;
use super::sight::Sight;
use crate::parts::Icon;

/// The map is so wide, in pixels, and no higher than half of it.
const MAP: f64 = 108.0;

#[component]
pub fn Corner(sight: Sight) -> impl IntoView {
    view! {
        <div class="corner">
            {move || (!sight.fits()).then(|| view! { <Map sight /> })}
            <span class="zoom">
                <button class="btn only" type="button" aria-label="Zoom out" on:click=move |_| sight.farther()><Icon name="minus" /></button>
                <button class="btn only" type="button" aria-label="Zoom in" on:click=move |_| sight.closer()><Icon name="plus" /></button>
                <button class="btn only" type="button" aria-label="Fit" on:click=move |_| sight.fit()><Icon name="fit" /></button>
            </span>
            <p class="legend">"Thicker is more records. Hanging loops are lag. A cut thread is read by nobody."</p>
        </div>
    }
}

#[component]
fn Map(sight: Sight) -> impl IntoView {
    let Some(layout) = Layout::of_page() else { return ().into_any() };
    let scale = move || layout.plan.with(|p| (MAP / p.w.max(1.0)).min(MAP / 2.0 / p.h.max(1.0)));
    let drawn = move || layout.plan.with(|p| lines(p, scale()));
    let dots = move || {
        let (laid, k) = (layout.laid.get(), scale());
        let seen = |node: usize| !matches!(laid.net.nodes[node].kind, Kind::Unseen | Kind::Nobody);
        layout.plan.with(|p| {
            let knots = p.knots.iter().filter(|knot| seen(knot.node));
            knots.map(|knot| view! { <circle cx=format!("{:.1}", knot.x * k) cy=format!("{:.1}", knot.y * k) r="1.8" /> }).collect_view()
        })
    };
    let seen = move || {
        let (window, k) = (sight.window.get(), scale() / sight.zoom.get());
        let (w, h) = ((window.w * k).min(MAP - 2.0), window.h * k);
        view! {
            <rect x=format!("{:.1}", window.x * k + 1.0) y=format!("{:.1}", window.y * k + 1.0) width=format!("{w:.1}") height=format!("{h:.1}") />
        }
    };
    let size = move || layout.plan.with(|p| (p.w * scale()).ceil().max(20.0)).to_string();
    let high = move || layout.plan.with(|p| (p.h * scale()).ceil() + 2.0).to_string();
    let go = move |e: web_sys::MouseEvent| {
        let (window, k) = (
            sight.window.get_untracked(),
            sight.zoom.get_untracked() / layout.plan.with_untracked(|p| (MAP / p.w.max(1.0)).min(MAP / 2.0 / p.h.max(1.0))),
        );
        sight.scroll_to(f64::from(e.offset_x()) * k - window.w / 2.0, f64::from(e.offset_y()) * k - window.h / 2.0);
    };
    view! {
        <svg class="minimap" width=size height=high aria-hidden="true" on:click=go><path d=drawn />{dots}{seen}</svg>
    }
    .into_any()
}

fn lines(plan: &Plan, k: f64) -> String {
    let mut out = String::new();
    for thread in &plan.threads {
        for (i, (x, y)) in thread.points.iter().enumerate() {
            write!(out, "{}{:.1} {:.1}", if i == 0 { 'M' } else { 'L' }, x * k, y * k).ok();
        }
    }
    out
}
