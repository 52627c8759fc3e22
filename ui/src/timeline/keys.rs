//! The timeline by the keyboard alone.

use leptos::ev;
use leptos::prelude::*;
use web_sys::{Element, KeyboardEvent};

use super::deeds::{delete, edit, focus, star};
use super::head;
use super::shown::{Room, Step};

pub fn run(room: Room) {
    let keys = window_event_listener(ev::keydown, move |e| {
        if e.key() == "End" && !e.default_prevented() && !e.shift_key() && !e.alt_key() && !e.meta_key() && to_end(room) {
            return e.prevent_default();
        }
        if !e.default_prevented() && !e.ctrl_key() && !e.meta_key() && !e.alt_key() {
            pressed(room, &e);
        }
    });
    on_cleanup(move || keys.remove());
}

/// What has the focus, as far as it uses keys itself.
#[derive(PartialEq)]
enum At {
    Field,
    Slider,
    Button,
    Menu,
    Elsewhere,
}

fn at() -> At {
    let Some(active) = document().active_element() else { return At::Elsewhere };
    match (active.tag_name().as_str(), active.get_attribute("role").as_deref()) {
        ("INPUT" | "TEXTAREA" | "SELECT", _) => At::Field,
        (_, Some("slider")) => At::Slider,
        (_, Some("menuitem")) => At::Menu,
        ("BUTTON" | "A" | "SUMMARY", _) => At::Button,
        _ => At::Elsewhere,
    }
}

fn pressed(room: Room, e: &KeyboardEvent) {
    let at = at();
    let key = e.key();
    if key == "Escape" {
        return escape(room);
    }
    if matches!(at, At::Field | At::Menu) {
        return;
    }
    let line = current(room);
    let used = match (key.as_str(), &line) {
        ("/", _) => head::search(),
        ("[", _) => done(|| head::turn(room, false)),
        ("]", _) => done(|| head::turn(room, true)),
        ("j", _) => go(room, 1),
        ("k", _) => go(room, -1),
        (" ", _) if at != At::Button && room.shown.line.get_untracked().is_some() => {
            room.deck.toggle();
            true
        }
        ("ArrowLeft", _) if at != At::Slider => step(room, -1),
        ("ArrowRight", _) if at != At::Slider => step(room, 1),
        ("s", Some(id)) => done(|| star(room, id)),
        ("e", Some(id)) => done(|| edit(room, id)),
        ("Delete", Some(id)) => done(|| delete(room, id)),
        _ => false,
    };
    if used {
        e.prevent_default();
    }
}

fn done(deed: impl FnOnce()) -> bool {
    deed();
    true
}

/// What is open closes first, then what was asked is cleared.
fn escape(room: Room) {
    let shown = room.shown;
    if let Some(line) = shown.line.get_untracked() {
        room.list.hold(&line);
        shown.choose(None);
        focus(room, line);
    } else if !shown.query.get_untracked().is_empty() {
        shown.go(Step::Same, |a| (a.query, a.everywhere) = (String::new(), false));
    } else {
        shown.go(Step::Same, |a| a.part = None);
    }
}

/// At once: a browser that scrolls there smoothly would arrive where the end was.
fn to_end(room: Room) -> bool {
    matches!(at(), At::Button | At::Elsewhere) && room.list.end_asked()
}

/// The line the keyboard is at: the one with the focus in it, else the open one.
fn current(room: Room) -> Option<String> {
    let focused = document().active_element().and_then(|a| a.closest("li[data-line]").ok().flatten());
    focused.as_ref().and_then(|l: &Element| l.get_attribute("data-line")).or_else(|| room.shown.line.get_untracked())
}

fn go(room: Room, by: isize) -> bool {
    let next = match current(room) {
        Some(id) => room.list.beside(&id, by),
        None => room.list.first_seen(),
    };
    let Some(next) = next else { return false };
    match room.list.element(&next) {
        Some(line) => line.focus().is_ok(),
        None => false,
    }
}

fn step(room: Room, by: isize) -> bool {
    let open = room.shown.line.get_untracked().is_some();
    if open {
        room.deck.step(by);
    }
    open
}
