//! Where in the audio each token was heard, from the decoder's cross-attention: heads averaged, normalised over
//! tokens, median-filtered over frames, then dynamic time warping (as in OpenAI's Whisper, `timing.py`).

/// Frames in the median filter.
const MEDIAN: usize = 7;

/// Attention of each token (row) to each audio frame (column), summed over heads.
#[derive(Default)]
pub struct Attention {
    frames: usize,
    rows: Vec<f32>,
}

impl Attention {
    /// Forgets what it holds and expects rows of so many frames.
    pub fn begin(&mut self, frames: usize) {
        self.frames = frames;
        self.rows.clear();
    }

    /// The next token's attention: any number of heads of `frames` each.
    pub fn push(&mut self, heads: &[&[f32]]) {
        let at = self.rows.len();
        self.rows.resize(at + self.frames, 0.0);
        let row = &mut self.rows[at..];
        for head in heads.iter().flat_map(|h| h.chunks_exact(self.frames.max(1))) {
            row.iter_mut().zip(head).for_each(|(r, h)| *r += h);
        }
    }

    /// The frame that each token from this one on looks at most.
    pub fn peaks(&self, from: usize) -> Vec<usize> {
        let rows = self.rows.chunks_exact(self.frames.max(1)).skip(from);
        rows.map(|row| row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(at, _)| at)).collect()
    }

    pub fn tokens(&self) -> usize {
        self.rows.len().checked_div(self.frames).unwrap_or(0)
    }

    /// First and last frame of each token; consumes what was pushed.
    pub fn align(&mut self) -> Vec<(usize, usize)> {
        if self.tokens() == 0 {
            return Vec::new();
        }
        normalise(&mut self.rows, self.frames);
        self.rows.chunks_exact_mut(self.frames).for_each(median);
        warp(&self.rows, self.frames)
    }
}

/// Each column to mean 0 and deviation 1 over tokens.
fn normalise(rows: &mut [f32], frames: usize) {
    let tokens = (rows.len() / frames) as f32;
    let (mut mean, mut square) = (vec![0f32; frames], vec![0f32; frames]);
    for row in rows.chunks_exact(frames) {
        mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / tokens);
    }
    for row in rows.chunks_exact(frames) {
        square.iter_mut().zip(row).zip(&mean).for_each(|((s, v), m)| *s += (v - m) * (v - m) / tokens);
    }
    for row in rows.chunks_exact_mut(frames) {
        row.iter_mut().zip(&square).zip(&mean).for_each(|((v, s), m)| *v = (*v - m) / (s.sqrt() + 1e-9));
    }
}

/// Median filter with zeros beyond the ends.
fn median(row: &mut [f32]) {
    let half = MEDIAN / 2;
    let mut padded = vec![0f32; row.len() + 2 * half];
    padded[half..half + row.len()].copy_from_slice(row);
    for (out, window) in row.iter_mut().zip(padded.windows(MEDIAN)) {
        let mut sorted = [0f32; MEDIAN];
        sorted.copy_from_slice(window);
        *out = *sorted.select_nth_unstable_by(half, f32::total_cmp).1;
    }
}

/// The monotone path of greatest total, as first and last frame of each token. Frames never go back.
fn warp(rows: &[f32], frames: usize) -> Vec<(usize, usize)> {
    let tokens = rows.len() / frames;
    let mut back = vec![0u8; tokens * frames];
    let (mut above, mut here) = (vec![f32::NEG_INFINITY; frames + 1], vec![f32::NEG_INFINITY; frames + 1]);
    above[0] = 0.0;
    for (row, steps) in rows.chunks_exact(frames).zip(back.chunks_exact_mut(frames)) {
        here[0] = f32::NEG_INFINITY;
        for j in 0..frames {
            let (both, token, frame) = (above[j], above[j + 1], here[j]);
            let (best, step) = if both >= token && both >= frame {
                (both, 0)
            } else if token >= frame {
                (token, 1)
            } else {
                (frame, 2)
            };
            here[j + 1] = best + row[j];
            steps[j] = step;
        }
        std::mem::swap(&mut above, &mut here);
    }
    trace(&back, tokens, frames)
}

fn trace(back: &[u8], tokens: usize, frames: usize) -> Vec<(usize, usize)> {
    let mut spans = vec![(usize::MAX, 0); tokens];
    let (mut i, mut j) = (tokens - 1, frames - 1);
    loop {
        let span = &mut spans[i];
        *span = (j, span.1.max(j));
        if (i, j) == (0, 0) {
            return spans;
        }
        match back[i * frames + j] {
            0 => (i, j) = (i.saturating_sub(1), j.saturating_sub(1)),
            1 => i = i.saturating_sub(1),
            _ => j = j.saturating_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(picture: &[&str], expect: &[(usize, usize)]) {
        let mut a = Attention::default();
        a.begin(picture[0].len());
        for row in picture {
            let head: Vec<f32> = row.chars().map(|c| if c == '#' { 1.0 } else { 0.0 }).collect();
            a.push(&[&head, &head]);
        }
        assert_eq!(a.align(), expect, "{picture:?}");
    }

    #[test]
    fn tokens_lie_where_their_attention_is() {
        check(
            &[
                "########................", //
                "........########........", //
                "................########",
            ],
            &[(0, 7), (8, 15), (16, 23)],
        );
        check(
            &[
                "#####...................", //
                ".....###################",
            ],
            &[(0, 4), (5, 23)],
        );
    }

    #[test]
    fn peaks_are_where_each_token_looks_most() {
        let mut a = Attention::default();
        a.begin(3);
        a.push(&[&[0.1, 0.2, 0.7], &[0.1, 0.8, 0.1]]);
        a.push(&[&[0.1, 0.2, 0.7]]);
        assert_eq!((a.tokens(), a.peaks(0), a.peaks(1)), (2, vec![1, 2], vec![2]));
    }

    #[test]
    fn a_single_frame_of_noise_moves_nothing() {
        check(
            &[
                "########.........#......", //
                "..#.....########........", //
                "................########",
            ],
            &[(0, 7), (8, 15), (16, 23)],
        );
    }

    #[test]
    fn more_tokens_than_frames_share_them() {
        let mut a = Attention::default();
        a.begin(2);
        (0..5).for_each(|_| a.push(&[&[0.5, 0.5]]));
        let spans = a.align();
        assert_eq!(spans.len(), 5);
        assert!(spans.windows(2).all(|p| p[0].0 <= p[1].0) && spans.iter().all(|s| s.0 <= s.1 && s.1 < 2));
        a.begin(3);
        assert!(a.align().is_empty());
    }
}
