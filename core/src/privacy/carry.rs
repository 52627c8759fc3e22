//! What one utterance leaves open for the next: people pause in the middle of a number, and the pause cuts it in two.
//! Only the kind of number and how many digits were said is kept, never a digit or a word.

use serde::{Deserialize, Serialize};

use super::text::Doc;

/// A longer pause ends the number.
const PAUSE_SECONDS: f64 = 4.0;
/// Fewer digits at the start of an utterance do not go on with a number.
const GOES_ON_DIGITS: usize = 3;
/// Words at the end of an utterance that still announce a number.
const LAST_WORDS: usize = 6;

/// Kinds that are said in pieces: how many digits make one whole, words for it, and words that stand for them later.
const SAID_IN_PIECES: [(usize, &[&str], &str); 4] = [
    (16, &["card", "credit", "debit", "visa", "mastercard", "amex"], "credit card number"),
    (9, &["social", "security", "ssn"], "social security number"),
    (22, &["iban"], "iban"),
    (11, &["phone", "telephone", "mobile", "cell", "call", "number", "fax", "whatsapp"], "phone number"),
];

/// The open end of the utterance before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Carry {
    stream_id: String,
    /// Where the utterance ended.
    end_sample: u64,
    /// Stands before the next one: "phone number 0 0 0".
    lead: String,
}

impl Carry {
    /// What to put before an utterance; empty where it begins afresh.
    pub fn lead(&self, stream_id: &str, first_sample: u64, sample_rate: u32, text: &str) -> &str {
        let pause = first_sample.saturating_sub(self.end_sample) as f64 / f64::from(sample_rate.max(1));
        if self.lead.is_empty() || self.stream_id != stream_id || pause > PAUSE_SECONDS || first_sample < self.end_sample / 2 {
            return "";
        }
        let doc = Doc::new(text);
        let goes_on = |d: &Doc<'_>| d.runs.first().is_some_and(|r| d.index_at(r.start()) <= 1 && r.total() >= GOES_ON_DIGITS);
        if goes_on(&doc) { &self.lead } else { "" }
    }

    /// After an utterance and what stood before it.
    pub fn after(stream_id: &str, end_sample: u64, lead: &str, text: &str) -> Self {
        Self { stream_id: stream_id.into(), end_sample, lead: open_end(&format!("{lead} {text}")) }
    }
}

fn open_end(text: &str) -> String {
    let doc = Doc::new(text);
    let end = doc.tokens.last().map_or(0, |t| t.end);
    let run = doc.runs.last().filter(|r| r.end() == end);
    let place = run.map_or(end, |r| r.start());
    let kind = SAID_IN_PIECES.iter().find(|(_, words, _)| doc.preceded(place, LAST_WORDS, words));
    let digits = run.map_or(0, |r| r.total());
    match kind {
        Some((whole, _, name)) if digits < *whole => format!("{name}{}", " 0".repeat(digits)),
        None if run.is_some_and(|r| r.in_words() >= 4 && !r.is_counting()) && digits < 16 => " 0".repeat(digits).trim_start().into(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead_after(said: &[&str]) -> String {
        said.iter().fold(Carry::default(), |c, text| Carry::after("s", 0, c.lead("s", 0, 16_000, text), text)).lead
    }

    #[test]
    fn a_number_said_in_pieces_is_counted_not_kept() {
        assert_eq!(lead_after(&["My card number is"]), "credit card number");
        assert_eq!(lead_after(&["My card number is 4111"]), "credit card number 0 0 0 0");
        assert_eq!(lead_after(&["My card number is", "4111,", "1111."]), "credit card number 0 0 0 0 0 0 0 0");
        assert_eq!(lead_after(&["call me on", "four one five"]), "phone number 0 0 0");
        assert_eq!(lead_after(&["four one one one"]), "0 0 0 0");
        assert_eq!(lead_after(&["one two three four"]), "");
        assert_eq!(lead_after(&["My card number is 4111 1111 1111 1111"]), "");
        assert_eq!(lead_after(&["We met in 2024"]), "");
        assert_eq!(lead_after(&[""]), "");
    }

    #[test]
    fn it_goes_on_only_with_digits_soon_after_in_the_same_stream() {
        let c = Carry::after("s", 160_000, "", "my card number is 4111");
        assert_eq!(c.lead("s", 170_000, 16_000, "1111, 1111"), "credit card number 0 0 0 0");
        assert_eq!(c.lead("s", 170_000, 16_000, "um, one one one"), "credit card number 0 0 0 0");
        for (stream, at, text) in
            [("t", 170_000, "1111"), ("s", 260_000, "1111"), ("s", 170_000, "2 people"), ("s", 170_000, "we met in 2024")]
        {
            assert_eq!(c.lead(stream, at, 16_000, text), "", "{stream} {at} {text}");
        }
    }
}
