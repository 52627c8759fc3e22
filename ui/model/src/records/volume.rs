//! How many records came when, as it is drawn.

use loom_schemas::api::TopicVolume;

use crate::time::epoch;

/// Records in each of as many equal spans between two times, in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Volume {
    pub from_s: f64,
    pub to_s: f64,
    pub bars: Vec<u64>,
}

impl Volume {
    /// `None` where none are kept.
    pub fn of(said: TopicVolume) -> Option<Self> {
        let at = |text: Option<String>| text.and_then(|t| epoch(&t)).map(|s| s as f64);
        let from_s = at(said.from)?;
        Some(Self { from_s, to_s: at(said.to)?.max(from_s + 1.0), bars: said.bars })
    }

    /// One upright stitch a span, in a box of `w` by `h`; what is not nothing is seen.
    pub fn stitches(&self, w: f64, h: f64) -> String {
        let most = self.bars.iter().copied().max().unwrap_or_default().max(1) as f64;
        let step = w / self.bars.len().max(1) as f64;
        let stitch = |(i, n): (usize, &u64)| {
            (*n > 0).then(|| format!("M{:.1} {h}v-{:.1}", (i as f64 + 0.5) * step, (*n as f64 / most * (h - 4.0)).max(1.0)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_with_records_is_a_stitch_as_high_as_they_are_many() {
        let said =
            TopicVolume { from: Some("2025-10-14T00:00:00Z".into()), to: Some("2025-10-14T00:01:40Z".into()), bars: vec![1, 0, 1000, 500] };
        let volume = Volume::of(said).unwrap();
        assert_eq!(volume.stitches(100.0, 48.0), "M12.5 48v-1.0M62.5 48v-44.0M87.5 48v-22.0");
        assert_eq!((volume.place(volume.from_s + 50.0), volume.time(0.5) - volume.from_s), (0.5, 50.0));
        assert_eq!(Volume::of(TopicVolume::default()), None);
    }
}
