//! Consumer groups: what state they are in, in words, worst first.

use crate::numbers::{count, duration};

/// In the order in which a person wants to hear of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Down,
    Behind,
    Slow,
    /// The log named it, and did not say lately how it is.
    Unknown,
    /// By a person.
    Paused,
    Ok,
}

impl State {
    /// Its word, which is also its shape's name.
    pub fn word(self) -> &'static str {
        match self {
            State::Down => "down",
            State::Behind => "behind",
            State::Slow => "slow",
            State::Unknown => "unknown",
            State::Paused => "paused",
            State::Ok => "ok",
        }
    }
}

/// What is known of a group now.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub group: String,
    pub state: State,
    pub members: u64,
    pub lag: u64,
    /// Age of the oldest record that waits, in seconds, where it is known.
    pub oldest_s: Option<f64>,
    /// For how long nobody is a member, where the page saw it happen.
    pub empty_s: Option<f64>,
    pub topics: Vec<String>,
}

/// What a state is judged by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signs {
    pub members: u64,
    pub lag: u64,
    pub oldest_s: Option<f64>,
    pub empty_s: Option<f64>,
    /// Seconds since the log last said how its groups are.
    pub silent_s: f64,
}

const SLOW_S: f64 = 5.0;
const BEHIND_S: f64 = 60.0;
/// Without a member, and without news.
const PATIENCE_S: f64 = 30.0;
/// Until it is known how old the oldest record is, so many that wait say it: a record of audio is a fifth of a second to
/// a second long.
const SLOW: u64 = 25;
const BEHIND: u64 = 300;

pub fn state(signs: &Signs) -> State {
    let over = |seconds: f64, records: u64| signs.lag > 0 && signs.oldest_s.map_or(signs.lag >= records, |s| s >= seconds);
    match signs {
        s if s.silent_s > PATIENCE_S => State::Unknown,
        // One that was empty when the page came is taken to have been so for long.
        s if s.members == 0 && s.empty_s.is_none_or(|s| s >= PATIENCE_S) => State::Down,
        _ if over(BEHIND_S, BEHIND) => State::Behind,
        _ if over(SLOW_S, SLOW) => State::Slow,
        _ => State::Ok,
    }
}

impl Fact {
    /// Beside its name where it is not well: `6 min 40 s behind`, `slow, lag 3`, `down for 23 min 4 s`.
    pub fn says(&self) -> String {
        let lag = || if self.lag > 0 { format!("{}, lag {}", self.state.word(), count(self.lag)) } else { self.state.word().into() };
        match (self.state, self.oldest_s, self.empty_s) {
            (State::Behind, Some(s), _) => format!("{} behind", duration(s)),
            (State::Down, _, Some(s)) => format!("down for {}", duration(s)),
            (State::Behind | State::Slow | State::Down, ..) => lag(),
            _ => self.state.word().into(),
        }
    }

    /// The same as a sentence, with how lag grows (records a minute), and what is safe.
    pub fn tells(&self, grows: Option<f64>) -> String {
        let grows = match grows {
            Some(g) if g >= 0.5 => format!(", growing by {} records a minute", count(g.round() as u64)),
            Some(g) if g <= -0.5 => format!(", shrinking by {} records a minute", count(-g.round() as u64)),
            _ => String::new(),
        };
        let waits = match self.lag {
            0 => "Nothing waits.".to_string(),
            1 => "Nothing is lost: 1 record waits on the log.".to_string(),
            n => format!("Nothing is lost: {} records wait on the log.", count(n)),
        };
        let says = self.says();
        let says = says.split_once(", lag").map_or(says.as_str(), |(word, _)| word);
        match self.state {
            State::Ok if self.lag == 0 => "It has read everything.".into(),
            State::Ok => format!("{} behind. It keeps up.", lag_words(self.lag)),
            State::Down => format!("Nobody reads for this group: {says}. {waits}"),
            State::Unknown => "Loom has not said lately how it is. What is on the log is safe.".into(),
            State::Paused => format!("Paused. {waits}"),
            _ => format!("{}{grows}. {waits}", capital(says)),
        }
    }
}

fn lag_words(lag: u64) -> String {
    if lag == 1 { "1 record".into() } else { format!("{} records", count(lag)) }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Worst first, then the longest lag, then by name.
pub fn worst_first(mut facts: Vec<Fact>) -> Vec<Fact> {
    facts.sort_by(|a, b| a.state.cmp(&b.state).then(b.lag.cmp(&a.lag)).then(a.group.cmp(&b.group)));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(group: &str, signs: Signs) -> Fact {
        let Signs { members, lag, oldest_s, empty_s, .. } = signs;
        Fact { group: group.into(), state: state(&signs), members, lag, oldest_s, empty_s, topics: vec![] }
    }
    fn one(lag: u64) -> Signs {
        Signs { members: 1, lag, ..Signs::default() }
    }

    #[test]
    fn a_group_is_down_once_nobody_was_there_for_half_a_minute() {
        assert_eq!(state(&Signs::default()), State::Down, "empty from the start");
        assert_eq!(state(&Signs { empty_s: Some(29.0), ..Signs::default() }), State::Ok);
        assert_eq!(state(&Signs { empty_s: Some(30.0), ..Signs::default() }), State::Down);
        assert_eq!(state(&Signs { silent_s: 31.0, ..one(0) }), State::Unknown);
    }

    #[test]
    fn time_says_how_far_behind_and_records_until_it_is_known() {
        let aged = |oldest_s| state(&Signs { oldest_s: Some(oldest_s), ..one(900) }).word();
        assert_eq!([4.9, 5.0, 59.9, 60.0].map(aged), ["ok", "slow", "slow", "behind"]);
        assert_eq!([0, 24, 25, 299, 300].map(|lag| state(&one(lag)).word()), ["ok", "ok", "slow", "slow", "behind"]);
    }

    #[test]
    fn states_are_said_with_what_there_is_to_say() {
        let says = |signs| fact("g", signs).says();
        assert_eq!(says(Signs { oldest_s: Some(400.0), ..one(46) }), "6 min 40 s behind");
        assert_eq!(says(Signs { oldest_s: Some(28.0), ..one(3) }), "slow, lag 3");
        assert_eq!(says(Signs { empty_s: Some(1384.0), lag: 214, ..Signs::default() }), "down for 23 min 4 s");
        assert_eq!(says(Signs { lag: 3, ..Signs::default() }), "down, lag 3");
        let behind = fact("g", Signs { oldest_s: Some(400.0), ..one(46) });
        assert_eq!(
            behind.tells(Some(7.2)),
            "6 min 40 s behind, growing by 7 records a minute. Nothing is lost: 46 records wait on the log."
        );
        assert_eq!(fact("g", one(0)).tells(None), "It has read everything.");
        assert_eq!(fact("g", one(30)).tells(None), "Slow. Nothing is lost: 30 records wait on the log.");
    }

    #[test]
    fn the_worst_come_first() {
        let lost = Signs { lag: 3, ..Signs::default() };
        let sorted = worst_first(vec![fact("b", one(0)), fact("a", one(0)), fact("c", one(400)), fact("d", lost), fact("e", one(500))]);
        assert_eq!(sorted.iter().map(|g| g.group.as_str()).collect::<Vec<_>>(), ["d", "e", "c", "a", "b"]);
    }
}
