//! When records came, known from some of them: how many over time, and the offset of a time.

/// Offsets to ask for, evenly between the first kept and the end, both ends included; at most so many.
pub fn offsets(low: u64, end: u64, most: u64) -> Vec<u64> {
    let records = end.saturating_sub(low);
    let n = records.min(most);
    match n {
        0 => Vec::new(),
        1 => vec![low],
        _ => (0..n).map(|i| low + (records - 1) * i / (n - 1)).collect(),
    }
}

/// How many records came when, of what was asked: (offset, seconds since 1970), in order of offsets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Volume {
    pub from_s: f64,
    pub to_s: f64,
    /// Records in each of as many equal spans.
    pub bars: Vec<f64>,
}

impl Volume {
    /// Between two that were asked, records are taken to have come evenly.
    pub fn of(asked: &[(u64, f64)], bars: usize) -> Self {
        let (Some(first), Some(last)) = (asked.first(), asked.last()) else { return Self::default() };
        let (from_s, to_s) = (first.1, last.1.max(first.1 + 1.0));
        let mut volume = Self { from_s, to_s, bars: vec![0.0; bars.max(1)] };
        // The first stands for itself where each was asked; where they are spread, one more would stick out.
        if asked.get(1).is_none_or(|next| next.0 == first.0 + 1) {
            volume.add(first.1, first.1, 1.0);
        }
        for pair in asked.windows(2) {
            let records = pair[1].0.saturating_sub(pair[0].0);
            // One that comes next came when it came.
            volume.add(if records == 1 { pair[1].1 } else { pair[0].1 }, pair[1].1, records as f64);
        }
        volume
    }

    fn add(&mut self, from_s: f64, to_s: f64, records: f64) {
        let n = self.bars.len();
        let span = (self.to_s - self.from_s) / n as f64;
        let at = |s: f64| ((s - self.from_s) / span).clamp(0.0, n as f64);
        let (from, to) = (at(from_s), at(to_s).max(at(from_s)));
        if to - from < 1e-9 {
            self.bars[(to as usize).min(n - 1)] += records;
            return;
        }
        for bar in from as usize..(to.ceil() as usize).min(n) {
            let inside = to.min(bar as f64 + 1.0) - from.max(bar as f64);
            self.bars[bar] += records * inside / (to - from);
        }
    }

    /// One upright stitch a span, in a box of `w` by `h`; what is not nothing is seen.
    pub fn stitches(&self, w: f64, h: f64) -> String {
        let most = self.bars.iter().copied().fold(0.0, f64::max).max(1e-9);
        let step = w / self.bars.len().max(1) as f64;
        let stitch = |(i, n): (usize, &f64)| {
            (*n > 0.0).then(|| format!("M{:.1} {h}v-{:.1}", (i as f64 + 0.5) * step, (n / most * (h - 4.0)).max(1.0)))
        };
        self.bars.iter().enumerate().filter_map(stitch).collect()
    }

    /// Where a time lies, 0 to 1.
    pub fn place(&self, at_s: f64) -> f64 {
        ((at_s - self.from_s) / (self.to_s - self.from_s).max(1e-9)).clamp(0.0, 1.0)
    }
    pub fn time(&self, place: f64) -> f64 {
        self.from_s + place.clamp(0.0, 1.0) * (self.to_s - self.from_s)
    }
}

/// Finds the first offset that is not before a time, by asking when some records came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bisect {
    low: u64,
    high: u64,
}

impl Bisect {
    pub fn new(low: u64, end: u64) -> Self {
        Self { low, high: end.max(low) }
    }
    /// The offset to ask for next; none: it is found.
    pub fn next(&self) -> Option<u64> {
        (self.low < self.high).then(|| self.low + (self.high - self.low) / 2)
    }
    /// Whether the record there came before the time. Where none is left there, the next one answers.
    pub fn learn(&mut self, asked: u64, before: bool) {
        if before { self.low = asked + 1 } else { self.high = asked }
    }
    pub fn found(&self) -> u64 {
        self.low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_spread_from_the_first_to_the_last() {
        assert_eq!(offsets(10, 13, 100), [10, 11, 12]);
        assert_eq!(offsets(0, 1001, 3), [0, 500, 1000]);
        assert_eq!((offsets(5, 5, 9), offsets(5, 6, 9)), (vec![], vec![5]));
    }

    #[test]
    fn volume_counts_what_came_between_those_that_were_asked() {
        let volume = Volume::of(&[(0, 0.0), (10, 50.0), (100, 100.0)], 10);
        assert_eq!(volume.bars.iter().sum::<f64>().round(), 100.0);
        assert!(volume.bars[9] > volume.bars[1] * 5.0, "{volume:?}");
        assert_eq!((volume.place(50.0), volume.time(0.5)), (0.5, 50.0));
        assert_eq!(volume.stitches(100.0, 48.0).matches('v').count(), 10);
        let gap = Volume::of(&[(0, 0.0), (1, 100.0)], 4);
        assert_eq!(gap.bars, [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(Volume::of(&[], 4), Volume::default());
    }

    #[test]
    fn a_time_is_found_in_a_few_questions() {
        let times: Vec<u64> = (0..1000).map(|i| i * 10).collect();
        let (mut bisect, mut asked) = (Bisect::new(0, 1000), 0);
        while let Some(at) = bisect.next() {
            asked += 1;
            bisect.learn(at, times[at as usize] < 4995);
        }
        assert_eq!(bisect.found(), 500);
        assert!(asked <= 10, "{asked}");
        assert_eq!(Bisect::new(7, 7).next(), None);
    }
}
