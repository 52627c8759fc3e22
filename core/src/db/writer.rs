//! The one thread that writes: it takes the jobs that wait, commits them together, then answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::checkpoint::{self, Checkpoints};
use super::{Shared, fault};
use crate::env::{Clock, System};
use crate::error::{Error, Result};

/// Jobs that may wait; who comes later blocks.
const WAITING_JOBS: usize = 1024;
/// A group takes no further job when it has worked this long, so that its first is not kept waiting for its last.
const GROUP_NS: u64 = 20_000_000;
/// The same where the next job only tidies up.
const TIDYING_NS: u64 = 5_000_000;

/// Tells a caller how its job ended: with its own answer, or with the error that took it back.
type Answer = Box<dyn FnOnce(Option<Error>) + Send>;
/// Runs in the transaction; why its changes don't stay, if so, and who to tell.
type Run = Box<dyn FnOnce(&Transaction, &Shared) -> (Option<Error>, Answer) + Send>;

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Adds to what is stored: refused while the disk is short of space.
    Intake,
    /// May use the space kept in reserve.
    Upkeep,
    /// Like upkeep, and need not be durable when it answers: power loss may take it back, then it is done again.
    /// Pages it frees keep what was on them until whoever tidies overwrites them.
    Tidying,
}

struct Job {
    purpose: Purpose,
    run: Run,
    /// Tells the caller that it did not run.
    refuse: Box<dyn FnOnce(Error) + Send>,
}

pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, shared: Arc<Shared>) -> Result<Self> {
        let (jobs, waiting) = bounded(WAITING_JOBS);
        shared.space.take_reserve();
        let checkpoints = Checkpoints::start(shared.clone())?;
        let thread = std::thread::Builder::new()
            .name("loom.db writer".into())
            .spawn(move || Thread { connection, shared, waiting, checkpoints, durable: true, version: None }.run())
            .map_err(|e| Error::stop("the system gives no thread to write with").because(e))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) fn run<T: Send + 'static>(&self, purpose: Purpose, f: impl FnOnce(&Transaction) -> Result<T> + Send + 'static) -> Result<T> {
        let (tell, told) = bounded(1);
        let refused = tell.clone();
        let run: Run = Box::new(move |tx, shared| {
            let result = f(tx);
            let failed = result.as_ref().err().map(|e| {
                shared.note(e);
                fault::again(e)
            });
            // A caller that is gone needs no answer.
            (failed, Box::new(move |lost: Option<Error>| drop(tell.send(lost.map_or(result, Err)))))
        });
        let refuse = Box::new(move |e| drop(refused.send(Err(e))));
        let jobs = self.jobs.as_ref().ok_or_else(fault::broke_off)?;
        jobs.send(Job { purpose, run, refuse }).map_err(|_| fault::broke_off())?;
        told.recv().unwrap_or_else(|_| Err(fault::broke_off()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(t) = self.thread.take() {
            // It catches its jobs' panics; there is nobody left to tell of another.
            drop(t.join());
        }
    }
}

struct Thread {
    connection: Connection,
    shared: Arc<Shared>,
    waiting: Receiver<Job>,
    checkpoints: Checkpoints,
    /// Whether commits flush the disk, as the connection stands.
    durable: bool,
    /// SQLite's own count of what other connections wrote.
    version: Option<i64>,
}

impl Thread {
    fn run(mut self) {
        let mut held = None;
        while let Some(first) = held.take().or_else(|| self.waiting.recv().ok()) {
            held = self.group(first);
            self.checkpoints.after_group(&self.connection, &self.shared);
        }
        self.shared.readers.close();
        self.checkpoints.stop();
        if self.shared.is_damaged() {
            checkpoint::leave_as_it_is(&self.connection);
        }
    }

    /// One transaction for the jobs that wait, then their answers. Gives a job back that wants a group of its own.
    fn group(&mut self, first: Job) -> Option<Job> {
        let (mut answers, mut held) = (Vec::new(), None);
        let result = self.commit(first, &mut answers, &mut held);
        if let Err(e) = &result {
            self.shared.note(e);
            self.shared.stale();
        }
        for answer in answers {
            answer(result.as_ref().err().map(fault::again));
        }
        held
    }

    fn commit(&mut self, first: Job, answers: &mut Vec<Answer>, held: &mut Option<Job>) -> Result<()> {
        let durable = first.purpose != Purpose::Tidying;
        let began = self.suit(durable).and_then(|()| Ok(Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?));
        let tx = match began {
            Ok(tx) => tx,
            Err(e) => {
                (first.refuse)(fault::again(&e));
                return Err(e);
            }
        };
        let version = tx.prepare_cached("PRAGMA data_version").and_then(|mut s| s.query_row([], |r| r.get(0)));
        // Where it is not known, nothing remembered is trusted.
        if version.as_ref().ok() != self.version.as_ref() {
            self.shared.stale();
        }
        self.version = version.ok();
        let began = System.monotonic_ns();
        let (mut next, mut alone) = (Some(first), true);
        while let Some(job) = next {
            let tidies = job.purpose == Purpose::Tidying;
            let limit = if tidies { TIDYING_NS } else { GROUP_NS };
            if durable == tidies || System.monotonic_ns() - began > limit {
                *held = Some(job);
                break;
            }
            if let Err(e) = self.shared.may_write(job.purpose == Purpose::Intake) {
                (job.refuse)(e);
            } else {
                // A savepoint makes SQLite seal each page it touches once more, so only those have one that need it.
                let guarded = durable && !alone;
                match step(&tx, job, guarded, &self.shared, answers)? {
                    Some(_) if alone => {
                        self.shared.stale();
                        return Ok(tx.rollback()?);
                    }
                    Some(e) if !guarded => return Err(e),
                    _ => alone = false,
                }
            }
            next = self.waiting.try_recv().ok();
        }
        Ok(tx.commit()?)
    }

    /// Whether the next commits flush the disk and overwrite what they free. What they leave unflushed, the next one
    /// that does flushes too.
    fn suit(&mut self, durable: bool) -> Result<()> {
        if self.durable != durable {
            self.connection.execute_batch(if durable {
                "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON"
            } else {
                "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST"
            })?;
            self.durable = durable;
        }
        Ok(())
    }
}

/// Runs one job; why it failed, if it did, and if guarded its changes are then gone. An error is the whole group's:
/// SQLite gave the transaction up.
fn step(tx: &Transaction, job: Job, guarded: bool, shared: &Shared, answers: &mut Vec<Answer>) -> Result<Option<Error>> {
    let sql = |sql| -> Result<()> { Ok(tx.prepare_cached(sql)?.execute([]).map(drop)?) };
    if guarded {
        sql("SAVEPOINT job")?;
    }
    let Job { run, refuse, .. } = job;
    let failed = match catch_unwind(AssertUnwindSafe(|| run(tx, shared))) {
        Ok((failed, answer)) => {
            answers.push(answer);
            failed
        }
        Err(_) => {
            refuse(fault::broke_off());
            Some(fault::broke_off())
        }
    };
    if tx.is_autocommit() {
        return Err(failed.unwrap_or_else(fault::broke_off));
    }
    if guarded {
        if failed.is_some() {
            shared.stale();
            sql("ROLLBACK TO job")?;
        }
        sql("RELEASE job")?;
    }
    Ok(failed)
}
