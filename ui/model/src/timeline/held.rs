//! What of a span of time the page holds: lines in order, and which parts of it have been read. The rest are gaps, read
//! when they come into view.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use loom_schemas::api::TimelineRow;

use crate::time::micros;

/// A line that is held.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldLine {
    /// Microseconds since 1970.
    pub at: i64,
    /// Of its id: what tells lines apart in a hurry.
    pub mark: u64,
    pub row: Arc<TimelineRow>,
}

impl HeldLine {
    fn new(at: i64, row: TimelineRow) -> Self {
        let mut hasher = DefaultHasher::new();
        row.message_id.hash(&mut hasher);
        Self { at, mark: hasher.finish(), row: Arc::new(row) }
    }
    fn key(&self) -> (i64, &str) {
        (self.at, &self.row.message_id)
    }
}

/// Which lines of a gap are asked for first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Oldest,
    Newest,
}

/// Times are microseconds since 1970; a span is from its begin up to its end, which is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    span: (i64, i64),
    lines: Vec<HeldLine>,
    /// In order, apart from each other.
    read: Vec<(i64, i64)>,
}

impl Held {
    pub fn new(from: i64, to: i64) -> Self {
        Self { span: (from, to), ..Self::default() }
    }
    pub fn span(&self) -> (i64, i64) {
        self.span
    }
    pub fn lines(&self) -> &[HeldLine] {
        &self.lines
    }
    /// All of the span has been read.
    pub fn whole(&self) -> bool {
        self.gaps().is_empty()
    }
    /// What has not been read, in order.
    pub fn gaps(&self) -> Vec<(i64, i64)> {
        let mut at = self.span.0;
        let mut gaps = Vec::new();
        for &(from, to) in &self.read {
            if at < from {
                gaps.push((at, from));
            }
            at = at.max(to);
        }
        if at < self.span.1 {
            gaps.push((at, self.span.1));
        }
        gaps
    }

    /// An answer to "the lines of this span, from this side". `full`: there may be more on the other side. The line at
    /// the answer's end may have others of its very time behind it, so that moment stays to be read.
    pub fn take(&mut self, (from, to): (i64, i64), side: Side, rows: Vec<TimelineRow>, full: bool) {
        let times: Vec<i64> = rows.iter().filter_map(|r| micros(&r.recorded_at)).collect();
        let read = match (full, side) {
            (false, _) => (from, to),
            // More lines of one moment than an answer holds: what is behind them comes first.
            (true, Side::Oldest) => (from, times.iter().copied().max().unwrap_or(to).max(from + 1)),
            (true, Side::Newest) => ((times.iter().copied().min().unwrap_or(from) + 1).min(to - 1), to),
        };
        self.add_read(read);
        let inside = |r: &TimelineRow| micros(&r.recorded_at).is_some_and(|at| (from..to).contains(&at));
        self.add_lines(rows.into_iter().filter(inside).collect());
    }

    /// A line that is new or was changed. What is not read yet will come when it is; whether it was taken.
    pub fn put(&mut self, row: TimelineRow) -> bool {
        let Some(at) = micros(&row.recorded_at) else { return false };
        let known = self.place(&row.message_id).is_some();
        let wanted = known || self.read.iter().any(|(from, to)| (*from..*to).contains(&at));
        if wanted {
            self.add_lines(vec![row]);
        }
        wanted
    }

    /// Takes a line out; true if it was held.
    pub fn remove(&mut self, message_id: &str) -> bool {
        let place = self.place(message_id);
        place.map(|at| self.lines.remove(at)).is_some()
    }

    /// Lets go of all but what is between two times: something may have been missed, so it is read again when it is wanted.
    pub fn keep(&mut self, (from, to): (i64, i64)) {
        self.lines.retain(|l| (from..to).contains(&l.at));
        self.read.iter_mut().for_each(|r| *r = (r.0.max(from), r.1.min(to)));
        self.read.retain(|(from, to)| from < to);
    }

    /// The lines of this span as they are now, oldest first; those that are gone from it go. `full`: there may be more.
    /// Answers what was changed of lines that were held.
    pub fn renew(&mut self, (from, to): (i64, i64), rows: Vec<TimelineRow>, full: bool) -> Vec<TimelineRow> {
        let last = rows.iter().filter_map(|r| micros(&r.recorded_at)).max();
        let to = last.filter(|_| full).unwrap_or(to);
        let changed = |r: &&TimelineRow| self.find(&r.message_id).is_some_and(|l| *l.row != **r);
        let news: Vec<TimelineRow> = rows.iter().filter(changed).cloned().collect();
        self.lines.retain(|l| !(from..to).contains(&l.at));
        if full {
            self.keep((from, to));
        }
        self.add_lines(rows);
        news
    }

