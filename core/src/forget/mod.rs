//! What the owner takes back. Asked for, it is on disk and out of sight at once (`intents.rs`); for ten seconds it can come
//! back; then it is erased for good: the walk (`walk.rs`) finds every record that holds any of it, the values go, ids and
//! offsets stay, samples are written over, and the account (`audit.rs`) keeps how much it was, never what.
//!
//! What was under way meanwhile does not get through: the log lands a record that was made from an erased one without its
//! value, and the timeline asks [`fate`] before it writes a line.

mod audit;
mod intents;
mod scope;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use loom_schemas::live::{Forgotten, Partial};
use uuid::Uuid;

pub use self::intents::{Fate, Late, fate, fate_of_line};
use self::intents::{Intent, State};
pub use self::scope::{Scope, Span};
use self::walk::Marked;
pub use self::walk::Minute;
use crate::bus::Bus;
use crate::capture::Listen;
use crate::db::Db;
use crate::env::{Clock, Entropy, Time, message_id};
use crate::error::{Error, Result};
use crate::identity;
use crate::live::{LineNews, Live};
use crate::store::audio::AudioStore;
use crate::store::blobs::Blobs;
use crate::store::{Range, timeline};

/// Seconds in which it can be undone.
pub const UNDO_SECONDS: f64 = 10.0;
/// No utterance is longer.
const LONGEST_S: f64 = 60.0;
/// Minutes that can be forgotten at once by the button: a day.
pub const MOST_MINUTES: u32 = 24 * 60;
/// Between tries of what could not be erased.
const AGAIN: Duration = Duration::from_secs(5);

/// What it works on.
pub struct Parts {
    pub db: Db,
    pub bus: Arc<dyn Bus>,
    pub audio: Arc<AudioStore>,
    pub files: Blobs,
    pub live: Arc<Live>,
    pub listen: Arc<dyn Listen>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub counts: Arc<dyn Recount>,
}

/// Who counts what is on the log.
pub trait Recount: Send + Sync {
    /// Counts these minutes anew, from what the log still holds of them.
    fn recount(&self, bus: &dyn Bus, minutes: &BTreeSet<Minute>) -> Result<()>;
}

/// Nobody counts.
impl Recount for () {
    fn recount(&self, _: &dyn Bus, _: &BTreeSet<Minute>) -> Result<()> {
        Ok(())
    }
}

pub struct Forgetting {
    parts: Parts,
    /// One at a time.
    work: Mutex<()>,
    stop: Mutex<bool>,
    wake: Condvar,
}

/// What came of taking it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    /// So many lines are back.
    Back(u64),
    TooLate,
    Unknown,
}

/// How much was erased, or would be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Erased {
    pub lines: u64,
    pub records: BTreeMap<String, u64>,
    /// Seconds of sound.
    pub audio_s: f64,
}

/// Makes the tables where there are none: before a timeline asks for [`fate`].
pub fn migrate(db: &Db) -> Result<()> {
    identity::migrate(db)?;
    db.migrate(intents::ROOM, intents::STEPS)
}

impl Forgetting {
    pub fn open(parts: Parts) -> Result<Self> {
        migrate(&parts.db)?;
        Ok(Self { parts, work: Mutex::default(), stop: Mutex::default(), wake: Condvar::new() })
    }

    /// Takes a line out of sight; `None` where there is none.
    pub fn line(&self, id: Uuid) -> Result<Option<Forgotten>> {
        let asked = self.ask(&Scope::Lines(vec![id]), UNDO_SECONDS)?;
        Ok(Some(asked).filter(|f| f.lines > 0))
    }

    /// The last minutes of everything: what is written, what is being said, what the microphone heard.
    pub fn last(&self, minutes: u32) -> Result<Forgotten> {
        if minutes == 0 || minutes > MOST_MINUTES {
            return Err(Error::invalid(format!("minutes is a number from 1 to {MOST_MINUTES}")));
        }
        // What was said so far belongs to a stream that is over: what comes next is not part of it.
        if let Err(e) = self.parts.listen.begin_anew() {
            tracing::warn!("the microphone goes on with the stream that is to be forgotten: {e}");
        }
        let to = self.parts.clock.now();
        let span = Span { from: to.plus(-60.0 * f64::from(minutes)), to, device: None };
        self.parts.live.forget_partials(to);
        self.parts.live.partial.send_replace(Partial::default());
        self.ask(&Scope::Span(span), UNDO_SECONDS)
    }

