//! What of a day was not read yet is read when it comes near: a page at a time, one after the other.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::api::TimelineRow;
use loom_ui_model::retry::wait_s;
use loom_ui_model::time::{Day, micros};
use loom_ui_model::timeline::address::encoded;
use loom_ui_model::timeline::guess::Guess;
use loom_ui_model::timeline::held::{Held, Side};
use loom_ui_model::timeline::roll::{Gap, Item};
use serde::Deserialize;

use super::ask::{FIRST_PAGE, PAGE, line, time};
use super::list::List;
use super::shown::Step;
use crate::api::{Trouble, get};
use crate::browser::{offset_s, sleep};

type Span = (i64, i64);

#[derive(Deserialize)]
pub(super) struct Page {
    pub lines: Vec<TimelineRow>,
}

impl List {
    /// Reads what is nearest, if anything in or near the view is missing.
    pub fn fill(self) {
        if self.busy.get_value() || self.shown.day.try_get_untracked().flatten().is_none() {
            return;
        }
        let round = self.round.get_value();
        if let Some((id, None)) = self.aim.get_value().filter(|(id, _)| self.row(id).is_none()) {
            self.busy.set_value(true);
            spawn_local(async move {
                let found = line(&id).await;
                self.done(round, |list| list.aim_known(&id, found));
            });
        } else if let Some((span, side)) = self.nearest() {
            self.busy.set_value(true);
            let most = if self.held.with_untracked(|h| h.lines().is_empty()) { FIRST_PAGE } else { PAGE };
            let path = self.path(span, side, most);
            spawn_local(async move { self.read(round, path, (span, side), most).await });
        }
    }

    async fn read(self, round: u32, path: String, (span, side): (Span, Side), most: usize) {
        for failed in 1.. {
            match get::<Page>(&path).await {
                Ok(Page { lines }) => {
                    return self.done(round, |list| {
                        let full = lines.len() >= most;
                        list.trouble.set(None);
                        list.held.update(|h| h.take(span, side, lines, full));
                        list.lay();
                    });
                }
                Err(trouble) => {
                    if self.round.try_get_value() != Some(round) {
                        return;
                    }
                    // The shell says that Loom is gone; it is asked again until it is back.
                    let denied = trouble == Trouble::Denied;
                    if trouble != Trouble::Lost {
                        self.trouble.set(Some(trouble));
                    }
                    if denied {
                        return;
                    }
                    sleep(f64::from(wait_s(failed))).await;
                }
            }
        }
    }

    fn done(self, round: u32, then: impl FnOnce(Self)) {
        if self.round.try_get_value() == Some(round) {
            self.busy.set_value(false);
            then(self);
        }
    }

    /// When the line one came for was said; one that is gone is not waited for.
    fn aim_known(self, id: &str, found: Result<TimelineRow, Trouble>) {
        let Some(at) = found.ok().and_then(|row| micros(&row.recorded_at)) else {
            self.aim.set_value(None);
            return self.lay();
        };
        let (from, to) = self.held.with_untracked(Held::span);
        if (from..to).contains(&at) {
            self.aim.set_value(Some((id.to_string(), Some(at))));
            return self.lay();
        }
        // Of another day than the address says.
        let second = at.div_euclid(1_000_000);
        self.shown.go(Step::Same, |a| a.day = Some(Day::of(second, offset_s(second))));
    }

    fn nearest(self) -> Option<(Span, Side)> {
        let (top, bottom) = self.wanted();
        let near = bottom - top;
        let guess = self.shown.woven.with_untracked(|w| w.as_ref().and_then(|day| Guess::of(day, |_| true)));
        self.roll.with_value(|roll| {
            if let Some((_, Some(at))) = self.aim.get_value() {
                let around = roll.items.iter().filter_map(gap).find(|g| (g.from..g.to).contains(&at));
                if let Some(gap) = around {
                    return Some(((at, gap.to), Side::Oldest));
                }
            }
            let seen = roll.seen(top - near, bottom + near);
            let gaps = seen.filter_map(|n| Some((n, gap(&roll.items[n])?)));
            // What is in the view comes before what is above and below it.
            let away = |n: usize| (roll.top(n) - bottom).max(top - roll.top(n + 1)).max(0.0);
            let (n, gap) = gaps.min_by(|a, b| away(a.0).total_cmp(&away(b.0)))?;
            let (begin, end) = (roll.top(n), roll.top(n + 1));
            if begin >= top - near {
                return Some(((gap.from, gap.to), Side::Oldest));
            }
            if end <= bottom + near {
                return Some(((gap.from, gap.to), Side::Newest));
            }
            let time = guess?.time(gap.from, gap.to, (top - begin) / (end - begin));
            Some(((time.clamp(gap.from, gap.to - 1), gap.to), Side::Oldest))
        })
    }

    pub(super) fn path(self, (from, to): Span, side: Side, most: usize) -> String {
        let order = if side == Side::Oldest { "asc" } else { "desc" };
        format!("/api/timeline?from={}&to={}&order={order}&limit={most}{}", time(from), time(to), self.only())
    }

    /// What narrows the lines asked for, as more of a query.
    pub fn only(self) -> &'static str {
        match self.shown.only.get_untracked() {
            (false, false) => "",
            (true, false) => "&starred=true",
            (false, true) => "&masked=true",
            (true, true) => "&starred=true&masked=true",
        }
    }

    /// The same with the one source that is left, where all others are switched off.
    pub fn narrowed(self) -> String {
        let off = self.shown.off.get_untracked();
        let sources = self.shown.woven.with_untracked(|w| w.iter().flat_map(|d| &d.rows).map(|r| r.source.clone()).collect::<Vec<_>>());
        let mut on = sources.into_iter().filter(|s| !off.contains(s));
        match (on.next(), on.next()) {
            (Some(source), None) if !off.is_empty() => format!("{}&source={}", self.only(), encoded(&source)),
            _ => self.only().into(),
        }
    }
}

fn gap(item: &Item) -> Option<Gap> {
    match item {
        Item::Gap(gap) => Some(*gap),
        _ => None,
    }
}
