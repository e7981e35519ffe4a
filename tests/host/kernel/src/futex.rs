//! Futexes: threads that wait until a word of their memory changes.
//!
//! A word is named by its address space and address, so its name stays valid when its page is
//! swapped out and in. Therefore a word in shared memory is a different futex for each process.
//!
//! A waiting thread may say that the word is a lock; while it waits, it lends its priority. The
//! kernel does not know which thread holds the lock, only that it is a thread of the same space, so
//! all threads of the space get the priority: the holder runs before anything that the waiting
//! thread would run before. This raises more threads than needed, but only while some thread waits;
//! a thread that holds a lock for long is the program's own problem.

use alloc::collections::{BTreeMap, VecDeque};

use syscall::error::{EAGAIN, EINVAL};

use crate::errno::{Halt, SysResult, fail};
use crate::kernel::Kernel;
use crate::space::SpaceId;
use crate::thread::wake::Urgency;
use crate::thread::{PRIORITY_LAST, State, Thread, ThreadId, Wait};

/// Names a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FutexKey {
    space: SpaceId,
    address: u64,
}

/// All words that threads wait for.
#[derive(Default)]
pub(crate) struct Futexes {
    waiters: BTreeMap<FutexKey, VecDeque<ThreadId>>,
    /// Spaces whose threads have a lent priority: almost always none, so that the look-up of a thread's
    /// priority, which every system call and every hand-off does, ends here.
    lent_spaces: usize,
}

impl FutexKey {
    /// Names the word at `address`.
    pub(crate) const fn new(space: SpaceId, address: u64) -> Self {
        Self { space, address }
    }

    /// Returns the space of the word.
    pub(crate) fn space(self) -> SpaceId {
        self.space
    }
}

impl Futexes {
    /// Adds a thread that waits.
    pub(crate) fn add(&mut self, key: FutexKey, thread: ThreadId) {
        self.waiters.entry(key).or_default().push_back(thread);
    }

    /// Removes a thread that waits no more.
    pub(crate) fn remove(&mut self, key: FutexKey, thread: ThreadId) {
        if let Some(waiting) = self.waiters.get_mut(&key) {
            waiting.retain(|&waiter| waiter != thread);
            if waiting.is_empty() {
                self.waiters.remove(&key);
            }
        }
    }

    /// Removes and returns the thread that waits longest.
    fn pop(&mut self, key: FutexKey) -> Option<ThreadId> {
        let waiting = self.waiters.get_mut(&key)?;
        let thread = waiting.pop_front();
        if waiting.is_empty() {
            self.waiters.remove(&key);
        }
        thread
    }
}

impl Kernel {
    /// Waits for a wake of a word, if it still has the value `expected`; `wait` says whether the
    /// word is a lock, which another thread of the space holds and will release.
    ///
    /// # Errors
    ///
    /// EAGAIN if it has another value, EINVAL if it is not aligned, EFAULT; else the wait.
    pub(crate) fn futex_wait(
        &mut self,
        FutexKey { space, address }: FutexKey,
        wait: Wait,
        expected: u32,
        deadline_ns: Option<u64>,
    ) -> SysResult {
        if !address.is_multiple_of(4) {
            return fail(EINVAL);
        }
        let mut bytes = [0; 4];
        self.read_user(space, address, &mut bytes)?;
        if u32::from_le_bytes(bytes) != expected {
            return fail(EAGAIN);
        }
        Err(Halt::Wait(wait, deadline_ns))
    }

    /// Wakes up to `most` threads that wait for the word; returns how many.
    pub(crate) fn futex_wake(&mut self, key: FutexKey, most: usize) -> usize {
        let mut count = 0;
        while count < most
            && let Some(thread) = self.futexes.pop(key)
        {
            self.end_wait(thread, Ok(0), Urgency::Anywhere);
            count += 1;
        }
        if self.spaces[key.space].lent_priority() != PRIORITY_LAST {
            self.lend_priorities(key.space, None);
        }
        count
    }

    /// Returns the priority at which a thread runs: its own or the one lent to it, whichever runs first.
    pub(crate) fn priority_of(&self, thread: ThreadId) -> u8 {
        let found = &self.threads[thread];
        if self.futexes.lent_spaces == 0 {
            return found.priority();
        }
        let space = found.space().and_then(|space| self.spaces.get(space));
        found.priority().min(space.map_or(PRIORITY_LAST, |space| space.lent_priority()))
    }

    /// Lends all threads of a space the highest priority of those that wait for a lock; leaves out `but`,
    /// whose wait ends.
    pub(crate) fn lend_priorities(&mut self, space: SpaceId, but: Option<ThreadId>) {
        let waits = |&(thread, found): &(ThreadId, &Thread)| {
            let is_locked_out = matches!(found.state(), State::Waiting(Wait::Lock(_)));
            found.space() == Some(space) && is_locked_out && but != Some(thread)
        };
        let waiting = self.threads.iter().filter(waits).map(|(_, found)| found.priority());
        let lent = waiting.min().unwrap_or(PRIORITY_LAST);
        let Some(before) = self.set_lent_priority(space, lent) else { return };
        self.futexes.lent_spaces += usize::from(before == PRIORITY_LAST);
        self.futexes.lent_spaces -= usize::from(lent == PRIORITY_LAST);
        for thread in self.threads.ids() {
            if self.threads.get(thread).is_some_and(|found| found.space() == Some(space)) {
                self.requeue(thread);
            }
        }
    }
}
