//! What tells words from what a model invents: loops, and guesses over sound that is not speech.

use super::Word;

/// Length of the longest repeated unit looked for, in tokens.
const LONGEST: usize = 16;

/// The repeated unit that the tokens end in, as the place where its first round begins and its length. A single
/// token counts from seventeen rounds on (a number read out may hold sixteen equal digits), two to four tokens from
/// five, more from three.
pub fn repeated(ids: &[u32]) -> Option<(usize, usize)> {
    (1..=LONGEST).find_map(|unit| {
        let rounds = match unit {
            1 => 17,
            2..=4 => 5,
            _ => 3,
        };
        let from = ids.len().checked_sub(unit * rounds)?;
        let (first, rest) = ids[from..].split_at(unit);
        let one_token = unit > 1 && first.iter().all(|t| *t == first[0]);
        (!one_token && rest.chunks(unit).all(|c| c == first)).then_some((from, unit))
    })
}

/// Whether a repetition was said rather than made up: what is said again is heard further on in the audio.
/// Takes the frame where each token was heard, from the first round on.
pub fn moves_on(heard_at: &[usize], unit: usize) -> bool {
    let rounds: Vec<usize> = heard_at.chunks_exact(unit).map(median).collect();
    rounds.windows(2).all(|r| r[1] >= r[0] + LEAST_FRAMES)
}

/// 72 ms: nobody says a word in less.
const LEAST_FRAMES: usize = 3;

fn median(places: &[usize]) -> usize {
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// Whether words were heard rather than guessed, by the mean log-probability of their tokens. Where few tokens
/// stand for much sound, it must be higher: "you" and "thank you" is what models of speech make of noise.
pub fn is_heard(log_probabilities: &[f32], seconds: f64, circled: bool) -> bool {
    let tokens = log_probabilities.len();
    let mean = log_probabilities.iter().sum::<f32>() / tokens.max(1) as f32;
    // Of one that went in circles most tokens were taken back: their number tells nothing.
    let sparse = !circled && (tokens as f64) < TOKENS_PER_SECOND * (seconds - SHORT_SECONDS);
    tokens > 0 && mean >= if sparse { LEAST_MEAN_SPARSE } else { LEAST_MEAN }
}

/// Real speech lies above −0.75, noisy recordings included; of what is made up over noise, half lies below −1.
const LEAST_MEAN: f32 = -1.0;
const LEAST_MEAN_SPARSE: f32 = -0.4;
/// A single word may stand in as much, pauses around it included; more words come faster than this.
const SHORT_SECONDS: f64 = 2.0;
const TOKENS_PER_SECOND: f64 = 1.5;

/// Whether it is what subtitles write for music.
pub fn is_music(words: &[Word]) -> bool {
    words.iter().any(|w| w.text.contains('♪') || w.text.contains('♫'))
}

/// The largest logit's place and its log-probability.
pub fn best(logits: &[f32]) -> (u32, f32) {
    let top = largest(logits);
    let at = logits.iter().position(|&l| l == top).unwrap_or(0);
    // What lies 20 below the best adds less than 1e-4 over a whole vocabulary.
    let sum: f32 = logits.iter().filter(|&&l| l > top - 20.0).map(|l| (l - top).exp()).sum();
    (at as u32, -sum.ln())
}

/// In sixteen lanes, which the compiler makes vectors of: this runs over the vocabulary for every token.
fn largest(logits: &[f32]) -> f32 {
    let (chunks, rest) = logits.as_chunks::<16>();
    let mut lanes = [f32::NEG_INFINITY; 16];
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(m, &l)| *m = if l > *m { l } else { *m });
    }
    lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_found_and_lists_are_not() {
        let check = |ids: &[u32], expect| assert_eq!(repeated(ids), expect, "{ids:?}");
        check(&[], None);
        check(&[7, 7, 7, 7], None);
        check(&[7; 16], None);
        check(&[&[1][..], &[7; 17]].concat(), Some((1, 1)));
        check(&[1, 2, 1, 2, 1, 2], None);
        check(&[9, 1, 2, 1, 2, 1, 2, 1, 2], None);
        check(&[9, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2], Some((1, 2)));
        check(&[1, 2, 3, 4, 5, 1, 2, 3, 4, 5], None);
        check(&[9, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5], Some((1, 5)));
    }

    #[test]
    fn what_is_said_again_is_heard_further_on() {
        assert!(moves_on(&[10, 20, 30, 40, 50], 1));
        assert!(moves_on(&[10, 20, 30, 50, 0, 70, 90, 95, 100], 3));
        assert!(!moves_on(&[10, 20, 21, 22, 22], 1));
        assert!(!moves_on(&[10, 20, 30, 28, 29, 30, 29, 30, 30], 3));
    }

    #[test]
    fn guesses_over_noise_are_not_heard() {
        let check = |log_p: &[f32], seconds, expect| assert_eq!(is_heard(log_p, seconds, false), expect, "{log_p:?} in {seconds} s");
        check(&[], 0.0, false);
        check(&[-0.1, -0.2], 2.0, true);
        check(&[-0.75, -0.75, -0.75], 2.2, true);
        check(&[-1.1], 0.5, false);
        check(&[-0.78], 6.0, false);
        check(&[-0.55; 5], 6.5, false);
        check(&[-0.2; 5], 10.0, true);
        let word = |text: &str| Word { text: text.into(), start_s: 0.0, end_s: 0.0, confidence: 0.5 };
        assert!(is_music(&[word("♪"), word("oh")]) && !is_music(&[word("oh")]));
    }

    #[test]
    fn the_best_logit_and_its_probability() {
        let mut logits = vec![0.0f32; 1000];
        logits[3] = 5.0;
        let (at, log_p) = best(&logits);
        let exact = (5f64.exp() / (5f64.exp() + 999.0)).ln();
        assert_eq!(at, 3);
        assert!((f64::from(log_p) - exact).abs() < 1e-4, "{log_p} {exact}");
    }
}
