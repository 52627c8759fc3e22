//! The list as a roll of which only what is in view is unrolled: what stands in it, how high each is as far as one knows,
//! and which of it is seen from where.

use std::collections::HashMap;
use std::ops::Range;

use super::guess::Guess;
use super::held::{Held, HeldLine};
use crate::time::hour;

/// Something of the list; all have one place in it, from top to bottom.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// When it begins, seconds since 1970, and its name, `10:00`.
    Hour(i64, String),
    Line(LineItem),
    /// Not read yet: from when until when, and how many lines that may be.
    Gap(Gap),
}

#[derive(Clone, Debug, PartialEq)]
pub struct LineItem {
    pub line: HeldLine,
    /// Local, of the day.
    pub minute: i64,
    /// The line before has the same minute: written for readers of the page's text alone.
    pub repeated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    pub from: i64,
    pub to: i64,
    /// None where nothing is known of it.
    pub lines: Option<f64>,
}

/// Tells items apart, also when others come in between.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Hour(i64),
    Line(u64, bool),
    Gap(i64),
}

impl Item {
    pub fn key(&self) -> Key {
        match self {
            Self::Hour(at, _) => Key::Hour(*at),
            Self::Line(l) => Key::Line(l.line.mark, l.repeated),
            Self::Gap(g) => Key::Gap(g.from),
        }
    }
}

/// What stands in the list of a part of the day: hours, those lines that are wanted, and what was not read.
pub fn items(
    held: &Held,
    guess: Option<&Guess>,
    within: (i64, i64),
    wanted: impl Fn(&HeldLine) -> bool,
    offset_s: impl Fn(i64) -> i64,
) -> Vec<Item> {
    let mut out = Vec::with_capacity(held.lines().len() + 26);
    let inside = |(from, to): (i64, i64)| (from.max(within.0), to.min(within.1));
    let mut gaps = held.gaps().into_iter().map(inside).filter(|(from, to)| from < to).peekable();
    let (mut last_hour, mut last_minute) = (None, None);
    let mut zone = Zone { quarter: i64::MIN, offset_s: 0 };
    let gap = |(from, to)| Item::Gap(Gap { from, to, lines: guess.map(|g| g.lines(from, to)) });
    for line in held.lines().iter().filter(|l| (within.0..within.1).contains(&l.at) && wanted(l)) {
        // A gap begins with the moment of the last line that was read: there may be more of it.
        while let Some(before) = gaps.next_if(|(from, _)| *from < line.at) {
            out.push(gap(before));
            last_minute = None;
        }
        let second = line.at.div_euclid(1_000_000);
        let offset = zone.at(second, &offset_s);
        let begin = second - (second + offset).rem_euclid(3600);
        if last_hour != Some(begin) {
            out.push(Item::Hour(begin, format!("{:02}:00", hour(second, offset))));
            last_hour = Some(begin);
        }
        let minute = (second + offset).div_euclid(60);
        out.push(Item::Line(LineItem { line: line.clone(), repeated: last_minute == Some(minute), minute: minute.rem_euclid(1440) }));
        last_minute = Some(minute);
    }
    out.extend(gaps.map(gap));
    out
}

