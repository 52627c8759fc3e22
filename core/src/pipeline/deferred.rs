//! Runs a [`Deferred`] stage: jobs on threads of their own, finished in input order, only the finished prefix committed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::consumer::{Consumer, ERASED, Made, guarded};
use super::node::{Progress, Step, Wiring};
use super::outbox::Outbox;
use super::probe::Probe;
use super::stage::{Deferred, MakeWorker, Spec, Worker};
use crate::bus::{Membership, Position, Positions, Record};
use crate::error::{Error, Fault, Kind, Result};

/// Jobs read ahead a worker; a job holds up to 30 s of samples, 2 MB.
const JOBS_A_WORKER: usize = 2;

pub(super) struct DeferredRunner<D: Deferred> {
    stage: D,
    consumer: Consumer,
    /// Read, in input order; a job that could not start has its fault here already.
    waiting: VecDeque<(u64, Record)>,
    done: BTreeMap<u64, Result<D::Done, Fault>>,
    next: u64,
    /// Where reading goes on: ahead of what is committed.
    read: Positions,
    pool: Pool<D>,
}

enum Pool<D: Deferred> {
    /// The simulation's: the job runs inside the step.
    Inline(Option<Worker<D::Job, D::Done>>),
    Threads {
        jobs: Sender<(u64, D::Job)>,
        results: Receiver<(u64, Result<D::Done, Fault>)>,
        handles: Vec<JoinHandle<()>>,
    },
}

impl<D: Deferred> DeferredRunner<D> {
    pub fn open(stage: D, wiring: Wiring) -> Result<Self> {
        let workers = wiring.workers;
        let consumer = Consumer::open(stage.spec().clone(), wiring)?;
        let read = consumer.membership.positions.clone();
        let pool = if workers == 0 { Pool::Inline(None) } else { Pool::threads(&stage, workers) };
        Ok(Self { stage, consumer, waiting: VecDeque::new(), done: BTreeMap::new(), next: 0, read, pool })
    }

    fn room(&self) -> usize {
        let workers = self.consumer.wiring.workers.max(1);
        (workers * JOBS_A_WORKER).saturating_sub(self.waiting.len())
    }

    /// Reads on and hands out jobs while there is room.
    fn fill(&mut self) -> Result<()> {
        let room = self.room();
        if room == 0 {
            return Ok(());
        }
        for r in self.consumer.poll(&self.read, room)? {
            self.read.insert(Position { topic: r.topic().clone(), partition: r.partition() }, r.offset() + 1);
            let seq = self.next;
            self.next += 1;
            if r.value().is_none() {
                self.waiting.push_back((seq, r));
                continue;
            }
            let job = guarded(|| {
                let r = self.consumer.resolve(r.clone())?;
                self.stage.start(&r)
            });
            self.waiting.push_back((seq, r));
            match job {
                Ok(job) => self.pool.hand_out(&self.stage, seq, job, &mut self.done)?,
                Err(fault) => _ = self.done.insert(seq, Err(fault)),
            }
        }
        Ok(())
    }

    /// Finishes and commits what is done at the head, in input order.
    fn settle(&mut self) -> Result<bool> {
        let mut worked = false;
        while let Some((seq, r)) = self.waiting.front() {
            if r.value().is_none() {
                self.pass_over()?;
                worked = true;
                continue;
            }
            let Some(result) = self.done.remove(seq) else { break };
            let Some((_, r)) = self.waiting.pop_front() else { break };
            self.finish(&r, result)?;
            worked = true;
        }
        Ok(worked)
    }

    /// The record at the head was erased before it was read: there was no job.
    fn pass_over(&mut self) -> Result<()> {
        let Some((_, r)) = self.waiting.pop_front() else { return Ok(()) };
        self.consumer.probe.note(|s| *s.dropped.entry(ERASED).or_default() += 1);
        self.consumer.commit(std::slice::from_ref(&r), Made::default())
    }

    fn finish(&mut self, r: &Record, result: Result<D::Done, Fault>) -> Result<()> {
        let mut out = Outbox::default();
        out.begin(r);
        let outcome = result.and_then(|done| guarded(|| self.stage.finish(r, done, &mut out)));
        let outputs = match outcome {
            Ok(()) => {
                let dropped = out.dropped().to_vec();
                self.consumer.probe.note(|s| dropped.iter().for_each(|d| *s.dropped.entry(d).or_default() += 1));
                let letters = self.consumer.letters(&mut out);
                let mut outputs = out.seal(&self.consumer.spec, &self.consumer.wiring.run);
                outputs.extend(letters);
                outputs
            }
            Err(fault) => vec![self.consumer.give_up(r, fault)?],
        };
        self.consumer.commit(std::slice::from_ref(r), Made::of(outputs))
    }