    fn ask(&self, scope: &Scope, undo_s: f64) -> Result<Forgotten> {
        let now = self.parts.clock.now();
        let span = if let Scope::Span(span) = scope { Some(*span) } else { None };
        let id = message_id(now, &*self.parts.entropy);
        let intent = Intent { id, asked_at: now, undo_until: now.plus(undo_s), state: State::Pending, span };
        let (kept, scope) = (intent.clone(), scope.clone());
        let gone = self.parts.db.maintain(move |tx| {
            let gone = intents::hide(tx, kept.id, &scope)?;
            if !gone.is_empty() || kept.span.is_some() {
                intents::add(tx, &kept)?;
            }
            Ok(gone)
        })?;
        gone.iter().for_each(|id| self.tell(LineNews::Gone(*id)));
        self.wake.notify_all();
        Ok(Forgotten { forget_id: id.to_string(), undo_until: intent.undo_until.to_string(), lines: gone.len() as u64 })
    }

    /// Brings everything back that this wish took, while there is time.
    pub fn undo(&self, id: Uuid) -> Result<Undone> {
        let now = self.parts.clock.now();
        let back = self.parts.db.maintain(move |tx| {
            let Some(intent) = intents::one(tx, id)? else { return Ok(Err(Undone::Unknown)) };
            match intent.state {
                State::Undone => Ok(Ok(Vec::new())),
                State::Pending if now < intent.undo_until => {
                    intents::set_state(tx, id, State::Undone, None)?;
                    intents::show(tx, id).map(Ok)
                }
                _ => Ok(Err(Undone::TooLate)),
            }
        })?;
        Ok(match back {
            Ok(lines) => {
                lines.iter().for_each(|id| self.tell(LineNews::Changed(*id)));
                Undone::Back(lines.len() as u64)
            }
            Err(why) => why,
        })
    }

    fn tell(&self, news: LineNews) {
        // Nobody may be listening.
        let _ = self.parts.live.lines.send(news);
    }

    /// Erases what is due; how many wishes. What fails is due again.
    pub fn finish_due(&self) -> Result<usize> {
        let _alone = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.parts.clock.now();
        let due = self.parts.db.read(|c| intents::due(c, now))?;
        for intent in &due {
            let id = intent.id;
            self.parts.db.maintain(move |tx| intents::set_state(tx, id, State::Erasing, None))?;
            let erased = self.erase(intent)?;
            let records: u64 = erased.records.values().sum();
            tracing::info!(lines = erased.lines, records, seconds = erased.audio_s, "forgot what its owner took back");
        }
        Ok(due.len())
    }

    /// Erases at once, without a time to undo. With `dry_run` only says how much it would be.
    pub fn erase_now(&self, scope: &Scope, dry_run: bool) -> Result<Erased> {
        if dry_run {
            return self.weigh(scope);
        }
        let _alone = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = self.ask(scope, 0.0)?;
        let Ok(id) = Uuid::try_parse(&asked.forget_id) else { return Ok(Erased::default()) };
        match self.parts.db.read(|c| intents::one(c, id))? {
            Some(intent) if intent.state == State::Pending => {
                self.parts.db.maintain(move |tx| intents::set_state(tx, id, State::Erasing, None))?;
                self.erase(&intent)
            }
            // There is no such line.
            _ => Ok(Erased::default()),
        }
    }

    /// Lines that a search finds between two times, of one device or all.
    pub fn matching(&self, query: &str, from: Option<Time>, to: Option<Time>, device: Option<Uuid>) -> Result<Vec<Uuid>> {
        let range = Range { from, to, device, ..Range::default() };
        self.parts.db.read(|c| timeline::matching(c, query, &range))
    }

    fn weigh(&self, scope: &Scope) -> Result<Erased> {
        let bus = &*self.parts.bus;
        let mut marked = Marked::default();
        let mut lines = 0;
        match scope {
            Scope::Span(span) => {
                lines = self.parts.db.read(|c| intents::lines_of(c, span))?.len() as u64;
                self.mark_span(&mut marked, span)?;
            }
            Scope::Lines(ids) => {
                for id in ids {
                    let Some(line) = self.parts.db.read(|c| intents::seen_line(c, *id))? else { continue };
                    lines += 1;
                    self.mark_line(&mut marked, &line)?;
                }
            }
        }
        marked.follow(bus)?;
        Ok(Erased { lines, records: marked.counts(), audio_s: seconds(&marked) })
    }

    fn mark_line(&self, marked: &mut Marked, line: &intents::Hidden) -> Result<()> {
        let sound = line.audio.clone().map(|(stream, first, samples)| (stream, first..first + samples));
        match line.place {
            Some((partition, offset)) => marked.line(&*self.parts.bus, partition, offset, sound),
            None => {
                marked.sounds.extend(sound);
                Ok(())
            }
        }
    }

    /// With all that a device sent goes what was said of it and others.
    fn mark_span(&self, marked: &mut Marked, span: &Span) -> Result<()> {
        marked.span(&*self.parts.bus, span)?;
        span.whole_device().map_or(Ok(()), |device| marked.links(&*self.parts.bus, device))
    }

