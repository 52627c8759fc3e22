//! Only what is in view of the list, and a screen above and below, is in the document; the rest is padding of the height it
//! has or may have. Whatever changes, the line at the top of the view stays where it is.

use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use loom_ui_model::timeline::roll::{Item, Roll};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::list::List;

/// What the bar covers of a page that was scrolled, px.
pub const BAR: f64 = 52.0;

impl List {
    /// The window was scrolled: what comes into view is unrolled before it does.
    pub fn look(self) {
        self.notice_end();
        self.hold_still();
        let (top, bottom) = self.view();
        let ahead = (bottom - top) / 2.0;
        let wanted = self.roll.with_value(|r| r.seen(top - ahead, bottom + ahead));
        let run = self.run.get_value();
        if wanted.start < run.start || wanted.end > run.end {
            self.unroll();
        } else {
            self.fill();
        }
    }

    pub(super) fn unroll(self) {
        let (top, bottom) = self.wanted();
        let screen = bottom - top;
        let (run, items) = self.roll.with_value(|r| {
            let run = r.seen(top - screen, bottom + screen);
            (run.clone(), r.items[run].to_vec())
        });
        self.run.set_value(run);
        self.unrolled.set(items);
        spawn_local(async move {
            // What was set is in the document after this, and nothing of it was painted yet.
            tick().await;
            self.settle();
            self.fill();
        });
    }

    /// From where to where of the list the window looks, px from the list's top.
    pub(super) fn view(self) -> (f64, f64) {
        let height = window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or(900.0);
        let top = self.ol.try_get_untracked().flatten().map_or(0.0, |ol| -ol.get_bounding_client_rect().top());
        (top, top + height)
    }

    /// What the window is to show: the end, where one went there, though what is known of the list grew meanwhile.
    pub(super) fn wanted(self) -> (f64, f64) {
        let (top, bottom) = self.view();
        let end = self.roll.with_value(Roll::height);
        if self.at_end.get_value() { (end - (bottom - top), end) } else { (top, bottom) }
    }

    /// Notes the line at the top of the view, and where it is.
    pub fn hold_still(self) {
        let (top, _) = self.view();
        if top + BAR < 0.0 {
            return self.anchor.set_value(None);
        }
        let run = self.run.get_value();
        let first = self.roll.with_value(|r| r.seen(top + BAR, top + BAR).start);
        let line = self.roll.with_value(|r| {
            let lines = r.items.iter().enumerate().skip(first.max(run.start)).take(8);
            lines.filter(|(n, _)| run.contains(n)).find_map(|(_, item)| match item {
                Item::Line(l) => Some(l.line.row.message_id.clone()),
                _ => None,
            })
        });
        self.anchor.set_value(line.and_then(|id| Some((id.clone(), self.element(&id)?.get_bounding_client_rect().top()))));
    }

    /// This line stays where it is, whatever opens or closes.
    pub fn hold(self, id: &str) {
        self.at_end.set_value(false);
        let place = self.element(id).map(|e| (id.to_string(), e.get_bounding_client_rect().top()));
        self.anchor.set_value(place);
    }

    pub fn element(self, id: &str) -> Option<HtmlElement> {
        let ol = self.ol.try_get_untracked().flatten()?;
        // Ids of lines are hex digits and dashes: nothing that a selector would read otherwise.
        ol.query_selector(&format!("li[data-line=\"{id}\"]")).ok().flatten()?.dyn_into().ok()
    }

    /// Once what was set is in the document.
    pub fn settle_soon(self) {
        spawn_local(async move {
            tick().await;
            self.settle();
        });
    }

    /// Measures what was unrolled, pads for the rest, and puts the view back where it was.
    pub fn settle(self) {
        let Some(ol) = self.ol.try_get_untracked().flatten() else { return };
        self.notice_leaving();
        self.learn_width(&ol);
        if self.measure(&ol) {
            self.heights.with_value(|h| self.roll.update_value(|r| r.measure(h)));
        }
        self.stretch(&ol);
        let (above, below) = self.roll.with_value(|r| r.around(&self.run.get_value()));
        let style = HtmlElement::style(&ol);
        style.set_property("padding-block", &format!("{above:.1}px {below:.1}px")).ok();
        match self.anchor.get_value() {
            _ if self.at_end.get_value() => self.go_to_end(),
            Some((id, top)) => self.put_back(&id, top),
            None => {}
        }
        self.take_aim();
    }

    fn put_back(self, id: &str, top: f64) {
        let Some(line) = self.element(id) else { return };
        let moved = line.get_bounding_client_rect().top() - top;
        if moved.abs() >= 1.0 {
            self.scroll_by(moved);
        }
    }

    /// Brings the line one came for into view.
    fn take_aim(self) {
        let Some((id, _)) = self.aim.get_value() else { return };
        let Some(place) = self.roll.with_value(|r| r.line(&id)) else { return };
        self.at_end.set_value(false);
        let (top, bottom) = self.view();
        let third = (bottom - top) / 3.0;
        let Some(line) = self.element(&id) else {
            // Far away: the scroll unrolls it, and it is aimed at again.
            let by = self.roll.with_value(|r| r.top(place)) - top - third;
            self.scroll_by(by);
            self.anchor.set_value(None);
            return self.look();
        };
        self.aim.set_value(None);
        let at = line.get_bounding_client_rect();
        if at.top() < BAR || at.bottom() > bottom - top {
            self.scroll_by(at.top() - third);
        }
        self.hold_still();
    }
}
