//! What was just done, for as long as it can be undone; and the wording that is being typed.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use loom_schemas::api::TimelineRow;

use super::deeds::undo;
use super::shown::Room;

/// At once; the oldest goes.
const MOST: usize = 4;
const SHORT_S: i64 = 5;

#[derive(Clone)]
struct Toast {
    number: u32,
    words: String,
    /// The deletion, and the line that was deleted.
    undo: Option<(String, Arc<TimelineRow>)>,
}

#[derive(Clone, Copy)]
pub struct Toasts {
    toasts: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
    /// A line's id and its wording so far: it outlives the line's being scrolled away.
    pub draft: RwSignal<Option<(String, String)>>,
}

impl Toasts {
    pub fn new() -> Self {
        Self { toasts: RwSignal::new(Vec::new()), next: StoredValue::new(0), draft: RwSignal::new(None) }
    }
    pub fn say(self, words: String) {
        self.add(words, None, SHORT_S);
    }
    pub fn offer(self, words: String, forget_id: String, seconds: i64, row: Arc<TimelineRow>) {
        self.add(words, Some((forget_id, row)), seconds);
    }
    fn add(self, words: String, undo: Option<(String, Arc<TimelineRow>)>, seconds: i64) {
        let number = self.next.try_get_value().unwrap_or(0);
        self.next.try_set_value(number + 1);
        self.toasts.try_update(|t| {
            t.push(Toast { number, words, undo });
            let over = t.len().saturating_sub(MOST);
            t.drain(..over);
        });
        set_timeout(move || self.drop(number), Duration::from_secs(seconds.unsigned_abs()));
    }
    fn drop(self, number: u32) {
        self.toasts.try_update(|t| t.retain(|t| t.number != number));
    }
    /// The last deletion that can be undone.
    pub fn undo_last(self, room: Room) {
        let last = self.toasts.with_untracked(|t| t.iter().rev().find(|t| t.undo.is_some()).cloned());
        if let Some(Toast { number, undo: Some((forget_id, row)), .. }) = last {
            self.drop(number);
            undo(room, forget_id, row);
        }
    }
}

#[component]
pub fn Bar(room: Room) -> impl IntoView {
    let all = room.toasts;
    view! {
        <div class="toasts" role="status">
            <For each=move || all.toasts.get() key=|t| t.number let:toast>
                <div class="float toast"><span>{toast.words}</span>
                    {toast.undo.map(|(forget_id, row)| view! {
                        <button class="btn" type="button" on:click=move |_| { all.drop(toast.number); undo(room, forget_id.clone(), row.clone()); }>"Undo"</button>
                    })}
                </div>
            </For>
        </div>
    }
}
