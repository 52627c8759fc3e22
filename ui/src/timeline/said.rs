//! A line: time, pick, words, length; the chosen one opens in place.

use std::sync::Arc;

use leptos::prelude::*;
use loom_schemas::api::TimelineRow;
use loom_ui_model::lines::{Shown as Word, pick_px, shown as words_of};
use loom_ui_model::numbers;
use loom_ui_model::timeline::roll::LineItem;

use super::opened::Opened;
use super::shown::Room;
use crate::parts::Icon;

#[component]
pub fn Said(room: Room, item: LineItem) -> impl IntoView {
    let clock = item.clock();
    let LineItem { line, repeated, .. } = item;
    let id = StoredValue::new(line.row.message_id.clone());
    let dye = room.shown.dye(&line.row.source);
    let drawn = line.row.clone();
    let row = Memo::new(move |_| {
        let changed = room.list.changed.with(|c| id.with_value(|id| c.get(id).cloned()));
        changed.unwrap_or_else(|| drawn.clone())
    });
    let chosen = Memo::new(move |_| room.shown.line.with(|l| l.as_ref().is_some_and(|l| id.with_value(|id| l == id))));
    let open = move || {
        if !chosen.get_untracked() {
            id.with_value(|id| room.list.hold(id));
            room.shown.choose(Some(id.get_value()));
        }
    };
    let length = numbers::duration(line.row.duration_s);
    view! {
        <li class=format!("said {dye}") class:is-chosen=chosen data-line=id.get_value() tabindex="0"
            aria-current=move || chosen.get().then_some("true") on:click=move |_| open()
            on:keydown=move |e| if e.key() == "Enter" && e.target() == e.current_target() { open() }>
            <div class="when"><time class:sr=repeated>{clock}</time><Marks row /><Pick seconds=line.row.duration_s /></div>
            {move || if chosen.get() {
                view! { <Opened room row /> }.into_any()
            } else {
                view! { <div class="words"><Words row=row.get() /></div> }.into_any()
            }}
            <div class="facts"><span>{length}</span></div>
        </li>
    }
}

#[component]
fn Marks(row: Memo<Arc<TimelineRow>>) -> impl IntoView {
    let starred = Memo::new(move |_| row.with(|r| r.starred));
    let edited = Memo::new(move |_| row.with(|r| r.original.is_some()));
    view! {
        {move || edited.get().then(|| view! { <span class="edited"><Icon name="edit" /></span><span class="sr">"edited"</span> })}
        {move || starred.get().then(|| view! { <span class="star"><Icon name="star" /></span><span class="sr">"starred"</span> })}
    }
}

/// A line's words where it is not open: text, and what was masked. Nothing of it is read as markup.
#[component]
fn Words(row: Arc<TimelineRow>) -> impl IntoView {
    let mut out: Vec<AnyView> = Vec::new();
    let mut text = String::new();
    let mut asked = Vec::new();
    for word in words_of(&row) {
        match word {
            Word::Word(word) => {
                text += &word;
                text.push(' ');
            }
            Word::Mask(kind) => {
                let open = RwSignal::new(false);
                asked.push((open, kind.clone()));
                out.push(std::mem::take(&mut text).into_any());
                out.push(view! { <Masked kind open /> " " }.into_any());
            }
        }
    }
    out.push(text.into_any());
    view! { <p>{out}</p> {asked.into_iter().map(|(open, kind)| view! { <Why kind open /> }).collect_view()} }
}

/// What the wall took out; opens to say why.
#[component]
pub fn Masked(kind: String, open: RwSignal<bool>) -> impl IntoView {
    view! {
        <button class="mask" type="button" aria-expanded=move || open.get().to_string()
            on:click=move |e| { e.stop_propagation(); open.update(|o| *o = !*o); }><Icon name="reed" />{kind}</button>
    }
}

#[component]
pub fn Why(kind: String, open: RwSignal<bool>) -> impl IntoView {
    let mut name = kind;
    if let Some(first) = name.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    let name = StoredValue::new(name);
    move || {
        open.get().then(|| {
            view! {
                <div class="float tip" role="note"><p><b>{name.get_value()}"."</b>" Masked before anything could leave this computer. Your own searches see the mask too."</p></div>
            }
        })
    }
}

/// One pass of a thread, as long as the speech.
#[component]
pub fn Pick(seconds: f64) -> impl IntoView {
    let width = format!("{:.1}", pick_px(seconds));
    view! { <svg class="pick" width=width.clone() height="4" aria-hidden="true"><path d=format!("M0 2h{width}") /></svg> }
}
