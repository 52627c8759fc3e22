//! Lines of the timeline: hours, words, what is masked, and which word is heard now.

use loom_schemas::api::TimelineRow;
use loom_schemas::payload::{Masked, Word};

use crate::kinds::kind;
use crate::time::{clock, epoch, hour};

/// An hour of a day and what was said in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hour {
    /// `10:00`
    pub name: String,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub row: TimelineRow,
    /// `10:02`
    pub clock: String,
    /// The line before has the same minute: written for readers of the page's text alone.
    pub repeated: bool,
}

/// Oldest first, by local hour. A line whose time cannot be read is left out.
pub fn by_hour(rows: Vec<TimelineRow>, offset_s: impl Fn(i64) -> i64) -> Vec<Hour> {
    let mut timed: Vec<(i64, TimelineRow)> = rows.into_iter().filter_map(|r| epoch(&r.recorded_at).map(|t| (t, r))).collect();
    timed.sort_by(|a, b| a.1.recorded_at.cmp(&b.1.recorded_at));
    let mut hours: Vec<Hour> = Vec::new();
    let mut last = String::new();
    for (t, row) in timed {
        let offset = offset_s(t);
        let (name, at) = (format!("{:02}:00", hour(t, offset)), clock(t, offset));
        if hours.last().is_none_or(|h| h.name != name) {
            hours.push(Hour { name, lines: Vec::new() });
        }
        let line = Line { row, repeated: at == last, clock: at.clone() };
        last = at;
        if let Some(hour) = hours.last_mut() {
            hour.lines.push(line);
        }
    }
    hours
}

/// A word of a line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Word(String),
    /// Taken out by the privacy filter: its kind.
    Mask(String),
}

/// The line's words in order, those that were masked as their kind. A line without words is its text.
pub fn shown(row: &TimelineRow) -> Vec<Shown> {
    if row.words.is_empty() {
        return row.text.split_whitespace().map(|w| Shown::Word(w.into())).collect();
    }
    let mut at = 0;
    row.words
        .iter()
        .map(|word| {
            let (start, end) = (at, at + word.text.chars().count());
            at = end + 1;
            match row.masked.iter().find(|m| overlaps(m, start, end)) {
                Some(mask) => Shown::Mask(kind(&mask.entity_type)),
                None => Shown::Word(word.text.clone()),
            }
        })
        .collect()
}

fn overlaps(mask: &Masked, start: usize, end: usize) -> bool {
    (mask.start as usize) < end && start < mask.end as usize
}

/// Which word sounds at a time in the line: the last that has begun, until it has ended for a while.
pub fn heard(words: &[Word], at_s: f64) -> Option<usize> {
    /// Words of a sentence follow each other; a pause longer than this lights nothing.
    const PAUSE_S: f64 = 0.4;
    let last = words.iter().rposition(|w| w.start_s <= at_s)?;
    (at_s < words[last].end_s + PAUSE_S).then_some(last)
}

/// Length of the dash before a line: 6 px and 1.5 px a second, to a minute's.
pub fn pick_px(duration_s: f64) -> f64 {
    6.0 + 1.5 * duration_s.clamp(0.0, 60.0)
}

/// Seconds of speech in all.
pub fn speech_s(rows: &[TimelineRow]) -> f64 {
    rows.iter().map(|r| r.duration_s).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, start_s: f64, end_s: f64) -> Word {
        Word { text: text.into(), start_s, end_s, confidence: 0.9 }
    }
    fn row(at: &str, text: &str) -> TimelineRow {
        TimelineRow {
            message_id: at.into(),
            recorded_at: at.into(),
            duration_s: 2.0,
            device_id: "d".into(),
            source: "a.flac".into(),
            text: text.into(),
            words: text.split(' ').enumerate().map(|(i, w)| word(w, i as f64, i as f64 + 0.5)).collect(),
            masked: vec![],
            language: "en".into(),
            audio: None,
            starred: false,
            original: None,
        }
    }

    #[test]
    fn lines_stand_in_their_local_hour_oldest_first() {
        let rows = vec![row("2025-10-14T10:05:00Z", "c"), row("2025-10-14T09:59:10Z", "a"), row("2025-10-14T09:59:50Z", "b")];
        let hours = by_hour(rows, |_| 3600);
        assert_eq!(hours.iter().map(|h| h.name.as_str()).collect::<Vec<_>>(), ["10:00", "11:00"]);
        let first: Vec<_> = hours[0].lines.iter().map(|l| (l.row.text.as_str(), l.clock.as_str(), l.repeated)).collect();
        assert_eq!(first, [("a", "10:59", false), ("b", "10:59", true)]);
    }

    #[test]
    fn a_masked_word_is_its_kind() {
        let mut line = row("2025-10-14T10:05:00Z", "über <CREDIT_CARD> now");
        line.masked = vec![Masked { entity_type: "CREDIT_CARD".into(), start: 5, end: 18, score: 1.0 }];
        assert_eq!(shown(&line), [Shown::Word("über".into()), Shown::Mask("card number".into()), Shown::Word("now".into())]);
    }

    #[test]
    fn a_line_without_words_is_its_text() {
        let mut line = row("2025-10-14T10:05:00Z", "one two");
        line.words.clear();
        assert_eq!(shown(&line), [Shown::Word("one".into()), Shown::Word("two".into())]);
    }

    #[test]
    fn the_word_that_sounds_is_lit_and_a_pause_lights_none() {
        let words = [word("a", 0.2, 0.5), word("b", 0.6, 0.9), word("c", 3.0, 3.2)];
        let at = [0.0, 0.2, 0.55, 0.7, 1.2, 2.0, 3.1, 9.0].map(|t| heard(&words, t));
        assert_eq!(at, [None, Some(0), Some(0), Some(1), Some(1), None, Some(2), None]);
        assert_eq!(heard(&[], 1.0), None);
    }

    #[test]
    fn a_dash_is_as_long_as_the_speech() {
        assert_eq!((pick_px(0.0), pick_px(8.2), pick_px(600.0)), (6.0, 18.299_999_999_999_997, 96.0));
    }
}
