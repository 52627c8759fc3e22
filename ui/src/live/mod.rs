//! Live: what Loom hears, what is being said, and today's lines.

mod lines;
mod now;
mod sound;
mod states;

use leptos::ev;
use leptos::prelude::*;

use crate::browser::{is_on_button, is_typing};
use crate::shell::Hearing;
use lines::Lines;
use now::Now;

pub use now::Device;
pub use sound::{Heard, Little};

#[component]
pub fn Live() -> impl IntoView {
    let hearing = Hearing::of_page();
    let keys = window_event_listener(ev::keydown, move |e| {
        if e.key() == " " && !is_typing() && !is_on_button() && !e.default_prevented() {
            e.prevent_default();
            hearing.toggle();
        }
    });
    on_cleanup(move || keys.remove());
    view! {
        <main id="main" class="live">
            <h1 class="sr">"Live"</h1>
            <Now />
            <Lines />
        </main>
    }
}
