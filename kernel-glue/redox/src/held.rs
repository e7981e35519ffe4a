//! Ranges that a system call may touch: their pages are brought in first, and stay until the call
//! ends.
//!
//! Redox copies to and from user memory with locks held (pipes, queues of events, lists of
//! schemes). A fault there that had to wait would keep the lock from all other threads, the
//! daemon's too. So the pages of a range are brought in where a call names it, with no lock held
//! yet (`UserSlice::new`), and are not candidates for reclaim until the call is over. A futex's
//! page is held as well: its key is the frame's address.
//!
//! A range is at most [`PAGES_MAX`] pages: longer ones are only lent to schemes of user space, and the
//! faults of those hold no lock.

use core::sync::atomic::{AtomicUsize, Ordering};

use spin::mutex::SpinMutex;
use swap_pager::ports::Page;
use zram_abi::error::ENOMEM;

use crate::kernel::{Kernel, TableId, ThreadKey};
use crate::ports::entry_of;
use crate::state::{Glue, Lock};
use crate::{Errno, Outcome};

/// Pages of a range that are brought in and held.
pub(crate) const PAGES_MAX: u64 = 64;

/// Ranges that can be held at once, by all contexts. A call that needs one more is refused (ENOMEM):
/// going on without would risk a lock that is never let go.
const RANGES_MAX: usize = 2048;

/// What a system call may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first byte.
    pub base: usize,
    /// How many.
    pub size: usize,
    /// Whether the kernel will write there.
    pub is_written: bool,
}

#[derive(Clone, Copy)]
struct Hold {
    thread: ThreadKey,
    root: TableId,
    first: u64,
    last: u64,
}

struct List {
    ranges: [Option<Hold>; RANGES_MAX],
    /// No range is at this place or above.
    end: usize,
}

/// All held ranges.
pub(crate) struct Held<K: Kernel> {
    list: Lock<K, List>,
    count: AtomicUsize,
}

/// Who asks whether pages of one space are held.
pub(crate) struct Holds<'a, K: Kernel> {
    held: &'a Held<K>,
    root: TableId,
}

impl<K: Kernel> Holds<'_, K> {
    /// Returns whether the page is held.
    pub(crate) fn holds(&self, page: Page) -> bool {
        // Relaxed: who holds a range looks at its page after that, under the space's lock.
        if self.held.count.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let list = self.held.list.lock();
        let is_it =
            |held: &Hold| held.root == self.root && held.first <= page.0 && page.0 <= held.last;
        list.ranges.iter().take(list.end).flatten().any(is_it)
    }
}

impl<K: Kernel> Held<K> {
    pub(crate) const fn new() -> Self {
        let list = List { ranges: [None; RANGES_MAX], end: 0 };
        Self { list: SpinMutex::new(list), count: AtomicUsize::new(0) }
    }

    /// Returns who knows what is held of a space.
    pub(crate) fn of(&self, root: TableId) -> Holds<'_, K> {
        Holds { held: self, root }
    }

    fn add(&self, range: Hold) -> Result<(), Errno> {
        let mut list = self.list.lock();
        let is_in = |held: &Hold| {
            held.thread == range.thread
                && held.root == range.root
                && held.first <= range.first
                && range.last <= held.last
        };
        let end = list.end;
        if list.ranges.iter().take(end).flatten().any(is_in) {
            return Ok(());
        }
        let place = list.ranges.iter().position(Option::is_none).ok_or(Errno(ENOMEM))?;
        if let Some(free) = list.ranges.get_mut(place) {
            *free = Some(range);
        }
        list.end = end.max(place.saturating_add(1));
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Lets go of all ranges of a context.
    pub(crate) fn let_go(&self, thread: ThreadKey) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut list = self.list.lock();
        let end = list.end;
        let mut last = 0;
        for (place, range) in list.ranges.iter_mut().enumerate().take(end) {
            if range.is_some_and(|held| held.thread == thread) {
                *range = None;
                self.count.fetch_sub(1, Ordering::Relaxed);
            }
            if range.is_some() {
                last = place.saturating_add(1);
            }
        }
        list.end = last;
    }
}

impl<K: Kernel> Glue<K> {
    /// A system call of the running context will touch this range: brings it in, and holds it until
    /// [`Glue::call_ended`].
    ///
    /// # Errors
    ///
    /// ENOMEM when too much is held. A page that cannot be brought in is not an error here: touching it
    /// is.
    ///
    /// # Context
    ///
    /// Waits. With no lock held; if the space is locked nevertheless, nothing is done.
    pub fn hold(&self, range: Range) -> Result<(), Errno> {
        if !self.is_active() || range.size == 0 || self.is_daemon_here() {
            return Ok(());
        }
        let Some(space) = self.kernel.current_space() else { return Ok(()) };
        self.hold_in(&space, range)
    }

