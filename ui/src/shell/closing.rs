//! The window of the desktop app, from inside: asked to close for the first time, it says first that Loom goes on.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_ui_model::closing::words;
use wasm_bindgen::JsValue;
use web_sys::CustomEvent;

use super::dialog::Dialog;
use super::hearing::Hearing;
use super::toast::Toasts;
use crate::api;

/// What the window says when its close button was pressed; whether there is a tray is its detail.
const EVENT: &str = "loom-closing";

/// Whether the page stands in the window of the Loom that it shows.
pub fn in_window() -> bool {
    js_sys::Reflect::has(&window(), &JsValue::from_str("loom_window")).unwrap_or(false)
}

/// Asks the window for something.
pub fn ask(wish: &'static str) {
    let toasts = Toasts::of_page();
    spawn_local(async move {
        if let Err(trouble) = api::told("POST", &format!("/api/window/{wish}"), None).await {
            toasts.say(trouble.sentence());
        }
    });
}

#[component]
pub fn Closing() -> impl IntoView {
    let (open, tray, hearing) = (RwSignal::new(false), RwSignal::new(false), Hearing::of_page());
    let asked = window_event_listener(ev::Custom::<CustomEvent>::new(EVENT), move |e| {
        // Heard: the window waits for what is pressed.
        e.prevent_default();
        tray.set(e.detail().as_bool().unwrap_or(false));
        open.set(true);
    });
    on_cleanup(move || asked.remove());
    let act = move |wish| {
        open.set(false);
        ask(wish);
    };
    view! {
        <Dialog open class="closing" label="Closing the window">
            <h2>{move || words(hearing.state(), tray.get()).0}</h2>
            <p class="quiet">{move || words(hearing.state(), tray.get()).1}</p>
            <div class="ways">
                <button class="btn solid" type="button" autofocus on:click=move |_| act("close")>"Close the window"</button>
                <button class="btn plain" type="button" on:click=move |_| act("quit")>"Quit Loom"</button>
                <button class="btn" type="button" on:click=move |_| open.set(false)>"Stay"</button>
            </div>
        </Dialog>
    }
}
