//! The reaper: frees the contents of devices that were reset or removed.
//!
//! Freeing a full pool takes 35 us a page in an emulated machine, 20 s for 600 MiB, and a CPU
//! transition waits 5 s for the actor. So the actor only takes the content out of its device, where
//! no thread finds it any more, and puts it here; a thread of its own frees it.
//!
//! Waiting contents are linked through the [`Seat`] that each content gets when it is built, where
//! running out of memory can be reported. So there is always a place for a retired content, and the
//! actor never frees one itself. Memory bounds how many can wait: each still has its own, and a new
//! one needs some. A new device that finds no memory while contents wait is worth a short wait
//! ([`Reaper::wait_for_memory`]), as nothing else frees that memory sooner. Until it is freed,
//! memory is counted in [`crate::daemon::Remains`], and exit waits for all of it. Without a thread,
//! exit frees everything.

use alloc::boxed::Box;
use alloc::vec::Vec;

use lock_api::Mutex;
use zram::NoMemory;

use crate::devices::Content;
use crate::platform::Platform;
use crate::sync::{AtomicU32, Ordering};

/// How long a wait for memory lasts before it is looked for again, though nothing was said: a large
/// content comes back page by page.
const LOOK_AGAIN_NS: u64 = 50_000_000;

/// What waits to be given back.
pub struct Reaper<P: Platform> {
    queue: Mutex<P::Mutex, Queue<P>>,
    /// Counts what was put in, given back, and the end, to sleep on.
    changes: AtomicU32,
}

struct Queue<P: Platform> {
    /// The one that came last; it leads to the others.
    last: Option<Seat<P>>,
    /// How many those are.
    waiting: usize,
    /// Contents that somebody gives back now.
    in_hand: usize,
    /// Bytes of slot tables that wait or are in hand.
    table_bytes: u64,
    is_closed: bool,
}

/// The right to retire a content, with the memory that this takes.
pub(crate) struct Seat<P: Platform>(Box<[Taken<P>; 1]>);

/// Who sits there, and who came before.
struct Taken<P: Platform> {
    retired: Option<Retired<P>>,
    before: Option<Seat<P>>,
}

struct Retired<P: Platform> {
    content: Content<P>,
    table_bytes: u64,
}

/// Contents that wait or are being given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// How many.
    pub(crate) contents: usize,
    /// Bytes of their slot tables.
    pub(crate) table_bytes: u64,
}

impl<P: Platform> Seat<P> {
    /// Returns a seat for one content.
    ///
    /// # Errors
    ///
    /// [`NoMemory`].
    pub(crate) fn new() -> Result<Self, NoMemory> {
        // An array of one, because a box of an array can be allocated fallibly.
        let mut seats = Vec::new();
        seats.try_reserve_exact(1).map_err(|_| NoMemory)?;
        seats.push(Taken { retired: None, before: None });
        seats.into_boxed_slice().try_into().map(Self).map_err(|_| NoMemory)
    }
}

impl<P: Platform> Reaper<P> {
    /// Returns a reaper without work.
    pub(crate) fn new() -> Self {
        let queue = Queue { last: None, waiting: 0, in_hand: 0, table_bytes: 0, is_closed: false };
        Self { queue: Mutex::new(queue), changes: AtomicU32::new(0) }
    }

    /// Takes a content that nobody finds any more. Needs no memory and waits for nothing.
    pub(crate) fn retire(&self, platform: &P, content: Content<P>, mut seat: Seat<P>) {
        let table_bytes = content.statistics().metadata.table_bytes;
        let [taken] = &mut *seat.0;
        taken.retired = Some(Retired { content, table_bytes });
        let mut queue = self.queue.lock();
        taken.before = queue.last.take();
        queue.last = Some(seat);
        queue.waiting += 1;
        queue.table_bytes = queue.table_bytes.saturating_add(table_bytes);
        drop(queue);
        self.changed(platform);
    }

    /// Gives back the content that came last, as good as any; returns whether there was one.
    pub(crate) fn reap_one(&self, platform: &P) -> bool {
        let last = {
            let mut queue = self.queue.lock();
            let mut last = queue.last.take();
            if let Some(Seat(seat)) = &mut last {
                let [taken] = &mut **seat;
                queue.last = taken.before.take();
                queue.waiting -= 1;
                queue.in_hand += 1;
            }
            last
        };
        let Some(Seat(seat)) = last else { return false };
        let [Taken { retired, .. }] = *seat;
        let Retired { content, table_bytes } = retired.expect("who waits has a content");
        drop(content);
        {
            let mut queue = self.queue.lock();
            queue.in_hand -= 1;
            queue.table_bytes = queue.table_bytes.saturating_sub(table_bytes);
        }
        self.changed(platform);
        true
    }

    /// Returns a count of what was put in and given back, to be passed to [`Self::wait_for_memory`].
    pub(crate) fn changes(&self) -> u32 {
        // Acquire: as in `run`.
        self.changes.load(Ordering::Acquire)
    }

    /// Waits until there may be more memory than when the count was `seen`. Returns false, at once or
    /// at `deadline_ns`, if it is not worth trying again.
    pub(crate) fn wait_for_memory(&self, platform: &P, seen: u32, deadline_ns: u64) -> bool {
        let now_ns = platform.now_ns();
        // In this order: what is given back in between has changed the count.
        let is_over = self.backlog().contents == 0 && self.changes() == seen;
        if is_over || now_ns >= deadline_ns {
            return false;
        }
        let until_ns = now_ns.saturating_add(LOOK_AGAIN_NS).min(deadline_ns);
        platform.wait(&self.changes, seen, Some(until_ns));
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

    /// Returns what is not given back yet.
    pub(crate) fn backlog(&self) -> Backlog {
        let queue = self.queue.lock();
        Backlog { contents: queue.waiting + queue.in_hand, table_bytes: queue.table_bytes }
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