    pub fn find(&self, message_id: &str) -> Option<&HeldLine> {
        self.place(message_id).map(|at| &self.lines[at])
    }

    fn place(&self, message_id: &str) -> Option<usize> {
        self.lines.iter().position(|l| l.row.message_id == message_id)
    }

    fn add_lines(&mut self, rows: Vec<TimelineRow>) {
        for row in rows {
            let Some(at) = micros(&row.recorded_at) else { continue };
            let line = HeldLine::new(at, row);
            match self.lines.binary_search_by(|l| l.key().cmp(&line.key())) {
                Ok(same) => self.lines[same] = line,
                Err(place) => self.lines.insert(place, line),
            }
        }
    }

    fn add_read(&mut self, (from, to): (i64, i64)) {
        let mut all = std::mem::take(&mut self.read);
        all.push((from, to));
        all.sort_unstable();
        for (from, to) in all {
            match self.read.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => self.read.push((from, to)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::tests::row;
    use crate::time::rfc3339_us;

    fn at(second: i64, id: &str) -> TimelineRow {
        TimelineRow { message_id: id.into(), ..row(&rfc3339_us(second * 1_000_000), id) }
    }
    fn s(second: i64) -> i64 {
        second * 1_000_000
    }
    fn ids(held: &Held) -> String {
        held.lines().iter().map(|l| l.row.message_id.as_str()).collect()
    }

    #[test]
    fn a_span_is_read_page_by_page_from_both_sides() {
        let mut held = Held::new(s(0), s(100));
        assert_eq!(held.gaps(), [(s(0), s(100))]);
        held.take((s(0), s(100)), Side::Oldest, vec![at(1, "a"), at(2, "b")], true);
        assert_eq!(held.gaps(), [(s(2), s(100))], "others may share the last line's time");
        held.take((s(2), s(100)), Side::Newest, vec![at(90, "z"), at(80, "y")], true);
        assert_eq!(held.gaps(), [(s(2), s(80) + 1)]);
        held.take((s(2), s(80) + 1), Side::Oldest, vec![at(2, "b"), at(2, "c"), at(80, "y")], false);
        assert!(held.whole());
        assert_eq!(ids(&held), "abcyz");
    }

    #[test]
    fn many_lines_of_one_moment_do_not_hold_up_the_rest() {
        let mut held = Held::new(s(0), s(10));
        held.take((s(0), s(10)), Side::Oldest, vec![at(0, "a"), at(0, "b")], true);
        assert_eq!(held.gaps(), [(s(0) + 1, s(10))]);
        held.take((s(9), s(10)), Side::Newest, vec![], true);
        assert_eq!(held.gaps().len(), 1);
    }

    #[test]
    fn a_new_line_is_taken_where_its_time_has_been_read() {
        let mut held = Held::new(s(0), s(100));
        assert!(!held.put(at(50, "m")), "the page that holds it brings it");
        held.take((s(0), s(100)), Side::Oldest, vec![at(1, "a")], false);
        assert!(held.put(at(50, "m")) && held.put(at(20, "k")));
        assert_eq!(ids(&held), "akm");
        let mut star = at(20, "k");
        star.starred = true;
        assert!(held.put(star));
        assert_eq!(ids(&held), "akm");
        assert!(held.find("k").unwrap().row.starred);
        assert!(held.remove("k") && !held.remove("k"));
        assert_eq!(ids(&held), "am");
    }

    #[test]
    fn what_may_have_been_missed_is_read_again() {
        let mut held = Held::new(s(0), s(100));
        held.take((s(0), s(100)), Side::Oldest, vec![at(1, "a"), at(40, "b"), at(50, "c"), at(60, "d"), at(90, "e")], false);
        held.keep((s(40), s(61)));
        assert_eq!((ids(&held).as_str(), held.gaps()), ("bcd", vec![(s(0), s(40)), (s(61), s(100))]));
        let mut star = at(60, "d");
        star.starred = true;
        let news = held.renew((s(40), s(61)), vec![at(40, "b"), at(45, "late"), star], false);
        assert_eq!(ids(&held), "blated", "one came, one is gone");
        assert_eq!(news.iter().map(|r| r.message_id.as_str()).collect::<Vec<_>>(), ["d"]);
        assert!(held.find("d").unwrap().row.starred);
        held.renew((s(40), s(61)), vec![at(40, "b"), at(41, "x"), at(42, "y")], true);
        assert_eq!(held.gaps(), [(s(0), s(40)), (s(42), s(100))], "what did not fit in the answer is still to be read");
    }
}
