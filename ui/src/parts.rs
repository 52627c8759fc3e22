//! Pieces that every page uses.

use leptos::prelude::*;
use loom_schemas::api::TimelineRow;
use loom_ui_model::lines::{Shown as Word, pick_px, shown as words_of};

use crate::api::Trouble;
use crate::browser;

/// Outlines, 16 by 16.
const ICONS: &[(&str, &str)] = &[
    ("search", "M7 2.75a4.25 4.25 0 1 0 0 8.5 4.25 4.25 0 0 0 0-8.5m3.2 7.45 3.3 3.3"),
    ("left", "M9.5 4.5 6 8l3.5 3.5"),
    ("right", "M6.5 4.5 10 8l-3.5 3.5"),
    ("play", "M5 3.2v9.6L12.6 8z"),
    ("pause", "M5.5 3.5v9M10.5 3.5v9"),
    ("reed", "M3 3v10M6.33 3v10M9.67 3v10M13 3v10"),
    ("timeline", "M2 4.5h7M11.5 4.5H14M2 8h3M7.5 8H14M2 11.5h9"),
    (
        "pipeline",
        "M6 8a2 2 0 1 1-4 0 2 2 0 0 1 4 0m8-4a2 2 0 1 1-4 0 2 2 0 0 1 4 0m0 8a2 2 0 1 1-4 0 2 2 0 0 1 4 0M6 8h1c2 0 1-4 3-4M7 8c2 0 1 4 3 4",
    ),
    ("star", "m8 2.2 1.75 3.7 4 .5-2.95 2.8.75 4L8 11.2 4.45 13.2l.75-4L2.25 6.4l4-.5z"),
    ("download", "M8 2.5v7.2M5 6.9l3 3 3-3M2.75 13.25h10.5"),
    (
        "calendar",
        "M3.75 3.25h8.5a1.5 1.5 0 0 1 1.5 1.5V12a1.5 1.5 0 0 1-1.5 1.5h-8.5a1.5 1.5 0 0 1-1.5-1.5V4.75a1.5 1.5 0 0 1 1.5-1.5M2.25 6.5h11.5M5.25 1.9v2.6M10.75 1.9v2.6",
    ),
    ("edit", "M10.8 2.8 13.2 5.2 5.6 12.8 2.6 13.4 3.2 10.4zM9.3 4.3l2.4 2.4"),
    (
        "copy",
        "M6.7 5.5h5.6a1.2 1.2 0 0 1 1.2 1.2v5.6a1.2 1.2 0 0 1-1.2 1.2H6.7a1.2 1.2 0 0 1-1.2-1.2V6.7a1.2 1.2 0 0 1 1.2-1.2M10.5 5.5V3.7c0-.7-.5-1.2-1.2-1.2H3.7c-.7 0-1.2.5-1.2 1.2v5.6c0 .7.5 1.2 1.2 1.2h1.8",
    ),
    ("trash", "M2.8 4.5h10.4M6 4.3V2.8h4v1.5M4.3 4.7l.6 8.5h6.2l.6-8.5M6.8 7v3.8M9.2 7v3.8"),
    ("minus", "M3.5 8h9"),
    ("plus", "M8 3.5v9M3.5 8h9"),
    ("fit", "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"),
    ("close", "m4 4 8 8M12 4l-8 8"),
    ("filter", "M2.5 4.5h11M4.5 8h7M6.5 11.5h3"),
    ("clock", "M13.75 8a5.75 5.75 0 1 1-11.5 0 5.75 5.75 0 0 1 11.5 0M8 4.8V8l2.2 1.6"),
    ("live", "M1.5 8h2.2q1.1-6.5 2.2 0t2.1 0 2.1 0 2.2 0h2.2"),
    ("topics", "M2 3.5h12M2 8h12M2 12.5h7"),
    ("mic", "M8 1.75a2 2 0 0 0-2 2v3.5a2 2 0 0 0 4 0v-3.5a2 2 0 0 0-2-2M3.5 7.5a4.5 4.5 0 0 0 9 0M8 12v2.25"),
    ("down", "m4.5 6.5 3.5 3.5 3.5-3.5"),
    ("forget", "M3.2 5.6A5.5 5.5 0 1 1 2.5 8.6M2.6 2.8v3h3M8 5.2V8.2l2 1.3"),
    ("check", "m3.2 8.4 3.2 3.2 6.4-7"),
    ("more", "M3.2 8h.01M8 8h.01M12.8 8h.01"),
    ("settings", "M2 4.5h5M11 4.5h3M9 2.7v3.6M2 11.5h2M8 11.5h6M6 9.7v3.6"),
    ("health", "M1.5 8.5h3l1.5-4 3 7.5 2-5 .8 1.5h2.7"),
    ("half", "M8 2.25a5.75 5.75 0 1 0 0 11.5zM8 2.25a5.75 5.75 0 0 1 0 11.5"),
    ("keys", "M2 4h12v8H2zM4.5 6.6h.01M7 6.6h.01M9.5 6.6h.01M11.8 6.6h.01M5 9.6h6"),
    ("file", "M4 1.75h5.2L12.5 5v9.25H4zM9 2v3.2h3.2"),
    ("shield", "M8 1.75 13 3.5v4c0 3.2-2 5.6-5 6.75-3-1.15-5-3.55-5-6.75v-4z"),
    ("lock", "M4.5 7.2V5.3a3.5 3.5 0 0 1 7 0v1.9M3.2 7.2h9.6v6.3H3.2z"),
];

