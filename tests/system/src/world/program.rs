//! Threads of programs: one job at a time, repeated until it is done.
//!
//! A job that must wait prepares, commits and parks as a kernel's system calls do; each of these is
//! a step of its own, so that any other step can come in between.

use swap_pager::ports::{CpuId, QueueId, SpaceId, Waiter};
use swap_pager::{Caller, Resize, ResizeBy, SwapOff, SwapOffError};
use zram::PageBytes;

use super::World;
use crate::content::{self, Kind};
use crate::machine::{Machine, cpu_id, lock};

/// Number of a thread of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ThreadId(pub(crate) usize);

/// What is written into a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// All of it: a page of this kind and stamp.
    Whole(Kind, u64),
    /// The word at this place.
    Word(usize, u64),
}

/// What a thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Read a page and compare all its bytes.
    Read(u64),
    /// Write to a page.
    Write(u64, Change),
    /// Unmap `count` pages.
    Unmap { first: u64, count: u64 },
    /// Copy the space.
    Fork,
    /// End the space.
    Exit,
    /// Have the area of this device emptied.
    SwapOff(u16),
    /// Have the area of this device end at so many pages.
    Shrink(u16, u32),
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// The copy's thread.
    Forked(ThreadId),
    /// The machine has no place for another space.
    NoRoom,
    Refused(SwapOffError),
    /// The thread's space has died.
    Killed,
}

/// How far a job got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Done(Outcome),
    /// The thread is prepared to wait; this queue's thread is to run.
    Wait(Option<QueueId>),
    /// The space must die.
    Dies,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Prepared,
    Parked,
}

/// A thread of a program.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(super) waiter: Waiter,
    /// None for a thread that does not exist.
    pub(crate) space: Option<SpaceId>,
    /// The CPU it always runs on; else any.
    pub(crate) pinned: Option<CpuId>,
    pub(super) job: Option<Job>,
    pub(crate) outcome: Option<Outcome>,
    state: State,
}

impl Thread {
    /// Returns a thread that does not exist.
    pub(super) const fn unused(number: u32) -> Self {
        Self {
            waiter: Waiter(number),
            space: None,
            pinned: None,
            job: None,
            outcome: None,
            state: State::Ready,
        }
    }

    pub(super) fn start(&mut self, space: SpaceId) {
        *self = Self { space: Some(space), ..Self::unused(self.waiter.0) };
    }

    /// Returns whether it has something to do and does not sleep.
    pub(super) fn can_go_on(&self) -> bool {
        self.job.is_some() && self.state != State::Parked
    }

    /// Returns whether it sleeps.
    pub(crate) fn is_parked(&self) -> bool {
        self.state == State::Parked
    }

    /// Returns whether it is prepared to sleep and not yet committed.
    pub(crate) fn is_prepared(&self) -> bool {
        self.state == State::Prepared
    }

    /// Returns whether it lives and has nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        self.space.is_some() && self.job.is_none()
    }

    /// The pager lets it go on; by then it may have died with the others of its space.
    pub(super) fn wake(&mut self) {
        if self.space.is_none() {
            return;
        }
        assert_eq!(self.state, State::Parked, "woken: {self:?}");
        self.state = State::Ready;
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        self.job = None;
        self.state = State::Ready;
        self.outcome = Some(outcome);
    }

    /// It is gone; its number may be used again.
    pub(super) fn die(&mut self) {
        self.end(Outcome::Killed);
        self.space = None;
    }
}

/// A thread, and the CPU that it runs on.
#[derive(Clone, Copy)]
pub(super) struct Running {
    pub(super) index: usize,
    pub(super) cpu: CpuId,
}

impl World {
    /// Gives an idle thread something to do.
    pub(crate) fn begin(&mut self, thread: ThreadId, job: Job) {
        let thread = &mut self.threads[thread.0];
        assert!(thread.is_idle(), "{thread:?} gets {job:?} as well");
        thread.job = Some(job);
        thread.outcome = None;
    }

    /// Lets things happen until the thread's job is done.
    pub(crate) fn await_outcome(&mut self, thread: ThreadId) -> Outcome {
        self.run_until("a job", |world| world.threads[thread.0].outcome.is_some());
        self.threads[thread.0].outcome.expect("it was awaited")
    }

    /// Has the thread do something, while other things happen.
    pub(crate) fn run(&mut self, thread: ThreadId, job: Job) -> Outcome {
        self.begin(thread, job);
        self.await_outcome(thread)
    }

    /// Writes a page and must succeed.
    pub(crate) fn write(&mut self, thread: ThreadId, page: u64, kind: Kind) {
        let change = Change::Whole(kind, self.random.next());
        assert_eq!(self.run(thread, Job::Write(page, change)), Outcome::Done);
    }

    /// Reads a page, compares it, and must succeed.
    pub(crate) fn read(&mut self, thread: ThreadId, page: u64) {
        assert_eq!(self.run(thread, Job::Read(page)), Outcome::Done);
    }

