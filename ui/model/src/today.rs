//! Today's lines as Live shows them: newest first, by id, and what is said of all of them.

use std::collections::{BTreeMap, BTreeSet};

use loom_schemas::api::TimelineRow;

use crate::kinds::kind;
use crate::numbers;
use crate::time::{epoch, seconds};

/// Lines on the page at most: what is older is on the timeline.
pub const MOST: usize = 200;

/// A line, and when it came, where that was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub row: TimelineRow,
    /// Seconds from the end of speech until it was here.
    pub after_s: Option<f64>,
}

impl Said {
    /// A line that came while the page looked on. Whoever sends recordings sends what was said long ago.
    pub fn seen(row: TimelineRow, now_s: f64) -> Self {
        let after_s = seconds(&row.recorded_at).map(|t| now_s - t - row.duration_s).filter(|s| (0.0..60.0).contains(s));
        Self { row, after_s }
    }
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Today(Vec<Said>);

impl Today {
    pub fn lines(&self) -> &[Said] {
        &self.0
    }

    /// A new line, or one that changed; one that was said before `from` is not of today. Whether it is new.
    pub fn put(&mut self, said: Said, from: i64) -> bool {
        if epoch(&said.row.recorded_at).is_none_or(|t| t < from) {
            return false;
        }
        if let Some(known) = self.0.iter_mut().find(|s| s.row.message_id == said.row.message_id) {
            let after_s = known.after_s;
            *known = Said { after_s, ..said };
            return false;
        }
        let at = self.0.partition_point(|s| s.row.recorded_at > said.row.recorded_at);
        self.0.insert(at, said);
        self.0.truncate(MOST);
        at < MOST
    }

    /// What the timeline had when it was asked: none of what went since, and all that came after the newest of it.
    pub fn refresh(&mut self, rows: Vec<TimelineRow>, from: i64) {
        let mut before = std::mem::take(&mut self.0);
        let newest = rows.iter().map(|r| r.recorded_at.clone()).max().unwrap_or_default();
        for row in rows {
            let after_s = before.iter().find(|s| s.row.message_id == row.message_id).and_then(|s| s.after_s);
            self.put(Said { row, after_s }, from);
        }
        before.retain(|s| s.after_s.is_some() && s.row.recorded_at > newest);
        for said in before {
            self.put(said, from);
        }
    }

    /// Ids of the lines that were said in the same minute as the one above them.
    pub fn repeats(&self) -> BTreeSet<String> {
        let minute = |s: &Said| epoch(&s.row.recorded_at).map(|at| at.div_euclid(60));
        self.0.windows(2).filter(|two| minute(&two[0]) == minute(&two[1])).map(|two| two[1].row.message_id.clone()).collect()
    }

    pub fn gone(&mut self, message_id: &str) {
        self.0.retain(|s| s.row.message_id != message_id);
    }

    /// `128 lines, 41 min 2 s of speech`; where there are more than fit, `the newest 200 lines, …`
    pub fn tally(&self) -> String {
        let lines = numbers::of(self.0.len(), "line");
        let speech = numbers::duration(self.0.iter().map(|s| s.row.duration_s).sum());
        let newest = if self.0.len() == MOST { "the newest " } else { "" };
        format!("{newest}{lines}, {speech} of speech")
    }

