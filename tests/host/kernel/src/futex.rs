//! Futexes: threads that wait for a word of their memory to change.
//!
//! A word is named by address space and address, so it stays the same word when its page is swapped
//! out and back. Words in shared memory are therefore not the same futex for two processes.
//!
//! A thread that says that the word is a lock lends its priority meanwhile. A lock does not say who holds
//! it, but that is a thread of the same space, so all of them get it: whoever holds the lock runs before
//! anything that the waiting thread would run before. That is more than is needed, and only as long as
//! somebody waits; a thread that stays in the lock for long is the program's own matter.

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

/// All words that somebody waits for.
#[derive(Default)]
pub(crate) struct Futexes {
    waiters: BTreeMap<FutexKey, VecDeque<ThreadId>>,
    /// Spaces whose threads have a priority lent to them: almost always none, so that asking for a
    /// thread's priority, which every system call and every hand-off does, looks no further.
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
    /// Waits for a wake of a word, if it still has the value `expected`; `wait` says whether whoever
    /// shall wake it is another thread of the space, which holds a lock.
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

    /// Returns the priority at which a thread runs: its own or, if that goes first, what is lent to it.
    pub(crate) fn priority_of(&self, thread: ThreadId) -> u8 {
        let found = &self.threads[thread];
        if self.futexes.lent_spaces == 0 {
            return found.priority();
        }
        let space = found.space().and_then(|space| self.spaces.get(space));
        found.priority().min(space.map_or(PRIORITY_LAST, |space| space.lent_priority()))
    }

    /// Lends all threads of a space the priority of the first one that waits for a lock, `but` one
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