    /// Lets a thread do its next step, on its CPU or any.
    pub(super) fn go_on(&mut self, index: usize) {
        let Thread { waiter, state, .. } = self.threads[index];
        match state {
            State::Ready => self.attempt(index),
            State::Prepared => {
                let sleeps = lock(&self.machine).commit(waiter);
                self.threads[index].state = if sleeps { State::Parked } else { State::Ready };
            }
            State::Parked => panic!("{waiter:?} sleeps and goes on"),
        }
    }

    fn attempt(&mut self, index: usize) {
        let Thread { space, job, pinned, .. } = self.threads[index];
        let (space, job) = (space.expect("it lives"), job.expect("it has a job"));
        let cpu = pinned.unwrap_or(cpu_id(self.random.index(self.setup.cpus as usize) as u32));
        let running = Running { index, cpu };
        let progress = match job {
            Job::Read(page) => self.access(running, space, page, None),
            Job::Write(page, change) => self.access(running, space, page, Some(change)),
            Job::Unmap { first, count } => self.unmap_range(space, first, count),
            Job::Fork => self.fork(index, space),
            Job::Exit => Progress::Dies,
            Job::SwapOff(device) => self.swapoff_step(running, device),
            Job::Shrink(device, pages) => self.shrink_step(running, device, pages),
        };
        match progress {
            Progress::Done(outcome) => self.threads[index].end(outcome),
            Progress::Wait(run) => {
                self.threads[index].state = State::Prepared;
                lock(&self.machine).kernel.told.stirred.extend(run);
            }
            Progress::Dies => {
                self.dying.insert(space);
            }
        }
    }

    fn swapoff_step(&mut self, Running { index, cpu }: Running, device: u16) -> Progress {
        let waiter = self.threads[index].waiter;
        let answer = {
            let mut guard = lock(&self.machine);
            let Machine { pager, kernel, .. } = &mut *guard;
            pager.swapoff(device, Caller { waiter, cpu }, kernel)
        };
        match answer {
            SwapOff::Done => {
                self.area_is_gone(device);
                Progress::Done(Outcome::Done)
            }
            SwapOff::Wait { run } => Progress::Wait(run),
            SwapOff::Failed(error) => Progress::Done(Outcome::Refused(error)),
        }
    }

    fn shrink_step(
        &mut self,
        Running { index, cpu }: Running,
        device: u16,
        pages: u32,
    ) -> Progress {
        let waiter = self.threads[index].waiter;
        let resize = Resize { device, pages, by: ResizeBy::User };
        let answer = {
            let mut guard = lock(&self.machine);
            let Machine { pager, kernel, .. } = &mut *guard;
            pager.resize(resize, Caller { waiter, cpu }, kernel)
        };
        match answer {
            SwapOff::Done => Progress::Done(Outcome::Done),
            SwapOff::Wait { run } => Progress::Wait(run),
            SwapOff::Failed(error) => Progress::Done(Outcome::Refused(error)),
        }
    }

    /// A signal interrupts the thread's swapoff, if it has one.
    pub(crate) fn cancel_swapoff(&mut self, thread: ThreadId) {
        let thread = &mut self.threads[thread.0];
        if let Some(Job::SwapOff(_) | Job::Shrink(..)) = thread.job {
            lock(&self.machine).pager.swapoff_cancel(thread.waiter);
            thread.end(Outcome::Refused(SwapOffError::Busy));
        }
    }

    /// Compares or changes the page in `frame`, as the program does, and the model.
    pub(super) fn use_page(
        &mut self,
        space: SpaceId,
        page: u64,
        frame: swap_pager::ports::Frame,
        change: Option<Change>,
    ) {
        let kernel = &mut lock(&self.machine).kernel;
        let zeros = || Box::new([0; zram::PAGE_SIZE]);
        match change {
            None => {
                let expected = self.model.get(&(space, page));
                let bytes = kernel.frames.bytes(frame);
                let same = expected.map_or(bytes == &*zeros(), |expected| bytes == &**expected);
                assert!(same, "{}", describe(space, page, bytes, expected.map(|it| &**it)));
            }
            Some(change) => {
                let apply = |bytes: &mut PageBytes| match change {
                    Change::Whole(kind, stamp) => *bytes = *content::page(kind, stamp),
                    Change::Word(at, word) => {
                        bytes[at * 8..at * 8 + 8].copy_from_slice(&word.to_le_bytes());
                    }
                };
                apply(self.model.entry((space, page)).or_insert_with(zeros));
                kernel.write(frame, apply);
            }
        }
    }
}

fn describe(space: SpaceId, page: u64, bytes: &PageBytes, expected: Option<&PageBytes>) -> String {
    let zeros = [0; zram::PAGE_SIZE];
    let expected = expected.unwrap_or(&zeros);
    let first = bytes.iter().zip(expected).position(|(a, b)| a != b).unwrap_or(0);
    let end = zram::PAGE_SIZE.min(first + 16);
    format!(
        "page {page} of {space:?} has wrong bytes from {first} on: {:02x?}, expected {:02x?}",
        &bytes[first..end],
        &expected[first..end]
    )
}
