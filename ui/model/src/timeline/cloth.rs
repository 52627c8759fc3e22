//! The day as cloth: x is the minute (0 to 1440), a row a source, eight wefts of 3 px a row.

use loom_schemas::live::Day;

use super::address::Part;
use crate::time::micros;

/// Minutes across, also on the two days a year that have more or fewer.
pub const ACROSS: f64 = 1440.0;

/// Wefts in the order in which they are dyed: from the middle out.
const ORDER: [usize; 7] = [3, 4, 2, 5, 1, 6, 0];

/// One path for a row, of levels 0 to 7: runs of dyed wefts, smoothed 1-2-1.
pub fn weft(levels: &[u8]) -> String {
    let levels = smooth(levels);
    let x = |step: usize| step as f64 * ACROSS / levels.len().max(1) as f64;
    let mut out = String::new();
    for weft in 0..ORDER.len() {
        let dyed = |level: u8| ORDER[..usize::from(level.min(7))].contains(&weft);
        let mut at = 0;
        while at < levels.len() {
            let run = levels[at..].iter().take_while(|l| dyed(**l)).count();
            if run > 0 {
                out += &format!("M{} {}h{}", short(x(at)), 1 + 3 * weft, short(x(at + run) - x(at)));
            }
            at += run.max(1);
        }
    }
    out
}

fn smooth(levels: &[u8]) -> Vec<u8> {
    let at = |n: usize, by: isize| n.checked_add_signed(by).and_then(|n| levels.get(n)).map_or(0, |l| u16::from(*l));
    (0..levels.len()).map(|n| ((at(n, -1) + 2 * at(n, 0) + at(n, 1) + 2) / 4) as u8).collect()
}

/// At most two places behind the point.
fn short(n: f64) -> String {
    let text = format!("{n:.2}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// A warp thread each half hour.
pub fn warp() -> String {
    (0..=48).map(|n| format!("M{} 0v10", n * 30)).collect()
}

/// From when until when a day lasts, in microseconds, and its minutes across.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bolt {
    pub from: i64,
    pub to: i64,
}

impl Bolt {
    pub fn of(day: &Day) -> Option<Self> {
        let bolt = Self { from: micros(&day.from)?, to: micros(&day.to)? };
        (bolt.from < bolt.to).then_some(bolt)
    }
    /// Where a time is, kept inside.
    pub fn x(self, time: i64) -> f64 {
        ((time - self.from) as f64 / (self.to - self.from) as f64 * ACROSS).clamp(0.0, ACROSS)
    }
    pub fn time(self, x: f64) -> i64 {
        self.from + ((self.to - self.from) as f64 * x / ACROSS) as i64
    }
    pub fn part(self, part: Option<Part>) -> (i64, i64) {
        part.map_or((self.from, self.to), |(from, to)| (self.time(from.into()), self.time(to.into())))
    }
    /// Every second hour: where it stands, and its name. `hour`: the local hour and minute of a time in seconds.
    pub fn hours(self, hour: impl Fn(i64) -> (u8, u8)) -> Vec<(f64, String)> {
        const STEP_S: i64 = 900;
        let (from, to) = (self.from / 1_000_000, self.to / 1_000_000);
        let mut out: Vec<(f64, String)> = Vec::new();
        for at in (from..to).step_by(STEP_S as usize) {
            let (h, m) = hour(at);
            let name = format!("{h:02}");
            if m == 0 && h % 2 == 0 && out.last().is_none_or(|(_, last)| *last != name) {
                out.push((self.x(at * 1_000_000), name));
            }
        }
        out
    }
}

/// Which end of the brush a pointer has hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    From,
    To,
    /// All of it, so many minutes behind its begin.
    All(i32),
    /// A new one, from here.
    New(u16),
}

/// A brush is five minutes at least.
const LEAST: u16 = 5;
const END: u16 = 1440;

/// What a pointer takes hold of at a minute. `near`: minutes that an end is wide.
pub fn hold(part: Option<Part>, at: u16, near: u16) -> Hold {
    match part {
        Some((from, _)) if at.abs_diff(from) <= near => Hold::From,
        Some((_, to)) if at.abs_diff(to) <= near => Hold::To,
        Some((from, to)) if (from..to).contains(&at) => Hold::All(i32::from(at) - i32::from(from)),
        _ => Hold::New(at),
    }
}

