//! Frames → utterances. Speech starts at one threshold and goes on above a lower one; padding keeps first and
//! last sounds, which are often too soft to be called speech; a pause ends an utterance, the shorter the longer
//! it already is; one without pauses is cut at its quietest frame. Knows frames only, neither samples nor time.

mod state;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::vad::FRAME;

/// Probabilities from 0 to 1, lengths in frames of 32 ms.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// Speech starts at this probability …
    pub start: f32,
    /// … and goes on down to this one.
    pub end: f32,
    pub pad_before: u32,
    pub pad_after: u32,
    /// A pause of so many frames ends an utterance.
    pub hangover: u32,
    /// A pause of so many ends one that is longer than half the soft cap.
    pub hangover_long: u32,
    /// Less speech than this is a click, not an utterance.
    pub min_speech: u32,
    /// From here on an utterance is cut where a frame is quiet.
    pub soft_cap: u32,
    /// Here it is cut at its quietest frame.
    pub hard_cap: u32,
    /// How far back from a cap the cut may lie.
    pub look_back: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            start: 0.5,
            end: 0.35,
            // Three quarters of a second: with less, soft first and last words are lost or misheard.
            pad_before: 24,
            pad_after: 24,
            // A second: shorter pauses lie within sentences, and the recogniser wants its context.
            hangover: 31,
            hangover_long: 16,
            min_speech: 3,
            soft_cap: 469,
            hard_cap: 937,
            look_back: 250,
        }
    }
}

impl Tuning {
    /// For a microphone, where somebody waits to read what they said: a pause of 0.4 s ends an utterance.
    pub fn live() -> Self {
        Self { hangover: 12, hangover_long: 9, ..Self::default() }
    }
}

/// What is kept of a frame: probability and loudness in 255 steps, so that a last bit decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    probability: u8,
    /// Half decibels above −127.5 dB of full scale.
    level: u8,
}

impl Frame {
    pub fn new(probability: f32, samples: &[f32]) -> Self {
        let power = samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32;
        let level = 10.0 * power.max(1e-13).log10();
        Self { probability: step(probability), level: ((level + 127.5) * 2.0).round().clamp(0.0, 255.0) as u8 }
    }
}

