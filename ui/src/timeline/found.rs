//! What a search found, best first; a hit opens its line on its day.

use leptos::prelude::*;
use loom_schemas::api::SearchHit;
use loom_ui_model::marks::{Piece, pieces};
use loom_ui_model::numbers;
use loom_ui_model::time::{Day, clock, epoch};

use super::said::Pick;
use super::{Shown, today};
use crate::api::Hits;
use crate::browser::{offset_s, sleep};
use crate::link::{Load, poll};
use crate::parts::{Bones, Failure};

#[component]
pub fn Found(shown: Shown) -> impl IntoView {
    // While one types, a letter is not yet a question.
    let asked = RwSignal::new(String::new());
    Effect::new(move |_| {
        let typed = shown.query.get();
        leptos::task::spawn_local(async move {
            sleep(0.15).await;
            if shown.query.try_get_untracked().as_deref() == Some(typed.as_str()) {
                asked.try_set(typed);
            }
        });
    });
    let hits = poll::<Hits>(
        move || {
            let query = asked.get();
            let query = query.trim();
            (!query.is_empty()).then(|| format!("/api/timeline/search?limit=50&q={}", String::from(js_sys::encode_uri_component(query))))
        },
        10.0,
    );
    move || match hits.get() {
        Load::Waiting => view! { <Bones /> }.into_any(),
        Load::Failed(trouble) => view! { <Failure trouble /> }.into_any(),
        Load::Ready(found) if found.hits.is_empty() => view! { <Nothing shown /> }.into_any(),
        Load::Ready(found) => view! {
            <section class="list" aria-labelledby="shown">
                <header class="list-head"><h2 id="shown">{numbers::of(found.hits.len(), "line")}</h2>
                    <span class="quiet">{if found.capped { "the best of the newest matches" } else { "best first" }}</span>
                    <button class="btn" type="button" on:click=move |_| shown.query.set(String::new())>"Clear"</button></header>
                <ol class="lines hits">{found.hits.into_iter().map(|hit| view! { <Hit shown hit /> }).collect_view()}</ol>
            </section>
        }
        .into_any(),
    }
}

#[component]
fn Nothing(shown: Shown) -> impl IntoView {
    view! {
        <div class="blank page-blank">
            <h3>"No line has “"{move || shown.query.get()}"”"</h3>
            <p>"Words are looked for as they were said, all of them in one line; quotes make a phrase."</p>
            <div class="row"><button class="btn" type="button" on:click=move |_| shown.query.set(String::new())>"Clear"</button></div>
        </div>
    }
}

#[component]
fn Hit(shown: Shown, hit: SearchHit) -> impl IntoView {
    let at = epoch(&hit.recorded_at).unwrap_or(0);
    let day = Day::of(at, offset_s(at));
    let when = if day == today() { clock(at, offset_s(at)) } else { format!("{} {}", day.name(today()), clock(at, offset_s(at))) };
    let id = hit.message_id.clone();
    let open = move || {
        shown.chosen.set(Some(id.clone()));
        shown.day.set(Some(day));
        shown.query.set(String::new());
    };
    let open_by_key = open.clone();
    view! {
        <li class="said" tabindex="0" on:click=move |_| open() on:keydown=move |e| if e.key() == "Enter" { open_by_key() }>
            <div class="when"><time>{clock(at, offset_s(at))}</time><Pick seconds=hit.duration_s /></div>
            <p class="words">{pieces(&hit.snippet).into_iter().map(|piece| match piece {
                Piece::Plain(text) => text.into_any(),
                Piece::Found(text) => view! { <mark>{text}</mark> }.into_any(),
            }).collect_view()} <span class="sr">{when}</span></p>
            <div class="facts"><span>{day.name(today())}</span></div>
        </li>
    }
}
