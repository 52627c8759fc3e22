//! What floats over the page closes when one presses beside it.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Node;

/// `around`: the float and the button that opens it.
pub fn close_outside(around: NodeRef<html::Span>, open: RwSignal<bool>) {
    let pressed = window_event_listener(ev::pointerdown, move |e| {
        let Some(around) = around.get_untracked().filter(|_| open.get_untracked()) else { return };
        let target = e.target().and_then(|t| t.dyn_into::<Node>().ok());
        if !around.contains(target.as_ref()) {
            open.set(false);
        }
    });
    on_cleanup(move || pressed.remove());
}
