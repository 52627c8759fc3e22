//! The graph from left to right, the wall visible.

use std::sync::Arc;

use leptos::html::Section;
use leptos::prelude::*;
use loom_ui_model::graph::{Chosen, Lit, light};

use super::corner::Corner;
use super::hand::Hand;
use super::heard::Heard;
use super::knots::Knots;
use super::laid::{Laid, Layout};
use super::shuttles::Shuttles;
use super::sight::Sight;
use super::threads::Threads;
use crate::parts::Icon;

/// What a side panel takes of a wide window: the graph is laid out for the rest, so that nothing moves when one opens.
const PANEL: f64 = 348.0;
const WIDE: f64 = 1280.0;

#[component]
pub fn Graph(sight: Sight) -> impl IntoView {
    let Some(layout) = Layout::of_page() else { return ().into_any() };
    let (heard, section) = (Heard::of_page(), NodeRef::<Section>::new());
    let hand = Hand::new(layout, sight, heard);
    let measure = move || {
        let window = web_sys::window().and_then(|w| w.inner_width().ok()).and_then(|w| w.as_f64()).unwrap_or(WIDE);
        let width = if window > WIDE { window - PANEL } else { window };
        if section.get_untracked().is_some() && layout.width.get_untracked() != width {
            layout.width.set(width);
        }
    };
    Effect::new(move |_| {
        section.track();
        measure();
    });
    let sized = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || sized.remove());
    // What was chosen elsewhere comes into view; what was chosen here is.
    Effect::new(move |_| {
        let Some(name) = heard.chosen.get() else { return };
        let laid = layout.laid.get();
        let node = laid.inside.iter().position(|of| of.contains(&name));
        let at = node.and_then(|n| layout.plan.with_untracked(|p| p.knots.iter().find(|k| k.node == n).map(|k| (k.x, k.y))));
        if let Some((x, y)) = at.filter(|_| !layout.held.get_untracked()) {
            sight.show(x, y);
        }
    });
    let lit = Memo::new(move |_| layout.laid.with(|l| light(&l.net, chosen(heard, l).as_ref())));
    let bounds = move || layout.plan.with(|p| (p.w, p.h));
    view! {
        <section class="graph" class:high=move || !sight.fits_down() aria-label="Graph" node_ref=section on:pointerenter=move |_| layout.held.set(true)
            on:pointerleave=move |_| layout.held.set(false)>
            <div class="sight" tabindex="0" role="group" aria-label="Plane: plus, minus and 0 zoom, arrows move it" node_ref=sight.node
                on:scroll=move |_| sight.look() on:wheel=move |e| sight.wheel(&e) on:pointerdown=move |e| hand.pressed(&e)
                on:pointermove=move |e| hand.dragged(&e) on:pointerup=move |e| hand.released(&e)
                on:pointercancel=move |e| hand.released(&e) on:click=move |e| hand.clicked(&e) on:keydown=move |e| hand.key(&e)>
                <div class="room" style=("--zoom", move || sight.zoom.get().to_string()) style=("--w", move || bounds().0.to_string())
                    style=("--h", move || bounds().1.to_string())>
                    <div class="plane" data-far=move || sight.distance()>
                        {move || layout.laid.with(|laid| view! { <Plane laid=laid.clone() lit sight /> })}
                    </div>
                </div>
            </div>
            <Corner sight />
        </section>
    }
    .into_any()
}

/// What was chosen lights its ways; without one, what a search finds.
fn chosen(heard: Heard, laid: &Laid) -> Option<Chosen> {
    let query = heard.query.with(|q| q.trim().to_lowercase());
    if !query.is_empty() {
        let found = |name: &str| name.to_lowercase().contains(&query);
        let nodes = laid.net.nodes.iter().enumerate();
        let nodes =
            nodes.filter(|(i, n)| (!n.label.is_empty() && found(&n.label)) || laid.inside[*i].iter().any(|g| !g.contains(':') && found(g)));
        let topics = laid.net.topics.iter().enumerate().filter(|(_, t)| t.members.iter().any(|m| found(m)));
        return Some(Chosen::These { nodes: nodes.map(|(i, _)| i).collect(), topics: topics.map(|(i, _)| i).collect() });
    }
    let name = heard.chosen.get()?;
    let node = laid.inside.iter().position(|of| of.contains(&name)).map(Chosen::Node);
    node.or_else(|| laid.net.topic(&name).map(Chosen::Topic))
}

#[component]
fn Plane(laid: Arc<Laid>, lit: Memo<Lit>, sight: Sight) -> impl IntoView {
    if laid.net.nodes.is_empty() {
        return ().into_any();
    }
    let Some(layout) = Layout::of_page() else { return ().into_any() };
    let (w, h) = (move || layout.plan.with(|p| p.w.to_string()), move || layout.plan.with(|p| p.h.to_string()));
    let (gate, wall) = (laid.plan.wall.is_some(), laid.plan.wall.unwrap_or_default());
    let beyond = laid.plan.beyond;
    let right_of = format!("{wall}px 0");
    view! {
        {gate.then(|| view! {
            <div class="inside" style=("--wall", wall.to_string())><span><Icon name="lock" />"sensitive: stays on this machine"</span></div>
            <div class="outside" style=("inset-inline", right_of.clone())><span>"released: filtered, yours"</span></div>
        })}
        {beyond.filter(|_| gate).map(|y| view! {
            <div class="beyond" style=("inset-inline", right_of) style=("inset-block-start", format!("{y}px"))><span>"shared: may leave"</span></div>
        })}
        <svg class="threads" width=w height=h aria-hidden="true"><Threads laid=laid.clone() lit sight /></svg>
        {gate.then(|| view! {
            <svg class="wall" width="17" height=h aria-hidden="true" style=("--x", wall.to_string())>
                <path d=move || layout.plan.with(|p| format!("M.5 0V{h}M4.5 0V{h}M8.5 0V{h}M12.5 0V{h}M16.5 0V{h}", h = p.h.max(4000.0))) />
            </svg>
        })}
        <Shuttles />
        <Knots laid lit sight />
    }
    .into_any()
}
