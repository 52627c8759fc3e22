//! The first run: one thread, three knots, and the first words.

mod knots;

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_ui_model::token::Page;

use crate::browser::{remember, remembered};
use crate::parts::{Icon, Mark};
use crate::recordings::{ChooseRecording, take_sample};
use crate::shell::Toasts;
use knots::Knots;

const SEEN: &str = "loom-welcomed";

/// Whether this browser has seen it through.
pub fn was_seen() -> bool {
    remembered(SEEN).is_some()
}

#[component]
pub fn Welcome() -> impl IntoView {
    // Once is enough, even where it is left half way.
    on_cleanup(|| remember(SEEN, Some("1")));
    let (toasts, asked) = (Toasts::of_page(), RwSignal::new(false));
    let sample = move |_| {
        asked.set(true);
        spawn_local(async move {
            match take_sample().await {
                Ok(taken) if taken.known => toasts.say("The sample is on the timeline already.".into()),
                Ok(_) => {}
                Err(trouble) => toasts.say(trouble.sentence()),
            }
            asked.try_set(false);
        });
    };
    view! {
        <main id="main" class="t1">
            <header>
                <p class="mark"><Mark /><span>"Loom"</span></p>
                <h1>"What you say becomes a timeline you can search. It stays on this computer."</h1>
            </header>
            <Knots />
            <footer>
                <p><Icon name="lock" /><span>"What you say is kept in your own data folder on this computer, its words encrypted. The model is the only thing \
                    Loom fetches. Nothing leaves unless you set that up later."</span></p>
                <div class="row">
                    <button class="btn" type="button" disabled=asked on:click=sample>"No microphone? Try a recording"</button>
                    <ChooseRecording class="btn" words="Use one of mine" />
                    <a class="btn" href=Page::Live.hash()>"Skip"</a>
                </div>
            </footer>
        </main>
    }
}
