//! A line's id, which is its rowid in table and index: microseconds since 1970, then its length in words. A span
//! of time is a span of ids, and ranking knows a match's length without looking anywhere: the table of
//! lengths that FTS5 keeps otherwise cost most of a search, a page decrypted for nearly every match.

use crate::env::Time;

const LENGTH_BITS: u32 = 6;
const MAX_LENGTH: i64 = (1 << LENGTH_BITS) - 1;
/// Years beyond 4253, or before −313, share one moment.
const EDGE: i64 = i64::MAX >> (LENGTH_BITS + 1);

/// The first id of a moment.
pub(super) fn first(at: Time) -> i64 {
    at.micros().clamp(-EDGE, EDGE) << LENGTH_BITS
}

/// The id of so many words at a moment; 63 stands for more.
pub(super) fn of(at: Time, words: usize) -> i64 {
    first(at) | i64::try_from(words).unwrap_or(MAX_LENGTH).min(MAX_LENGTH)
}

/// Of the same length, a microsecond later.
pub(super) fn next(id: i64) -> i64 {
    id.saturating_add(1 << LENGTH_BITS)
}

/// In words.
pub(super) fn length(id: i64) -> f64 {
    (id & MAX_LENGTH) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_as_times_are_and_keep_the_length() {
        let times = [i64::MIN, -1, 0, 1, 1_767_225_600_000_000, i64::MAX];
        for pair in times.windows(2) {
            assert!(of(Time(pair[0]), 1000) < first(Time(pair[1])), "{pair:?}");
        }
        for (words, kept) in [(0, 0.0), (12, 12.0), (63, 63.0), (64, 63.0), (usize::MAX, 63.0)] {
            for t in times {
                assert_eq!(length(of(Time(t), words)), kept);
                assert_eq!(length(next(of(Time(t), words))), kept);
            }
        }
    }
}
