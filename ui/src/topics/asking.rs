//! What of a topic is asked for: where it begins, what it must have, and whether it goes on by itself.

use leptos::html::Input;
use leptos::prelude::*;
use loom_ui_model::time::epoch;

use super::shown::{Shown, Start};
use crate::browser;
use crate::parts::Icon;

#[component]
pub fn Asking(filter: RwSignal<String>, field: NodeRef<Input>) -> impl IntoView {
    let Some(shown) = Shown::of_page() else { return ().into_any() };
    // Which of the two that need a value was pressed.
    let wants = RwSignal::new(None::<bool>);
    let start = shown.start;
    let plain = move |to: Start| {
        move |_| {
            wants.set(None);
            start.set(to);
        }
    };
    let is = move |to: Start| move || (wants.get().is_none() && start.get() == to).to_string();
    let is_offset = move || (wants.get() == Some(true) || (wants.get().is_none() && matches!(start.get(), Start::Offset(_)))).to_string();
    let is_time = move || (wants.get() == Some(false) || (wants.get().is_none() && matches!(start.get(), Start::Time(_)))).to_string();
    let live = move || shown.tail.get() && start.get() == Start::Newest;
    let toggle = move |_| tail(shown);
    view! {
        <div class="asking">
            <span class="seg" role="group" aria-label="Start at">
                <button type="button" aria-pressed=is(Start::Newest) on:click=plain(Start::Newest)>"Newest"</button>
                <button type="button" aria-pressed=is(Start::Oldest) on:click=plain(Start::Oldest)>"Oldest"</button>
                <button type="button" aria-pressed=is_offset on:click=move |_| wants.set(Some(true))>"Offset"</button>
                <button type="button" aria-pressed=is_time on:click=move |_| wants.set(Some(false))>"Time"</button>
            </span>
            {move || wants.get().map(|offset| view! { <Where offset wants /> })}
            <label class="field"><Icon name="filter" /><span class="sr">"Filter: words, or data.field == value"</span>
                <input class="mono" placeholder="Words, or data.language == \"en\"" spellcheck="false" autocomplete="off" bind:value=filter node_ref=field /><kbd>"/"</kbd></label>
            <button class="btn" class:solid=live type="button" aria-pressed=move || live().to_string() on:click=toggle>
                {move || if live() { view! { <Icon name="pause" /> }.into_any() } else { view! { <Icon name="play" /> }.into_any() }}
                <span>"Live tail"</span></button>
        </div>
    }
    .into_any()
}

/// Stops what comes, or goes on with the newest.
pub fn tail(shown: Shown) {
    let live = shown.tail.get_untracked() && shown.start.get_untracked() == Start::Newest;
    shown.tail.set(!live);
    if !live {
        shown.start.set(Start::Newest);
    }
}

#[component]
fn Where(offset: bool, wants: RwSignal<Option<bool>>) -> impl IntoView {
    let Some(shown) = Shown::of_page() else { return ().into_any() };
    let (value, wrong) = (RwSignal::new(String::new()), RwSignal::new(false));
    let input = NodeRef::<Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            input.focus().ok();
        }
    });
    let go = move |e: leptos::ev::SubmitEvent| {
        e.prevent_default();
        let text = value.get_untracked().replace(['\u{202f}', ' '], "");
        let to = if offset { text.parse().ok().map(Start::Offset) } else { local(&text).map(|t| Start::Time(t as f64)) };
        match to {
            Some(to) => {
                shown.start.set(to);
                wants.set(None);
            }
            None => wrong.set(true),
        }
    };
    let (kind, name) = if offset { ("text", "Offset") } else { ("datetime-local", "Local time") };
    view! {
        <form class="where" on:submit=go>
            <label class="field"><span class="sr">{name}</span>
                <input type=kind inputmode=offset.then_some("numeric") step=(!offset).then_some("1") placeholder=offset.then_some("0")
                    aria-invalid=move || wrong.get().to_string() bind:value=value node_ref=input /></label>
            <button class="btn plain" type="submit">"Go"</button>
        </form>
    }
    .into_any()
}

/// `2025-10-14T16:18` as this computer's clock has it, as seconds since 1970.
fn local(text: &str) -> Option<i64> {
    let full = if text.matches(':').count() == 1 { format!("{text}:00Z") } else { format!("{text}Z") };
    let at = epoch(&full)?;
    Some(at - browser::offset_s(at))
}
