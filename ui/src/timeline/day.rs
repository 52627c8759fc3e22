//! A day's lines, or what stands where they would.

use leptos::prelude::*;
use loom_ui_model::numbers;
use loom_ui_model::timeline::roll::Item;

use super::brush;
use super::cards::{Never, NotHere};
use super::said::Said;
use super::shown::{Room, Step};
use crate::api::{Lines, Trouble};
use crate::link::Load;
use crate::parts::{Bones, Failure};

#[component]
pub fn DayOf(room: Room, newest: RwSignal<Load<Lines>>) -> impl IntoView {
    let Room { shown, list, .. } = room;
    let state = Memo::new(move |_| match (shown.day.get(), newest.get()) {
        (None, Load::Failed(trouble)) => State::Wrong(trouble),
        (None, Load::Ready(_)) => State::Never,
        (None, Load::Waiting) => State::Waiting,
        (Some(_), _) => of_day(room),
    });
    // The list looks at what is in view once it is there.
    Effect::new(move |_| {
        if list.ol.get().is_some() {
            list.lay();
        }
    });
    move || match state.get() {
        State::Wrong(trouble) => view! { <Failure trouble /> }.into_any(),
        State::Never => view! { <Never /> }.into_any(),
        State::Waiting => view! { <Bones /> }.into_any(),
        State::NotHere => view! { <NotHere room /> }.into_any(),
        State::Lines => view! { <Listed room /> }.into_any(),
    }
}

#[derive(Clone, PartialEq)]
enum State {
    Wrong(Trouble),
    Never,
    Waiting,
    NotHere,
    Lines,
}

fn of_day(room: Room) -> State {
    let list = room.list;
    let trouble = list.trouble.get();
    let (lines, gaps) = list.laid.get();
    match (lines, gaps, trouble) {
        (0, _, Some(trouble)) => State::Wrong(trouble),
        (0, 0, None) => State::NotHere,
        (0, _, None) => State::Waiting,
        _ => State::Lines,
    }
}

#[component]
fn Listed(room: Room) -> impl IntoView {
    let Room { shown, list, .. } = room;
    let whole = move |_| {
        shown.off.update(|off| off.clear());
        shown.go(Step::Same, |a| (a.part, a.starred, a.masked) = (None, false, false));
        list.lay();
    };
    let narrowed = move || shown.part.get().is_some() || shown.only.get() != (false, false) || !shown.off.with(|o| o.is_empty());
    view! {
        <section class="list" aria-labelledby="shown">
            <header class="list-head"><h2 id="shown">{move || brush::name(shown, shown.part.get())}</h2>
                <span class="quiet">{move || { let (count, speech) = tally(room); view! { {count}<span class="wide">{speech}</span> } }}</span>
                {move || narrowed().then(|| view! { <button class="btn" type="button" on:click=whole>"Whole day"</button> })}</header>
            <ol class="lines rolled" node_ref=list.ol>
                <For each=move || list.unrolled.get() key=Item::key children=move |item| match item {
                    Item::Hour(_, name) => view! { <li class="hour">{name}</li> }.into_any(),
                    Item::Line(item) => view! { <Said room item /> }.into_any(),
                    Item::Gap(_) => view! { <li class="gap"><Coming room /></li> }.into_any(),
                } />
            </ol>
        </section>
    }
}

/// The shape of what is being read.
#[component]
fn Coming(room: Room) -> impl IntoView {
    view! {
        <div class="coming" aria-hidden="true">{move || room.list.trouble.get().map(|_| view! { <p class="quiet">"These lines could not be read. Trying again."</p> })}
            {[60, 82, 71, 48].map(|w| view! {
            <p class="bone-line"><span class="skeleton" style=("inline-size", format!("{w}%"))></span></p>
        }).collect_view()}</div>
    }
}

/// How many lines are shown, and how much speech that is; "about" until all of them were read.
fn tally(room: Room) -> (String, Option<String>) {
    let Room { shown, list, .. } = room;
    let (lines, gaps) = list.laid.get();
    let plain = shown.part.get().is_none() && shown.only.get() == (false, false) && shown.off.with(|o| o.is_empty());
    let speech = |s: f64| Some(format!(", {} of speech", numbers::duration(s)));
    let of_day = shown.woven.with(|w| w.as_ref().map(|w| (w.lines, w.speech_s)));
    match of_day {
        _ if gaps == 0 => (numbers::of(lines, "line"), speech(list.speech_s())),
        Some((all, s)) if plain => (numbers::of(all as usize, "line"), speech(s)),
        _ => match list.guessed() {
            Some(all) => (format!("about {}", numbers::of(two_digits(all), "line")), None),
            None => (format!("{} so far", numbers::of(lines, "line")), None),
        },
    }
}

/// A guess has no more than two digits that count.
fn two_digits(n: f64) -> usize {
    let step = 10f64.powf((n.max(1.0).log10().floor() - 1.0).max(0.0));
    ((n / step).round() * step) as usize
}
