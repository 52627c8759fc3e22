//! Any sample rate to 16 kHz, by FFT (rubato), in blocks: as long as the input to the sample, and not shifted.

use audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use super::SAMPLE_RATE;
use crate::error::{Error, Result};

/// Output samples an FFT block aims at: 64 ms, which keeps all below 7.8 kHz.
const BLOCK: usize = 1024;
/// Hz that files are taken at; beyond it a header is damaged.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// One channel of one stream on its way to 16 kHz.
pub struct Resample {
    rate: u32,
    /// `None` at 16 kHz: samples pass untouched.
    fft: Option<Fft<f32>>,
    pending: Vec<f32>,
    block: Vec<f32>,
    /// Output samples still to drop: the filter's delay.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resample {
    /// `Invalid` for a rate that no recording has.
    pub fn new(rate: u32) -> Result<Self> {
        if !RATES.contains(&rate) {
            return Err(Error::invalid(format!("its header says {rate} Hz, which no recording has: the file is damaged")));
        }
        let fft = match rate {
            SAMPLE_RATE => None,
            _ => Some(Self::filter(rate)?),
        };
        let delay = fft.as_ref().map_or(0, Resampler::output_delay);
        let block = vec![0.0; fft.as_ref().map_or(0, Resampler::output_frames_max)];
        Ok(Self { rate, fft, pending: Vec::new(), block, delay, taken: 0, given: 0 })
    }

    fn filter(rate: u32) -> Result<Fft<f32>> {
        let (from, to) = (rate as usize, SAMPLE_RATE as usize);
        // An even block, or the filter's delay would not be a whole number of samples.
        let unit = 2 * from / gcd(from, to);
        let chunk = unit * (from * BLOCK).div_ceil(to * unit);
        Fft::new_custom(from, to, chunk, 1, 1, WindowFunction::BlackmanHarris2, FixedSync::Both)
            .map_err(|e| Error::bug("the resampler does not take this rate").because(e.to_string()))
    }

    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes samples in, puts those that are ready behind `out`.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<()> {
        self.taken += samples.len() as u64;
        let Some(fft) = &self.fft else {
            out.extend_from_slice(samples);
            self.given = self.taken;
            return Ok(());
        };
        self.pending.extend_from_slice(samples);
        let step = fft.input_frames_next();
        let mut at = 0;
        while self.pending.len() - at >= step {
            self.convert(at, step, out)?;
            at += step;
        }
        self.pending.drain(..at);
        Ok(())
    }

    /// The rest: in all, round(taken × 16000 / rate) samples come out.
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<()> {
        let Some(step) = self.fft.as_ref().map(Resampler::input_frames_next) else { return Ok(()) };
        let rate = u64::from(self.rate);
        let all = (self.taken * u64::from(SAMPLE_RATE) + rate / 2) / rate;
        while self.given < all {
            self.pending.resize(step, 0.0);
            let before = out.len();
            self.convert(0, step, out)?;
            self.pending.clear();
            let extra = self.given.saturating_sub(all) as usize;
            out.truncate((out.len() - extra).max(before));
            self.given = self.given.min(all);
        }
        Ok(())
    }

    fn convert(&mut self, at: usize, step: usize, out: &mut Vec<f32>) -> Result<()> {
        let bug = |e: &dyn std::fmt::Display| Error::bug("resampling failed").because(e.to_string());
        let Some(fft) = &mut self.fft else { return Ok(()) };
        let room = self.block.len();
        let input = SequentialSlice::new(&self.pending[at..at + step], 1, step).map_err(|e| bug(&e))?;
        let mut output = SequentialSlice::new_mut(&mut self.block, 1, room).map_err(|e| bug(&e))?;
        let (_, made) = fft.process_into_buffer(&input, &mut output, None).map_err(|e| bug(&e))?;
        let skip = self.delay.min(made);
        self.delay -= skip;
        self.given += (made - skip) as u64;
        out.extend_from_slice(&self.block[skip..made]);
        Ok(())
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn sine(rate: u32, hz: f64, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| (0.5 * (TAU * hz * n as f64 / f64::from(rate)).sin()) as f32).collect()
    }

    fn resampled(rate: u32, input: &[f32], piece: usize) -> Vec<f32> {
        let mut r = Resample::new(rate).unwrap();
        let mut out = Vec::new();
        for p in input.chunks(piece) {
            r.push(p, &mut out).unwrap();
        }
        r.finish(&mut out).unwrap();
        out
    }

    const COMMON: [u32; 11] = [8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000];

    #[test]
    fn a_sine_keeps_its_pitch_level_and_place() {
        for rate in COMMON.into_iter().chain([44_101, 37_800]) {
            let input = sine(rate, 440.0, rate as usize * 2 + 137);
            let out = resampled(rate, &input, 1000);
            let want = sine(SAMPLE_RATE, 440.0, out.len());
            // The borders ring, as every band limit does: compare what lies inside.
            let inside = 1600..out.len() - 1600;
            let worst = inside.map(|n| (out[n] - want[n]).abs()).fold(0.0, f32::max);
            // A shift by a tenth of a sample would differ by 0.0086.
            assert!(worst < 0.001, "{rate} Hz: off by {worst}");
        }
    }

    #[test]
    fn what_comes_out_is_as_long_as_what_went_in() {
        for rate in COMMON {
            for n in [0usize, 1, 2, 3, 159, 160, 441, 1023, 4096, 50_001] {
                let want = (n as f64 * 16_000.0 / f64::from(rate)).round() as usize;
                assert_eq!(resampled(rate, &vec![0.1; n], 777).len(), want, "{n} samples at {rate} Hz");
            }
        }
    }

    #[test]
    fn pieces_make_no_difference() {
        let input = sine(44_100, 1000.0, 30_000);
        assert_eq!(resampled(44_100, &input, 1), resampled(44_100, &input, 30_000));
    }

    #[test]
    fn what_16_khz_cannot_hold_is_removed() {
        let out = resampled(48_000, &sine(48_000, 9_000.0, 96_000), 4800);
        let rms = (out[1600..30_000].iter().map(|s| f64::from(s * s)).sum::<f64>() / 28_400.0).sqrt();
        assert!(rms < 0.0005, "an alias of {rms}");
    }

    #[test]
    fn a_click_stays_where_it_was() {
        for rate in COMMON {
            let mut input = vec![0.0; rate as usize];
            input[rate as usize / 2] = 1.0;
            let out = resampled(rate, &input, 4096);
            let loudest = (0..out.len()).max_by(|&a, &b| out[a].abs().total_cmp(&out[b].abs()));
            let want = (f64::from(rate / 2) * 16_000.0 / f64::from(rate)).round() as usize;
            assert_eq!(loudest, Some(want), "{rate} Hz");
        }
    }

    #[test]
    fn sixteen_kilohertz_passes_untouched() {
        let input = sine(16_000, 440.0, 12_345);
        assert_eq!(resampled(16_000, &input, 100), input);
    }

    #[test]
    fn impossible_rates_are_refused() {
        for rate in [0, 1, 999, 768_001, u32::MAX] {
            assert_eq!(Resample::new(rate).err().map(|e| e.kind), Some(crate::Kind::Invalid));
        }
    }
}
