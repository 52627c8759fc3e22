//! Keys that work on every page. No single key works in a field.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use loom_ui_model::token::Page;

use super::Dialogs;
use crate::browser::{go, is_typing};

/// What is told of them in the help; pages listen to their own.
pub const ALL: [(&str, &str); 18] = [
    ("/", "Search"),
    ("Ctrl K", "Go to or do"),
    ("?", "These keys"),
    ("g l", "Live"),
    ("g t", "Timeline"),
    ("g p", "Pipeline"),
    ("g o", "Topics"),
    ("j k", "Next, previous"),
    ("Enter", "Open"),
    ("Esc", "Close, clear"),
    ("space", "Pause listening (Live), play (Timeline), tail (Topics)"),
    ("← →", "Word, or 1 s"),
    ("[ ]", "Day before, after"),
    ("s", "Star"),
    ("e", "Edit"),
    ("Del", "Delete, with undo"),
    ("+ −", "Zoom"),
    ("0", "Fit"),
];

/// `g` waits this long for the letter of a page.
const PATIENCE: Duration = Duration::from_millis(1200);

pub fn listen(dialogs: Dialogs) {
    let going = RwSignal::new(false);
    let keys = window_event_listener(ev::keydown, move |e| {
        let key = e.key();
        if key.eq_ignore_ascii_case("k") && (e.ctrl_key() || e.meta_key()) {
            e.prevent_default();
            return dialogs.palette.update(|open| *open = !*open);
        }
        if is_typing() || e.ctrl_key() || e.meta_key() || e.alt_key() || e.default_prevented() {
            return;
        }
        if going.get_untracked() {
            going.set(false);
            if let Some(page) = page_of(&key) {
                e.prevent_default();
                return go(page.hash());
            }
        }
        match key.as_str() {
            "?" => dialogs.help.set(true),
            "g" => {
                going.set(true);
                set_timeout(move || going.set(false), PATIENCE);
            }
            _ => {}
        }
    });
    on_cleanup(move || keys.remove());
}

fn page_of(key: &str) -> Option<Page> {
    let letters =
        [("l", Page::Live), ("t", Page::Timeline), ("p", Page::Pipeline), ("o", Page::Topics), ("s", Page::Settings), ("h", Page::Health)];
    letters.iter().find(|(letter, _)| *letter == key).map(|(_, page)| *page)
}
