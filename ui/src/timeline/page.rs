//! The page: head, cloth, and the day's lines or what was found; and what follows what.

use leptos::ev;
use leptos::prelude::*;
use loom_ui_model::time::{Day, epoch};

use super::day::DayOf;
use super::deck::Deck;
use super::found::Found;
use super::head::Head;
use super::list::List;
use super::shown::{Room, Shown, Step};
use super::strip::{self, Strip};
use super::{hear, keys, playing};
use crate::api::Lines;
use crate::browser::offset_s;
use crate::link::{Load, poll};
use crate::shell::Toasts;

#[component]
pub fn Timeline() -> impl IntoView {
    let shown = Shown::new();
    let room = Room { shown, list: List::new(shown), deck: Deck::new(), toasts: Toasts::of_page(), draft: RwSignal::new(None) };
    let newest = begin(shown);
    strip::run(room);
    run(room);
    playing::run(room);
    hear::run(room);
    keys::run(room);
    view! {
        <main id="main" class="timeline">
            <Head room />
            <Strip room />
            {move || if shown.query.with(|q| q.is_empty()) {
                view! { <DayOf room newest /> }.into_any()
            } else {
                view! { <Found room /> }.into_any()
            }}
        </main>
    }
}

/// A recording may be of another day than today: begin where the newest line is.
fn begin(shown: Shown) -> RwSignal<Load<Lines>> {
    let newest = poll::<Lines>(move || shown.day.get().is_none().then(|| "/api/timeline?limit=1".into()), 2.0);
    Effect::new(move |_| {
        if let Load::Ready(Lines { lines }) = newest.get()
            && let Some(at) = lines.first().and_then(|l| epoch(&l.recorded_at))
            && shown.day.get_untracked().is_none()
        {
            shown.go(Step::Same, |a| a.day = Some(Day::of(at, offset_s(at))));
        }
    });
    newest
}

/// The list follows what is asked for, and the window.
fn run(room: Room) {
    let Room { shown, list, .. } = room;
    Effect::new(move |_| {
        shown.only.track();
        if shown.day.get().is_some()
            && let Some(bolt) = untrack(|| shown.bolt())
        {
            list.begin(bolt.from, bolt.to);
        }
    });
    Effect::new(move |_| {
        shown.part.track();
        list.lay();
    });
    Effect::new(move |_| {
        let line = shown.line.get();
        // An address may name a line that is not held.
        if let Some(id) = line.filter(|id| list.row(id).is_none()) {
            list.come_to(id);
        }
        list.settle_soon();
    });
    let due = StoredValue::new(false);
    let scrolled = window_event_listener(ev::scroll, move |_| {
        if !due.get_value() {
            due.set_value(true);
            request_animation_frame(move || {
                if due.try_set_value(false).is_none() {
                    list.look();
                }
            });
        }
    });
    let resized = window_event_listener(ev::resize, move |_| list.lay());
    on_cleanup(move || {
        scrolled.remove();
        resized.remove();
    });
}
