//! How high what was unrolled is.

use leptos::prelude::*;
use loom_ui_model::timeline::roll::{Heights, Item};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::list::List;

impl List {
    /// Whether a height is news.
    pub(super) fn measure(self, ol: &HtmlElement) -> bool {
        let mut news = false;
        self.drawn(ol, |item, e, heights| {
            if !matches!(item, Item::Gap(_)) {
                news |= heights.measured(&item.key(), e.get_bounding_client_rect().height());
            }
        });
        news
    }

    /// Gaps are as high as the list takes them for: by what was measured now, or the view would be beside the list.
    pub(super) fn stretch(self, ol: &HtmlElement) {
        self.drawn(ol, |item, e, heights| {
            if let Item::Gap(_) = item {
                e.style().set_property("block-size", &format!("{:.1}px", heights.of(item))).ok();
            }
        });
    }

    fn drawn(self, ol: &HtmlElement, mut each: impl FnMut(&Item, &HtmlElement, &mut Heights)) {
        let drawn = ol.children();
        self.unrolled.with_untracked(|items| {
            self.heights.update_value(|heights| {
                for (n, item) in items.iter().enumerate() {
                    if let Some(e) = drawn.item(n as u32).and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
                        each(item, &e, heights);
                    }
                }
            });
        });
    }

    /// Of another width no height is known.
    pub(super) fn learn_width(self, ol: &HtmlElement) {
        /// Of a character of what was said, on average, px.
        const CHARACTER: f64 = 7.7;
        let width = ol.get_bounding_client_rect().width();
        let words = ol.query_selector(".said > .words").ok().flatten().map(|w| w.get_bounding_client_rect().width());
        if let Some(words) = words.filter(|_| (width - self.width.get_value()).abs() > 1.0) {
            self.width.set_value(width);
            self.heights.update_value(|h| {
                h.row_chars = words / CHARACTER;
                h.forget();
            });
            self.heights.with_value(|h| self.roll.update_value(|r| r.measure(h)));
        }
    }
}