fn step(probability: f32) -> u8 {
    (probability.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// Frames `start..end`, padding included, counted from the segmenter's first.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub start: u64,
    pub end: u64,
    /// Where speech itself begins.
    pub onset: u64,
    /// Mean over the frames inside.
    pub speech_probability: f32,
    /// The next piece goes on where this one ends.
    pub cut: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Open {
    start: u64,
    onset: u64,
    last_speech: u64,
    /// Frames at or above the start threshold.
    speech: u32,
    /// Its beginning is a cut.
    continues: bool,
    /// From `start` on.
    frames: Vec<Frame>,
}

/// Frames without speech that are a pause: about the longest silence inside a word.
const PAUSE: u64 = 4;

/// Turns one stream's frames into pieces.
#[derive(Clone, Debug)]
pub struct Segmenter {
    tuning: Tuning,
    next: u64,
    /// Where the last piece ended: none may begin before.
    floor: u64,
    recent: VecDeque<Frame>,
    open: Option<Open>,
}

impl Segmenter {
    pub fn new(tuning: Tuning) -> Self {
        Self { tuning, next: 0, floor: 0, recent: VecDeque::new(), open: None }
    }

    /// The next frame; a piece if one ends by it.
    pub fn push(&mut self, frame: Frame) -> Option<Piece> {
        let at = self.next;
        self.next += 1;
        self.recent.push_back(frame);
        if self.recent.len() > self.reach() {
            self.recent.pop_front();
        }
        match &mut self.open {
            None => {
                if frame.probability >= step(self.tuning.start) {
                    self.open = Some(self.begin(at));
                }
                None
            }
            Some(open) => {
                open.frames.push(frame);
                open.speech += u32::from(frame.probability >= step(self.tuning.start));
                if frame.probability >= step(self.tuning.end) {
                    open.last_speech = at;
                }
                self.close().or_else(|| self.cut())
            }
        }
    }

    /// The stream is over: the piece that was open.
    pub fn finish(&mut self) -> Option<Piece> {
        let piece = self.end();
        self.floor = self.next;
        piece
    }

    /// The open piece's first frame, and whether speech goes on: false in a pause. Nothing while it may be a click.
    pub fn speaking(&self) -> Option<(u64, bool)> {
        let open = self.open.as_ref().filter(|o| o.speech >= self.tuning.min_speech || o.continues)?;
        Some((open.start, self.next - 1 - open.last_speech < PAUSE))
    }

    /// The first frame that a later piece may contain.
    pub fn needs(&self) -> u64 {
        self.open.as_ref().map_or_else(|| self.floor.max(self.next.saturating_sub(self.reach() as u64)), |o| o.start)
    }

    /// How many frames back a beginning may be found: soft speech before the start threshold, and its padding.
    fn reach(&self) -> usize {
        2 * self.tuning.pad_before as usize + 1
    }

    fn begin(&self, at: u64) -> Open {
        let oldest = self.next - self.recent.len() as u64;
        let end = step(self.tuning.end);
        let softly = self.recent.iter().rev().take_while(|f| f.probability >= end).count() as u64;
        let onset = (self.next - softly).max(at.saturating_sub(u64::from(self.tuning.pad_before))).max(self.floor);
        let start = onset.saturating_sub(u64::from(self.tuning.pad_before)).max(self.floor).max(oldest);
        let frames = self.recent.iter().skip((start - oldest) as usize).copied().collect();
        Open { start, onset, last_speech: at, speech: 1, continues: false, frames }
    }

    /// Ends the open piece where its pause is long enough.
    fn close(&mut self) -> Option<Piece> {
        let open = self.open.as_ref()?;
        let long = open.frames.len() as u32 > self.tuning.soft_cap / 2;
        let hangover = if long { self.tuning.hangover_long.min(self.tuning.hangover) } else { self.tuning.hangover };
        let pause = self.next - 1 - open.last_speech;
        let full = open.frames.len() as u32 >= self.tuning.hard_cap && pause > 0;
        if pause >= u64::from(hangover) || full { self.end() } else { None }
    }

    fn end(&mut self) -> Option<Piece> {
        let open = self.open.take()?;
        if open.speech < self.tuning.min_speech && !open.continues {
            return None;
        }
        let end = (open.last_speech + 1 + u64::from(self.tuning.pad_after)).min(self.next);
        self.floor = end;
        Some(open.piece(end, false))
    }

    /// Cuts an open piece that is too long.
    fn cut(&mut self) -> Option<Piece> {
        let (tuning, open) = (&self.tuning, self.open.as_ref()?);
        let length = open.frames.len() as u32;
        if length < tuning.soft_cap {
            return None;
        }
        let at = open.quietest(tuning.look_back as usize)?;
        if length < tuning.hard_cap && !open.is_quiet(at, step(tuning.start)) {
            return None;
        }
        let mut head = self.open.take()?;
        let tail = head.frames.split_off(at);
        let cut = head.start + at as u64;
        self.floor = cut;
        let end = step(self.tuning.end);
        let quiet = tail.iter().take_while(|f| f.probability < end).count() as u64;
        let speech = tail.iter().filter(|f| f.probability >= step(self.tuning.start)).count() as u32;
        let piece = head.piece(cut, true);
        self.open = Some(Open { start: cut, onset: cut + quiet, last_speech: head.last_speech, speech, continues: true, frames: tail });
        Some(piece)
    }
}

impl Open {
    fn piece(&self, end: u64, cut: bool) -> Piece {
        let inside = &self.frames[..((end - self.start) as usize).min(self.frames.len())];
        let sum: u32 = inside.iter().map(|f| u32::from(f.probability)).sum();
        let speech_probability = sum as f32 / (255 * inside.len().max(1)) as f32;
        Piece { start: self.start, end, onset: self.onset.min(end), speech_probability, cut }
    }

    /// Loudness around a frame: of it twice and of its neighbours once.
    fn around(&self, at: usize) -> u32 {
        let level = |i: usize| u32::from(self.frames[i].level);
        level(at - 1) + 2 * level(at) + level(at + 1)
    }

    /// The quietest place with speech before and after, the latest of equals.
    fn quietest(&self, look_back: usize) -> Option<usize> {
        let last = (self.last_speech - self.start) as usize;
        let first = self.frames.len().saturating_sub(look_back).max((self.onset - self.start) as usize + 1).max(1);
        (first..last.min(self.frames.len() - 1)).rev().min_by_key(|&i| self.around(i))
    }

    /// Not speech, or 15 dB below the mean of the piece: a place between words.
    fn is_quiet(&self, at: usize, start: u8) -> bool {
        let mean = self.frames.iter().map(|f| u32::from(f.level)).sum::<u32>() / self.frames.len() as u32;
        self.frames[at].probability < start || self.around(at) + 4 * 30 <= 4 * mean
    }
}

/// The first sample of a frame.
pub fn sample_of(frame: u64) -> u64 {
    frame * FRAME as u64
}
