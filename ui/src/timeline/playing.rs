//! The open line is what one hears; where it ends, the next line goes on.

use std::time::Duration;

use leptos::prelude::*;

use super::shown::Room;

/// Often enough for a word to light up when it is heard.
const TICK: Duration = Duration::from_millis(50);

pub fn run(room: Room) {
    let Room { shown, list, deck, .. } = room;
    Effect::new(move |_| {
        let line = shown.line.get();
        list.held.track();
        let loaded = deck.row.with_untracked(|r| r.as_ref().map(|r| r.message_id.clone()));
        let row = line.as_deref().and_then(|id| list.row(id));
        if line.is_none() && loaded.is_some() || row.as_ref().is_some_and(|r| Some(&r.message_id) != loaded.as_ref()) {
            deck.put(row);
        }
    });
    let ticks = set_interval_with_handle(
        move || {
            if deck.look()
                && let Some(next) = shown.line.get_untracked().and_then(|id| list.beside(&id, 1))
            {
                list.hold(&next);
                deck.wanted.set_value(Some(0.0));
                shown.choose(Some(next));
            }
        },
        TICK,
    );
    on_cleanup(move || {
        if let Ok(ticks) = ticks {
            ticks.clear();
        }
        deck.clear();
    });
}
