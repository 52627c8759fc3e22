//! Changing a line's wording in place: Enter saves, Esc leaves. What the recogniser wrote stays to be looked at.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use loom_schemas::api::TimelineRow;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::deeds::{leave, save};
use super::shown::Room;

#[component]
pub fn Edit(room: Room, row: Memo<Arc<TimelineRow>>) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let id = StoredValue::new(row.with_untracked(|r| r.message_id.clone()));
    let draft = room.draft;
    let text = move || draft.with(|d| d.as_ref().map(|d| d.1.clone()).unwrap_or_default());
    let fit = move || {
        let Some(field) = field.get_untracked() else { return };
        let (e, height) = (field.unchecked_ref::<HtmlElement>(), field.scroll_height());
        e.style().set_property("block-size", &format!("{height}px")).ok();
    };
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            field.focus().ok();
            fit();
        }
    });
    view! {
        <textarea class="edit" aria-label="What was said" rows="1" node_ref=field prop:value=text
            on:input=move |e| {
                draft.update(|d| if let Some(d) = d { d.1 = event_target_value(&e) });
                fit();
            }
            on:keydown=move |e| match e.key().as_str() {
                "Enter" if !e.is_composing() => { e.prevent_default(); id.with_value(|id| save(room, id)); }
                "Escape" => { e.prevent_default(); e.stop_propagation(); id.with_value(|id| leave(room, id)); }
                _ => {}
            }></textarea>
        <div class="edit-row">
            <button class="btn solid" type="button" on:click=move |_| id.with_value(|id| save(room, id))>"Save"</button>
            <button class="btn" type="button" on:click=move |_| id.with_value(|id| leave(room, id))>"Cancel"</button>
            <span class="quiet">{move || row.with(|r| match &r.original {
                Some(original) => format!("Loom heard: “{original}”"),
                None => "What Loom heard is kept beside it.".to_string(),
            })}</span>
        </div>
    }
}
