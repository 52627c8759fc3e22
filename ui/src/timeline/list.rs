//! The list of a day's lines. Only what is in view, and a screen above and below, is in the document; the rest is
//! padding of the height it has or may have. Whatever changes, the line at the top of the view stays where it is.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use loom_schemas::api::TimelineRow;
use loom_ui_model::timeline::guess::Guess;
use loom_ui_model::timeline::held::Held;
use loom_ui_model::timeline::roll::{Heights, Item, Roll, items};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::shown::Shown;
use crate::api::Trouble;
use crate::browser::offset_s;

/// What the bar covers of a page that was scrolled, px.
const BAR: f64 = 52.0;

#[derive(Clone, Copy)]
pub struct List {
    pub shown: Shown,
    pub held: RwSignal<Held>,
    /// Lines that were changed since they were drawn.
    pub changed: RwSignal<HashMap<String, Arc<TimelineRow>>>,
    /// What is in the document.
    pub unrolled: RwSignal<Vec<Item>>,
    /// Lines of the list that are held, and parts of it that were not read.
    pub laid: RwSignal<(usize, usize)>,
    pub trouble: RwSignal<Option<Trouble>>,
    pub ol: NodeRef<html::Ol>,
    pub(super) roll: StoredValue<Roll>,
    heights: StoredValue<Heights>,
    width: StoredValue<f64>,
    run: StoredValue<Range<usize>>,
    /// A line, and where in the window it stays.
    anchor: StoredValue<Option<(String, f64)>>,
    /// A line to be shown, and when it was said; once it is held.
    pub(super) aim: StoredValue<Option<(String, Option<i64>)>>,
    /// Stay at the end, where one is.
    follow: StoredValue<bool>,
    /// Answers to an earlier question are nobody's.
    pub(super) round: StoredValue<u32>,
    pub(super) busy: StoredValue<bool>,
}

impl List {
    pub fn new(shown: Shown) -> Self {
        Self {
            shown,
            held: RwSignal::new(Held::default()),
            changed: RwSignal::new(HashMap::new()),
            unrolled: RwSignal::new(Vec::new()),
            laid: RwSignal::new((0, 1)),
            trouble: RwSignal::new(None),
            ol: NodeRef::new(),
            roll: StoredValue::new(Roll::default()),
            heights: StoredValue::new(Heights::new(84.0)),
            width: StoredValue::new(0.0),
            run: StoredValue::new(0..0),
            anchor: StoredValue::new(None),
            aim: StoredValue::new(None),
            follow: StoredValue::new(false),
            round: StoredValue::new(0),
            busy: StoredValue::new(false),
        }
    }

    /// Another day, or other lines of it.
    pub fn begin(self, from: i64, to: i64) {
        self.round.update_value(|r| *r += 1);
        self.busy.set_value(false);
        self.trouble.set(None);
        self.changed.set(HashMap::new());
        self.anchor.set_value(None);
        self.follow.set_value(false);
        self.aim.set_value(self.shown.line.get_untracked().map(|id| (id, None)));
        self.held.set(Held::new(from, to));
        self.lay();
    }

    /// What is held changed, or what is wanted of it.
    pub fn lay(self) {
        self.hold_still();
        let at_end = self.at_end();
        self.follow.set_value(at_end);
        let shown = self.shown;
        let only = shown.only.get_untracked() != (false, false);
        let guess = shown.woven.with_untracked(|w| {
            w.as_ref().and_then(|day| {
                let off = shown.off.get_untracked();
                Guess::of(day, |source| !off.contains(source))
            })
        });
        let within = untrack(|| shown.bolt()).zip(shown.part.get_untracked()).map(|(bolt, part)| bolt.part(Some(part)));
        let all = self
            .held
            .with_untracked(|h| items(h, guess.as_ref().filter(|_| !only), within.unwrap_or(h.span()), |l| shown.wants(&l.row), offset_s));
        let gaps = all.iter().filter(|i| matches!(i, Item::Gap(_))).count();
        let lines = all.iter().filter(|i| matches!(i, Item::Line(_))).count();
        let roll = self.heights.with_value(|heights| Roll::new(all, heights));
        self.roll.set_value(roll);
        if self.laid.get_untracked() != (lines, gaps) {
            self.laid.set((lines, gaps));
        }
        self.unroll();
    }

