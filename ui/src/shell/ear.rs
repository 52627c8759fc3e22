//! Whether Loom listens, on every page, with pause.

use leptos::prelude::*;
use loom_schemas::live::Listening;
use loom_ui_model::token::Page;

use super::hearing::Hearing;
use crate::link::Link;
use crate::parts::{Icon, Shape};

#[component]
pub fn Ear(page: Memo<Option<Page>>) -> impl IntoView {
    let (hearing, link) = (Hearing::of_page(), Link::of_page());
    // On Live the page itself has the button.
    let here = move || page.get() == Some(Page::Live);
    move || {
        let state = if link.told.get() { None } else { Some(hearing.state()?) };
        let sign = match state {
            Some(Listening::Listening) => view! {
                <svg class="ear-thread" viewBox="0 0 28 16" aria-hidden="true">
                    <path d="M1 8h5q1.5-5 3 0t3 0q1.5-9 3 0t3 0q1.5-4 3 0t3 0h3" /></svg>
            }
            .into_any(),
            state => view! { <i class="ear-state" data-state=shape(state)><Shape state=shape(state) /></i> }.into_any(),
        };
        let deed = match state {
            Some(Listening::Listening) if !here() => Some(("pause", "Pause")),
            Some(Listening::Paused) if !here() => Some(("play", "Go on")),
            _ => None,
        };
        let button = deed.map(|(icon, name)| {
            view! { <button class="btn plain" type="button" on:click=move |_| hearing.toggle()><Icon name=icon /><span>{name}</span></button> }
        });
        Some(view! { <div class="ear t1" role="group" aria-label="Microphone">{sign}<span>{word(state)}</span>{button}</div> })
    }
}

fn shape(state: Option<Listening>) -> &'static str {
    match state {
        Some(Listening::Listening) => "ok",
        Some(Listening::Paused | Listening::Off) => "paused",
        Some(Listening::Lost | Listening::None) => "behind",
        Some(Listening::Refused | Listening::Full) => "down",
        None => "unknown",
    }
}

fn word(state: Option<Listening>) -> &'static str {
    match state {
        Some(Listening::Listening) => "Listening",
        Some(Listening::Paused) => "Paused",
        Some(Listening::Off) => "Not listening",
        Some(Listening::Lost) => "Microphone gone",
        Some(Listening::None) => "No microphone",
        Some(Listening::Refused) => "Microphone refused",
        Some(Listening::Full) => "Disk full",
        None => "Unknown",
    }
}