#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    let path = ICONS.iter().find(|(n, _)| *n == name).map_or("", |(_, d)| d);
    view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=path /></svg> }
}

#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
            <path d="M5 2v6.2M5 11.8V18M10 2v16M15 2v6.2M15 11.8V18M1.5 10h6.2M12.3 10h6.2" />
        </svg>
    }
}

/// The shape of a state, which stands beside its word.
#[component]
pub fn Shape(#[prop(into)] state: String) -> impl IntoView {
    let path = match state.as_str() {
        "ok" => "M6 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8",
        "slow" => "M6 1.5a4.5 4.5 0 0 0 0 9zM6.6 1.6a4.5 4.5 0 0 1 0 8.8v-.9a3.6 3.6 0 0 0 0-7z",
        "behind" => "M6 1.2 11.2 10.5H.8z",
        "down" => "M1.5 1.5h9v9h-9zM3.9 3 3 3.9 5.1 6 3 8.1l.9.9L6 6.9 8.1 9l.9-.9L6.9 6 9 3.9 8.1 3 6 5.1z",
        "paused" => "M2.5 2h2.4v8H2.5zM7.1 2h2.4v8H7.1z",
        _ => "M6 1.6a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8m0 1.4a3 3 0 1 1 0 6 3 3 0 0 1 0-6",
    };
    view! { <svg class="shape" viewBox="0 0 12 12" aria-hidden="true"><path fill-rule="evenodd" d=path /></svg> }
}

/// One pass of a thread, as long as the speech.
#[component]
pub fn Pick(seconds: f64) -> impl IntoView {
    let width = format!("{:.1}", pick_px(seconds));
    view! { <svg class="pick" width=width.clone() height="4" aria-hidden="true"><path d=format!("M0 2h{width}") /></svg> }
}

/// The words of a line; what was masked is its kind.
#[component]
pub fn Words(row: TimelineRow) -> impl IntoView {
    let one = |word| match word {
        Word::Word(text) => format!("{text} ").into_any(),
        Word::Mask(kind) => view! { <span class="mask"><Icon name="reed" />{kind}</span>" " }.into_any(),
    };
    words_of(&row).into_iter().map(one).collect_view()
}

/// The shape of what comes, after 300 ms of waiting.
#[component]
pub fn Bones() -> impl IntoView {
    let late = RwSignal::new(false);
    leptos::task::spawn_local(async move {
        browser::sleep(0.3).await;
        late.try_set(true);
    });
    view! {
        <div class="bones" aria-busy="true">
            <span class="sr">"Loading"</span>
            {move || late.get().then(|| [60, 82, 79, 48].map(|w| view! {
                <p class="bone-line" aria-hidden="true">
                    <span class="skeleton" style=("inline-size", "2.5rem")></span>
                    <span class="skeleton" style=("inline-size", format!("{w}%"))></span>
                </p>
            }).collect_view())}
        </div>
    }
}

/// What happened, what is safe, what to do.
#[component]
pub fn Failure(trouble: Trouble) -> impl IntoView {
    match trouble {
        Trouble::Denied => view! { <KeyWanted /> }.into_any(),
        Trouble::Lost => view! { <Bones /> }.into_any(),
        Trouble::Refused(sentence) => view! {
            <div class="blank page-blank" role="alert">
                <p class="state" data-state="down"><Shape state="down" /><b>"Loom could not answer"</b></p>
                <p>{sentence}" What is on the timeline is safe."</p>
                <div class="row"><button class="btn solid" type="button" on:click=|_| reload()>"Try again"</button></div>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn KeyWanted() -> impl IntoView {
    let key = RwSignal::new(String::new());
    let open = move |_| {
        browser::keep_token(&key.get_untracked());
        reload();
    };
    view! {
        <div class="blank page-blank" role="alert">
            <p class="state" data-state="unknown"><Shape state="unknown" /><b>"This page has no key to Loom"</b></p>
            <p>"The timeline is safe. Loom's own window opens it by itself; here, paste what is in the file api-token of Loom's data folder."</p>
            <form class="row" on:submit=move |e| { e.prevent_default(); open(()); }>
                <label class="field key-field"><span class="sr">"Token"</span>
                    <input type="password" autocomplete="off" placeholder="Token" bind:value=key /></label>
                <button class="btn solid" type="submit">"Open"</button>
            </form>
        </div>
    }
}

fn reload() {
    if let Some(window) = web_sys::window() {
        window.location().reload().ok();
    }
}
