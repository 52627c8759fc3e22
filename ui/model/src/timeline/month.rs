//! A month as a calendar shows it: weeks from Monday to Sunday.

use crate::time::{Day, MONTHS};

/// A calendar month; 1 is January.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    pub year: i64,
    pub month: i64,
}

impl Month {
    pub fn of(day: Day) -> Self {
        let (year, month, _) = day.civil();
        Self { year, month }
    }
    pub fn first(self) -> Day {
        Day::of_civil(self.year, self.month, 1)
    }
    pub fn last(self) -> Day {
        self.by(1).first().before()
    }
    /// So many months later.
    pub fn by(self, months: i64) -> Self {
        let months = self.year * 12 + self.month - 1 + months;
        Self { year: months.div_euclid(12), month: months.rem_euclid(12) + 1 }
    }
    /// `October 2025`
    pub fn name(self) -> String {
        format!("{} {}", MONTHS[(self.month - 1) as usize], self.year)
    }
    /// Weeks of seven; a place that is another month's is None.
    pub fn weeks(self) -> Vec<[Option<Day>; 7]> {
        let first = self.first();
        let monday = first.0 - first.weekday() as i64;
        let days = first..=self.last();
        let place = |week: i64, weekday: usize| Some(Day(monday + week * 7 + weekday as i64)).filter(|d| days.contains(d));
        (0..6)
            .map(|week| std::array::from_fn(|weekday| place(week, weekday)))
            .filter(|w: &[Option<Day>; 7]| w.iter().any(Option::is_some))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_weeks_from_monday() {
        let month = Month::of(Day::from_date("2025-10-14").unwrap());
        assert_eq!(month.name(), "October 2025");
        let weeks = month.weeks();
        assert_eq!(weeks.len(), 5);
        assert_eq!(weeks[0][..3], [None, None, Some(month.first())], "it began on a Wednesday");
        assert_eq!(weeks[4][4], Some(month.last()));
        assert_eq!(weeks.iter().flatten().flatten().count(), 31);
    }

    #[test]
    fn months_turn_over_the_year() {
        let december = Month { year: 2025, month: 12 };
        assert_eq!(december.by(1), Month { year: 2026, month: 1 });
        assert_eq!(december.by(-12), Month { year: 2024, month: 12 });
        assert_eq!(Month { year: 2024, month: 2 }.last().date(), "2024-02-29");
        assert_eq!(Month { year: 2026, month: 2 }.weeks().len(), 5);
    }
}
