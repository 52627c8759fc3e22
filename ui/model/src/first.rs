//! The first run: which step is done, and whether the speech model is there.

use crate::numbers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Done,
    Now,
    Later,
}

/// Microphone, model, words. Whoever has no microphone gets words all the same.
pub fn steps(heard: bool, model: bool, words: bool) -> [Step; 3] {
    let mut found = false;
    [heard || words, model || words, words].map(|done| match (done, found) {
        (true, _) => Step::Done,
        (false, false) => {
            found = true;
            Step::Now
        }
        (false, true) => Step::Later,
    })
}

#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    There,
    Missing { ids: Vec<String>, words: String },
}

/// What Loom cannot do without: hearing where speech is, and its words.
const NEEDED: [&str; 3] = ["silero", "moonshine", "onnxruntime"];

/// Of each model its id, its bytes, and `present`, `absent` or another word.
pub fn model<'a>(all: impl Iterator<Item = (&'a str, u64, &'a str)>) -> Model {
    let missing: Vec<(&str, u64, &str)> =
        all.filter(|(id, _, state)| *state != "present" && NEEDED.iter().any(|n| id.starts_with(n))).collect();
    if missing.is_empty() {
        return Model::There;
    }
    let bytes = numbers::bytes(missing.iter().map(|m| m.1).sum());
    let damaged = missing.iter().any(|m| m.2 == "damaged");
    let why = if damaged { "A file of it is damaged" } else { "It is not here yet" };
    let words = format!("{why}: {bytes} to fetch, once. Then it works without a network.");
    Model::Missing { ids: missing.iter().map(|m| m.0.to_string()).collect(), words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Done, Later, Now};

    #[test]
    fn one_step_is_at_hand() {
        assert_eq!(steps(false, true, false), [Now, Done, Later]);
        assert_eq!(steps(true, false, false), [Done, Now, Later]);
        assert_eq!(steps(true, true, false), [Done, Done, Now]);
        assert_eq!(steps(false, false, true), [Done, Done, Done]);
    }

    #[test]
    fn a_model_that_is_not_needed_is_not_missed() {
        let all =
            [("silero-vad", 2_000_000, "present"), ("moonshine-tiny-en", 44_000_000, "absent"), ("parakeet-tdt", 600_000_000, "absent")];
        let Model::Missing { ids, words } = model(all.into_iter()) else { panic!() };
        assert_eq!(
            (ids, words.as_str()),
            (vec!["moonshine-tiny-en".into()], "It is not here yet: 44 MB to fetch, once. Then it works without a network.")
        );
        assert_eq!(model(all[..1].iter().copied()), Model::There);
    }
}
