//! Sound that devices send in pieces: a phone every half minute, a script once, a socket many times a second. Pieces of
//! one device that follow each other in time are one stream, so that a word across their border is whole; a gap, or silence
//! for longer than a piece takes, ends it. Written first, flushed, then on the log, like every other sound.
//!
//! A piece is known by its id, its number or its time and bytes: sent again it lands where it did. One that comes before
//! the one in front of it waits a moment for it. One that comes too late to stand in its place is a stream of its own, at
//! its own time: its words are there, only a word across its borders is cut.

mod ending;
mod known;
mod lane;
mod samples;
mod tending;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use loom_schemas::payload::StreamEnd;
use uuid::Uuid;

use self::known::Known;
use self::lane::{Fit, Lane};
use self::samples::Samples;
pub use self::tending::Tending;
use crate::bus::Bus;
use crate::db::Db;
use crate::door::sound::{Form, Heard, OpenStream, Piece, Sound};
use crate::env::Time;
use crate::error::{Kind, Result};
use crate::store::audio::AudioStore;

/// Streams open at once; the one silent longest makes room.
const MOST_STREAMS: usize = 64;
/// How long a piece waits for the one before it.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Where streams go.
#[derive(Clone)]
pub struct Road {
    pub store: Arc<AudioStore>,
    pub bus: Arc<dyn Bus>,
}

/// A stream's place, whether one is open there or not.
#[derive(Default)]
struct Slot {
    lane: Mutex<Option<Lane>>,
    changed: Condvar,
}

type Slots = HashMap<(Uuid, String), Arc<Slot>>;

/// Every device's streams.
pub struct Uploads {
    road: Road,
    known: Known,
    /// Files lie here while they are decoded.
    scratch: PathBuf,
    patience: Duration,
    slots: Mutex<Slots>,
    /// A stream broke off with an error: it is ended where the log says it stands.
    broken: AtomicBool,
}

impl Uploads {
    /// `scratch` is emptied: what lies there was left by a crash.
    pub fn open(db: &Db, road: Road, scratch: &Path, patience: Duration) -> Result<Self> {
        // Where it cannot be removed it is written over.
        let _ = std::fs::remove_dir_all(scratch);
        let known = Known::open(db)?;
        Ok(Self { road, known, scratch: scratch.to_path_buf(), patience, slots: Mutex::default(), broken: AtomicBool::new(false) })
    }

    fn slots(&self) -> Vec<((Uuid, String), Arc<Slot>)> {
        lock(&self.slots).iter().map(|(name, slot)| (name.clone(), slot.clone())).collect()
    }

    fn slot(&self, piece: &Piece) -> Arc<Slot> {
        lock(&self.slots).entry((piece.device, piece.stream.clone())).or_default().clone()
    }

    /// The lane once the piece can be placed, and how it fits; `None` where it came meanwhile.
    fn turn<'a>(&self, slot: &'a Slot, piece: &Piece, samples: &Samples, now: Time) -> Result<Option<(MutexGuard<'a, Option<Lane>>, Fit)>> {
        let began = Instant::now();
        let mut lane = lock(&slot.lane);
        loop {
            if self.known.find(&piece.key)?.is_some() {
                return Ok(None);
            }
            let fit = lane.as_ref().map_or(Fit::Anew, |l| l.fits(piece, samples.seconds(), now));
            let left = self.patience.saturating_sub(began.elapsed());
            if fit != Fit::Early || left.is_zero() {
                return Ok(Some((lane, fit)));
            }
            lane = slot.changed.wait_timeout(lane, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn place(&self, lane: &mut Option<Lane>, fit: Fit, piece: &Piece, samples: &mut Samples, now: Time) -> Result<Heard> {
        if fit == Fit::Late {
            let mut own = Lane::begin(&self.road, piece, samples.seconds(), now)?;
            let heard = own.pour(&self.road, piece, samples, now)?;
            own.end(&self.road, StreamEnd::FileOver)?;
            return Ok(heard);
        }
        if fit != Fit::Follows
            && let Some(mut before) = lane.take()
        {
            before.end(&self.road, StreamEnd::Paused)?;
        }
        let current = match lane {
            Some(current) => current,
            None => lane.insert(Lane::begin(&self.road, piece, samples.seconds(), now)?),
        };
        let heard = current.pour(&self.road, piece, samples, now)?;
        if piece.last
            && let Some(mut over) = lane.take()
        {
            over.end(&self.road, samples.end())?;
        }
        Ok(heard)
    }
}

impl Sound for Uploads {
    fn take(&self, piece: &Piece, now: Time) -> Result<Heard> {
        if let Form::Nothing(why) = piece.form {
            return Ok(Heard::Unreadable(why.into()));
        }
        if let Some(known) = self.known.find(&piece.key)? {
            return Ok(known);
        }
        if piece.came_before {
            return Ok(Heard::Held);
        }
        self.road.store.room()?;
        let mut samples = match Samples::open(piece, &self.scratch) {
            Ok(samples) => samples,
            Err(e) if e.kind == Kind::Invalid => return Ok(Heard::Unreadable(e.message().into())),
            Err(e) => return Err(e),
        };
        self.make_room()?;
        let slot = self.slot(piece);
        let Some((mut lane, fit)) = self.turn(&slot, piece, &samples, now)? else {
            return self.known.find(&piece.key)?.ok_or_else(|| crate::Error::bug("a piece of sound is forgotten right after it was known"));
        };
        let heard = self.place(&mut lane, fit, piece, &mut samples, now).inspect_err(|_| {
            // Where the log stands is not known: it is asked.
            *lane = None;
            self.broken.store(true, Ordering::Release);
        })?;
        self.known.remember(&piece.key, &heard, now)?;
        drop(lane);
        slot.changed.notify_all();
        Ok(heard)
    }

    fn open(&self) -> Vec<OpenStream> {
        // One that is being written to at this moment is seen the next time.
        let seen =
            |((device, stream), slot): ((Uuid, String), Arc<Slot>)| slot.lane.try_lock().ok()?.as_ref().map(|l| l.seen(device, &stream));
        self.slots().into_iter().filter_map(seen).collect()
    }
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
