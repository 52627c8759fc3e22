//! The head of the page: which day, and what of it is asked for.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_ui_model::time::Day;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::ask::Days;
use super::calendar::Calendar;
use super::outside::close_outside;
use super::save::Save;
use super::shown::{Room, Shown, Step};
use crate::api::get;
use crate::browser::sleep;
use crate::parts::Icon;

const FIELD: &str = "timeline-search";

#[component]
pub fn Head(room: Room) -> impl IntoView {
    let shown = room.shown;
    let day = move || shown.day.get().unwrap_or_else(|| shown.today());
    let last = move || day() >= shown.today();
    let (calendar, turns) = (RwSignal::new(false), NodeRef::<html::Span>::new());
    close_outside(turns, calendar);
    view! {
        <header class="day">
            <div class="day-name">
                <span class="turn" node_ref=turns>
                    <button class="btn only" type="button" aria-label="Day before" aria-keyshortcuts="[" on:click=move |_| turn(room, false)><Icon name="left" /></button>
                    <button class="btn only" type="button" aria-label="Day after" aria-keyshortcuts="]" disabled=last
                        on:click=move |_| turn(room, true)><Icon name="right" /></button>
                    <button class="btn only" type="button" aria-label="Choose a day" aria-expanded=move || calendar.get().to_string()
                        on:click=move |_| calendar.update(|c| *c = !*c)><Icon name="calendar" /></button>
                    {move || calendar.get().then(|| view! { <Calendar room open=calendar /> })}
                </span>
                <h1>{move || day().name(shown.today())}</h1>
                <span class="quiet wide">{move || (day() == shown.today()).then_some("today")}</span>
            </div>
            <Ask room />
        </header>
    }
}

#[component]
fn Ask(room: Room) -> impl IntoView {
    let shown = room.shown;
    let only = move |starred: bool| shown.go(Step::Same, |a| if starred { a.starred = !a.starred } else { a.masked = !a.masked });
    view! {
        <search class="ask">
            <Field shown />
            <button class="btn plain" type="button" aria-pressed=move || shown.only.get().0.to_string() on:click=move |_| only(true)>
                <Icon name="star" /><span>"Starred"</span></button>
            <button class="btn plain" type="button" aria-pressed=move || shown.only.get().1.to_string() on:click=move |_| only(false)>
                <Icon name="reed" /><span>"Masked"</span></button>
            <Save room />
        </search>
    }
}

#[component]
fn Field(shown: Shown) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(0u32);
    // A letter is not yet a question while one types.
    let ask = move |words: String| {
        let mine = typed.get_untracked() + 1;
        typed.set(mine);
        spawn_local(async move {
            sleep(0.15).await;
            if typed.try_get_untracked() == Some(mine) {
                let before = shown.query.get_untracked();
                // Going back leads to what was seen before one began to search.
                let step = if before.is_empty() && !words.trim().is_empty() { Step::Further } else { Step::Same };
                shown.go(step, |a| a.query = words);
            }
        });
    };
    Effect::new(move |_| {
        let query = shown.query.get();
        if let Some(field) = field.get()
            && field.value().trim() != query
        {
            field.set_value(&shown.query_as_typed());
        }
    });
    view! {
        <label class="field"><Icon name="search" /><span class="sr">"Search the timeline"</span>
            <input id=FIELD type="search" placeholder="Search what was said" autocomplete="off" node_ref=field
                on:input=move |e| ask(event_target_value(&e))
                on:keydown=move |e| if e.key() == "Escape" {
                    e.prevent_default();
                    typed.update(|t| *t += 1);
                    if let Some(field) = field.get_untracked() {
                        field.set_value("");
                        field.blur().ok();
                    }
                    shown.go(Step::Same, |a| (a.query, a.everywhere) = (String::new(), false));
                } /><kbd>"/"</kbd></label>
    }
}

/// Puts the cursor into the search field.
pub fn search() -> bool {
    let field = document().get_element_by_id(FIELD).and_then(|f| f.dyn_into::<HtmlElement>().ok());
    field.is_some_and(|f| f.focus().is_ok())
}

/// The day before or after that has lines; where Loom does not say which, the one beside.
pub fn turn(room: Room, after: bool) {
    let shown = room.shown;
    let today = untrack(|| shown.today());
    let day = shown.day.get_untracked().unwrap_or(today);
    if after && day >= today {
        return;
    }
    spawn_local(async move {
        let date = day.date();
        let around = get::<Days>(&format!("/api/timeline/days?from={date}&to={date}")).await;
        if shown.day.try_get_untracked() != Some(Some(day)) && shown.day.try_get_untracked() != Some(None) {
            return;
        }
        let beside = if after { day.after() } else { day.before() };
        let to = match around {
            Err(_) => Some(beside),
            // Nothing after it: today, where what comes next will be.
            Ok(days) if after => Some(days.after.as_deref().and_then(Day::from_date).unwrap_or(today)),
            Ok(days) => days.before.as_deref().and_then(Day::from_date),
        };
        match to {
            Some(to) => shown.turn(to),
            None => room.toasts.say("Nothing was said before this day.".into()),
        }
    });
}
