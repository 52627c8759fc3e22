//! Where in a day its lines are, as far as the cloth says: how long an unread part of the list will be, and which time
//! a place in it stands for.

use loom_schemas::live::Day;

use crate::time::micros;

/// Lines over time, guessed from how much of each three minutes was speech.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    from: i64,
    /// Microseconds of a step.
    step: i64,
    /// Lines before the end of each step.
    sums: Vec<f64>,
}

impl Guess {
    /// `shown`: whether a source is. None where a day says nothing.
    pub fn of(day: &Day, shown: impl Fn(&str) -> bool) -> Option<Self> {
        let (from, to) = (micros(&day.from)?, micros(&day.to)?);
        let steps = day.rows.iter().map(|r| r.levels.len()).max().filter(|n| *n > 0)?;
        // A level is the root of a share, times seven.
        let share = |row: &loom_schemas::live::DayRow, at: usize| f64::from(row.levels.get(at).copied().unwrap_or(0)).powi(2);
        let total: f64 = day.rows.iter().map(|r| (0..steps).map(|at| share(r, at)).sum::<f64>()).sum();
        let a_line = if total > 0.0 { day.lines as f64 / total } else { 0.0 };
        let mut sum = 0.0;
        let sums = (0..steps)
            .map(|at| {
                sum += day.rows.iter().filter(|r| shown(&r.source)).map(|r| share(r, at)).sum::<f64>() * a_line;
                sum
            })
            .collect();
        Some(Self { from, step: ((to - from) / steps as i64).max(1), sums })
    }

    /// Lines between two times.
    pub fn lines(&self, from: i64, to: i64) -> f64 {
        (self.before(to) - self.before(from)).max(0.0)
    }

    /// The time by which so much of the lines between two others (0 to 1) has passed.
    pub fn time(&self, from: i64, to: i64, share: f64) -> i64 {
        let wanted = self.before(from) + self.lines(from, to) * share.clamp(0.0, 1.0);
        let (mut low, mut high) = (from, to);
        while high - low > self.step / 64 + 1 {
            let middle = low + (high - low) / 2;
            if self.before(middle) < wanted { low = middle } else { high = middle }
        }
        low
    }

    fn before(&self, time: i64) -> f64 {
        let at = (time - self.from).clamp(0, self.step * self.sums.len() as i64);
        let (step, inside) = ((at / self.step) as usize, (at % self.step) as f64 / self.step as f64);
        let sum = |step: usize| if step == 0 { 0.0 } else { self.sums[step - 1] };
        if step == self.sums.len() { sum(step) } else { sum(step) + (self.sums[step] - sum(step)) * inside }
    }
}

#[cfg(test)]
mod tests {
    use loom_schemas::live::DayRow;

    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn day() -> Day {
        let row = |source: &str, levels: &[u8]| DayRow { source: source.into(), levels: levels.to_vec() };
        Day {
            date: "1970-01-01".into(),
            from: "1970-01-01T00:00:00Z".into(),
            to: "1970-01-01T00:12:00Z".into(),
            lines: 100,
            speech_s: 400.0,
            rows: vec![row("a", &[0, 6, 0, 0]), row("b", &[0, 0, 0, 8])],
        }
    }

    #[test]
    fn lines_are_where_speech_is() {
        let guess = Guess::of(&day(), |_| true).unwrap();
        assert_eq!(guess.lines(0, 3 * MINUTE), 0.0);
        assert!((guess.lines(0, 12 * MINUTE) - 100.0).abs() < 1e-9);
        assert!((guess.lines(3 * MINUTE, 6 * MINUTE) - 36.0).abs() < 1e-9);
        assert!((guess.lines(0, 4 * MINUTE + MINUTE / 2) - 18.0).abs() < 1e-9);
        let alone = Guess::of(&day(), |s| s == "a").unwrap();
        assert!((alone.lines(0, 12 * MINUTE) - 36.0).abs() < 1e-9);
    }

    #[test]
    fn a_place_in_the_list_is_a_time() {
        let guess = Guess::of(&day(), |_| true).unwrap();
        let half = guess.time(0, 12 * MINUTE, 0.18);
        assert!((half - (4 * MINUTE + MINUTE / 2)).abs() < 5 * 1_000_000, "{half}");
        assert!(guess.time(0, 12 * MINUTE, 0.68) > 9 * MINUTE);
        assert_eq!(guess.time(5 * MINUTE, 5 * MINUTE, 0.5), 5 * MINUTE);
    }

    #[test]
    fn a_day_that_says_nothing_is_no_guess() {
        assert_eq!(Guess::of(&Day::default(), |_| true), None);
        let silent = Day { rows: vec![DayRow { source: "a".into(), levels: vec![0; 4] }], ..day() };
        assert_eq!(Guess::of(&silent, |_| true).unwrap().lines(0, 12 * MINUTE), 0.0);
    }
}
