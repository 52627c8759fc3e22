//! What the owner does with a line: star, edit, copy, delete. It shows at once, and is taken back if Loom refuses.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use loom_schemas::api::TimelineRow;
use loom_schemas::live::{Forgotten, LineChange};
use loom_ui_model::lines::plain;

use super::ask;
use super::shown::Room;
use crate::api::Trouble;

pub fn star(room: Room, id: &str) {
    let Some(row) = room.list.row(id) else { return };
    let starred = !row.starred;
    let wanted = TimelineRow { starred, ..(*row).clone() };
    change(room, row, wanted, LineChange { starred: Some(starred), text: None });
}

/// Opens a line's words for changing.
pub fn edit(room: Room, id: &str) {
    let Some(row) = room.list.row(id) else { return };
    room.list.hold(id);
    room.shown.choose(Some(id.to_string()));
    room.draft.set(Some((id.to_string(), row.text.clone())));
}

pub fn leave(room: Room, id: &str) {
    room.list.hold(id);
    room.draft.set(None);
    focus(room, id.to_string());
}

pub fn save(room: Room, id: &str) {
    let text = room.draft.get_untracked().map(|d| d.1).unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    leave(room, id);
    let Some(row) = room.list.row(id).filter(|r| !text.is_empty() && r.text != text) else { return };
    let original = row.original.clone().or_else(|| Some(row.text.clone()));
    let wanted = TimelineRow { text: text.clone(), original, masked: Vec::new(), ..(*row).clone() };
    change(room, row, wanted, LineChange { starred: None, text: Some(text) });
}

fn change(room: Room, before: Arc<TimelineRow>, wanted: TimelineRow, change: LineChange) {
    let id = before.message_id.clone();
    room.list.put(wanted);
    spawn_local(async move {
        match ask::change(&id, &change).await {
            Ok(Some(row)) => room.list.put(row),
            // It is heard of where all changes are.
            Ok(None) => {}
            Err(trouble) => {
                room.list.put((*before).clone());
                room.toasts.say(sentence("The line stays as it was.", &trouble));
            }
        }
    });
}

pub fn delete(room: Room, id: &str) {
    let Some(row) = room.list.row(id) else { return };
    let next = room.list.beside(id, 1).or_else(|| room.list.beside(id, -1));
    if room.shown.line.get_untracked().as_deref() == Some(id) {
        room.shown.choose(None);
    }
    room.list.remove(id);
    if let Some(next) = next {
        focus(room, next);
    }
    spawn_local(async move {
        match ask::delete(&row.message_id).await {
            Ok(Forgotten { forget_id, .. }) => {
                room.toasts.offer("Line deleted. Its audio goes in 10 s.".into(), move || undo(room, forget_id.clone(), row.clone()));
            }
            Err(trouble) => {
                room.list.put((*row).clone());
                room.toasts.say(sentence("The line is still there.", &trouble));
            }
        }
    });
}

/// Takes a deletion back.
fn undo(room: Room, forget_id: String, row: Arc<TimelineRow>) {
    spawn_local(async move {
        match ask::undo(&forget_id).await {
            Ok(()) => room.list.put((*row).clone()),
            Err(trouble) => room.toasts.say(sentence("The line could not be brought back.", &trouble)),
        }
    });
}

pub fn copy(room: Room, id: &str) {
    let Some(row) = room.list.row(id) else { return };
    let written = window().navigator().clipboard().write_text(&plain(&row));
    spawn_local(async move {
        let copied = wasm_bindgen_futures::JsFuture::from(written).await.is_ok();
        room.toasts.say(if copied { "Copied." } else { "The browser does not let this page copy." }.into());
    });
}

/// The keyboard goes on at this line, once it is drawn.
pub fn focus(room: Room, id: String) {
    spawn_local(async move {
        tick().await;
        tick().await;
        if let Some(line) = room.list.element(&id) {
            line.focus().ok();
        }
    });
}

pub fn sentence(safe: &str, trouble: &Trouble) -> String {
    match trouble {
        Trouble::Lost => format!("Loom does not answer. {safe}"),
        Trouble::Denied => format!("This page has no key to Loom. {safe}"),
        Trouble::Refused(why) => format!("{why} {safe}"),
    }
}
