//! What of the plane is in view: zoom by buttons, keys, wheel and pinch, pan by dragging; the rest is the browser's own
//! scrolling.

use std::collections::BTreeMap;

use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;
use web_sys::{KeyboardEvent, PointerEvent, WheelEvent};

use super::laid::Layout;
use crate::browser;

const LEAST: f64 = 0.2;
const MOST: f64 = 2.0;
const STEP: f64 = 1.25;
/// Under these, labels are left out.
pub const MID: f64 = 0.7;
pub const FAR: f64 = 0.4;

/// What is in view, in pixels of the window: from left and top of the zoomed plane, width and height.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

#[derive(Clone, Copy)]
pub struct Sight {
    pub zoom: RwSignal<f64>,
    pub window: RwSignal<Window>,
    pub node: NodeRef<Div>,
    layout: Layout,
    /// Fingers and buttons that are down, where.
    down: StoredValue<BTreeMap<i32, (f64, f64)>>,
}

impl Sight {
    pub fn new(layout: Layout) -> Self {
        let sight = Self {
            zoom: RwSignal::new(1.0),
            window: RwSignal::new(Window::default()),
            node: NodeRef::new(),
            layout,
            down: StoredValue::new(BTreeMap::new()),
        };
        Effect::new(move |_| {
            layout.plan.track();
            sight.zoom.track();
            if sight.node.get().is_some() {
                sight.look();
            }
        });
        let sized = window_event_listener(ev::resize, move |_| sight.look());
        on_cleanup(move || sized.remove());
        sight
    }

    /// Reads what is in view.
    pub fn look(self) {
        let Some(el) = self.node.get_untracked() else { return };
        let seen = Window {
            x: f64::from(el.scroll_left()),
            y: f64::from(el.scroll_top()),
            w: f64::from(el.client_width()),
            h: f64::from(el.client_height()),
        };
        if self.window.get_untracked() != seen {
            self.window.set(seen);
        }
    }

    pub fn fits(self) -> bool {
        let (z, seen) = (self.zoom.get(), self.window.get());
        self.layout.plan.with(|p| p.w * z <= seen.w + 1.0 && p.h * z <= seen.h + 1.0)
    }

    /// All of it from top to bottom is in view.
    pub fn fits_down(self) -> bool {
        let (z, seen) = (self.zoom.get(), self.window.get());
        seen.h == 0.0 || self.layout.plan.with(|p| p.h * z <= seen.h + 1.0)
    }

    /// `near`, `mid`, `far`: what there is room to say.
    pub fn distance(self) -> &'static str {
        match self.zoom.get() {
            z if z < FAR => "far",
            z if z < MID => "mid",
            _ => "near",
        }
    }

    fn to(self, zoom: f64, at: Option<(f64, f64)>) {
        let (before, seen) = (self.zoom.get_untracked(), self.window.get_untracked());
        let zoom = zoom.clamp(LEAST, MOST);
        if zoom == before {
            return;
        }
        self.zoom.set(zoom);
        let at = at.unwrap_or((seen.w / 2.0, seen.h / 2.0));
        let place = |scrolled: f64, at: f64| ((scrolled + at) * zoom / before - at).round();
        let (x, y) = (place(seen.x, at.0), place(seen.y, at.1));
        // The plane has its new size once the view was brought up to date.
        leptos::task::spawn_local(async move {
            leptos::task::tick().await;
            self.scroll_to(x, y);
        });
    }

    pub fn scroll_to(self, x: f64, y: f64) {
        if let Some(el) = self.node.get_untracked() {
            el.set_scroll_left(x as i32);
            el.set_scroll_top(y as i32);
            self.look();
        }
    }

    pub fn closer(self) {
        self.to(self.zoom.get_untracked() * STEP, None);
    }
    pub fn farther(self) {
        self.to(self.zoom.get_untracked() / STEP, None);
    }
    /// All of it, no larger than it is.
    pub fn fit(self) {
        let most = web_sys::window().and_then(|w| w.inner_height().ok()).and_then(|h| h.as_f64()).map_or(400.0, |h| (h * 0.56).max(320.0));
        let seen = self.window.get_untracked();
        let zoom = self.layout.plan.with_untracked(|p| (seen.w / p.w.max(1.0)).min(most / p.h.max(1.0)).min(1.0));
        self.to(zoom, Some((0.0, 0.0)));
    }

    /// Brings a place of the plane into view.
    pub fn show(self, x: f64, y: f64) {
        let (z, seen) = (self.zoom.get_untracked(), self.window.get_untracked());
        let (x, y) = (x * z, y * z);
        if x < seen.x || x > seen.x + seen.w || y < seen.y || y > seen.y + seen.h {
            self.scroll_to(x - seen.w / 2.0, y - seen.h / 2.0);
        }
    }

    /// Whether it was one of the graph's keys.
    pub fn key(self, e: &KeyboardEvent) -> bool {
        if e.ctrl_key() || e.meta_key() || e.alt_key() || browser::in_field(e) {
            return false;
        }
        match e.key().as_str() {
            "+" | "=" => self.closer(),
            "-" => self.farther(),
            "0" => self.fit(),
            _ => return false,
        }
        true
    }

    pub fn wheel(self, e: &WheelEvent) {
        // Two fingers on a pad that part come as a wheel with Ctrl.
        if e.ctrl_key() || e.meta_key() {
            e.prevent_default();
            self.to(self.zoom.get_untracked() * (-e.delta_y() / 200.0).clamp(-1.0, 1.0).exp2(), self.inside(e.client_x(), e.client_y()));
        }
    }

    fn inside(self, x: i32, y: i32) -> Option<(f64, f64)> {
        let r = self.node.get_untracked()?.get_bounding_client_rect();
        Some((f64::from(x) - r.left(), f64::from(y) - r.top()))
    }

    pub fn pressed(self, e: &PointerEvent) {
        self.down.update_value(|d| {
            d.insert(e.pointer_id(), (f64::from(e.client_x()), f64::from(e.client_y())));
        });
    }

    pub fn dragged(self, e: &PointerEvent) {
        let (id, to) = (e.pointer_id(), (f64::from(e.client_x()), f64::from(e.client_y())));
        let Some(from) = self.down.with_value(|d| d.get(&id).copied()) else { return };
        let other = self.down.with_value(|d| d.iter().find(|(i, _)| **i != id).map(|(_, at)| *at));
        self.down.update_value(|d| {
            d.insert(id, to);
        });
        match other {
            Some(other) => {
                let apart = |a: (f64, f64)| (a.0 - other.0).hypot(a.1 - other.1).max(1.0);
                let middle = self.inside(((to.0 + other.0) / 2.0) as i32, ((to.1 + other.1) / 2.0) as i32);
                self.to(self.zoom.get_untracked() * apart(to) / apart(from), middle);
            }
            // A finger scrolls by itself.
            None if e.pointer_type() != "touch" => {
                let seen = self.window.get_untracked();
                self.scroll_to(seen.x - to.0 + from.0, seen.y - to.1 + from.1);
            }
            None => {}
        }
    }

    pub fn released(self, e: &PointerEvent) {
        self.down.update_value(|d| {
            d.remove(&e.pointer_id());
        });
    }
}
