//! A person's hand on the graph: it chooses a knot, or moves it; where no knot is, it moves the plane.

use std::sync::Arc;

use leptos::prelude::*;
use loom_ui_model::graph::Kind;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent, PointerEvent};

use super::heard::Heard;
use super::knots::{chosen_of, open};
use super::laid::{Laid, Layout};
use super::sight::Sight;

/// A pointer that went less far than this has pressed, not moved.
const STILL: f64 = 5.0;
/// How far a key moves a knot.
const NUDGE: f64 = 12.0;

/// A knot under the pointer: where the pointer came down, and where the knot was.
#[derive(Clone, Debug)]
struct Held {
    id: String,
    from: (f64, f64),
    at: (f64, f64),
    moves: bool,
}

#[derive(Clone, Copy)]
pub struct Hand {
    layout: Layout,
    sight: Sight,
    heard: Heard,
    held: StoredValue<Option<Held>>,
    /// The press that follows a move is none.
    spent: StoredValue<bool>,
}

fn under(target: Option<web_sys::EventTarget>, selector: &str) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

impl Hand {
    pub fn new(layout: Layout, sight: Sight, heard: Heard) -> Self {
        Self { layout, sight, heard, held: StoredValue::new(None), spent: StoredValue::new(false) }
    }

    fn laid(self) -> Arc<Laid> {
        self.layout.laid.get_untracked()
    }

    /// The node of a knot that an event is on.
    fn node(self, e: &Event) -> Option<usize> {
        under(e.target(), "[data-node]")?.get_attribute("data-node")?.parse().ok()
    }

    fn place(self, node: usize) -> (f64, f64) {
        self.layout.plan.with_untracked(|p| p.knots.iter().find(|k| k.node == node).map_or((0.0, 0.0), |k| (k.x, k.y)))
    }

    pub fn pressed(self, e: &PointerEvent) {
        self.spent.set_value(false);
        if e.button() != 0 {
            return;
        }
        match self.node(e) {
            Some(node) if e.pointer_type() != "touch" => {
                let id = self.laid().net.nodes[node].id.clone();
                let from = (f64::from(e.client_x()), f64::from(e.client_y()));
                self.held.set_value(Some(Held { id, from, at: self.place(node), moves: false }));
            }
            Some(_) => {}
            None if under(e.target(), "a, button").is_none() => self.sight.pressed(e),
            None => {}
        }
    }

    pub fn dragged(self, e: &PointerEvent) {
        let Some(mut held) = self.held.get_value() else { return self.sight.dragged(e) };
        if e.buttons() == 0 {
            return self.released(e);
        }
        let z = self.sight.zoom.get_untracked();
        let by = (f64::from(e.client_x()) - held.from.0, f64::from(e.client_y()) - held.from.1);
        if !held.moves && by.0.hypot(by.1) < STILL {
            return;
        }
        if !held.moves {
            held.moves = true;
            self.held.set_value(Some(held.clone()));
            // From here on the knot goes along, wherever the pointer goes.
            if let Some(plane) = under(e.target(), ".plane") {
                plane.set_pointer_capture(e.pointer_id()).ok();
            }
        }
        self.layout.moved.update(|m| {
            m.insert(held.id, (held.at.0 + by.0 / z, held.at.1 + by.1 / z));
        });
    }

    pub fn released(self, e: &PointerEvent) {
        self.sight.released(e);
        let held = self.held.try_update_value(Option::take).flatten();
        if held.is_some_and(|h| h.moves) {
            self.spent.set_value(true);
            self.layout.keep_moved();
        }
    }

    pub fn clicked(self, e: &Event) {
        if self.spent.try_update_value(std::mem::take).unwrap_or(false) {
            return;
        }
        let Some(node) = self.node(e) else { return };
        let laid = self.laid();
        match laid.net.nodes[node].kind {
            Kind::Fold(_) | Kind::Source if laid.inside[node].len() > 1 => {
                let name = laid.net.topics.iter().find(|t| t.readers.contains(&node) || t.writers.contains(&node)).map(|t| t.name.clone());
                name.iter().for_each(|name| open(self.layout, name));
            }
            _ => {
                let name = chosen_of(&laid, node);
                let again = name.is_some() && self.heard.chosen.get_untracked() == name;
                self.heard.choose(name.filter(|_| !again));
            }
        }
    }

    /// Alt and an arrow move a knot.
    pub fn key(self, e: &KeyboardEvent) {
        let by = match e.key().as_str() {
            "ArrowLeft" => (-NUDGE, 0.0),
            "ArrowRight" => (NUDGE, 0.0),
            "ArrowUp" => (0.0, -NUDGE),
            "ArrowDown" => (0.0, NUDGE),
            _ => return,
        };
        let Some(node) = self.node(e).filter(|_| e.alt_key()) else { return };
        e.prevent_default();
        let (at, id) = (self.place(node), self.laid().net.nodes[node].id.clone());
        self.layout.moved.update(|m| {
            m.insert(id, (at.0 + by.0, at.1 + by.1));
        });
        self.layout.keep_moved();
    }
}
