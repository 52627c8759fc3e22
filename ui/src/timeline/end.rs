//! Whoever goes to the end of the list is at its end. How far that is, is a guess until the last lines are read and laid
//! out, and today's end moves on with each new line: the view goes along until its person goes elsewhere.

use leptos::prelude::*;
use loom_ui_model::timeline::roll::Item;

use super::list::List;

/// As near as this to the end is there: browsers round, px.
const NEAR: f64 = 8.0;

impl List {
    /// Goes to the end, where there is a list.
    pub fn end_asked(self) -> bool {
        let laid = self.is_laid();
        self.at_end.set_value(laid);
        if laid {
            self.go_to_end();
        }
        laid
    }

    /// Looks whether one has gone to the end, or left it.
    pub(super) fn notice_end(self) {
        let before = self.scrolled.get_value();
        self.notice_leaving();
        let now = self.scrolled.get_value();
        // With a leap, or step by step when there was nothing left to read on the way.
        if now > 0.0 && now >= end() - NEAR && (now - before > screen() || self.read_to_end()) {
            self.at_end.set_value(true);
        }
    }

    /// What grows or shrinks moves nobody away: of itself the window is only scrolled back by what would be beyond the
    /// page, and is at its end then.
    pub(super) fn notice_leaving(self) {
        let (before, now) = (self.scrolled.get_value(), scrolled());
        self.scrolled.set_value(now);
        if now < before - 1.0 && now < end() - NEAR {
            self.at_end.set_value(false);
        }
    }

    pub(super) fn go_to_end(self) {
        window().scroll_to_with_x_and_y(0.0, end());
        self.scrolled.set_value(scrolled());
    }

    /// Scrolls without having been asked to.
    pub(super) fn scroll_by(self, by: f64) {
        window().scroll_by_with_x_and_y(0.0, by);
        self.scrolled.set_value(scrolled());
    }

    fn is_laid(self) -> bool {
        self.ol.try_get_untracked().flatten().is_some()
    }

    fn read_to_end(self) -> bool {
        self.is_laid() && self.roll.with_value(|r| r.items.last().is_some_and(|i| !matches!(i, Item::Gap(_))))
    }
}

fn scrolled() -> f64 {
    window().scroll_y().unwrap_or(0.0)
}

fn screen() -> f64 {
    window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or(900.0)
}

/// How far the page can be scrolled, px.
fn end() -> f64 {
    document().document_element().map_or(0.0, |page| f64::from(page.scroll_height()) - screen())
}
