//! The ports: what the pager needs of its kernel, as traits.
//!
//! The pager owns decisions and bookkeeping; the kernel owns page tables, frames, windows and
//! threads. Every call is made with the pager's lock held, so no implementation may sleep, call the
//! pager back, or take a lock that is ever held while the pager is called. An error that the
//! contract of a call excludes is not in its type; an implementation asserts that it does not
//! occur.
//!
//! Each item's "Redox:" line names the function of the Redox kernel it would map to. The kernel in
//! `tests/host/kernel` and the fake ones of the host tests implement these traits.

pub use zram_abi::CpuId;
pub use zram_abi::queue::Direction;

use crate::SwapEntry;

/// The number of a frame of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame(pub u32);

/// The number of a user page: its address divided by 4096.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Page(pub u64);

/// An address space, below [`Config::spaces`](crate::Config); reused only when
/// [`Entries::is_gone`](crate::Entries::is_gone) does not say any more that the pager has yet to hear
/// of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpaceId(pub u32);

/// A thread that may wait, below [`Config::waiters`](crate::Config); reused only after
/// [`Pager::waiter_gone`](crate::Pager::waiter_gone).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiter(pub u32);

/// One swap queue: the line to one pinned thread of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueId {
    /// The CPU whose thread serves it.
    pub cpu: CpuId,
    /// Page-ins or page-outs.
    pub direction: Direction,
}

/// How a frame is mapped; the permissions beyond that are those of the mapping it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// Writable where the program may write.
    Private,
    /// As [`Mapping::Private`], but no [`Candidate`] until the program writes to it: it did not
    /// compress. Costs a flag beside a cleared dirty bit.
    NoGain,
}

/// A page of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// The space.
    pub space: SpaceId,
    /// The page.
    pub page: Page,
}

/// A swap entry, and where it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The space.
    pub space: SpaceId,
    /// The page that the entry stands for.
    pub page: Page,
    /// The entry.
    pub entry: SwapEntry,
}

/// What an address space means to the pager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpaceKind {
    /// Its pages are victims, and so is it itself when memory is gone.
    Ordinary,
    /// Its pages are victims, but it is never killed for memory (the first program, the shell).
    Protected,
    /// Pinned: neither (the pager's daemon).
    Pinned,
}

/// A page that may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is mapped.
    pub page: Page,
    /// Whether it was used since the accessed bit was last cleared.
    pub accessed: bool,
}

/// The result of looking at a bounded part of a page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan<T> {
    /// The first one found.
    Found(T),
    /// Nothing yet; the search goes on from this page.
    Resume(Page),
    /// Nothing up to the end of the space.
    End,
}

/// Why the pager has an address space killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillReason {
    /// A full scan gained nothing, and this space is the largest.
    OutOfMemory {
        /// Its pages in memory.
        resident_pages: u32,
        /// Its pages in swap.
        swapped_pages: u32,
    },
}

/// Address spaces and their page tables.
pub trait Spaces {
    /// Returns what the space is, or nothing if there is none of this number.
    ///
    /// Redox: `context::contexts()` and each context's `addr_space`, told apart by a flag there.
    fn kind(&self, space: SpaceId) -> Option<SpaceKind>;

    /// Returns the frames mapped in the space.
    ///
    /// Redox: a counter beside `AddrSpace::grants`, kept by `PageMapper` users.
    fn resident_pages(&self, space: SpaceId) -> u32;

    /// Looks for a victim at `from` or above: private anonymous, exactly one user of the frame, not
    /// borrowed, not pinned, not marked [`Mapping::NoGain`] and unwritten since.
    ///
    /// Looks at no more than about one table (512 entries) before it answers [`Scan::Resume`], so
    /// that one call is bounded.
    ///
    /// Redox: walk of `AddrSpace::grants` (`Provider::Allocated`), `PageInfo` refcount `One`.
    fn next_candidate(&mut self, space: SpaceId, from: Page) -> Scan<Candidate>;

    /// Clears the accessed bit of a present page; stale TLB entries may hide a use, which costs
    /// precision only.
    ///
    /// Redox: `PageMapper::remap_with` on flag bit 5.
    fn clear_accessed(&mut self, space: SpaceId, page: Page);

    /// Replaces a present page by `entry` and hands its frame, with its use count, to the pager;
    /// nothing if the page is no longer a candidate. The shootdown is the caller's of
    /// [`Pager::reclaim_begin`](crate::Pager::reclaim_begin).
    ///
    /// Redox: `PageMapper::unmap_phys` without `Flusher::queue(.., FREE)`, then `set_swap_entry`.
    fn unmap(&mut self, space: SpaceId, page: Page, entry: SwapEntry) -> Option<Frame>;

