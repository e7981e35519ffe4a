//! The reaper: gives back the contents of devices that were reset or removed.
//!
//! Giving back a full pool takes 35 us a page in an emulated machine, 20 s for 600 MiB, and a CPU on
//! its way waits 5 s for the actor. So the actor only takes the content out of its device, where
//! nobody finds it any more, and puts it here; a thread of its own does the rest.
//!
//! At most [`RETIRED_MAX`] contents wait. One more makes the actor give one back itself, and so does
//! a new device that finds no memory while some wait: then the memory is worth the wait, as nothing
//! else brings it back sooner. Until it is given back, memory is counted in
//! [`crate::daemon::Remains`], and exit waits for all of it. Without a thread, exit does everything.

use alloc::collections::VecDeque;

use lock_api::Mutex;

use crate::devices::Content;
use crate::platform::Platform;
use crate::sync::{AtomicU32, Ordering};

/// Most contents that wait: as many as scripts reset in one go, and their bookkeeping is small.
pub const RETIRED_MAX: usize = 16;

/// What waits to be given back.
pub struct Reaper<P: Platform> {
    queue: Mutex<P::Mutex, Queue<P>>,
    /// Counts what was put in, given back, and the end, to sleep on.
    changes: AtomicU32,
}

struct Queue<P: Platform> {
    waiting: VecDeque<Retired<P>>,
    /// Contents that somebody gives back now.
    in_hand: usize,
    /// Bytes of slot tables that wait or are in hand.
    table_bytes: u64,
    is_closed: bool,
}

struct Retired<P: Platform> {
    content: Content<P>,
    table_bytes: u64,
}

impl<P: Platform> Reaper<P> {
    /// Returns a reaper without work. Called once, at start, where running out of memory may end the
    /// daemon.
    pub(crate) fn new() -> Self {
        let waiting = VecDeque::with_capacity(RETIRED_MAX);
        let queue = Queue { waiting, in_hand: 0, table_bytes: 0, is_closed: false };
        Self { queue: Mutex::new(queue), changes: AtomicU32::new(0) }
    }

    /// Takes a content that nobody finds any more. Needs no memory.
    ///
    /// # Context
    ///
    /// Waits only if [`RETIRED_MAX`] contents wait already: then one is given back first.
    pub(crate) fn retire(&self, platform: &P, content: Content<P>) {
        let table_bytes = content.statistics().metadata.table_bytes;
        // Only the actor puts contents in, so the place that is made stays free.
        if self.queue.lock().waiting.len() >= RETIRED_MAX {
            self.reap_one(platform);
        }
        let mut queue = self.queue.lock();
        queue.table_bytes = queue.table_bytes.saturating_add(table_bytes);
        queue.waiting.push_back(Retired { content, table_bytes });
        drop(queue);
        self.changed(platform);
    }

    /// Gives back the content that waits longest; returns whether there was one.
    pub(crate) fn reap_one(&self, platform: &P) -> bool {
        let oldest = {
            let mut queue = self.queue.lock();
            let oldest = queue.waiting.pop_front();
            queue.in_hand += usize::from(oldest.is_some());
            oldest
        };
        let Some(Retired { content, table_bytes }) = oldest else { return false };
        drop(content);
        {
            let mut queue = self.queue.lock();
            queue.in_hand -= 1;
            queue.table_bytes = queue.table_bytes.saturating_sub(table_bytes);
        }
        self.changed(platform);
        true
    }

    /// Gives back what comes, until the actor has ended. For a thread of its own.
    pub fn run(&self, platform: &P) {
        loop {
            // Acquire: a change that this does not count yet changes the word, so the wait returns.
            let changes = self.changes.load(Ordering::Acquire);
            if self.reap_one(platform) {
                continue;
            }
            if self.queue.lock().is_closed {
                return;
            }
            platform.wait(&self.changes, changes, None);
        }
    }

    /// Gives back everything and returns when nothing waits or is in anybody's hand any more.
    pub(crate) fn finish(&self, platform: &P) {
        self.queue.lock().is_closed = true;
        self.changed(platform);
        loop {
            // Acquire: as in `run`.
            let changes = self.changes.load(Ordering::Acquire);
            if self.reap_one(platform) {
                continue;
            }
            if self.queue.lock().in_hand == 0 {
                return;
            }
            platform.wait(&self.changes, changes, None);
        }
    }

    /// Returns how many contents wait or are being given back, and the bytes of their slot tables.
    pub(crate) fn remains(&self) -> (usize, u64) {
        let queue = self.queue.lock();
        (queue.waiting.len() + queue.in_hand, queue.table_bytes)
    }

    fn changed(&self, platform: &P) {
        // Release pairs with the Acquire of who sleeps; what has changed is passed by the lock.
        self.changes.fetch_add(1, Ordering::Release);
        platform.wake(&self.changes);
    }
}

impl<P: Platform> Default for Reaper<P> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
