//! The table of threads, and the thread that each CPU runs.
//!
//! All of the kernel may read the table; only this folder changes it. Other folders change a thread
//! by the methods here.

use alloc::collections::BTreeSet;
use core::ops::Deref;

use zram_abi::{CpuId, CpuSet};

use super::scheduler::Scheduler;
use super::{Identity, Resume, State, Thread, ThreadId, Wait};
use crate::files::table::FileTable;
use crate::kernel::Kernel;
use crate::limits::{CPUS_MAX, THREADS_MAX};
use crate::slab::{Full, Id, Slab};
use crate::space::SpaceId;

/// All threads, those that run and those that are to run.
pub(crate) struct Threads {
    pub(super) table: Slab<Thread>,
    pub(super) scheduler: Scheduler<ThreadId>,
    /// Deadlines of waiting threads, earliest first.
    pub(super) deadlines: BTreeSet<(u64, ThreadId)>,
    /// The thread whose registers each CPU had at its last entry; it may have ended since.
    pub(super) current: [Option<ThreadId>; CPUS_MAX],
}

/// Where a thread begins in a new address space.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) stack: u64,
    pub(crate) instruction: u64,
    /// Arrives in rsi.
    pub(crate) argument: u64,
}

impl Deref for Threads {
    type Target = Slab<Thread>;

    fn deref(&self) -> &Slab<Thread> {
        &self.table
    }
}

impl Threads {
    /// Returns no threads, for the CPUs that are online.
    pub(crate) fn new(online: CpuSet) -> Self {
        Self {
            table: Slab::new(THREADS_MAX),
            scheduler: Scheduler::new(online),
            deadlines: BTreeSet::new(),
            current: [None; CPUS_MAX],
        }
    }

    /// Returns the CPUs that take work.
    pub(crate) fn online(&self) -> CpuSet {
        self.scheduler.online()
    }
}

impl Kernel {
    /// Adds a thread that has not started.
    ///
    /// # Errors
    ///
    /// [`Full`] when there are too many.
    pub(crate) fn add_thread(&mut self, thread: Thread) -> Result<ThreadId, Full> {
        self.threads.table.insert(thread)
    }

    /// Counts a description that names the thread.
    pub(crate) fn retain_thread(&mut self, thread: ThreadId) {
        self.threads.table[thread].references += 1;
    }

    /// Takes a description that names the thread away; a thread that has ended goes with the last one.
    pub(crate) fn release_thread(&mut self, thread: ThreadId) {
        self.threads.table[thread].references -= 1;
        self.forget_thread(thread);
    }

    /// Says what the thread's call has done so far, which is executed again.
    pub(crate) fn set_resume(&mut self, thread: ThreadId, resume: Resume) {
        self.threads.table[thread].resume = resume;
    }

    /// Sets the base of the thread's FS segment; returns false, with nothing changed, if it cannot be
    /// one.
    pub(crate) fn set_fs_base(&mut self, thread: ThreadId, base: u64) -> bool {
        self.threads.table[thread].regs.get_mut().set_fs_base(base)
    }

    /// Lets the thread run on these CPUs.
    pub(crate) fn set_affinity(&mut self, thread: ThreadId, affinity: CpuSet) {
        self.threads.table[thread].affinity = affinity;
        self.requeue(thread);
    }

    /// Gives the thread a name, credentials and a priority.
    pub(crate) fn set_identity(&mut self, thread: ThreadId, identity: Identity, priority: u8) {
        let found = &mut self.threads.table[thread];
        (found.identity, found.priority) = (identity, priority);
        self.requeue(thread);
    }

    /// Turns the wait of a thread into one for this CPU's shootdown.
    pub(crate) fn await_shootdown(&mut self, thread: ThreadId) {
        self.threads.table[thread].state = State::Waiting(Wait::Shootdown);
    }

    /// Returns whether the parts of a thread can be exchanged: no other CPU runs it.
    pub(crate) fn is_at_rest(&self, thread: ThreadId) -> bool {
        let found = &self.threads[thread];
        match found.state {
            State::NotStarted => true,
            State::Running(cpu) => cpu == self.here && !found.is_killed,
            State::Ready(_) | State::Waiting(_) | State::Dead => false,
        }
    }

    /// Makes a thread at rest one of this process, in its address space; returns the space that it
    /// leaves. The counts of both spaces are the caller's business.
    pub(crate) fn move_thread(
        &mut self,
        thread: ThreadId,
        space: SpaceId,
        pid: u32,
        entry: Entry,
    ) -> Option<SpaceId> {
        let found = &mut self.threads.table[thread];
        found.identity.pid = pid;
        let regs = found.regs.get_mut();
        regs.rip = entry.instruction;
        regs.rsp = entry.stack;
        regs.rsi = entry.argument;
        found.space.replace(space)
    }

    /// Gives a thread at rest a file table; returns the one that it had.
    pub(crate) fn exchange_table(
        &mut self,
        thread: ThreadId,
        table: Id<FileTable>,
    ) -> Option<Id<FileTable>> {
        self.threads.table[thread].table.replace(table)
    }

    /// Makes the first thread of its queues the current one of this CPU; returns false if there is none.
    pub(crate) fn choose_thread(&mut self) -> bool {
        let here = self.here;
        self.threads.current[here.index()] = None;
        let Some(thread) = self.pick() else { return false };
        let found = &mut self.threads.table[thread];
        found.state = State::Running(here);
        found.last_cpu = here;
        self.threads.current[here.index()] = Some(thread);
        true
    }

    /// Returns the current thread if it goes on; otherwise it is put back into a queue.
    pub(crate) fn thread_to_keep(&mut self) -> Option<ThreadId> {
        let thread = self.current_thread()?;
        let found = self.threads.get(thread)?;
        if found.state != State::Running(self.here) {
            return None;
        }
        let may_stay = self.threads.scheduler.may_run(found.affinity, self.here);
        let priority = self.priority_of(thread);
        if may_stay && !self.threads.scheduler.has_before(self.here, priority) {
            return Some(thread);
        }
        self.preempt(may_stay);
        None
    }

    /// A tick of the current thread: takes it off this CPU if others have their turn.
    pub(crate) fn tick_thread(&mut self, cpu: CpuId, thread: ThreadId) {
        if self.threads.get(thread).is_some_and(|found| found.state == State::Running(cpu)) {
            let priority = self.priority_of(thread);
            if self.threads.scheduler.tick(cpu, priority) {
                self.preempt(false);
            }
        }
    }
}