    /// The same for another space than the running context's.
    ///
    /// # Errors
    ///
    /// As [`Glue::hold`].
    ///
    /// # Context
    ///
    /// As [`Glue::hold`].
    fn hold_in(&self, space: &K::Space, range: Range) -> Result<(), Errno> {
        let (first, last) = pages(range);
        let last = last.min(first.saturating_add(PAGES_MAX).saturating_sub(1));
        if !self.keep(space, (first, last))? {
            return Ok(());
        }
        for page in (first..=last).map(Page) {
            if !self.is_there(space, page, range.is_written) && !self.bring(space, page, range) {
                break;
            }
        }
        Ok(())
    }

    /// All of a range of a space is about to be lent or moved: brings in what is in swap, and holds it
    /// until [`Glue::call_ended`]. What was never touched is left as it is.
    ///
    /// # Errors
    ///
    /// ENOMEM when too much is held, when a page cannot be brought in, and when the range has more pages
    /// in swap than a quarter of memory.
    ///
    /// # Context
    ///
    /// Waits. With no lock held.
    pub fn hold_all(&self, space: &K::Space, range: Range) -> Result<(), Errno> {
        if !self.is_active() || range.size == 0 || K::key(space) == self.daemon() {
            return Ok(());
        }
        let (first, last) = pages(range);
        self.keep(space, (first, last))?;
        let mut most = self.kernel.total_count() / 4;
        let mut at = first;
        while let Some(page) = self.next_swapped(space, at, last) {
            most = most.checked_sub(1).ok_or(Errno(ENOMEM))?;
            if self.bring_in(space, page) != Outcome::Done {
                return Err(Errno(ENOMEM));
            }
            at = page.0;
        }
        Ok(())
    }

    /// Returns the first page of a range that is in swap.
    fn next_swapped(&self, space: &K::Space, first: u64, last: u64) -> Option<Page> {
        self.kernel.look(space, |tables| {
            let mut at = first;
            while at <= last {
                match tables.entry(Page(at)) {
                    Some(raw) if entry_of(raw, K::BITS).is_some() => return Some(Page(at)),
                    Some(_) => at = at.saturating_add(1),
                    None => at = (at | 511).saturating_add(1),
                }
            }
            None
        })
    }

    /// Notes that no page of a space is to leave until the running context's system call is over.
    pub(crate) fn keep_all(&self, root: TableId) -> Result<(), Errno> {
        let thread = self.kernel.current_thread_key();
        self.held.add(Hold { thread, root, first: 0, last: u64::MAX })
    }

    /// Notes that pages of a space are not to leave; false if the space is locked by who asks.
    fn keep(&self, space: &K::Space, (first, last): (u64, u64)) -> Result<bool, Errno> {
        let Some(root) = self.kernel.try_look(space, |tables| tables.root()) else {
            return Ok(false);
        };
        let thread = self.kernel.current_thread_key();
        self.held.add(Hold { thread, root, first, last })?;
        Ok(true)
    }

    /// Says whether touching the page will not fault, as far as a fault could be mended.
    fn is_there(&self, space: &K::Space, page: Page, is_written: bool) -> bool {
        let bits = K::BITS;
        let there = self.kernel.try_look(space, |tables| {
            let raw = tables.entry(page).unwrap_or(0);
            if raw & bits.present == 0 {
                return false;
            }
            // A page that is copied when it is written; nothing else can be done to one that may not be.
            !is_written || raw & bits.writable != 0 || !tables.may_write(page)
        });
        // Locked by who called: nothing can be done here.
        there.unwrap_or(true)
    }

    fn bring(&self, space: &K::Space, page: Page, range: Range) -> bool {
        let raw = self.kernel.try_look(space, |tables| tables.entry(page)).flatten();
        let is_swapped = raw.and_then(|raw| entry_of(raw, K::BITS)).is_some();
        if is_swapped && self.bring_in(space, page) != Outcome::Done {
            return false;
        }
        if is_swapped && self.is_there(space, page, range.is_written) {
            return true;
        }
        self.kernel.make_present(space, page, range.is_written)
    }

    /// The running context's system call is over: what it held may leave.
    pub fn call_ended(&self) {
        if self.is_active() {
            self.held.let_go(self.kernel.current_thread_key());
        }
    }
}

/// Returns the first page of a range and the last.
pub(crate) fn pages(range: Range) -> (u64, u64) {
    let page_of = |address: usize| u64::try_from(address / zram_abi::PAGE_SIZE).unwrap_or(u64::MAX);
    let end = range.base.saturating_add(range.size).saturating_sub(1);
    (page_of(range.base), page_of(end))
}
