//! What is being said: how much of a guess stands, and when the line takes its place.

use loom_schemas::live::Partial;

use crate::time::epoch;

/// A line begins where its guess began, give or take the detector's padding.
const SAME_S: i64 = 2;

/// The newest guess beside the one before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saying {
    now: Partial,
    /// Bytes of `now.text` that two guesses agreed on.
    stands: usize,
}

impl Saying {
    pub fn hear(&mut self, next: &Partial) {
        let same = next.stream_id == self.now.stream_id && next.first_sample == self.now.first_sample;
        self.stands = if same { agreed(&self.now.text, &next.text) } else { 0 };
        self.now = next.clone();
    }

    /// The line of these words came: then there is nothing more to guess.
    pub fn settle(&mut self, recorded_at: &str) {
        let near = epoch(&self.now.began_at).zip(epoch(recorded_at)).is_some_and(|(a, b)| (a - b).abs() <= SAME_S);
        if near {
            self.now.text.clear();
            self.stands = 0;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.now.text.is_empty()
    }
    /// What will hardly change.
    pub fn settled(&self) -> &str {
        &self.now.text[..self.stands]
    }
    pub fn guess(&self) -> &str {
        &self.now.text[self.stands..]
    }
}

/// Bytes of `next` up to the end of the last word that both have in the same place.
fn agreed(before: &str, next: &str) -> usize {
    let pairs = next.split_inclusive(' ').zip(before.split_inclusive(' '));
    pairs.take_while(|(a, b)| a.ends_with(' ') && a == b).map(|(a, _)| a.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partial(text: &str) -> Partial {
        Partial { stream_id: "s".into(), first_sample: 16_000, began_at: "2025-10-14T16:20:04.2Z".into(), text: text.into() }
    }

    #[test]
    fn words_stand_once_two_guesses_agree() {
        let mut saying = Saying::default();
        saying.hear(&partial("it was the"));
        assert_eq!((saying.settled(), saying.guess()), ("", "it was the"));
        saying.hear(&partial("it was the age of"));
        assert_eq!((saying.settled(), saying.guess()), ("it was ", "the age of"));
        saying.hear(&partial("it was über all"));
        assert_eq!((saying.settled(), saying.guess()), ("it was ", "über all"));
    }

    #[test]
    fn another_start_is_another_guess() {
        let mut saying = Saying::default();
        saying.hear(&partial("it was the"));
        saying.hear(&Partial { first_sample: 99, ..partial("it was the best") });
        assert_eq!(saying.settled(), "");
    }

    #[test]
    fn the_line_of_the_same_start_takes_its_place() {
        let mut saying = Saying::default();
        saying.hear(&partial("it was the"));
        saying.settle("2025-10-14T16:19:41.000000Z");
        assert!(!saying.is_empty());
        saying.settle("2025-10-14T16:20:04.000000Z");
        assert!(saying.is_empty());
        saying.hear(&partial(""));
        assert!(saying.is_empty());
    }
}
