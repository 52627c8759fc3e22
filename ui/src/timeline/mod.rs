//! The timeline: a day's lines by hour, or what a search found.

mod found;
mod player;
mod said;

use leptos::prelude::*;
use leptos::{ev, html};
use loom_ui_model::lines::{by_hour, speech_s};
use loom_ui_model::numbers;
use loom_ui_model::threads::Threads;
use loom_ui_model::time::{Day, epoch, rfc3339};

use crate::api::{Lines, lines};
use crate::browser::{now, offset_s};
use crate::link::{Load, poll, poll_by};
use crate::parts::{Bones, Failure, Icon};
use found::Found;
use said::Said;

/// What the page shows; shared by its parts.
#[derive(Clone, Copy)]
pub struct Shown {
    /// None until the newest line is known: then its day.
    pub day: RwSignal<Option<Day>>,
    pub query: RwSignal<String>,
    /// The message id of the open line.
    pub chosen: RwSignal<Option<String>>,
    pub threads: RwSignal<Threads>,
}

fn today() -> Day {
    Day::of(now(), offset_s(now()))
}

/// From when until when a local day lasts.
fn range(day: Day) -> (String, String) {
    let start = |day: Day| rfc3339(day.start(offset_s(day.start(0))));
    (start(day), start(day.after()))
}

#[component]
pub fn Timeline() -> impl IntoView {
    let shown = Shown {
        day: RwSignal::new(None),
        query: RwSignal::new(String::new()),
        chosen: RwSignal::new(None),
        threads: RwSignal::new(Threads::default()),
    };
    // A recording may be of another day than today: begin where the newest line is.
    let newest = poll::<Lines>(move || shown.day.get().is_none().then(|| "/api/timeline?limit=1".into()), 2.0);
    Effect::new(move |_| {
        if let Load::Ready(Lines { lines }) = newest.get()
            && let Some(at) = lines.first().and_then(|l| epoch(&l.recorded_at))
        {
            shown.day.set(Some(Day::of(at, offset_s(at))));
        }
    });
    let lines = poll_by(move || shown.day.get().map(range), |(from, to)| lines(from, to), 5.0);
    view! {
        <main id="main" class="timeline">
            <Head shown />
            {move || if shown.query.get().trim().is_empty() {
                view! { <DayOf shown newest lines /> }.into_any()
            } else {
                view! { <Found shown /> }.into_any()
            }}
        </main>
    }
}

#[component]
fn Head(shown: Shown) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let day = move || shown.day.get().unwrap_or_else(today);
    let is_today = move || day() >= today();
    let turn = move |to: Day| {
        shown.chosen.set(None);
        shown.day.set(Some(to));
    };
    let keys = window_event_listener(ev::keydown, move |e| {
        let typing = document().active_element().is_some_and(|a| a.tag_name() == "INPUT");
        match e.key().as_str() {
            "/" if !typing => {
                e.prevent_default();
                if let Some(field) = field.get() {
                    field.focus().ok();
                }
            }
            "[" if !typing => turn(day().before()),
            "]" if !typing && day() < today() => turn(day().after()),
            "Escape" => {
                shown.query.set(String::new());
                shown.chosen.set(None);
            }
            _ => {}
        }
    });
    on_cleanup(move || keys.remove());
    view! {
        <header class="day">
            <div class="day-name">
                <span class="turn">
                    <button class="btn only" type="button" aria-label="Day before" on:click=move |_| turn(day().before())><Icon name="left" /></button>
                    <button class="btn only" type="button" aria-label="Day after" disabled=is_today
                        on:click=move |_| turn(day().after())><Icon name="right" /></button>
                </span>
                <h1>{move || day().name(today())}</h1>
                <span class="quiet wide">{move || (day() == today()).then_some("today")}</span>
            </div>
            <search class="ask">
                <label class="field"><Icon name="search" /><span class="sr">"Search the timeline"</span>
                    <input type="search" placeholder="Search what was said" node_ref=field bind:value=shown.query /><kbd>"/"</kbd></label>
            </search>
        </header>
    }
}

#[component]
fn DayOf(shown: Shown, newest: RwSignal<Load<Lines>>, lines: RwSignal<Load<Lines>>) -> impl IntoView {
    move || match (shown.day.get(), newest.get(), lines.get()) {
        (None, Load::Failed(trouble), _) | (Some(_), _, Load::Failed(trouble)) => view! { <Failure trouble /> }.into_any(),
        (None, Load::Ready(_), _) => view! { <Empty ever=false shown /> }.into_any(),
        (Some(_), _, Load::Ready(l)) if l.lines.is_empty() => view! { <Empty ever=true shown /> }.into_any(),
        (Some(_), _, Load::Ready(l)) => view! { <Cloth shown lines=l /> }.into_any(),
        _ => view! { <Bones /> }.into_any(),
    }
}

#[component]
fn Cloth(shown: Shown, lines: Lines) -> impl IntoView {
    let count = numbers::of(lines.lines.len(), "line");
    let speech = numbers::duration(speech_s(&lines.lines));
    let hours = by_hour(lines.lines, offset_s);
    view! {
        <section class="list" aria-labelledby="shown">
            <header class="list-head"><h2 id="shown">"Whole day"</h2><span class="quiet">{count}<span class="wide">", "{speech}" of speech"</span></span></header>
            <ol class="lines">
                {hours.into_iter().map(|hour| view! {
                    <li class="hour">{hour.name}</li>
                    {hour.lines.into_iter().map(|line| view! { <Said shown line /> }).collect_view()}
                }).collect_view()}
            </ol>
        </section>
    }
}

#[component]
fn Empty(ever: bool, shown: Shown) -> impl IntoView {
    let before = move |_| shown.day.set(Some(shown.day.get_untracked().unwrap_or_else(today).before()));
    view! {
        <div class="blank page-blank">
            {if ever {
                view! { <h3>"No line on this day"</h3><p>"What was said on other days is a day before or after, or a search away."</p> }.into_any()
            } else {
                view! { <h3>"Nothing woven yet"</h3><p>"Speak near a microphone, or add a recording: loom serve --input FILE."</p> }.into_any()
            }}
            <div class="row"><button class="btn" type="button" on:click=before>"Day before"</button></div>
        </div>
    }
}
