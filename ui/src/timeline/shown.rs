//! What the page shows: its address, which says it all, and what goes with it.

use std::collections::BTreeSet;

use leptos::ev;
use leptos::prelude::*;
use loom_schemas::api::TimelineRow;
use loom_schemas::live;
use loom_ui_model::time::Day;
use loom_ui_model::timeline::address::{Address, Part};
use loom_ui_model::timeline::cloth::Bolt;
use loom_ui_model::token::Page;

use super::deck::Deck;
use super::list::List;
use crate::browser::{hash, now, offset_s};
use crate::dyes::Dyes;
use crate::shell::Toasts;

/// Everything the parts of the page share.
#[derive(Clone, Copy)]
pub struct Room {
    pub shown: Shown,
    pub list: List,
    pub deck: Deck,
    pub toasts: Toasts,
    /// A line's id and its wording so far: it outlives the line's being scrolled away.
    pub draft: RwSignal<Option<(String, String)>>,
}

/// Whether going back leads to what was before a change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Further,
    Same,
}

#[derive(Clone, Copy)]
pub struct Shown {
    address: RwSignal<Address>,
    /// None until the newest line is known: then its day.
    pub day: Memo<Option<Day>>,
    /// The message id of the open line.
    pub line: Memo<Option<String>>,
    pub query: Memo<String>,
    pub everywhere: Memo<bool>,
    pub part: Memo<Option<Part>>,
    /// Only starred lines, only masked ones.
    pub only: Memo<(bool, bool)>,
    /// Sources whose lines are not shown.
    pub off: RwSignal<BTreeSet<String>>,
    dyes: Dyes,
    /// The day as cloth, where Loom has it.
    pub woven: RwSignal<Option<live::Day>>,
    /// When what a search found was said, in microseconds.
    pub hits: RwSignal<Vec<i64>>,
    /// Seconds since 1970, every half minute.
    pub now: RwSignal<i64>,
}

impl Shown {
    pub fn new() -> Self {
        let address = RwSignal::new(Address::from_hash(&hash()));
        let turned = window_event_listener(ev::hashchange, move |_| {
            let hash = hash();
            if Page::from_hash(&hash) == Page::Timeline && address.get_untracked().hash() != hash {
                address.set(Address::from_hash(&hash));
            }
        });
        on_cleanup(move || turned.remove());
        Self {
            address,
            day: Memo::new(move |_| address.with(|a| a.day)),
            line: Memo::new(move |_| address.with(|a| a.line.clone())),
            query: Memo::new(move |_| address.with(|a| a.query.trim().to_string())),
            everywhere: Memo::new(move |_| address.with(|a| a.everywhere)),
            part: Memo::new(move |_| address.with(|a| a.part)),
            only: Memo::new(move |_| address.with(|a| (a.starred, a.masked))),
            off: RwSignal::new(BTreeSet::new()),
            dyes: Dyes::of_page(),
            woven: RwSignal::new(None),
            hits: RwSignal::new(Vec::new()),
            now: RwSignal::new(now()),
        }
    }

    /// Shows something else, and says so in the address.
    pub fn go(self, step: Step, change: impl FnOnce(&mut Address)) {
        let mut address = self.address.get_untracked();
        change(&mut address);
        if address == self.address.get_untracked() {
            return;
        }
        if let Ok(history) = window().history()
            && Page::from_hash(&hash()) == Page::Timeline
        {
            let (nothing, hash) = (wasm_bindgen::JsValue::NULL, address.hash());
            let written = match step {
                Step::Further => history.push_state_with_url(&nothing, "", Some(&hash)),
                Step::Same => history.replace_state_with_url(&nothing, "", Some(&hash)),
            };
            // A browser that does not let its address be changed still shows what was asked for.
            written.ok();
        }
        self.address.set(address);
    }

    pub fn turn(self, day: Day) {
        self.go(Step::Further, |a| {
            a.day = Some(day);
            (a.line, a.part) = (None, None);
        });
    }
    pub fn choose(self, line: Option<String>) {
        self.go(Step::Same, |a| a.line = line);
    }
    pub fn query_as_typed(self) -> String {
        self.address.with(|a| a.query.clone())
    }
    pub fn today(self) -> Day {
        let now = self.now.get();
        Day::of(now, offset_s(now))
    }
    /// From when until when the day lasts: as Loom says, or else where this browser is.
    pub fn bolt(self) -> Option<Bolt> {
        let day = self.day.get()?;
        let woven = self.woven.with(|w| w.as_ref().filter(|w| w.date == day.date()).and_then(Bolt::of));
        Some(woven.unwrap_or_else(|| local(day)))
    }
    pub fn dye(self, source: &str) -> String {
        self.dyes.class(source)
    }
    /// Whether a line is among those asked for.
    pub fn wants(self, row: &TimelineRow) -> bool {
        let (starred, masked) = self.only.get_untracked();
        (!starred || row.starred) && (!masked || !row.masked.is_empty()) && !self.off.with_untracked(|off| off.contains(&row.source))
    }
}

/// A day where this browser is.
fn local(day: Day) -> Bolt {
    let start = |day: Day| day.start(offset_s(day.start(0))) * 1_000_000;
    Bolt { from: start(day), to: start(day.after()) }
}
