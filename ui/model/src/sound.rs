//! The sound thread: what the microphone heard of late, as lines to draw. Silence is taut, sound swings.

use std::collections::VecDeque;
use std::fmt::Write;

use loom_schemas::live::Level;

/// A second of sound is this long; the thread's box is [`WIDTH`] by [`HEIGHT`].
pub const PX_S: f64 = 36.0;
pub const WIDTH: f64 = 2400.0;
pub const HEIGHT: f64 = 128.0;
/// Now, in the box: right of it is room for the time until the thread is drawn anew.
pub const NOW_X: f64 = 2300.0;
/// Half a swing: two levels of a tenth of a second.
const HALF_PX: f64 = 7.2;
const TALLEST_PX: f64 = 42.0;
/// Below this a swing cannot be told from a taut thread.
const LEAST_PX: f64 = 1.5;
/// Levels further apart than this have silence between them: nobody listened.
const GAP_S: f64 = 0.35;
const KEPT_S: f64 = NOW_X / PX_S + 1.0;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Heard {
    at_s: f64,
    px: f64,
    speech: bool,
}

/// Levels of the last minute.
#[derive(Clone, Debug, Default)]
pub struct Sound(VecDeque<Heard>);

/// SVG paths, each for one look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paths {
    pub taut: String,
    /// Speech.
    pub swing: String,
    /// Sound that is no speech: undyed.
    pub stir: String,
}

impl Sound {
    pub fn note(&mut self, at_s: f64, level: &Level) {
        while self.0.front().is_some_and(|h| h.at_s < at_s - KEPT_S) {
            self.0.pop_front();
        }
        self.0.push_back(Heard { at_s, px: swing_px(level.rms_db), speech: level.speech });
    }

    /// Whether anything drawn would move: a taut thread looks the same a second later.
    pub fn swings(&self, now_s: f64) -> bool {
        self.0.iter().rev().take_while(|h| h.at_s > now_s - KEPT_S).any(Heard::swings)
    }

    /// Whether the newest level is speech, and none has been missed since.
    pub fn speaks(&self, now_s: f64) -> bool {
        self.0.back().is_some_and(|h| h.speech && now_s - h.at_s < GAP_S)
    }

    /// Whether any of it was loud enough to be seen.
    pub fn was_heard(&self) -> bool {
        self.0.iter().any(Heard::swings)
    }

    /// The thread as it is at a moment, which lies at [`NOW_X`].
    pub fn paths(&self, now_s: f64) -> Paths {
        let mut paths = Paths::default();
        let mut taut_from = 0.0;
        let x = |at_s: f64| NOW_X + (at_s - now_s) * PX_S;
        for run in runs(&self.0) {
            let (from, to) = (x(run[0].at_s - 0.1).max(0.0), x(run[run.len() - 1].at_s));
            if to <= 0.0 {
                continue;
            }
            line(&mut paths.taut, taut_from, from);
            let path = if run[0].speech { &mut paths.swing } else { &mut paths.stir };
            swing(path, from, to, &run);
            taut_from = to;
        }
        line(&mut paths.taut, taut_from, WIDTH);
        paths
    }
}

impl Heard {
    fn swings(&self) -> bool {
        self.speech || self.px >= LEAST_PX
    }
}

/// Height of a swing for a loudness: speech at a desk, −40 to −15 dBFS, takes most of the room.
fn swing_px(rms_db: f32) -> f64 {
    let share = ((f64::from(rms_db) + 62.0) / 46.0).clamp(0.0, 1.0);
    TALLEST_PX * share.powf(1.8)
}

/// Levels that follow each other and look alike; what is taut is left out.
fn runs(all: &VecDeque<Heard>) -> Vec<Vec<Heard>> {
    let mut runs: Vec<Vec<Heard>> = Vec::new();
    let mut open = false;
    for heard in all {
        let joins = open && runs.last().and_then(|r| r.last()).is_some_and(|l| l.speech == heard.speech && heard.at_s - l.at_s < GAP_S);
        open = heard.swings();
        match runs.last_mut() {
            Some(run) if open && joins => run.push(*heard),
            _ if open => runs.push(vec![*heard]),
            _ => {}
        }
    }
    runs
}

fn line(path: &mut String, from: f64, to: f64) {
    if to > from {
        write!(path, "M{from:.1} {:.0}H{to:.1}", HEIGHT / 2.0).ok();
    }
}