    /// Forgets what is under way: it will be read again from what is committed.
    fn start_over(&mut self) {
        let jobs = self.waiting.iter().filter(|(_, r)| r.value().is_some()).count();
        self.pool.drain(jobs, &self.done);
        self.waiting.clear();
        self.done.clear();
        self.read.clone_from(&self.consumer.membership.positions);
    }

    fn work(&mut self) -> Result<Progress> {
        self.fill()?;
        if self.waiting.is_empty() {
            return Ok(Progress::Idle);
        }
        if !self.settle()? {
            self.pool.collect(&mut self.done);
            self.settle()?;
        }
        Ok(Progress::Worked)
    }
}

impl<D: Deferred> Step for DeferredRunner<D> {
    fn spec(&self) -> &Spec {
        &self.consumer.spec
    }
    fn membership(&self) -> &Membership {
        &self.consumer.membership
    }
    fn probe(&self) -> Arc<Probe> {
        self.consumer.probe.clone()
    }
    fn step(&mut self) -> Result<Progress> {
        let worked = self.work();
        if worked.is_err() {
            self.start_over();
        }
        worked
    }
}

impl<D: Deferred> Pool<D> {
    fn threads(stage: &D, workers: usize) -> Self {
        let (jobs, todo) = bounded::<(u64, D::Job)>(workers * JOBS_A_WORKER);
        let (finished, results) = unbounded();
        let build = stage.worker();
        let spawn = |i| {
            let (todo, finished, build) = (todo.clone(), finished.clone(), build.clone());
            let run = move || work_off::<D>(&todo, &finished, &build);
            std::thread::Builder::new().name(format!("{}-{i}", stage.spec().group.trim_end_matches("-consumer"))).spawn(run)
        };
        // With no thread to be had, jobs wait: `hand_out` says so.
        let handles = (0..workers).filter_map(|i| spawn(i).ok()).collect();
        Pool::Threads { jobs, results, handles }
    }

    fn hand_out(&mut self, stage: &D, seq: u64, job: D::Job, done: &mut BTreeMap<u64, Result<D::Done, Fault>>) -> Result<()> {
        match self {
            Pool::Threads { jobs, .. } => jobs.send((seq, job)).map_err(|_| Error::retry("no worker thread could be started")),
            Pool::Inline(worker) => {
                done.insert(seq, one_job(worker, &stage.worker(), job));
                Ok(())
            }
        }
    }

    /// Waits a little for results.
    fn collect(&mut self, done: &mut BTreeMap<u64, Result<D::Done, Fault>>) {
        if let Pool::Threads { results, .. } = self {
            if let Ok((seq, result)) = results.recv_timeout(Duration::from_millis(200)) {
                done.insert(seq, result);
            }
            done.extend(results.try_iter());
        }
    }

    /// Waits for jobs under way, so that none of their results is taken for a later one's.
    fn drain(&mut self, waiting: usize, done: &BTreeMap<u64, Result<D::Done, Fault>>) {
        if let Pool::Threads { results, .. } = self {
            let under_way = waiting.saturating_sub(done.len());
            results.iter().take(under_way).for_each(drop);
        }
    }
}

impl<D: Deferred> Drop for Pool<D> {
    fn drop(&mut self) {
        if let Pool::Threads { jobs, handles, .. } = self {
            *jobs = bounded(0).0; // the last sender goes, the workers end after the job at hand
            handles.drain(..).for_each(|h| _ = h.join());
        }
    }
}

fn work_off<D: Deferred>(
    todo: &Receiver<(u64, D::Job)>,
    finished: &Sender<(u64, Result<D::Done, Fault>)>,
    build: &MakeWorker<D::Job, D::Done>,
) {
    let mut worker = None;
    for (seq, job) in todo {
        if finished.send((seq, one_job(&mut worker, build, job))).is_err() {
            return;
        }
    }
}

/// The engine is built with the first job, and anew after a failure that may have spoilt it.
fn one_job<J, D>(worker: &mut Option<Worker<J, D>>, build: &MakeWorker<J, D>, job: J) -> Result<D, Fault> {
    let result = guarded(|| {
        let engine = match worker {
            Some(engine) => engine,
            None => worker.insert(build()?),
        };
        engine(job)
    });
    if result.as_ref().is_err_and(|f| f.kind != Kind::Skip) {
        *worker = None;
    }
    result
}
