//! Consumer groups: what state they are in, worst first.

use loom_schemas::api::GroupRow;

/// In the order in which a person wants to hear of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Down,
    Behind,
    Slow,
    /// The log named it, and did not say how it is.
    Unknown,
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
            State::Ok => "ok",
        }
    }
}

/// Records waiting from which a group counts as slow, and as behind. The answer has no times yet; a record of audio
/// is a fifth of a second to a second long, so these are about 5 s and 60 s of speech.
const SLOW: u64 = 25;
const BEHIND: u64 = 300;

/// A group that nobody is a member of is down.
pub fn state(group: &GroupRow) -> State {
    match (group.members, group.lag) {
        (0, _) => State::Down,
        (_, lag) if lag >= BEHIND => State::Behind,
        (_, lag) if lag >= SLOW => State::Slow,
        _ => State::Ok,
    }
}

/// Worst first, then the longest lag, then by name.
pub fn worst_first(mut groups: Vec<GroupRow>) -> Vec<GroupRow> {
    groups.sort_by(|a, b| state(a).cmp(&state(b)).then(b.lag.cmp(&a.lag)).then(a.group.cmp(&b.group)));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, members: u64, lag: u64) -> GroupRow {
        GroupRow { group: name.into(), state: "Stable".into(), members, lag, topics: vec![] }
    }

    #[test]
    fn a_group_without_members_is_down_whatever_waits() {
        assert_eq!(state(&group("a", 0, 0)), State::Down);
        assert_eq!([0, 24, 25, 299, 300].map(|lag| state(&group("a", 1, lag)).word()), ["ok", "ok", "slow", "slow", "behind"]);
    }

    #[test]
    fn the_worst_come_first() {
        let sorted = worst_first(vec![group("b", 1, 0), group("a", 1, 0), group("c", 1, 400), group("d", 0, 3), group("e", 1, 500)]);
        assert_eq!(sorted.iter().map(|g| g.group.as_str()).collect::<Vec<_>>(), ["d", "e", "c", "a", "b"]);
    }
}
