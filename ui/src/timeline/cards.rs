//! What stands where lines would: nothing yet, nothing here, something is wrong.

use leptos::prelude::*;

use super::head::turn;
use super::shown::{Room, Step};

/// A page whose timeline has no line at all.
#[component]
pub fn Never() -> impl IntoView {
    view! {
        <div class="blank page-blank">
            <h3>"Nothing woven yet"</h3><p>"Speak near a microphone, or add a recording: loom serve --input FILE."</p>
        </div>
    }
}

/// A day without a line, or without one that was asked for.
#[component]
pub fn NotHere(room: Room) -> impl IntoView {
    let shown = room.shown;
    let narrowed = move || shown.only.get() != (false, false) || shown.part.get().is_some() || !shown.off.with(|off| off.is_empty());
    let widen = move |_| {
        shown.off.update(|off| off.clear());
        shown.go(Step::Same, |a| (a.starred, a.masked, a.part) = (false, false, None));
    };
    view! {
        <div class="blank page-blank">
            {move || if narrowed() {
                view! {
                    <h3>"No such line on this day"</h3><p>"Lines are left out that are not asked for."</p>
                    <div class="row"><button class="btn plain" type="button" on:click=widen>"Show all of the day"</button></div>
                }.into_any()
            } else {
                view! {
                    <h3>"No line on this day"</h3><p>"What was said on other days is a day before or after, or a search away."</p>
                    <div class="row"><button class="btn plain" type="button" on:click=move |_| turn(room, false)>"Day before"</button></div>
                }.into_any()
            }}
        </div>
    }
}
