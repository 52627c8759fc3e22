//! What tells words from what a model invents: loops, and guesses over sound that is not speech.

/// Length of the longest repeated unit looked for, in tokens.
const LONGEST: usize = 16;

/// If the tokens end in a loop, how many to keep: what came before it and one round of it.
/// A single token may come four times in a row, two to four tokens three times, longer ones twice.
pub fn looped(ids: &[u32]) -> Option<usize> {
    (1..=LONGEST).find_map(|unit| {
        let rounds = match unit {
            1 => 5,
            2..=4 => 4,
            _ => 3,
        };
        let tail = ids.len().checked_sub(unit * rounds)?;
        let (first, rest) = ids[tail..].split_at(unit);
        rest.chunks(unit).all(|c| c == first).then_some(tail + unit)
    })
}

/// Whether words were heard rather than guessed, by the mean log-probability of their tokens.
pub fn is_heard(log_probabilities: &[f32]) -> bool {
    let mean = log_probabilities.iter().sum::<f32>() / log_probabilities.len().max(1) as f32;
    mean >= LEAST_MEAN
}

/// Real speech lies above −0.7 on clean and noisy recordings; what is made up over noise and music below −1.
const LEAST_MEAN: f32 = -1.0;

/// The largest logit's place and its log-probability.
pub fn best(logits: &[f32]) -> (u32, f32) {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let at = logits.iter().position(|&l| l == top).unwrap_or(0);
    // What lies 20 below the best adds less than 1e-4 over a whole vocabulary.
    let sum: f32 = logits.iter().filter(|&&l| l > top - 20.0).map(|l| (l - top).exp()).sum();
    (at as u32, -sum.ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_found_and_lists_are_not() {
        let check = |ids: &[u32], expect| assert_eq!(looped(ids), expect, "{ids:?}");
        check(&[], None);
        check(&[7, 7, 7, 7], None);
        check(&[1, 7, 7, 7, 7, 7], Some(2));
        check(&[1, 2, 1, 2, 1, 2], None);
        check(&[9, 1, 2, 1, 2, 1, 2, 1, 2], Some(3));
        check(&[1, 2, 3, 4, 5, 1, 2, 3, 4, 5], None);
        check(&[9, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5], Some(6));
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
