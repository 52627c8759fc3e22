//! How streams end: by silence, by a crash, for room, or because Loom does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use loom_schemas::payload::StreamEnd;
use uuid::Uuid;

use super::lane::Lane;
use super::{MOST_STREAMS, Slot, Uploads, lock};
use crate::env::Time;
use crate::error::Result;
use crate::store::audio::StreamState;

impl Uploads {
    /// Ends the streams whose devices are silent for long enough; what fails is tried again next time.
    pub fn tend(&self, now: Time) -> Result<()> {
        if self.broken.swap(false, Ordering::AcqRel) {
            self.sweep().inspect_err(|_| self.broken.store(true, Ordering::Release))?;
        }
        self.end_where(|lane| lane.is_silent(now))
    }

    /// Ends every stream: nothing more comes.
    pub fn close(&self) -> Result<()> {
        self.end_where(|_| true)
    }

    fn end_where(&self, over: impl Fn(&Lane) -> bool) -> Result<()> {
        let slots: Vec<_> = lock(&self.slots).values().cloned().collect();
        let mut ended = false;
        for slot in slots {
            // One that is being written to is not silent.
            let Ok(mut lane) = slot.lane.try_lock() else { continue };
            ended |= lane.as_ref().is_some_and(&over);
            if lane.as_ref().is_some_and(&over)
                && let Some(mut ending) = lane.take()
                && let Err(e) = ending.end(&self.road, StreamEnd::Paused)
            {
                self.broken.store(true, Ordering::Release);
                return Err(e);
            }
        }
        // Whoever waits at an empty place holds it.
        lock(&self.slots).retain(|_, slot| Arc::strong_count(slot) > 1 || slot.lane.try_lock().map_or(true, |l| l.is_some()));
        if ended { self.known.forget(self.road.bus.watermark()?) } else { Ok(()) }
    }

    /// Ends streams that nobody writes, where their last record says: at start, those a crash broke off.
    pub fn sweep(&self) -> Result<()> {
        self.road.store.follow(&*self.road.bus)?;
        // In this order: one that is begun meanwhile is not among them.
        let unended = self.road.store.unended_uploads()?;
        let seen = |((device, stream), slot): ((Uuid, String), Arc<Slot>)| lock(&slot.lane).as_ref().map(|l| l.seen(device, &stream));
        let open: Vec<String> = self.slots().into_iter().filter_map(seen).map(|s| s.stream_id).collect();
        for (stream_id, state) in unended {
            if !open.contains(&stream_id) {
                self.end_broken(stream_id, state)?;
            }
        }
        Ok(())
    }

    fn end_broken(&self, stream_id: String, state: StreamState) -> Result<()> {
        Lane::broken(stream_id, state).end(&self.road, StreamEnd::DeviceLost)
    }

    /// The one silent longest ends, where there are too many.
    pub(super) fn make_room(&self) -> Result<()> {
        let slots: Vec<_> = lock(&self.slots).values().cloned().collect();
        if slots.len() <= MOST_STREAMS {
            return Ok(());
        }
        let heard = |slot: &Arc<Slot>| slot.lane.try_lock().ok().and_then(|l| l.as_ref().map(Lane::last_heard));
        let Some(oldest) = slots.iter().filter_map(heard).min() else { return Ok(()) };
        self.end_where(|lane| lane.last_heard() == oldest)
    }
}