/// The brush once the pointer is at a minute. None is the whole day.
pub fn pulled(part: Option<Part>, hold: Hold, at: u16) -> Option<Part> {
    let at = at.min(END);
    match (hold, part) {
        (Hold::From, Some((_, to))) => Some((at.min(to.saturating_sub(LEAST)), to)),
        (Hold::To, Some((from, _))) => Some((from, at.max(from + LEAST).min(END))),
        (Hold::All(behind), Some((from, to))) => {
            let long = i32::from(to - from);
            let from = (i32::from(at) - behind).clamp(0, i32::from(END) - long);
            Some((from as u16, (from + long) as u16))
        }
        (Hold::New(start), _) => (at.abs_diff(start) >= LEAST).then(|| (at.min(start), at.max(start))),
        (_, None) => None,
    }
}

/// By the keyboard: ten minutes on, or longer. What is not there begins at a minute.
pub fn moved(part: Option<Part>, by: i32, longer: bool, begin: u16) -> Part {
    let Some((from, to)) = part else {
        let from = begin.min(END - 60);
        return (from, from + 60);
    };
    let add = |n: u16| (i32::from(n) + by).clamp(0, i32::from(END)) as u16;
    if longer {
        return (from, add(to).max(from + LEAST).min(END));
    }
    let long = to - from;
    let from = add(from).min(END - long);
    (from, from + long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wefts_are_dyed_from_the_middle_out_in_runs() {
        assert_eq!(weft(&[0; 480]), "");
        let mut levels = vec![0u8; 480];
        levels[160..170].fill(3);
        let path = weft(&levels);
        assert_eq!(path, "M483 7h24M477 10h36M480 13h30", "its ends are smoothed");
        let mut lone = vec![0u8; 480];
        lone[7] = 1;
        assert_eq!(weft(&lone), "M21 10h3");
        assert_eq!(weft(&[7; 460]).matches("h1440").count(), 5, "a short day fills the cloth too, but for its smoothed ends");
    }

    #[test]
    fn a_day_goes_across_and_back() {
        let bolt = Bolt { from: 0, to: 86_400_000_000 };
        assert_eq!((bolt.x(43_200_000_000), bolt.time(720.0)), (720.0, 43_200_000_000));
        assert_eq!((bolt.x(-5), bolt.x(i64::MAX / 2)), (0.0, 1440.0));
        assert_eq!(bolt.part(Some((60, 120))), (3_600_000_000, 7_200_000_000));
        assert_eq!(bolt.part(None), (bolt.from, bolt.to));
        assert_eq!(Bolt::of(&Day::default()), None);
    }

    #[test]
    fn hours_are_named_also_when_one_is_skipped() {
        let hour = |s: i64| ((s / 3600) as u8, (s / 60 % 60) as u8);
        let hours = Bolt { from: 0, to: 86_400_000_000 }.hours(hour);
        assert_eq!((hours.len(), hours[4].clone()), (12, (480.0, "08".to_string())));
        let spring = Bolt { from: 0, to: 82_800_000_000 }.hours(|s| hour(if s >= 7200 { s + 3600 } else { s }));
        assert_eq!(spring.iter().map(|(_, n)| n.as_str()).collect::<Vec<_>>()[..3], ["00", "04", "06"]);
        assert_eq!(spring.len(), 11);
    }

    #[test]
    fn a_brush_is_drawn_pulled_and_moved() {
        let part = Some((600, 660));
        assert_eq!([605, 655, 630, 100].map(|at| hold(part, at, 8)), [Hold::From, Hold::To, Hold::All(30), Hold::New(100)]);
        assert_eq!(pulled(None, Hold::New(100), 40), Some((40, 100)));
        assert_eq!(pulled(part, Hold::New(100), 102), None, "a click is the whole day");
        assert_eq!(pulled(part, Hold::From, 700), Some((655, 660)));
        assert_eq!(pulled(part, Hold::To, 9999), Some((600, 1440)));
        assert_eq!([0, 2000, 700].map(|at| pulled(part, Hold::All(30), at)), [Some((0, 60)), Some((1380, 1440)), Some((670, 730))]);
    }

    #[test]
    fn a_brush_goes_by_the_keyboard() {
        assert_eq!(moved(None, 10, false, 540), (540, 600));
        assert_eq!(moved(None, 10, false, 1439), (1380, 1440));
        assert_eq!(moved(Some((600, 660)), 10, false, 0), (610, 670));
        assert_eq!(moved(Some((600, 660)), -10, true, 0), (600, 650));
        assert_eq!(moved(Some((600, 605)), -10, true, 0), (600, 605));
        assert_eq!(moved(Some((1380, 1440)), 10, false, 0), (1380, 1440));
    }
}
