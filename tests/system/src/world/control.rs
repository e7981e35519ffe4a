//! Single steps, for tests that need one certain order of events.

use swap_pager::Watermarks;
use swap_pager::ports::{Page, QueueId, UserPage};

use super::program::{Change, Job, Outcome, ThreadId};
use super::{Step, World};
use crate::content::Kind;
use crate::kernel::space::Pte;
use crate::machine::lock;

impl World {
    /// Has the thread do something while nothing else happens; nothing if it waits for others.
    pub(crate) fn run_alone(&mut self, thread: ThreadId, job: Job) -> Option<Outcome> {
        self.begin(thread, job);
        self.go_on_alone(thread)
    }

    /// Lets the thread go on while nothing else happens, until it is done or sleeps.
    pub(crate) fn go_on_alone(&mut self, thread: ThreadId) -> Option<Outcome> {
        while self.threads[thread.0].can_go_on() && !self.is_dying(&self.threads[thread.0]) {
            self.perform(Step::Program(thread.0));
        }
        self.threads[thread.0].outcome
    }

    /// Lets the thread do one step.
    pub(crate) fn step_program(&mut self, thread: ThreadId) {
        self.perform(Step::Program(thread.0));
    }

    /// Writes a page while nothing else happens, and must succeed.
    pub(crate) fn write_alone(&mut self, thread: ThreadId, page: u64, kind: Kind) {
        let change = Change::Whole(kind, self.random.next());
        assert_eq!(self.run_alone(thread, Job::Write(page, change)), Some(Outcome::Done));
    }

    /// Has a CPU take a batch out, and returns what it holds before any acknowledgement.
    pub(crate) fn unmap_batch(&mut self, cpu: u32) -> Vec<UserPage> {
        for _ in 0..1000 {
            if let Some(batch) = self.unmapping.get(&cpu) {
                return batch.pages.clone();
            }
            self.perform(Step::Reclaim(cpu));
        }
        panic!("cpu {cpu} finds no victim\n{}", self.describe());
    }

    /// Has all CPUs acknowledge the batch of a CPU, which offers it then.
    pub(crate) fn offer_batch(&mut self, cpu: u32) {
        (0..self.setup.cpus as usize).for_each(|by| self.acknowledge(cpu, by));
        self.perform(Step::Finish(cpu));
    }

    /// Lets one thread of the daemon go on until it has taken the record that waits for it.
    pub(crate) fn take_record(&mut self, queue: QueueId) {
        self.step_worker(queue, "it takes its record", |world| {
            lock(&world.machine).ledger.in_hand(queue).is_some()
        });
    }

    /// Lets one thread of the daemon go on until it has completed its record.
    pub(crate) fn complete_record(&mut self, queue: QueueId) {
        let ticket =
            |world: &Self| lock(&world.machine).ledger.in_hand(queue).map(|record| record.ticket);
        let before = ticket(self);
        self.step_worker(queue, "it completes its record", |world| ticket(world) != before);
    }

    fn step_worker(&mut self, queue: QueueId, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..1000 {
            if done(self) {
                return;
            }
            let process = self.process.as_ref().expect("there is a daemon");
            let worker = process.worker(queue);
            assert!(process.is_awake(queue), "{what}, but sleeps\n{}", self.describe());
            self.perform(Step::Daemon(worker));
        }
        panic!("{what}, but not in 1000 steps\n{}", self.describe());
    }

    /// Takes spaces that are condemned apart while nothing else happens.
    pub(crate) fn bury_alone(&mut self) {
        while let Some(space) = self.dying.first().copied() {
            self.perform(Step::Bury(space));
        }
    }

    /// Lets the daemon go on until all its threads sleep.
    pub(crate) fn run_daemon(&mut self) {
        let next = |world: &mut Self| world.process.as_mut()?.runnable().first().copied();
        while let Some(thread) = next(self) {
            self.perform(Step::Daemon(thread));
        }
    }

    /// Lets the pager reclaim, however much is free, for so many steps.
    pub(crate) fn press(&mut self, steps: usize) {
        self.begin_pressure();
        self.steps(steps);
        self.end_pressure();
        self.settle();
    }

    /// Has the pager reclaim from now on, however much is free.
    pub(crate) fn begin_pressure(&mut self) {
        let frames = self.setup.frames;
        self.set_marks(Watermarks { low: frames, high: frames + 1, ..self.setup.marks });
    }

    /// Has the pager reclaim as it was configured.
    pub(crate) fn end_pressure(&mut self) {
        self.set_marks(self.setup.marks);
    }

    /// Reclaims until no page of the thread's space is in memory but those of which `stays` says so.
    pub(crate) fn swap_out(&mut self, thread: ThreadId, stays: impl Fn(u64) -> bool) {
        let space = self.space_of(thread);
        self.begin_pressure();
        self.run_until("all pages leave", |world| {
            let machine = lock(&world.machine);
            let mut table = machine.kernel.space(space).table.iter();
            let left = |(page, pte): (&u64, &Pte)| stays(*page) || matches!(pte, Pte::Swapped(_));
            table.all(left) && machine.ledger.is_still()
        });
        self.end_pressure();
        self.settle();
    }

    /// Sets the watermarks and lets the pager feel it.
    fn set_marks(&mut self, marks: Watermarks) {
        let set = lock(&self.machine).pager.set_watermarks(marks);
        set.expect("the watermarks are in order");
        self.pass(1_000_000);
    }

    /// Returns how many pages of the thread's space are in swap.
    pub(crate) fn swapped_pages(&self, thread: ThreadId) -> u32 {
        lock(&self.machine).pager.swapped_pages(self.space_of(thread))
    }

    /// Returns how often a page was taken out of its table.
    pub(crate) fn times_unmapped(&self, thread: ThreadId, page: u64) -> u32 {
        let at = (self.space_of(thread), Page(page));
        lock(&self.machine).kernel.unmaps.get(&at).copied().unwrap_or(0)
    }
}