    /// Everything that an intent means, found anew: what was erased before a kill is found again by its headers.
    fn mark(&self, intent: &Intent) -> Result<Marked> {
        let mut marked = Marked::default();
        for line in self.parts.db.read(|c| intents::hidden_lines(c, intent.id))? {
            self.mark_line(&mut marked, &line)?;
        }
        if let Some(span) = &intent.span {
            self.mark_span(&mut marked, span)?;
        }
        marked.follow(&*self.parts.bus)?;
        Ok(marked)
    }

    fn erase(&self, intent: &Intent) -> Result<Erased> {
        let Parts { db, bus, audio, files, counts, .. } = &self.parts;
        // What records say of their streams is learnt before they are empty.
        audio.follow(&**bus)?;
        let (mut records, mut audio_s, mut minutes) = (BTreeMap::new(), 0.0_f64, BTreeSet::new());
        loop {
            let marked = self.mark(intent)?;
            // A later walk does not find what an earlier one emptied: the account is of the most that was found.
            for (topic, n) in marked.counts() {
                records.entry(topic).and_modify(|most: &mut u64| *most = n.max(*most)).or_insert(n);
            }
            audio_s = audio_s.max(seconds(&marked));
            minutes.extend(marked.minutes.iter().cloned());
            // Sound first: once the values are gone nothing tells where it lay.
            for (stream, samples) in &marked.sounds {
                audio.erase(stream, samples.clone())?;
            }
            for file in marked.files(&**bus)? {
                files.remove(&file)?;
            }
            // A stage may have written from what it had read before: until nothing more is found.
            if marked.erase(&**bus)? == 0 {
                break;
            }
        }
        // Even a number says that something was there.
        counts.recount(&**bus, &minutes)?;
        let lines = self.parts.db.read(|c| intents::count_lines(c, intent.id))?;
        let erased = Erased { lines, records, audio_s };
        bus.append(vec![audit::record(intent, &erased)?])?;
        let (id, done_at) = (intent.id, bus.watermark()?);
        let device = intent.span.and_then(|s| s.whole_device());
        db.maintain(move |tx| {
            intents::erase_lines(tx, id)?;
            if let Some(device) = device {
                identity::forget(tx, device)?;
            }
            intents::set_state(tx, id, State::Erased, Some(done_at))
        })?;
        if let Err(e) = db.scrub() {
            tracing::warn!(error = %e, "the write-ahead log could not be emptied after an erasure");
        }
        Ok(erased)
    }

    /// Finishes what is due from now on, and what was due when Loom was last broken off.
    pub fn start(self: &Arc<Self>) -> Result<Keeping> {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = false;
        let me = self.clone();
        let handle = std::thread::Builder::new().name("forget".into()).spawn(move || me.run());
        let handle = handle.map_err(|e| Error::stop("the system gives no more threads").because(e))?;
        Ok(Keeping { of: self.clone(), handle: Some(handle) })
    }

    fn run(&self) {
        loop {
            let wait = match self.finish_due().and_then(|_| self.parts.db.read(intents::next_due)) {
                Ok(None) => Duration::from_secs(3600),
                Ok(Some(due)) => Duration::from_micros((due.micros() - self.parts.clock.now().micros()).clamp(1000, 3_600_000_000) as u64),
                Err(e) => {
                    tracing::warn!("what is to be forgotten has to wait, and is out of sight: {e}");
                    AGAIN
                }
            };
            let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
            // A wish that came between the look and the wait is at most ten seconds from being due.
            let wait = wait.min(Duration::from_secs_f64(UNDO_SECONDS));
            if *stop || *self.wake.wait_timeout(stop, wait).unwrap_or_else(PoisonError::into_inner).0 {
                return;
            }
        }
    }
}

/// The thread that finishes; dropping it ends it, and what is not due yet waits for the next start.
pub struct Keeping {
    of: Arc<Forgetting>,
    handle: Option<JoinHandle<()>>,
}

impl Drop for Keeping {
    fn drop(&mut self) {
        *self.of.stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.of.wake.notify_all();
        if let Some(h) = self.handle.take() {
            let _ = h.join();
        }
    }
}

/// Of sound that is marked; what several records name counts once.
fn seconds(marked: &Marked) -> f64 {
    let mut sounds: Vec<_> = marked.sounds.iter().map(|(id, r)| (id.as_str(), r.start, r.end)).collect();
    sounds.sort_unstable();
    let (mut samples, mut upto) = (0, ("", 0));
    for (id, start, end) in sounds {
        let start = if upto.0 == id { start.max(upto.1) } else { start };
        samples += end.saturating_sub(start);
        upto = (id, if upto.0 == id { upto.1.max(end) } else { end });
    }
    samples as f64 / f64::from(crate::capture::SAMPLE_RATE)
}