impl LineItem {
    /// `10:02`
    pub fn clock(&self) -> String {
        format!("{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

/// The local offset, asked for once a quarter of an hour: zones change at none shorter.
struct Zone {
    quarter: i64,
    offset_s: i64,
}

impl Zone {
    fn at(&mut self, second: i64, ask: &impl Fn(i64) -> i64) -> i64 {
        let quarter = second.div_euclid(900);
        if quarter != self.quarter {
            *self = Self { quarter, offset_s: ask(second) };
        }
        self.offset_s
    }
}

/// Heights that were measured, and guesses for the rest, in px.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heights {
    known: HashMap<Key, f64>,
    /// Of all lines measured: what an unknown one is taken for.
    sum: f64,
    lines: f64,
    /// Characters that fit in a row of words.
    pub row_chars: f64,
}

impl Heights {
    const HOUR: f64 = 42.0;
    /// Padding of a line, and a row of words.
    const PADDING: f64 = 14.0;
    const ROW: f64 = 24.0;
    /// A gap of which nothing is known is as high as a few lines that are on their way.
    const UNKNOWN_GAP: f64 = 8.0;

    pub fn new(row_chars: f64) -> Self {
        Self { row_chars, ..Self::default() }
    }
    /// True if it is news.
    pub fn measured(&mut self, key: &Key, height: f64) -> bool {
        let before = self.known.insert(key.clone(), height);
        if let Key::Line(..) = key {
            self.sum += height - before.unwrap_or(0.0);
            self.lines += if before.is_none() { 1.0 } else { 0.0 };
        }
        before.is_none_or(|b| (b - height).abs() > 0.5)
    }
    /// Of another width nothing is known.
    pub fn forget(&mut self) {
        *self = Self::new(self.row_chars);
    }
    fn mean(&self) -> f64 {
        if self.lines < 1.0 { Self::PADDING + Self::ROW } else { self.sum / self.lines }
    }
    pub fn of(&self, item: &Item) -> f64 {
        let known = || self.known.get(&item.key()).copied();
        match item {
            // As many lines as it is said to hold, whatever was drawn of it.
            Item::Gap(g) => g.lines.unwrap_or(Self::UNKNOWN_GAP) * self.mean(),
            Item::Hour(..) => known().unwrap_or(Self::HOUR),
            Item::Line(l) => known().unwrap_or_else(|| {
                let rows = (l.line.row.text.chars().count() as f64 / self.row_chars.max(10.0)).ceil().max(1.0);
                Self::PADDING + Self::ROW * rows
            }),
        }
    }
}

/// Items and where each begins, px from the list's top.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roll {
    pub items: Vec<Item>,
    tops: Vec<f64>,
}

impl Roll {
    pub fn new(items: Vec<Item>, heights: &Heights) -> Self {
        let mut roll = Self { items, tops: Vec::new() };
        roll.measure(heights);
        roll
    }
    pub fn measure(&mut self, heights: &Heights) {
        self.tops.clear();
        self.tops.push(0.0);
        let mut at = 0.0;
        for item in &self.items {
            at += heights.of(item);
            self.tops.push(at);
        }
    }
    pub fn height(&self) -> f64 {
        self.tops.last().copied().unwrap_or(0.0)
    }
    pub fn top(&self, item: usize) -> f64 {
        self.tops.get(item).copied().unwrap_or_else(|| self.height())
    }
    /// Height of all that is above and below a run of items.
    pub fn around(&self, run: &Range<usize>) -> (f64, f64) {
        (self.top(run.start), (self.height() - self.top(run.end)).max(0.0))
    }
    /// What is seen between two heights; what only touches is in.
    pub fn seen(&self, top: f64, bottom: f64) -> Range<usize> {
        let ends = self.tops.get(1..).unwrap_or_default();
        let first = ends.partition_point(|end| *end < top).min(self.items.len());
        let last = self.tops.partition_point(|start| *start <= bottom).min(self.items.len());
        first..last.max(first)
    }
    /// Where an item is.
    pub fn place(&self, wanted: impl Fn(&Item) -> bool) -> Option<usize> {
        self.items.iter().position(wanted)
    }
    pub fn line(&self, message_id: &str) -> Option<usize> {
        self.place(|i| matches!(i, Item::Line(l) if l.line.row.message_id == message_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::tests::row;
    use crate::timeline::held::Side;

    const S: i64 = 1_000_000;
    const DAY: (i64, i64) = (0, 86_400 * S);

    fn held(times: &[&str], full: bool) -> Held {
        let mut held = Held::new(0, 86_400 * S);
        let rows = times.iter().map(|t| row(&format!("1970-01-01T{t}Z"), "one two three")).collect();
        held.take((0, 86_400 * S), Side::Oldest, rows, full);
        held
    }
    fn names(items: &[Item]) -> Vec<String> {
        let name = |i: &Item| match i {
            Item::Hour(_, name) => name.clone(),
            Item::Line(l) if l.repeated => format!("({})", l.clock()),
            Item::Line(l) => l.clock(),
            Item::Gap(_) => "gap".into(),
        };
        items.iter().map(name).collect()
    }

    #[test]
    fn lines_stand_in_their_local_hour_and_what_is_not_read_between_them() {
        let held = held(&["09:59:10", "09:59:50", "10:05:00"], true);
        assert_eq!(names(&items(&held, None, DAY, |_| true, |_| 3600)), ["10:00", "10:59", "(10:59)", "11:00", "11:05", "gap"]);
        let none = Held::new(0, S);
        assert_eq!(names(&items(&none, None, DAY, |_| true, |_| 0)), ["gap"]);
        let part = (36_000 * S, 36_301 * S);
        assert_eq!(names(&items(&held, None, part, |_| true, |_| 3600)), ["11:00", "11:05", "gap"], "a part of the day");
    }

    #[test]
    fn lines_that_are_not_wanted_leave_no_hour_behind() {
        let held = held(&["09:59:10", "10:05:00"], false);
        assert_eq!(names(&items(&held, None, DAY, |l| l.at > 36_000 * S, |_| 0)), ["10:00", "10:05"]);
    }

    #[test]
    fn only_what_is_in_view_is_unrolled() {
        let held = held(&["09:00:10", "09:10:50", "09:20:00", "09:30:00"], false);
        let mut heights = Heights::new(80.0);
        let mut roll = Roll::new(items(&held, None, DAY, |_| true, |_| 0), &heights);
        assert_eq!((roll.items.len(), roll.height()), (5, 42.0 + 4.0 * 38.0));
        assert_eq!(roll.seen(100.0, 130.0), 2..4);
        assert_eq!(roll.around(&(2..4)), (80.0, 38.0));
        let key = roll.items[1].key();
        assert!(heights.measured(&key, 62.2) && !heights.measured(&key, 62.0));
        roll.measure(&heights);
        assert_eq!((roll.top(2), roll.height()), (104.0, 218.0));
        assert_eq!(roll.seen(-500.0, -400.0), 0..0);
        assert_eq!(roll.seen(900.0, 990.0), 5..5);
    }

    #[test]
    fn a_gap_is_as_high_as_the_lines_it_may_hold() {
        let heights = Heights::new(80.0);
        let gap = |lines| Item::Gap(Gap { from: 0, to: 1, lines });
        assert_eq!(heights.of(&gap(Some(100.0))), 3800.0);
        assert_eq!(heights.of(&gap(Some(0.0))), 0.0);
        assert!(heights.of(&gap(None)) > 100.0);
        let empty = Roll::new(vec![gap(Some(0.0))], &heights);
        assert_eq!(empty.seen(0.0, 900.0), 0..1, "what has no height is still seen, and read");
    }

    #[test]
    fn a_line_is_found_by_its_id() {
        let held = held(&["09:00:10", "09:10:50"], false);
        let roll = Roll::new(items(&held, None, DAY, |_| true, |_| 0), &Heights::default());
        assert_eq!(roll.line("1970-01-01T09:10:50Z"), Some(2));
        assert_eq!(roll.line("x"), None);
    }
}
