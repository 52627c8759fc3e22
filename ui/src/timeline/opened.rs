//! The open line: each word a place to play from, the player, and what can be done with it.

use std::sync::Arc;

use leptos::prelude::*;
use loom_schemas::api::TimelineRow;
use loom_ui_model::lines::{Shown as Word, counted};
use loom_ui_model::timeline::wording::{heard, start, times};

use super::deeds::{self, copy, delete, star};
use super::edit::Edit;
use super::player::Player;
use super::said::{Masked, Why};
use super::shown::Room;
use crate::parts::Icon;

#[component]
pub fn Opened(room: Room, row: Memo<Arc<TimelineRow>>) -> impl IntoView {
    let id = row.with_untracked(|r| r.message_id.clone());
    let edits = Memo::new(move |_| room.draft.with(|d| d.as_ref().is_some_and(|d| d.0 == id)));
    view! {
        <div class="words">
            {move || if edits.get() {
                view! { <Edit room row /> }.into_any()
            } else {
                view! { <Spoken room row=row.get() /> }.into_any()
            }}
            <Player deck=room.deck />
            <Deeds room row />
        </div>
    }
}

#[component]
fn Spoken(room: Room, row: Arc<TimelineRow>) -> impl IntoView {
    let deck = room.deck;
    let (id, of_words) = (row.message_id.clone(), times(&row));
    let at = Memo::new(move |_| {
        let now = deck.at_s.get();
        ((deck.playing.get() || now > 0.0) && deck.plays(&id)).then(|| heard(&of_words, now)).flatten()
    });
    let mut asked = Vec::new();
    let words = counted(&row).into_iter().map(|(n, word)| match word {
        Word::Word(text) => {
            let row = row.clone();
            let play = move |_| {
                if let Some(from) = start(&row, n) {
                    deck.play_from(from)
                }
            };
            view! { <span class="w" class:at=move || at.get() == Some(n) on:click=play>{text}</span> " " }.into_any()
        }
        Word::Mask(kind) => {
            let open = RwSignal::new(false);
            asked.push((open, kind.clone()));
            view! { <Masked kind open /> " " }.into_any()
        }
    });
    let words = words.collect_view();
    view! { <p>{words}</p> {asked.into_iter().map(|(open, kind)| view! { <Why kind open /> }).collect_view()} <Heard row /> }
}

/// What the recogniser wrote, where the owner changed it.
#[component]
fn Heard(row: Arc<TimelineRow>) -> impl IntoView {
    row.original.clone().map(|original| {
        view! { <details class="original"><summary>"Edited"</summary><p>"Loom heard: “"{original}"”"</p></details> }
    })
}

#[component]
fn Deeds(room: Room, row: Memo<Arc<TimelineRow>>) -> impl IntoView {
    let id = move || row.with_untracked(|r| r.message_id.clone());
    let starred = Memo::new(move |_| row.with(|r| r.starred));
    view! {
        <div class="deeds">
            <button class="btn" type="button" aria-pressed=move || starred.get().to_string() aria-keyshortcuts="s" on:click=move |_| star(room, &id())>
                <Icon name="star" /><span>{move || if starred.get() { "Starred" } else { "Star" }}</span></button>
            <button class="btn" type="button" aria-keyshortcuts="e" on:click=move |_| deeds::edit(room, &id())><Icon name="edit" /><span>"Edit"</span></button>
            <button class="btn" type="button" on:click=move |_| copy(room, &id())><Icon name="copy" /><span>"Copy"</span></button>
            <button class="btn" type="button" aria-keyshortcuts="Delete" on:click=move |_| delete(room, &id())><Icon name="trash" /><span>"Delete"</span></button>
        </div>
    }
}
