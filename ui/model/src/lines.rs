//! Lines of the timeline: words, what is masked, and which word is heard now.

use loom_schemas::api::TimelineRow;
use loom_schemas::payload::Masked;

use crate::kinds::kind;

/// A word of a line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Word(String),
    /// Taken out by the privacy filter: its kind.
    Mask(String),
}

/// The text's words in order, those that were masked as their kind.
pub fn shown(row: &TimelineRow) -> Vec<Shown> {
    counted(row).into_iter().map(|(_, shown)| shown).collect()
}

/// The same, each with its place among the text's words: a mask may cover several of them.
pub fn counted(row: &TimelineRow) -> Vec<(usize, Shown)> {
    let mut before = None;
    let one = |(n, (start, word)): (usize, (usize, &str))| {
        let mask = row.masked.iter().position(|m| overlaps(m, start, start + word.chars().count()));
        let shown = match mask {
            Some(_) if mask == before => None,
            Some(m) => Some(Shown::Mask(kind(&row.masked[m].entity_type))),
            None => Some(Shown::Word(word.into())),
        };
        before = mask;
        shown.map(|s| (n, s))
    };
    placed(&row.text).into_iter().enumerate().filter_map(one).collect()
}

/// Words and where they begin, in Unicode scalar values as masks count.
fn placed(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let mut out = Vec::new();
    for piece in text.split(char::is_whitespace) {
        if !piece.is_empty() {
            out.push((at, piece));
        }
        at += piece.chars().count() + 1;
    }
    out
}

fn overlaps(mask: &Masked, start: usize, end: usize) -> bool {
    (mask.start as usize) < end && start < mask.end as usize
}

/// Length of the dash before a line: 6 px and 1.5 px a second, to a minute's.
pub fn pick_px(duration_s: f64) -> f64 {
    6.0 + 1.5 * duration_s.clamp(0.0, 60.0)
}

/// A line's text with its masks as their kinds: for a clipboard, a label.
pub fn plain(row: &TimelineRow) -> String {
    let words = shown(row).into_iter().map(|s| match s {
        Shown::Word(word) => word,
        Shown::Mask(kind) => format!("[{kind}]"),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(crate) mod tests {
    use loom_schemas::payload::Word;

    use super::*;

    fn word(text: &str, start_s: f64, end_s: f64) -> Word {
        Word { text: text.into(), start_s, end_s, confidence: 0.9 }
    }
    pub(crate) fn row(at: &str, text: &str) -> TimelineRow {
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
    fn a_masked_word_is_its_kind() {
        let mut line = row("2025-10-14T10:05:00Z", "über <CREDIT_CARD> now");
        line.masked = vec![Masked { entity_type: "CREDIT_CARD".into(), start: 5, end: 18, score: 1.0 }];
        assert_eq!(shown(&line), [Shown::Word("über".into()), Shown::Mask("card number".into()), Shown::Word("now".into())]);
    }

    #[test]
    fn a_mask_over_several_words_is_shown_once() {
        let mut line = row("2025-10-14T10:05:00Z", "at one  two three. four");
        line.masked = vec![Masked { entity_type: "STREET".into(), start: 3, end: 18, score: 1.0 }];
        let word = |w: &str| Shown::Word(w.into());
        assert_eq!(counted(&line), [(0, word("at")), (1, Shown::Mask("street".into())), (4, word("four"))]);
        assert_eq!(plain(&line), "at [street] four");
    }

    #[test]
    fn a_dash_is_as_long_as_the_speech() {
        assert_eq!((pick_px(0.0), pick_px(8.2), pick_px(600.0)), (6.0, 18.299_999_999_999_997, 96.0));
    }
}
