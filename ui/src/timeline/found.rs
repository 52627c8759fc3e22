//! What a search found, best first; a hit opens its line on its day.

use leptos::prelude::*;
use loom_schemas::api::SearchHit;
use loom_ui_model::marks::{Piece, pieces};
use loom_ui_model::numbers;
use loom_ui_model::time::{Day, clock, epoch, micros};
use loom_ui_model::timeline::address::encoded;

use super::ask::{Hits, time};
use super::said::Pick;
use super::shown::{Room, Shown, Step};
use crate::browser::offset_s;
use crate::link::{Load, poll};
use crate::parts::{Bones, Failure};

/// Hits in one answer.
const MOST: usize = 200;

#[component]
pub fn Found(room: Room) -> impl IntoView {
    let shown = room.shown;
    let hits = poll::<Hits>(move || path(room), 10.0);
    Effect::new(move |_| {
        let found = hits.get().ready().map(|f| f.hits.iter().filter_map(|h| micros(&h.recorded_at)).collect::<Vec<_>>());
        shown.hits.set(found.unwrap_or_default());
    });
    on_cleanup(move || drop(shown.hits.try_set(Vec::new())));
    move || match hits.get() {
        Load::Waiting => view! { <Bones /> }.into_any(),
        Load::Failed(trouble) => view! { <Failure trouble /> }.into_any(),
        Load::Ready(found) if found.hits.is_empty() => view! { <Nothing shown elsewhere=found.elsewhere /> }.into_any(),
        Load::Ready(found) => view! { <Results shown found /> }.into_any(),
    }
}

fn path(room: Room) -> Option<String> {
    let shown = room.shown;
    let query = shown.query.get();
    shown.only.track();
    shown.off.track();
    let mut path = format!("/api/timeline/search?limit={MOST}&q={}{}", encoded(&query), room.list.narrowed());
    if !shown.everywhere.get()
        && let Some(bolt) = shown.bolt()
    {
        let (from, to) = bolt.part(shown.part.get());
        path += &format!("&from={}&to={}", time(from), time(to));
    }
    (!query.is_empty()).then_some(path)
}

fn clear(shown: Shown) {
    shown.go(Step::Same, |a| (a.query, a.everywhere) = (String::new(), false));
}

#[component]
fn Results(shown: Shown, found: Hits) -> impl IntoView {
    let how = if found.capped { "the best of the newest matches" } else { "best first" };
    let count = if found.hits.len() == MOST { format!("The best {MOST} lines") } else { numbers::of(found.hits.len(), "line") };
    let other = move || if shown.everywhere.get() { "This day only" } else { "Search all days" };
    view! {
        <section class="list" aria-labelledby="shown">
            <header class="list-head"><h2 id="shown">{count}</h2>
                <span class="quiet">{move || if shown.everywhere.get() { "on all days, " } else { "on this day, " }}{how}</span>
                <span class="ends-row">
                    <button class="btn" type="button" on:click=move |_| shown.go(Step::Same, |a| a.everywhere = !a.everywhere)>{other}</button>
                    <button class="btn" type="button" on:click=move |_| clear(shown)>"Clear"</button>
                </span></header>
            <ol class="lines hits">{found.hits.into_iter().map(|hit| view! { <Hit shown hit /> }).collect_view()}</ol>
        </section>
    }
}

#[component]
fn Nothing(shown: Shown, elsewhere: u64) -> impl IntoView {
    let query = move || format!("“{}”", shown.query.get().trim_matches('"'));
    let others = match elsewhere {
        0 => None,
        1 => Some("1 line on other days does.".to_string()),
        n => Some(format!("{} lines on other days do.", numbers::count(n))),
    };
    view! {
        <div class="blank page-blank">
            {move || if shown.everywhere.get() {
                view! { <h3>"No line has "{query}</h3><p>"Words are looked for as they were said, all of them in one line; quotes make a phrase."</p> }.into_any()
            } else {
                view! { <h3>"No line on this day has "{query}</h3><p>{others.clone()}</p> }.into_any()
            }}
            <div class="row">
                {move || (!shown.everywhere.get()).then(|| view! {
                    <button class="btn plain" type="button" on:click=move |_| shown.go(Step::Same, |a| a.everywhere = true)>"Search all days"</button>
                })}
                <button class="btn" type="button" on:click=move |_| clear(shown)>"Clear"</button>
            </div>
        </div>
    }
}

#[component]
fn Hit(shown: Shown, hit: SearchHit) -> impl IntoView {
    let at = epoch(&hit.recorded_at).unwrap_or(0);
    let day = Day::of(at, offset_s(at));
    let id = hit.message_id.clone();
    let open = move || {
        shown.go(Step::Further, |a| {
            (a.day, a.line) = (Some(day), Some(id.clone()));
            (a.query, a.everywhere, a.part) = (String::new(), false, None);
        });
    };
    let open_by_key = open.clone();
    view! {
        <li class="said" tabindex="0" on:click=move |_| open() on:keydown=move |e| if e.key() == "Enter" { open_by_key() }>
            <div class="when"><time>{clock(at, offset_s(at))}</time><Pick seconds=hit.duration_s /></div>
            <p class="words">{pieces(&hit.snippet).into_iter().map(|piece| match piece {
                Piece::Plain(text) => text.into_any(),
                Piece::Found(text) => view! { <mark>{text}</mark> }.into_any(),
            }).collect_view()}</p>
            <div class="facts"><span>{move || shown.everywhere.get().then(|| day.name(shown.today()))}</span></div>
        </li>
    }
}
