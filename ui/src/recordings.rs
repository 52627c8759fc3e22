//! Recordings that a person gives a page: dropped on it, chosen, or the one that comes with Loom.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::live::Taken;
use loom_ui_model::time::clock;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Event, File, HtmlInputElement};

use crate::api::{self, Trouble};
use crate::browser::offset_s;
use crate::shell::Toasts;

/// Listens to files that are dropped anywhere on the page.
pub fn take_what_is_dropped() {
    let toasts = Toasts::of_page();
    // Without this the browser would open the file in the page's place.
    let over = window_event_listener(ev::dragover, |e: DragEvent| e.prevent_default());
    let dropped = window_event_listener(ev::drop, move |e: DragEvent| {
        e.prevent_default();
        let files = e.data_transfer().and_then(|d| d.files());
        take(files.into_iter().flat_map(|f| (0..f.length()).filter_map(move |i| f.get(i))), toasts);
    });
    on_cleanup(move || {
        over.remove();
        dropped.remove();
    });
}

fn take(files: impl Iterator<Item = File>, toasts: Toasts) {
    for file in files {
        let name: String = js_sys::encode_uri_component(&file.name()).into();
        let called = file.name();
        spawn_local(async move {
            let answer = api::send_bytes::<Taken>(&format!("/api/recordings?name={name}"), file.into()).await;
            toasts.say(told(&called, answer));
        });
    }
}

/// The recording that comes with Loom; what became of it.
pub async fn take_sample() -> Result<Taken, Trouble> {
    api::send::<Taken>("POST", "/api/recordings/sample", None).await
}

fn told(name: &str, answer: Result<Taken, Trouble>) -> String {
    match answer {
        Ok(taken) if taken.known => format!("“{name}” is on the timeline already, {}.", begins(&taken)),
        Ok(taken) => format!("“{name}” is listened to. Its lines appear on the timeline, {}.", begins(&taken)),
        Err(trouble) => trouble.sentence(),
    }
}

fn begins(taken: &Taken) -> String {
    let at = loom_ui_model::time::epoch(&taken.started_at).unwrap_or_default();
    let (today, day) = [crate::browser::now(), at].map(|t| loom_ui_model::time::Day::of(t, offset_s(t))).into();
    let name = if day == today { String::new() } else { format!("{} ", day.name(today)) };
    format!("from {name}{}", clock(at, offset_s(at)))
}

/// A button that asks for a file.
#[component]
pub fn ChooseRecording(class: &'static str, words: &'static str) -> impl IntoView {
    let toasts = Toasts::of_page();
    let chosen = move |e: Event| {
        let Some(input) = e.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else { return };
        let files = input.files();
        take(files.into_iter().flat_map(|f| (0..f.length()).filter_map(move |i| f.get(i))), toasts);
        // The same file again is a change too.
        input.set_value("");
    };
    view! {
        <label class=format!("{class} choose")>{words}
            <input class="sr" type="file" multiple accept="audio/*,video/*,.flac,.ogg,.opus,.m4a" on:change=chosen /></label>
    }
}
