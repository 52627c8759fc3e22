//! The brush on the cloth: which part of the day is shown. Drawn and pulled with a pointer, moved by the arrow keys,
//! made longer with Shift, put away with Esc.

use leptos::html;
use leptos::prelude::*;
use loom_ui_model::time::clock;
use loom_ui_model::timeline::address::Part;
use loom_ui_model::timeline::cloth::{ACROSS, Hold, hold, moved, pulled};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};

use super::shown::{Shown, Step};
use crate::browser::offset_s;

/// An end is as wide as a finger reaches, px.
const NEAR: f64 = 10.0;

#[component]
pub fn Brush(shown: Shown) -> impl IntoView {
    let ground = NodeRef::<html::Div>::new();
    // While it is pulled it is only looked at; the list follows when it is let go.
    let pull = RwSignal::new(None::<(Hold, Option<Part>)>);
    let part = move || pull.get().map_or_else(|| shown.part.get(), |(_, part)| part);
    let minute = move |e: &PointerEvent| {
        let place = ground.get_untracked().map(|g| g.unchecked_ref::<Element>().get_bounding_client_rect())?;
        let width = place.width().max(1.0);
        let x = (f64::from(e.client_x()) - place.left()) / width * ACROSS;
        Some((x.clamp(0.0, ACROSS) as u16, (NEAR / width * ACROSS) as u16))
    };
    let down = move |e: PointerEvent| {
        let Some((at, near)) = minute(&e).filter(|_| e.button() == 0) else { return };
        e.prevent_default();
        if let Some(ground) = ground.get_untracked() {
            ground.unchecked_ref::<Element>().set_pointer_capture(e.pointer_id()).ok();
        }
        let part = shown.part.get_untracked();
        pull.set(Some((hold(part, at, near), part)));
    };
    let drag = move |e: PointerEvent| {
        if let (Some((hold, part)), Some((at, _))) = (pull.get_untracked(), minute(&e)) {
            pull.set(Some((hold, pulled(part, hold, at))));
        }
    };
    let up = move |_: PointerEvent| {
        if let Some((_, part)) = pull.get_untracked() {
            pull.set(None);
            shown.go(Step::Same, |a| a.part = part);
        }
    };
    view! {
        <div class="brush-ground" node_ref=ground on:pointerdown=down on:pointermove=drag on:pointerup=up on:pointercancel=move |_| pull.set(None)>
            <div class="brush" class:is-whole=move || part().is_none() role="slider" tabindex="0" aria-label="Part of the day shown"
                aria-valuemin="0" aria-valuemax="1440" aria-valuenow=move || part().map_or(0, |p| p.0).to_string()
                aria-valuetext=move || name(shown, part()) style=("--from", move || part().map_or(0, |p| p.0).to_string())
                style=("--to", move || part().map_or(1440, |p| p.1).to_string()) on:keydown=move |e| by_key(shown, &e)></div>
        </div>
    }
}

fn by_key(shown: Shown, e: &KeyboardEvent) {
    const BY: i32 = 10;
    let by = match e.key().as_str() {
        "ArrowLeft" | "ArrowDown" => -BY,
        "ArrowRight" | "ArrowUp" => BY,
        "PageUp" => 6 * BY,
        "PageDown" => -6 * BY,
        "Escape" if shown.part.get_untracked().is_some() => {
            e.prevent_default();
            return shown.go(Step::Same, |a| a.part = None);
        }
        _ => return,
    };
    e.prevent_default();
    shown.go(Step::Same, |a| a.part = Some(moved(a.part, by, e.shift_key(), first(shown))));
}

/// A brush that was not there begins where the day's first words are.
fn first(shown: Shown) -> u16 {
    shown.woven.with_untracked(|w| {
        let steps = w.iter().flat_map(|w| &w.rows).filter_map(|r| Some((r.levels.iter().position(|l| *l > 0)?, r.levels.len())));
        steps.map(|(at, of)| (at * ACROSS as usize / of.max(1)) as u16).min().unwrap_or(9 * 60)
    })
}

/// `09:40 to 11:10`
pub fn name(shown: Shown, part: Option<Part>) -> String {
    let Some((part, bolt)) = part.zip(shown.bolt()) else { return "Whole day".into() };
    let at = |x: u16| {
        if f64::from(x) >= ACROSS {
            return "24:00".to_string();
        }
        let second = bolt.time(x.into()) / 1_000_000;
        clock(second, offset_s(second))
    };
    format!("{} to {}", at(part.0), at(part.1))
}