    /// `Masked 3 times: 2 card numbers, 1 phone number.`
    pub fn masked(&self) -> String {
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for mask in self.0.iter().flat_map(|s| &s.row.masked) {
            *kinds.entry(kind(&mask.entity_type)).or_default() += 1;
        }
        let all: usize = kinds.values().sum();
        let times = match all {
            0 => return "Nothing was masked today.".into(),
            1 => "once".into(),
            n => format!("{} times", numbers::count(n as u64)),
        };
        let mut each: Vec<(String, usize)> = kinds.into_iter().collect();
        each.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let each: Vec<String> = each.into_iter().map(|(kind, n)| plural(n, &kind)).collect();
        format!("Masked {times}: {}.", each.join(", "))
    }
}

fn plural(n: usize, kind: &str) -> String {
    match kind {
        "e-mail address" | "IP address" if n > 1 => format!("{} {kind}es", numbers::count(n as u64)),
        _ => numbers::of(n, kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loom_schemas::payload::Masked;

    const MIDNIGHT: &str = "2025-10-14T00:00:00Z";

    fn row(id: &str, at: &str) -> TimelineRow {
        TimelineRow {
            message_id: id.into(),
            recorded_at: at.into(),
            duration_s: 2.5,
            device_id: "d".into(),
            source: "desk".into(),
            text: "words".into(),
            words: vec![],
            masked: vec![],
            language: "en".into(),
            audio: None,
            starred: false,
            original: None,
        }
    }
    fn said(id: &str, at: &str) -> Said {
        Said { row: row(id, at), after_s: None }
    }
    fn from() -> i64 {
        epoch(MIDNIGHT).unwrap()
    }
    fn ids(today: &Today) -> Vec<&str> {
        today.lines().iter().map(|s| s.row.message_id.as_str()).collect()
    }

    #[test]
    fn lines_stand_newest_first_each_once() {
        let mut today = Today::default();
        assert!(today.put(said("a", "2025-10-14T10:00:00Z"), from()));
        assert!(today.put(said("c", "2025-10-14T12:00:00Z"), from()));
        assert!(today.put(said("b", "2025-10-14T11:00:00Z"), from()));
        assert!(!today.put(said("b", "2025-10-14T11:00:00Z"), from()), "it is there already");
        assert!(!today.put(said("z", "2025-10-13T23:59:59Z"), from()), "it is of yesterday");
        assert_eq!(ids(&today), ["c", "b", "a"]);
        today.gone("b");
        assert_eq!(ids(&today), ["c", "a"]);
    }

    #[test]
    fn what_was_seen_is_kept_over_a_refresh() {
        let mut today = Today::default();
        let now = seconds("2025-10-14T10:00:03.1Z").unwrap();
        today.put(Said::seen(row("a", "2025-10-14T10:00:00.0Z"), now), from());
        today.put(said("b", "2025-10-14T11:00:00Z"), from());
        today.refresh(vec![row("a", "2025-10-14T10:00:00.0Z"), row("c", "2025-10-14T12:00:00Z")], from());
        assert_eq!(ids(&today), ["c", "a"]);
        let later = seconds("2025-10-14T13:00:03Z").unwrap();
        today.put(Said::seen(row("d", "2025-10-14T13:00:00.0Z"), later), from());
        today.refresh(vec![row("a", "2025-10-14T10:00:00.0Z"), row("c", "2025-10-14T12:00:00Z")], from());
        assert_eq!(ids(&today), ["d", "c", "a"], "what came while the answer was on its way stays");
        today.gone("d");
        assert!((today.lines()[1].after_s.unwrap() - 0.6).abs() < 1e-6);
    }

    #[test]
    fn a_recording_was_not_written_after_hours() {
        let now = seconds("2025-10-14T12:00:00Z").unwrap();
        assert_eq!(Said::seen(row("a", "2025-10-14T10:00:00Z"), now).after_s, None);
    }

    #[test]
    fn the_page_holds_so_many_and_says_so() {
        let mut today = Today::default();
        for i in 0..MOST + 5 {
            today.put(said(&i.to_string(), &format!("2025-10-14T10:{:02}:{:02}Z", i / 60, i % 60)), from());
        }
        assert_eq!(today.lines().len(), MOST);
        assert_eq!(today.tally(), "the newest 200 lines, 8 min 20 s of speech");
        assert!(!today.put(said("early", "2025-10-14T01:00:00Z"), from()));
    }

    #[test]
    fn what_was_masked_is_counted_by_kind() {
        let mut today = Today::default();
        assert_eq!(today.masked(), "Nothing was masked today.");
        let mask = |kind: &str| Masked { entity_type: kind.into(), start: 0, end: 1, score: 1.0 };
        let mut one = said("a", "2025-10-14T10:00:00Z");
        one.row.masked = vec![mask("CREDIT_CARD")];
        today.put(one.clone(), from());
        assert_eq!(today.masked(), "Masked once: 1 card number.");
        one.row.message_id = "b".into();
        one.row.masked = vec![mask("EMAIL_ADDRESS"), mask("EMAIL_ADDRESS"), mask("CREDIT_CARD")];
        today.put(one, from());
        assert_eq!(today.masked(), "Masked 4 times: 2 card numbers, 2 e-mail addresses.");
    }

    #[test]
    fn a_minute_that_stands_above_is_not_said_again() {
        let mut today = Today::default();
        for (id, at) in [("a", "10:42:59"), ("b", "10:43:00"), ("c", "10:43:58"), ("d", "11:43:00")] {
            today.put(said(id, &format!("2025-10-14T{at}Z")), from());
        }
        assert_eq!(today.repeats(), BTreeSet::from(["b".to_string()]), "the newest stands first: c says the minute of b");
    }
}