    /// The window was scrolled: what comes into view is unrolled before it does.
    pub fn look(self) {
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

    fn unroll(self) {
        let (top, bottom) = self.view();
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
        let place = self.element(id).map(|e| (id.to_string(), e.get_bounding_client_rect().top()));
        self.anchor.set_value(place);
    }

    pub fn element(self, id: &str) -> Option<HtmlElement> {
        let ol = self.ol.try_get_untracked().flatten()?;
        // Ids of lines are hex digits and dashes: nothing that a selector would read otherwise.
        ol.query_selector(&format!("li[data-line=\"{id}\"]")).ok().flatten()?.dyn_into().ok()
    }

    /// Measures what was unrolled, pads for the rest, and puts the view back where it was.
    pub fn settle(self) {
        let Some(ol) = self.ol.try_get_untracked().flatten() else { return };
        self.learn_width(&ol);
        if self.measure(&ol) {
            self.heights.with_value(|h| self.roll.update_value(|r| r.measure(h)));
        }
        let (above, below) = self.roll.with_value(|r| r.around(&self.run.get_value()));
        let style = HtmlElement::style(&ol);
        style.set_property("padding-block", &format!("{above:.1}px {below:.1}px")).ok();
        if let Some((id, top)) = self.anchor.get_value()
            && let Some(line) = self.element(&id)
        {
            let moved = line.get_bounding_client_rect().top() - top;
            if moved.abs() >= 1.0 {
                window().scroll_by_with_x_and_y(0.0, moved);
            }
        }
        self.take_aim();
        if self.follow.get_value() {
            self.follow.set_value(false);
            window().scroll_to_with_x_and_y(0.0, f64::from(document().document_element().map_or(0, |e| e.scroll_height())));
        }
    }

    fn measure(self, ol: &HtmlElement) -> bool {
        let drawn = ol.children();
        let mut news = false;
        self.unrolled.with_untracked(|items| {
            self.heights.update_value(|heights| {
                for (n, item) in items.iter().enumerate() {
                    let Some(e) = drawn.item(n as u32).and_then(|e| e.dyn_into::<HtmlElement>().ok()) else { continue };
                    match item {
                        Item::Gap(_) => drop(e.style().set_property("block-size", &format!("{:.1}px", heights.of(item)))),
                        _ => news |= heights.measured(&item.key(), e.get_bounding_client_rect().height()),
                    }
                }
            });
        });
        news
    }

    /// Of another width no height is known.
    fn learn_width(self, ol: &HtmlElement) {
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

    /// Brings the line one came for into view.
    fn take_aim(self) {
        let Some((id, _)) = self.aim.get_value() else { return };
        let Some(place) = self.roll.with_value(|r| r.line(&id)) else { return };
        let (top, bottom) = self.view();
        let third = (bottom - top) / 3.0;
        let Some(line) = self.element(&id) else {
            // Far away: the scroll unrolls it, and it is aimed at again.
            let by = self.roll.with_value(|r| r.top(place)) - top - third;
            window().scroll_by_with_x_and_y(0.0, by);
            self.anchor.set_value(None);
            return self.look();
        };
        self.aim.set_value(None);
        let at = line.get_bounding_client_rect();
        if at.top() < BAR || at.bottom() > bottom - top {
            window().scroll_by_with_x_and_y(0.0, at.top() - third);
        }
        self.hold_still();
    }

    /// At the end of the list of today, where new lines come.
    fn at_end(self) -> bool {
        let today = untrack(|| self.shown.day.get() == Some(self.shown.today()));
        let Some(page) = document().document_element().filter(|_| today) else { return false };
        let height = window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or(0.0);
        let scrolled = window().scroll_y().unwrap_or(0.0);
        scrolled > 0.0 && scrolled + height >= f64::from(page.scroll_height()) - 8.0
    }

    /// Once what was set is in the document.
    pub fn settle_soon(self) {
        spawn_local(async move {
            tick().await;
            self.settle();
        });
    }

    /// Brings a line into view that may not be held.
    pub fn come_to(self, id: String) {
        self.aim.set_value(Some((id, None)));
        self.fill();
    }

    /// Seconds of speech in the lines shown, where all were read.
    pub fn speech_s(self) -> f64 {
        self.roll.with_value(|r| {
            let line = |i: &Item| if let Item::Line(l) = i { l.line.row.duration_s } else { 0.0 };
            r.items.iter().map(line).sum()
        })
    }

    /// How many lines there may be, those not read yet guessed.
    pub fn guessed(self) -> Option<f64> {
        self.roll.with_value(|r| {
            let one = |i: &Item| match i {
                Item::Hour(..) => Some(0.0),
                Item::Line(_) => Some(1.0),
                Item::Gap(gap) => gap.lines,
            };
            r.items.iter().map(one).sum()
        })
    }

    /// The line as it is now.
    pub fn row(self, id: &str) -> Option<Arc<TimelineRow>> {
        let changed = self.changed.with_untracked(|c| c.get(id).cloned());
        changed.or_else(|| self.held.with_untracked(|h| h.find(id).map(|l| l.row.clone())))
    }

    /// The line so many places after one.
    pub fn beside(self, id: &str, by: isize) -> Option<String> {
        self.roll.with_value(|r| {
            let lines: Vec<&str> = r.items.iter().filter_map(line_id).collect();
            let at = lines.iter().position(|l| *l == id)?.checked_add_signed(by)?;
            lines.get(at).map(|l| (*l).to_string())
        })
    }

    /// The first line in view.
    pub fn first_seen(self) -> Option<String> {
        let (top, bottom) = self.view();
        self.roll.with_value(|r| r.items[r.seen(top + BAR, bottom)].iter().find_map(line_id).map(str::to_string))
    }

    /// A new line, or one that was changed.
    pub fn put(self, row: TimelineRow) {
        let known = self.held.with_untracked(|h| h.find(&row.message_id).is_some());
        if known {
            self.changed.update(|c| drop(c.insert(row.message_id.clone(), Arc::new(row.clone()))));
        }
        if self.held.try_update(|h| h.put(row)) == Some(true) {
            self.lay();
        }
    }

    pub fn remove(self, id: &str) {
        if self.held.try_update(|h| h.remove(id)) == Some(true) {
            self.changed.update(|c| drop(c.remove(id)));
            self.lay();
        }
    }
}

fn line_id(item: &Item) -> Option<&str> {
    match item {
        Item::Line(l) => Some(&l.line.row.message_id),
        _ => None,
    }
}
