//! A month to jump to a day: days with lines stand out, the others are still there.

use std::collections::HashMap;

use leptos::html;
use leptos::prelude::*;
use loom_ui_model::numbers;
use loom_ui_model::time::{Day, MONTHS, WEEKDAYS};
use loom_ui_model::timeline::month::Month;
use web_sys::KeyboardEvent;

use super::ask::Days;
use super::shown::Room;
use crate::link::poll;
use crate::parts::Icon;

#[component]
pub fn Calendar(room: Room, open: RwSignal<bool>) -> impl IntoView {
    let shown = room.shown;
    let today = untrack(|| shown.today());
    let at = RwSignal::new(shown.day.get_untracked().unwrap_or(today));
    let month = Memo::new(move |_| Month::of(at.get()));
    let days = poll::<Days>(
        move || Some(format!("/api/timeline/days?from={}&to={}", month.get().first().date(), month.get().last().date())),
        30.0,
    );
    let counts = Memo::new(move |_| {
        let days = days.get().ready()?;
        Some(days.days.into_iter().filter_map(|d| Some((Day::from_date(&d.date)?, d.lines))).collect::<HashMap<_, _>>())
    });
    let choose = move |day: Day| {
        open.set(false);
        shown.turn(day);
    };
    let turned = move |by: i64| at.update(|d| *d = month.get_untracked().by(by).first().min(today));
    let keys = move |e: KeyboardEvent| {
        let by = match e.key().as_str() {
            "ArrowLeft" => -1,
            "ArrowRight" => 1,
            "ArrowUp" => -7,
            "ArrowDown" => 7,
            "Escape" => {
                e.prevent_default();
                return open.set(false);
            }
            _ => return,
        };
        e.prevent_default();
        at.update(|d| *d = Day((d.0 + by).min(today.0)));
    };
    view! {
        <div class="float calendar" role="dialog" aria-label="Choose a day" on:keydown=keys>
            <div class="head">
                <h2 aria-live="polite">{move || month.get().name()}</h2>
                <span>
                    <button class="btn only" type="button" aria-label="Month before" on:click=move |_| turned(-1)><Icon name="left" /></button>
                    <button class="btn only" type="button" aria-label="Month after" disabled={move || month.get() >= Month::of(today)}
                        on:click=move |_| turned(1)><Icon name="right" /></button>
                </span>
            </div>
            <div class="week names" aria-hidden="true">{WEEKDAYS.map(|d| view! { <span>{&d[..2]}</span> }).collect_view()}</div>
            {move || month.get().weeks().into_iter().map(|week| view! {
                <div class="week">{week.map(|day| match day {
                    Some(day) => view! { <One day at today counts choose /> }.into_any(),
                    None => view! { <span></span> }.into_any(),
                }).collect_view()}</div>
            }).collect_view()}
        </div>
    }
}

#[component]
fn One(
    day: Day,
    at: RwSignal<Day>,
    today: Day,
    counts: Memo<Option<HashMap<Day, u64>>>,
    choose: impl Fn(Day) + Copy + Send + 'static,
) -> impl IntoView {
    let (_, month, number) = day.civil();
    let lines = Memo::new(move |_| counts.with(|c| c.as_ref().map(|c| c.get(&day).copied().unwrap_or(0))));
    let name = move || {
        let date = format!("{number} {}", MONTHS[(month - 1) as usize]);
        match lines.get() {
            Some(n) => format!("{date}, {}", numbers::of(n as usize, "line")),
            None => date,
        }
    };
    let button = NodeRef::<html::Button>::new();
    let is_at = Memo::new(move |_| at.get() == day);
    Effect::new(move |_| {
        if let Some(button) = button.get().filter(|_| is_at.get()) {
            button.focus().ok();
        }
    });
    view! {
        <button class="btn only" type="button" node_ref=button aria-label=name disabled={day > today} class:has-lines=move || lines.get().is_some_and(|n| n > 0)
            class:has-none=move || lines.get() == Some(0) tabindex=move || if is_at.get() { "0" } else { "-1" }
            aria-current=(day == today).then_some("date") on:click=move |_| choose(day)>{number}</button>
    }
}
