//! Between the sound system's thread and ours: a bounded ring without locks. The callback that fills it never
//! allocates, locks or waits; what does not fit is counted, and ends the stream there, so that no sample has a wrong time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread::Thread;

use cpal::{FromSample, Sample};
use rtrb::{Consumer, Producer, RingBuffer};

/// Seconds of sound that wait at most, while the disk is slow.
pub const RING_SECONDS: usize = 10;

/// What the sound system said about an open device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Trouble {
    None = 0,
    /// It delivers no more.
    Lost = 1,
    /// It goes on, but as another one, or in another way: open it again.
    Changed = 2,
}

/// What both ends see.
struct Shared {
    trouble: AtomicU8,
    /// Frames that did not fit.
    lost: AtomicU64,
    /// Something did not fit: nothing more is taken until the reader has seen it.
    gap: AtomicBool,
    reader: Thread,
}

/// The callback's end.
pub struct Intake {
    ring: Producer<f32>,
    channels: usize,
    shared: Arc<Shared>,
}

/// The reader's end: mono samples at the device's rate.
pub struct Outlet {
    ring: Consumer<f32>,
    shared: Arc<Shared>,
}

/// Says what went wrong; for the sound system's other callback.
pub struct Bell(Arc<Shared>);

/// A ring for a device of this rate; `reader` is woken when something comes.
pub fn ring(rate: u32, channels: u16, reader: Thread) -> (Intake, Bell, Outlet) {
    let (producer, consumer) = RingBuffer::new((rate as usize).max(1) * RING_SECONDS);
    let (trouble, lost, gap) = Default::default();
    let shared = Arc::new(Shared { trouble, lost, gap, reader });
    let intake = Intake { ring: producer, channels: usize::from(channels.max(1)), shared: shared.clone() };
    (intake, Bell(shared.clone()), Outlet { ring: consumer, shared })
}

impl Intake {
    /// Takes interleaved samples in; channels become one by their mean.
    pub fn take<T: Sample>(&mut self, samples: &[T])
    where
        f32: FromSample<T>,
    {
        let frames = samples.len() / self.channels;
        if !self.shared.gap.load(Ordering::Acquire) {
            match self.ring.write_chunk_uninit(frames) {
                Ok(room) => _ = room.fill_from_iter(samples.chunks_exact(self.channels).map(mean)),
                Err(_) => self.shared.gap.store(true, Ordering::Release),
            }
        }
        if self.shared.gap.load(Ordering::Acquire) {
            self.shared.lost.fetch_add(frames as u64, Ordering::Relaxed);
        }
        self.shared.reader.unpark();
    }
}

#[cfg(test)]
impl Intake {
    /// Nobody will ever read it.
    pub fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }
}

/// What is no number counts as silence.
fn mean<T: Sample>(frame: &[T]) -> f32
where
    f32: FromSample<T>,
{
    let sum: f32 = frame.iter().map(|s| s.to_sample::<f32>()).filter(|s| s.is_finite()).sum();
    sum / frame.len() as f32
}

impl Bell {
    pub fn ring(&self, trouble: Trouble) {
        // The worse one stays.
        let _ = self.0.trouble.compare_exchange(Trouble::None as u8, trouble as u8, Ordering::AcqRel, Ordering::Acquire);
        self.0.reader.unpark();
    }
}

impl Outlet {
    /// Puts all that has come behind `out`.
    pub fn drain(&mut self, out: &mut Vec<f32>) {
        let n = self.ring.slots();
        if let Ok(chunk) = self.ring.read_chunk(n) {
            let (a, b) = chunk.as_slices();
            out.extend_from_slice(a);
            out.extend_from_slice(b);
            chunk.commit_all();
        }
    }

    /// Frames that were lost behind what was drained; it goes on from here.
    pub fn gap(&self) -> Option<u64> {
        if !self.shared.gap.load(Ordering::Acquire) || !self.ring.is_empty() {
            return None;
        }
        let lost = self.shared.lost.swap(0, Ordering::AcqRel);
        self.shared.gap.store(false, Ordering::Release);
        Some(lost)
    }

    pub fn trouble(&self) -> Trouble {
        match self.shared.trouble.load(Ordering::Acquire) {
            0 => Trouble::None,
            1 => Trouble::Lost,
            _ => Trouble::Changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ears(rate: u32, channels: u16) -> (Intake, Bell, Outlet) {
        ring(rate, channels, std::thread::current())
    }

    #[test]
    fn eight_channels_of_any_kind_become_one() {
        let (mut intake, _, mut outlet) = ears(192_000, 8);
        intake.take(&[16_384i16; 8 * 3]);
        intake.take(&[0.5f32, 0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN, 0.5]);
        intake.take(&[192u8; 8]);
        let mut heard = Vec::new();
        outlet.drain(&mut heard);
        assert_eq!(heard, [0.5, 0.5, 0.5, 0.125, 0.5]);
    }

    #[test]
    fn half_a_frame_shifts_no_channel() {
        let (mut intake, _, mut outlet) = ears(16_000, 2);
        intake.take(&[0.5f32, 0.5, 0.25]);
        intake.take(&[1.0f32, 1.0]);
        let mut heard = Vec::new();
        outlet.drain(&mut heard);
        assert_eq!(heard, [0.5, 1.0]);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_nothing_follows_it_unseen() {
        let (mut intake, _, mut outlet) = ears(10, 1);
        intake.take(&[0.1f32; 90]);
        intake.take(&[0.2f32; 20]);
        let mut heard = Vec::new();
        outlet.drain(&mut heard);
        assert_eq!(heard.len(), 90);
        // There is room again, but what comes now would stand where the lost ones were.
        intake.take(&[0.3f32; 5]);
        assert_eq!(outlet.gap(), Some(25));
        assert_eq!(outlet.gap(), None);
        intake.take(&[0.4f32; 5]);
        heard.clear();
        outlet.drain(&mut heard);
        assert_eq!(heard, [0.4; 5]);
    }

    #[test]
    fn trouble_is_heard() {
        let (_, bell, outlet) = ears(16_000, 1);
        assert_eq!(outlet.trouble(), Trouble::None);
        bell.ring(Trouble::Lost);
        bell.ring(Trouble::Changed);
        assert_eq!(outlet.trouble(), Trouble::Lost);
    }
}