    /// Replaces a swap entry by `frame`, taking over the pager's use of it, with the
    /// accessed bit set, if the entry still stands there; returns whether it did. It does not when it was
    /// unmapped just now, or when the space is gone: then nothing changes, the frame stays the pager's,
    /// and [`Entries::drop_user`](crate::Entries::drop_user) was called, or will be. A compare-and-set
    /// under the space's own lock; where the entry stands its table is there, so it cannot fail.
    ///
    /// Redox: `PageMapper::map_phys`, as in `map_zeroed`, after a look at the raw entry.
    #[must_use]
    fn map(&mut self, place: Place, frame: Frame, mapping: Mapping) -> bool;

    /// Replaces a swap entry by nothing, if it still stands there: the next fault makes
    /// a page of zeros. Returns whether it did; if not, as for [`Spaces::map`].
    ///
    /// Redox: raw `PageTable::set_entry` with zero; no table is freed.
    #[must_use]
    fn forget(&mut self, place: Place) -> bool;

    /// Returns the swap entry at `page`, or nothing if something else is there, or no such space. By the
    /// time the answer is used it may be another; what decides is [`Spaces::map`].
    ///
    /// Redox: a raw accessor beside `PageMapper::translate`.
    fn entry(&self, space: SpaceId, page: Page) -> Option<SwapEntry>;

    /// Looks for a swap entry at `from` or above, bounded as [`Spaces::next_candidate`] is.
    ///
    /// Redox: the same walk.
    fn next_swapped(&mut self, space: SpaceId, from: Page) -> Scan<Place>;

    /// Condemns the space and tells why on the console. Its end comes later, from the kernel's own
    /// paths, and is reported by [`Entries`](crate::Entries).
    ///
    /// Redox: SIGKILL to every context of the space.
    fn kill(&mut self, space: SpaceId, reason: KillReason);
}

/// Frames of physical memory.
pub trait Frames {
    /// Returns a frame with one use and undefined contents, or nothing when memory is gone.
    ///
    /// Redox: `memory::allocate_frame`.
    fn allocate(&mut self) -> Option<Frame>;

    /// Gives back one use; the last one frees the frame.
    ///
    /// Redox: `PageInfo::remove_ref`, then `deallocate_frame`.
    fn release(&mut self, frame: Frame);

    /// Returns how many frames are free.
    ///
    /// Redox: `total_frames() - used_frames()`.
    fn free_count(&self) -> u32;

    /// Returns whether all 4096 bytes are zero.
    ///
    /// Redox: read through `RmmA::phys_to_virt`.
    fn is_zero(&self, frame: Frame) -> bool;
}

/// The windows of the queues: 32 pages each, shared with one thread of the daemon. Pages are copied
/// to and from them, so a page's own frame is never the daemon's to see.
pub trait Windows {
    /// Copies the contents of `frame` into page `index` of the window, for STORE.
    ///
    /// Redox: a copy between two `RmmA::phys_to_virt` ranges.
    fn give(&mut self, queue: QueueId, index: usize, frame: Frame);

    /// Copies what the daemon put into page `index` to `frame`.
    ///
    /// Redox: the same.
    fn collect(&mut self, queue: QueueId, index: usize, frame: Frame);
}

/// Threads: those that wait for the pager, and the daemon's workers.
pub trait Threads {
    /// Lets a parked thread go on: it repeats what it had asked.
    ///
    /// Redox: `Context::unblock`.
    fn wake(&mut self, waiter: Waiter);

    /// Tells the idle worker of `queue` that a record waits
    /// ([`Pager::queue_take`](crate::Pager::queue_take)).
    ///
    /// Redox: `WaitCondition::notify` of the queue's file.
    fn wake_worker(&mut self, queue: QueueId);

    /// Tells the idle worker of `queue`, if there is one, that the queue is revoked (ENODEV).
    fn revoke_worker(&mut self, queue: QueueId);
}

/// Time.
pub trait Clock {
    /// Returns nanoseconds since some start; never runs backwards. It may stand still (a machine
    /// without a timer that the kernel knows): then a tick counts as [`TICK_NS`](crate::TICK_NS), so that
    /// what has a deadline still comes to its end.
    ///
    /// Redox: `time::monotonic`, made monotonic (it is known to step back).
    fn now_ns(&self) -> u64;
}

/// All ports in one object, as the pager's methods take them.
pub trait Ports: Spaces + Frames + Windows + Threads + Clock {}

impl<T: Spaces + Frames + Windows + Threads + Clock> Ports for T {}
