//! How loud it is, and whether it is worth hurrying: above the gate samples are flushed five times a second, below it
//! once. The gate drops nothing: what is speech, the detector says.

use loom_schemas::live::Level;

use crate::capture::SAMPLE_RATE;

/// Nothing, in dB of full scale.
pub const SILENCE_DB: f32 = -100.0;
/// Below this no one speaks near a microphone, however quiet the room.
const LEAST_DB: f32 = -60.0;
/// Above the room's own noise by so much, something is going on.
const ABOVE_NOISE_DB: f32 = 8.0;
/// The noise of the room is the quietest of late: its estimate rises by so much a second.
const RISE_DB_PER_SECOND: f32 = 1.0;
/// Samples that the gate stays open for after the last loud block: longer than the pause that ends an utterance, so
/// that its end is not heard late.
const HOLD: u64 = 2 * SAMPLE_RATE as u64;
/// Samples of a level: a tenth of a second.
const BLOCK: usize = SAMPLE_RATE as usize / 10;

/// Hears one stream, 16 kHz mono.
pub struct Gate {
    noise_db: f32,
    heard: u64,
    open_until: u64,
    squares: f64,
    peak: f32,
    n: usize,
}

impl Default for Gate {
    fn default() -> Self {
        // Nothing is known of the room yet: what comes first is taken for speech.
        Self { noise_db: SILENCE_DB, heard: 0, open_until: HOLD, squares: 0.0, peak: 0.0, n: 0 }
    }
}

impl Gate {
    /// Takes samples in; the newest level, if a tenth of a second was completed. `speaking` keeps the gate open.
    pub fn hear(&mut self, samples: &[f32], speaking: bool) -> Option<Level> {
        let mut newest = None;
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(BLOCK - self.n));
            self.add(now);
            rest = later;
            if self.n == BLOCK {
                newest = Some(self.level(speaking));
            }
        }
        if speaking {
            self.open_until = self.heard + HOLD;
        }
        newest
    }

    pub fn is_open(&self) -> bool {
        self.heard < self.open_until
    }

    fn add(&mut self, samples: &[f32]) {
        self.squares += samples.iter().map(|s| f64::from(s * s)).sum::<f64>();
        self.peak = samples.iter().fold(self.peak, |p, s| p.max(s.abs()));
        (self.n, self.heard) = (self.n + samples.len(), self.heard + samples.len() as u64);
    }

    fn level(&mut self, speech: bool) -> Level {
        let rms_db = decibels((self.squares / self.n as f64).sqrt() as f32);
        let level = Level { rms_db, peak_db: decibels(self.peak), speech };
        self.noise_db = (self.noise_db + RISE_DB_PER_SECOND / 10.0).min(rms_db).max(LEAST_DB - ABOVE_NOISE_DB);
        if rms_db > LEAST_DB.max(self.noise_db + ABOVE_NOISE_DB) {
            self.open_until = self.heard + HOLD;
        }
        (self.squares, self.peak, self.n) = (0.0, 0.0, 0);
        level
    }
}

/// Of full scale.
fn decibels(amplitude: f32) -> f32 {
    (20.0 * amplitude.max(1e-9).log10()).clamp(SILENCE_DB, 6.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: usize = SAMPLE_RATE as usize;

    fn tone(amplitude: f32, seconds: f64) -> Vec<f32> {
        (0..(seconds * SECOND as f64) as usize).map(|i| amplitude * (i as f32 * 0.2).sin()).collect()
    }

    #[test]
    fn levels_are_those_of_a_tone_and_of_nothing() {
        let mut gate = Gate::default();
        let level = gate.hear(&tone(0.5, 0.1), false).unwrap();
        assert!((level.rms_db + 9.0).abs() < 0.2 && (level.peak_db + 6.0).abs() < 0.1, "{level:?}");
        let level = gate.hear(&tone(0.0, 0.1), true).unwrap();
        assert_eq!((level.rms_db, level.peak_db, level.speech), (SILENCE_DB, SILENCE_DB, true));
    }

    #[test]
    fn a_level_comes_ten_times_a_second_whatever_the_pieces() {
        let mut gate = Gate::default();
        let levels = tone(0.1, 3.0).chunks(441).filter_map(|c| gate.hear(c, false)).count();
        assert_eq!(levels, 30);
    }

    #[test]
    fn it_opens_for_sound_and_closes_after_the_pause_that_ends_an_utterance() {
        let mut gate = Gate::default();
        gate.hear(&tone(0.0, 5.0), false);
        assert!(!gate.is_open());
        gate.hear(&tone(0.05, 0.2), false);
        assert!(gate.is_open());
        gate.hear(&tone(0.0, 1.9), false);
        assert!(gate.is_open());
        gate.hear(&tone(0.0, 0.2), false);
        assert!(!gate.is_open());
    }

    #[test]
    fn a_noisy_room_is_not_speech_but_a_voice_in_it_is() {
        let mut gate = Gate::default();
        gate.hear(&tone(0.02, 60.0), false);
        assert!(!gate.is_open(), "the noise of the room keeps it open");
        gate.hear(&tone(0.2, 0.3), false);
        assert!(gate.is_open());
    }

    #[test]
    fn speech_that_the_detector_hears_keeps_it_open_however_soft() {
        let mut gate = Gate::default();
        gate.hear(&tone(0.0, 5.0), false);
        gate.hear(&tone(0.0, 0.1), true);
        assert!(gate.is_open());
    }
}
