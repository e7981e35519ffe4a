//! Futexes: threads that wait for a word of their memory to change.
//!
//! A word is named by address space and address, so it stays the same word when its page is swapped
//! out and back. Words in shared memory are therefore not the same futex for two processes.

use alloc::collections::{BTreeMap, VecDeque};

use syscall::error::{EAGAIN, EINVAL};

use crate::errno::{Halt, SysResult, fail};
use crate::kernel::Kernel;
use crate::space::SpaceId;
use crate::thread::wake::Urgency;
use crate::thread::{ThreadId, Wait};

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
    /// Waits for a wake of the word at `address`, if it still has the value `expected`.
    ///
    /// # Errors
    ///
    /// EAGAIN if it has another value, EINVAL if it is not aligned, EFAULT; else the wait.
    pub(crate) fn futex_wait(
        &mut self,
        space: SpaceId,
        address: u64,
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
        Err(Halt::Wait(Wait::Futex(FutexKey { space, address }), deadline_ns))
    }

    /// Wakes up to `most` threads that wait for the word; returns how many.
    pub(crate) fn futex_wake(&mut self, space: SpaceId, address: u64, most: usize) -> usize {
        let mut count = 0;
        while count < most
            && let Some(thread) = self.futexes.pop(FutexKey { space, address })
        {
            self.end_wait(thread, Ok(0), Urgency::Anywhere);
            count += 1;
        }
        count
    }
}
