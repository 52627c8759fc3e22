//! Shuttles: a new record passes along its topic's thread, at most one a topic each half second, forty at once.

use std::collections::BTreeMap;

use js_sys::{Array, Object, Reflect};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};
use web_sys::{Element, HtmlElement};

use super::heard::Heard;
use super::laid::Layout;
use crate::browser;

const APART_S: f64 = 0.5;
const AT_ONCE: u32 = 40;
const PASS_MS: f64 = 1400.0;
const SHAPE: &str = "M-7 0Q0-4.5 7 0Q0 4.5-7 0";

#[wasm_bindgen]
extern "C" {
    /// An element that the browser moves by itself, without the page's thread.
    #[wasm_bindgen(extends = HtmlElement)]
    type Moving;
    #[wasm_bindgen(method)]
    fn animate(this: &Moving, frames: &Array, options: &Object) -> Object;
}

#[component]
pub fn Shuttles() -> impl IntoView {
    let Some(layout) = Layout::of_page() else { return ().into_any() };
    let (heard, node) = (Heard::of_page(), NodeRef::<Div>::new());
    let sent: StoredValue<BTreeMap<String, f64>> = StoredValue::new(BTreeMap::new());
    Effect::new(move |_| {
        let grew = heard.grew.get();
        let Some(el) = node.get_untracked().filter(|_| !still()) else { return };
        let (now, plan) = (browser::ticks(), layout.plan.get_untracked());
        for (topic, _) in grew {
            let due = sent.with_value(|s| s.get(&topic).is_none_or(|at| now - at >= APART_S));
            let Some(at) = layout.laid.with_untracked(|l| l.net.topic(&topic)).filter(|_| due) else { continue };
            for thread in plan.threads.iter().filter(|t| t.topic == at && t.points.len() > 1) {
                if el.child_element_count() >= AT_ONCE {
                    return;
                }
                pass(&el, &thread.points);
            }
            sent.update_value(|s| {
                s.insert(topic, now);
            });
        }
    });
    view! { <div class="shuttles" node_ref=node aria-hidden="true"></div> }.into_any()
}

/// Whether the person wants nothing to move.
fn still() -> bool {
    let asked = web_sys::window().and_then(|w| w.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    asked.is_some_and(|m| m.matches())
}

/// A shuttle along a line of points, which goes when it arrives. Only its transform changes.
fn pass(el: &HtmlElement, points: &[(f64, f64)]) -> Option<()> {
    let document = el.owner_document()?;
    let shuttle = made(&document, "svg")?;
    shuttle.set_attribute("class", "shuttle").ok()?;
    shuttle.set_attribute("viewBox", "-8 -5 16 10").ok()?;
    let path = made(&document, "path")?;
    path.set_attribute("d", SHAPE).ok()?;
    shuttle.append_child(&path).ok()?;
    el.append_child(&shuttle).ok()?;
    let options = Object::new();
    set(&options, "duration", PASS_MS);
    set(&options, "easing", "linear");
    set(&options, "fill", "both");
    let passing = shuttle.unchecked_ref::<Moving>().animate(&frames(points), &options);
    let gone = wasm_bindgen::prelude::Closure::once_into_js(move || shuttle.remove());
    set(&passing, "onfinish", gone);
    Some(())
}

fn made(document: &web_sys::Document, name: &str) -> Option<Element> {
    document.create_element_ns(Some("http://www.w3.org/2000/svg"), name).ok()
}

fn set(object: &Object, key: &str, value: impl Into<JsValue>) {
    Reflect::set(object, &key.into(), &value.into()).ok();
}

/// Where the shuttle is when: as fast on every leg, turned where the thread turns.
fn frames(points: &[(f64, f64)]) -> Array {
    let legs: Vec<f64> = points.windows(2).map(|p| (p[1].0 - p[0].0).abs() + (p[1].1 - p[0].1).abs()).collect();
    let whole = legs.iter().sum::<f64>().max(1.0);
    let frames = Array::new();
    let mut gone = 0.0;
    for (leg, pair) in legs.iter().zip(points.windows(2)) {
        let turned = (pair[1].1 - pair[0].1).atan2(pair[1].0 - pair[0].0).to_degrees();
        for (at, done) in [(pair[0], gone), (pair[1], gone + leg)] {
            let frame = Object::new();
            set(&frame, "offset", (done / whole).min(1.0));
            set(&frame, "transform", format!("translate({}px, {}px) rotate({turned}deg)", at.0 - 8.0, at.1 - 5.0));
            frames.push(&frame);
        }
        gone += leg;
    }
    frames
}
