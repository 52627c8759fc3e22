//! When each word of a line is heard, also where the owner changed the wording: a word that stayed keeps its time, those
//! between share the time between.

use loom_schemas::api::TimelineRow;
use loom_schemas::payload::Word;

/// A word's begin and end, seconds into the line.
pub type Heard = (f64, f64);

/// One a word of the line's text.
pub fn times(row: &TimelineRow) -> Vec<Heard> {
    let text: Vec<&str> = row.text.split_whitespace().collect();
    if text.len() == row.words.len() && row.original.is_none() {
        return row.words.iter().map(|w| (w.start_s, w.end_s)).collect();
    }
    if row.words.is_empty() {
        return Vec::new();
    }
    spread(&text, &row.words, row.duration_s)
}

/// Where the word at a place begins: none if the line's words have no times.
pub fn start(row: &TimelineRow, word: usize) -> Option<f64> {
    times(row).get(word).map(|t| t.0)
}

/// The word that sounds: the last that has begun, until it has ended for a while.
pub fn heard(times: &[Heard], at_s: f64) -> Option<usize> {
    /// Words of a sentence follow each other; a pause longer than this lights nothing.
    const PAUSE_S: f64 = 0.4;
    let last = times.iter().rposition(|t| t.0 <= at_s)?;
    (at_s < times[last].1 + PAUSE_S).then_some(last)
}

/// Where to go from a time by so many words: the one before or after the one that sounds, or sounded last.
pub fn step(times: &[Heard], at_s: f64, by: isize) -> Option<f64> {
    /// A word just begun is not what "back" is asked for.
    const NEAR_S: f64 = 0.25;
    let now = times.iter().rposition(|t| t.0 <= at_s + 1e-3);
    let to = match now {
        None => (by > 0).then_some(0)?,
        Some(now) if by < 0 && at_s - times[now].0 > NEAR_S => now,
        Some(now) => now.checked_add_signed(by)?.min(times.len().checked_sub(1)?),
    };
    times.get(to).map(|t| t.0)
}

fn spread(text: &[&str], words: &[Word], duration_s: f64) -> Vec<Heard> {
    let kept = common(text, words);
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0.0;
    let mut kept = kept.into_iter().peekable();
    let mut at = 0;
    while at < text.len() {
        let next = kept.peek().copied();
        let (stop, until) = next.map_or((text.len(), duration_s), |(t, w)| (t, words[w].start_s));
        let share = ((until - from) / (stop - at).max(1) as f64).max(0.0);
        for n in 0..stop - at {
            out.push((from + share * n as f64, from + share * (n + 1) as f64));
        }
        if let Some((t, w)) = next {
            out.push((words[w].start_s, words[w].end_s));
            from = words[w].end_s;
            at = t + 1;
            kept.next();
        } else {
            at = stop;
        }
    }
    out
}

/// The longest run of words, in order, that both have: by dynamic programming, lines are short.
fn common(text: &[&str], words: &[Word]) -> Vec<(usize, usize)> {
    let plain = |w: &str| w.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let (a, b): (Vec<_>, Vec<_>) = (text.iter().map(|w| plain(w)).collect(), words.iter().map(|w| plain(&w.text)).collect());
    let mut longest = vec![vec![0u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            out.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::tests::row;

    #[test]
    fn words_have_the_recognisers_times() {
        assert_eq!(times(&row("2025-10-14T10:05:00Z", "a b")), [(0.0, 0.5), (1.0, 1.5)]);
        let mut unknown = row("2025-10-14T10:05:00Z", "a b");
        unknown.words.clear();
        assert_eq!(times(&unknown), []);
        assert_eq!(start(&row("2025-10-14T10:05:00Z", "a b"), 1), Some(1.0));
    }

    #[test]
    fn a_changed_word_shares_the_time_between_those_that_stayed() {
        let mut line = row("2025-10-14T10:05:00Z", "the more proposal the more");
        line.duration_s = 6.0;
        line.original = Some(line.text.clone());
        line.text = "The more of proposals, the more it is".into();
        let times = times(&line);
        assert_eq!(times.len(), 8);
        assert_eq!((times[0], times[1], times[4]), ((0.0, 0.5), (1.0, 1.5), (3.0, 3.5)));
        assert_eq!((times[2], times[3]), ((1.5, 2.25), (2.25, 3.0)));
        assert_eq!((times[6], times[7]), ((4.5, 5.25), (5.25, 6.0)));
    }

    #[test]
    fn the_word_that_sounds_is_lit_and_a_pause_lights_none() {
        let times = [(0.2, 0.5), (0.6, 0.9), (3.0, 3.2)];
        let at = [0.0, 0.2, 0.55, 0.7, 1.2, 2.0, 3.1, 9.0].map(|t| heard(&times, t));
        assert_eq!(at, [None, Some(0), Some(0), Some(1), Some(1), None, Some(2), None]);
        assert_eq!(heard(&[], 1.0), None);
    }

    #[test]
    fn one_goes_by_words() {
        let times = [(0.2, 0.5), (0.6, 0.9), (3.0, 3.2)];
        assert_eq!(
            [(0.0, 1), (0.2, 1), (0.7, 1), (3.1, 1)].map(|(at, by)| step(&times, at, by)),
            [Some(0.2), Some(0.6), Some(3.0), Some(3.0)]
        );
        assert_eq!(
            [(0.0, -1), (0.2, -1), (0.7, -1), (2.9, -1), (3.0, -1)].map(|(at, by)| step(&times, at, by)),
            [None, None, Some(0.2), Some(0.6), Some(0.6)]
        );
        assert_eq!(step(&[], 1.0, 1), None);
    }
}