/// Swings of one side after the other; each as high as what was heard there, small at both ends.
fn swing(path: &mut String, from: f64, to: f64, run: &[Heard]) {
    let halves = ((to - from) / HALF_PX).round().max(1.0);
    let half = (to - from) / halves;
    write!(path, "M{from:.1} {:.0}", HEIGHT / 2.0).ok();
    for i in 0..halves as usize {
        let at = (i as f64 + 0.5) / halves * run.len() as f64;
        let heard = run[(at as usize).min(run.len() - 1)];
        let end = i == 0 || i + 1 == halves as usize;
        let px = if end { 1.5 } else { heard.px.max(LEAST_PX) * uneven(heard.at_s) };
        let side = if i % 2 == 0 { -1.0 } else { 1.0 };
        // The middle of a quadratic curve lies half way to its control point.
        write!(path, "q{:.1} {:.1} {half:.1} 0", half / 2.0, side * px * 2.0).ok();
    }
}

/// 0.7 to 1, the same for the same moment: no voice is even.
fn uneven(at_s: f64) -> f64 {
    let tenth = (at_s * 10.0).round() as u64;
    0.7 + (tenth.wrapping_mul(2_654_435_761) >> 7 & 0xff) as f64 / 255.0 * 0.3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(levels: &[(f64, f32, bool)]) -> Sound {
        let mut sound = Sound::default();
        for &(at_s, rms_db, speech) in levels {
            sound.note(at_s, &Level { rms_db, peak_db: rms_db, speech });
        }
        sound
    }
    fn second(from_s: f64, rms_db: f32, speech: bool) -> Vec<(f64, f32, bool)> {
        (1..=10).map(|i| (from_s + f64::from(i) / 10.0, rms_db, speech)).collect()
    }

    #[test]
    fn silence_is_one_taut_line_and_nothing_moves() {
        let sound = heard(&second(100.0, -80.0, false));
        assert_eq!(sound.paths(101.0), Paths { taut: "M0.0 64H2400.0".into(), ..Paths::default() });
        assert!(!sound.swings(101.0) && !sound.speaks(101.0) && !sound.was_heard());
    }

    #[test]
    fn speech_swings_where_it_was_said_and_moves_on() {
        let mut levels = second(100.0, -80.0, false);
        levels.extend(second(101.0, -25.0, true));
        let sound = heard(&levels);
        let now = sound.paths(102.0);
        assert!(now.taut.starts_with("M0.0 64H2264.0") && now.swing.starts_with("M2264.0 64q"), "{now:?}");
        assert!(now.taut.ends_with("M2300.0 64H2400.0"), "{now:?}");
        assert!(sound.paths(103.0).swing.starts_with("M2228.0 64q"));
        assert!(sound.speaks(102.0) && !sound.speaks(103.0));
        assert!(sound.swings(110.0) && !sound.swings(170.0));
    }

    #[test]
    fn louder_is_higher_and_never_out_of_the_box() {
        let highest = |db: f32| {
            let d = heard(&second(0.0, db, true)).paths(1.0).swing;
            let ys = d.split('q').skip(1).map(|q| q.split(' ').nth(1).unwrap().parse::<f64>().unwrap().abs() / 2.0);
            ys.fold(0.0, f64::max)
        };
        let (soft, loud, all) = (highest(-45.0), highest(-25.0), highest(0.0));
        assert!(0.0 < soft && soft < loud && loud < all && all <= HEIGHT / 2.0, "{soft} {loud} {all}");
    }

    #[test]
    fn sound_that_is_no_speech_stirs_undyed() {
        let paths = heard(&second(0.0, -30.0, false)).paths(1.0);
        assert!(paths.swing.is_empty() && paths.stir.starts_with('M'));
    }

    #[test]
    fn a_time_without_levels_parts_two_runs() {
        let mut levels = second(0.0, -30.0, true);
        levels.extend(second(5.0, -30.0, true));
        assert_eq!(heard(&levels).paths(6.0).swing.matches('M').count(), 2);
    }

    #[test]
    fn what_is_out_of_sight_is_not_kept() {
        let sound = heard(&(0..3000).map(|i| (f64::from(i) / 10.0, -30.0, true)).collect::<Vec<_>>());
        assert!(sound.0.len() < 700, "{}", sound.0.len());
    }
}
