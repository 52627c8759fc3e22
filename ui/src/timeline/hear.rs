//! What is new: lines as they come, change and go, without moving what is being read; and the clock.

use std::time::Duration;

use leptos::prelude::*;
use loom_schemas::live::{Channel, WsOut};
use loom_ui_model::time::{Day, epoch};

use super::shown::Room;
use crate::browser::{now, offset_s};
use crate::ws::Ws;

/// For the shuttle on the cloth, and for a day that turns.
const CLOCK: Duration = Duration::from_secs(30);

pub fn run(room: Room) {
    let ws = Ws::of_page();
    ws.hear(&[Channel::Lines], move |out| match out {
        WsOut::Line(row) => {
            if room.shown.day.try_get_untracked().flatten().is_none() {
                begin(room, &row.recorded_at);
            }
            room.list.put(row.clone());
        }
        WsOut::LineGone { message_id } => room.list.remove(message_id),
        _ => {}
    });
    // While the line was down something may have been missed: a line, a change, that one is gone.
    Effect::new(move |before: Option<bool>| {
        let open = ws.open.get();
        if open && before == Some(false) {
            room.list.renew();
        }
        open
    });
    let clock = set_interval_with_handle(move || turn(room), CLOCK);
    on_cleanup(move || {
        if let Ok(clock) = clock {
            clock.clear();
        }
    });
}

/// The first line there ever was says which day to show.
fn begin(room: Room, recorded_at: &str) {
    if let Some(at) = epoch(recorded_at) {
        room.shown.go(super::shown::Step::Same, |a| a.day = Some(Day::of(at, offset_s(at))));
    }
}

/// At midnight today is another day; whoever looks at today, and reads no line of it, goes along.
fn turn(room: Room) {
    let shown = room.shown;
    let before = untrack(|| shown.today());
    shown.now.set(now());
    let today = untrack(|| shown.today());
    if today != before && shown.day.get_untracked() == Some(before) && shown.line.get_untracked().is_none() {
        shown.turn(today);
    }
}
