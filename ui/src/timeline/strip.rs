//! The day as cloth: a row a source, woven up to now.

use leptos::prelude::*;
use loom_schemas::live::{self, DayRow};
use loom_ui_model::time::Day;
use loom_ui_model::timeline::cloth::{ACROSS, warp, weft};

use super::brush::Brush;
use super::shown::{Room, Shown};
use crate::browser::offset_s;
use crate::link::poll;

/// Asks for the day's cloth, again while it is woven.
pub fn run(room: Room) {
    let shown = room.shown;
    let woven = poll::<live::Day>(move || shown.day.get().map(|d| format!("/api/timeline/day?date={}", d.date())), 10.0);
    Effect::new(move |_| {
        let day = woven.get().ready();
        if shown.woven.with_untracked(|w| *w == day) {
            return;
        }
        if let Some(day) = &day {
            day.rows.iter().for_each(|r| _ = shown.dye(&r.source));
        }
        shown.woven.set(day);
        room.list.lay();
    });
}

#[component]
pub fn Strip(room: Room) -> impl IntoView {
    let shown = room.shown;
    let of_day = move || shown.day.get().zip(shown.woven.get()).filter(|(day, woven)| day.date() == woven.date);
    let hours = move || {
        let local = |at: i64| {
            let minute = (at + offset_s(at)).div_euclid(60).rem_euclid(1440);
            ((minute / 60) as u8, (minute % 60) as u8)
        };
        shown.bolt().map(|b| b.hours(local)).unwrap_or_default()
    };
    let rows = Memo::new(move |_| shown.woven.with(|w| w.as_ref().map(|w| w.rows.clone()).unwrap_or_default()));
    view! {
        {move || of_day().is_some().then(|| view! {
            <section class="strip" aria-label="The day">
                <div class="hours" aria-hidden="true">{move || hours().into_iter().map(|(m, name)| view! { <span style=("--m", m.to_string())>{name}</span> }).collect_view()}</div>
                <div class="cloth" class:is-asked=move || !shown.query.get().is_empty() style=("--now", move || now(shown).to_string())>
                    <svg class="warp" viewBox="0 0 1440 10" preserveAspectRatio="none" aria-hidden="true"><path vector-effect="non-scaling-stroke" d=warp() /></svg>
                    <ol>{move || rows.get().into_iter().map(|row| view! { <Row room row /> }).collect_view()}</ol>
                    {move || found(shown).into_iter().map(|m| view! { <i class="found" style=("--m", m.to_string())></i> }).collect_view()}
                    <Brush shown />
                    {move || (shown.day.get() == Some(shown.today())).then(|| view! {
                        <svg class="now-mark" viewBox="0 0 8 32" aria-hidden="true"><path class="shuttle" d="M4 0q8 16 0 32q-8-16 0-32" /></svg>
                    })}
                </div>
            </section>
        })}
    }
}

#[component]
fn Row(room: Room, row: DayRow) -> impl IntoView {
    let shown = room.shown;
    let source = StoredValue::new(row.source.clone());
    let on = move || source.with_value(|s| !shown.off.with(|off| off.contains(s)));
    let toggle = move |_| {
        let source = source.get_value();
        shown.off.update(|off| {
            if !off.remove(&source) {
                off.insert(source);
            }
        });
        room.list.lay();
    };
    let dye = shown.dye(&row.source);
    let (name, path) = (row.source.clone(), weft(&row.levels));
    view! {
        <li class=dye><button type="button" aria-pressed=move || on().to_string() title=name on:click=toggle>
                <span>{row.source}</span><svg class="end" width="16" height="3" aria-hidden="true"><path d="M0 1.5h16" /></svg></button>
            {move || on().then(|| view! {
                <svg class="weft" viewBox="0 0 1440 21" height="21" preserveAspectRatio="none" aria-hidden="true"><path d=path.clone() /></svg>
            })}</li>
    }
}

/// How far the day is woven, in minutes across.
fn now(shown: Shown) -> f64 {
    let day = shown.day.get().unwrap_or(Day(0));
    let today = shown.today();
    match (day.cmp(&today), shown.bolt()) {
        (std::cmp::Ordering::Less, _) => ACROSS,
        (std::cmp::Ordering::Equal, Some(bolt)) => bolt.x(shown.now.get() * 1_000_000).round(),
        _ => 0.0,
    }
}

/// Where on the cloth a search's hits are: one line for those of a minute.
fn found(shown: Shown) -> Vec<f64> {
    let Some(bolt) = shown.bolt().filter(|_| !shown.query.get().is_empty()) else { return Vec::new() };
    let of_day = |at: &&i64| (bolt.from..bolt.to).contains(*at);
    let mut out: Vec<f64> = shown.hits.with(|h| h.iter().filter(of_day).map(|at| bolt.x(*at).round()).collect());
    out.sort_by(f64::total_cmp);
    out.dedup();
    out
}
