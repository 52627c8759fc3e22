//! The list of a day's lines: what is held of them, what is laid out, and what of that is in the document.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use loom_schemas::api::TimelineRow;
use loom_ui_model::timeline::guess::Guess;
use loom_ui_model::timeline::held::Held;
use loom_ui_model::timeline::roll::{Heights, Item, Roll, items};

use super::shown::Shown;
use super::view::BAR;
use crate::api::Trouble;
use crate::browser::offset_s;

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
    pub(super) heights: StoredValue<Heights>,
    pub(super) width: StoredValue<f64>,
    pub(super) run: StoredValue<Range<usize>>,
    /// A line, and where in the window it stays.
    pub(super) anchor: StoredValue<Option<(String, f64)>>,
    /// A line to be shown, and when it was said; once it is held.
    pub(super) aim: StoredValue<Option<(String, Option<i64>)>>,
    /// Where one went to the end: it is kept in view, whatever becomes known or comes, until one goes elsewhere.
    pub(super) at_end: StoredValue<bool>,
    /// How far the window was scrolled when that was looked at last, px.
    pub(super) scrolled: StoredValue<f64>,
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
            at_end: StoredValue::new(false),
            scrolled: StoredValue::new(0.0),
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
        self.at_end.set_value(false);
        self.aim.set_value(self.shown.line.get_untracked().map(|id| (id, None)));
        self.roll.set_value(Roll::default());
        self.held.set(Held::new(from, to));
        self.lay();
    }

    /// What is held changed, or what is wanted of it.
    pub fn lay(self) {
        self.notice_end();
        self.hold_still();
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

    /// Brings a line into view that may not be held.
    pub fn come_to(self, id: String) {
        self.aim.set_value(Some((id, None)));
        self.at_end.set_value(false);
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
