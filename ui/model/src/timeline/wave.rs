//! A line's sound as a thread: the louder, the wider it swings.

/// Width of the drawing.
pub const WIDTH: f64 = 560.0;
const SWINGS: usize = 96;
const MIDDLE: f64 = 16.0;

/// RIFF, format and data chunk headers of the sound Loom sends.
const HEADER: usize = 44;

/// A path for WAV, 16-bit mono, in 560 by 32: one swing for each of 96 parts.
pub fn path(wav: &[u8]) -> String {
    let swings = loudness(wav.get(HEADER..).unwrap_or_default());
    let step = WIDTH / SWINGS as f64;
    let mut out = format!("M0 {MIDDLE}");
    for (n, loud) in swings.iter().enumerate() {
        // A control point pulls half as far as it is away.
        let pull = (1.0 + 14.0 * loud) * 2.0 * if n % 2 == 0 { -1.0 } else { 1.0 };
        out += &format!("q{:.2} {pull:.1} {step:.2} 0", step / 2.0);
    }
    out
}

/// Of each part, against the loudest: 0 to 1. A quiet line swings too, silence does not.
fn loudness(samples: &[u8]) -> Vec<f64> {
    /// Below this a line is silence, not quiet speech: one hundredth of full scale.
    const FLOOR: f64 = 327.0;
    let count = samples.len() / 2;
    let part = |n: usize| {
        let (from, to) = (count * n / SWINGS, count * (n + 1) / SWINGS);
        let squares: f64 = samples[from * 2..to * 2].chunks_exact(2).map(|b| f64::from(i16::from_le_bytes([b[0], b[1]])).powi(2)).sum();
        (squares / (to - from).max(1) as f64).sqrt()
    };
    let parts: Vec<f64> = (0..SWINGS).map(part).collect();
    let loudest = parts.iter().copied().fold(FLOOR, f64::max);
    parts.iter().map(|p| p / loudest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(samples: &[i16]) -> Vec<u8> {
        let mut out = vec![0; HEADER];
        out.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
        out
    }

    #[test]
    fn loud_parts_swing_wider_than_quiet_ones() {
        let mut samples = vec![100i16; 9600];
        samples[4800..].fill(10_000);
        let loud = loudness(&wav(&samples)[HEADER..]);
        assert_eq!(loud.len(), SWINGS);
        assert!(loud[0] < 0.02 && loud[95] > 0.99);
        assert_eq!(path(&wav(&samples)).matches('q').count(), SWINGS);
    }

    #[test]
    fn silence_and_what_is_no_sound_hang_straight() {
        for bytes in [wav(&[0; 16_000]), wav(&[]), vec![1, 2, 3]] {
            assert!(loudness(bytes.get(HEADER..).unwrap_or_default()).iter().all(|l| *l == 0.0));
            assert!(path(&bytes).starts_with("M0 16q2.92 -2.0 5.83 0"));
        }
    }
}
