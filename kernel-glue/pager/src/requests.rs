//! The requests of the kernel to the pager, and the answers.
//!
//! Plain data without behaviour; the methods of [`Pager`](super::Pager) take and return it.

use zram_abi::record::Record;

use crate::frames::watermarks::{Bounds, Watermarks};
use crate::ports::{CpuId, Page, QueueId, SpaceId, Waiter};

/// Sizes and thresholds; nothing grows after construction but what `swapon` adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Possible CPUs, numbered from 0: 1 to 128.
    pub cpus: u32,
    /// Address spaces that can exist at once.
    pub spaces: u32,
    /// Threads that can exist at once.
    pub waiters: u32,
    /// The watermarks.
    pub watermarks: Watermarks,
    /// What they may be set to later.
    pub bounds: Bounds,
    /// Bytes that the slot maps of all areas may take together. They are taken from the kernel's heap in
    /// chunks of 9.5 KiB for 4096 slots, while pages leave, which is when memory is short: so it is to be
    /// a part of the heap that nothing else can use up.
    pub table_bytes_max: usize,
}

/// Who asks for what may take a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The thread that waits.
    pub waiter: Waiter,
    /// The CPU it runs on.
    pub cpu: CpuId,
}

/// A page fault, or the kernel's own wish to touch a user page, that met a swap entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRequest {
    /// The space.
    pub space: SpaceId,
    /// The page.
    pub page: Page,
    /// The thread that waits.
    pub waiter: Waiter,
    /// The CPU it happened on.
    pub cpu: CpuId,
}

/// The answer to a [`FaultRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Fault {
    /// The page is there, or something else changed: look again.
    Mapped,
    /// The thread is prepared to wait: [`Pager::commit`](super::Pager::commit), then ask again when
    /// woken. `run`, if any, is the queue whose idle worker this CPU should switch to at once; a
    /// kernel that cannot makes it runnable.
    Wait {
        /// The queue to hand this CPU to.
        run: Option<QueueId>,
    },
    /// The contents are gone (dead daemon or damage): whoever touched it is killed.
    Lost,
    /// No frame, and nobody left to kill.
    OutOfMemory,
}

/// Who wants a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameFor {
    /// A thread that can wait; the reserve is not for it.
    Thread(Waiter),
    /// The same of a space that must not die for memory: it waits, however long that is.
    Protected(Waiter),
    /// A pinned space: may use the reserve, never waits.
    Pinned,
}

/// The answer to a wish for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum FrameAnswer {
    /// Here it is, with one use.
    Frame(crate::ports::Frame),
    /// The thread is prepared to wait: commit, then ask again when woken.
    Wait,
    /// For a pinned space: the reserve is used up (ENOMEM). For a thread: nobody is left to kill.
    OutOfMemory,
}

/// What a prepared thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Commit {
    /// Sleep until [`Threads::wake`](crate::ports::Threads::wake).
    Park,
    /// It was woken meanwhile: ask again at once.
    Retry,
}

/// A batch of pages that have left their page tables but may still be in TLBs.
///
/// Holding it means: nobody has read these pages yet. [`Pager::unmapped_pages`](super::Pager::unmapped_pages)
/// names them; it goes to
/// [`Pager::reclaim_finish`](super::Pager::reclaim_finish) once every CPU has acknowledged the
/// shootdown; dropping it would leave the batch in flight for ever.
#[derive(Debug)]
#[must_use]
pub struct Unmapped {
    pub(super) cpu: CpuId,
    pub(super) ticket: u32,
}

/// The result of one bounded step of reclaim.
#[derive(Debug)]
#[must_use]
pub enum Reclaim {
    /// These pages have left their tables; shoot them down.
    Unmapped(Unmapped),
    /// None found yet; another step may, after others had their turn.
    Again,
    /// There is nothing to do on this CPU.
    Nothing,
}

/// What a worker gets that asked for its next record.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::large_enum_variant, reason = "a box would allocate")]
pub enum Next {
    /// This record.
    Record(Record),
    /// None now: the worker sleeps until woken or run, then
    /// [`Pager::queue_take`](super::Pager::queue_take). `run`, if any, is the thread whose page has
    /// just come: it is to be made runnable, best by switching to it at once.
    Idle {
        /// The thread to run.
        run: Option<Waiter>,
    },
    /// The queue is revoked or closed (ENODEV).
    Closed,
    /// What was completed is not the record that was taken (EINVAL); that one is still open.
    Invalid,
}

/// Why `swapon` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapOnError {
    /// The device is mounted already (EBUSY).
    Mounted,
    /// The device has no pages (EINVAL).
    Invalid,
    /// All [`AREAS_MAX`](super::AREAS_MAX) areas are in use (ENOSPC).
    TooMany,
    /// No queue is open (ENODEV).
    NoDaemon,
}

/// Why `swapoff` fails; the area is in use again as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapOffError {
    /// No such area (EINVAL).
    NotMounted,
    /// The pages do not fit back (ENOMEM).
    NoMemory,
    /// Another swapoff is under way, or pages are lost and their owners live (EBUSY).
    Busy,
}

/// A new size for the area of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// The device.
    pub device: u16,
    /// Pages that the area is to have; not 0.
    pub pages: u32,
    /// Who says so.
    pub by: ResizeBy,
}

/// Who gives an area another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResizeBy {
    /// The daemon: its device has so many pages now. It is never kept waiting: what is to be given up
    /// must have been, else this is refused (EBUSY).
    Daemon {
        /// Which life of the device; what is said about another one than is mounted is refused (EINVAL).
        generation: u16,
    },
    /// A user, who wants the end of the area given up, or had that and wants it back: up to the size that
    /// the device is known to have (EINVAL above). A mounted device has one life, so its number will do.
    User,
}

/// How far a `swapoff` or a resize is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum SwapOff {
    /// The area is gone; the kernel closes its device.
    Done,
    /// The thread is prepared to wait: commit, then call again when woken. `run` as for a fault.
    Wait {
        /// The queue to hand this CPU to.
        run: Option<QueueId>,
    },
    /// Over, without success.
    Failed(SwapOffError),
}

/// Whether a space may be copied now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Fork {
    /// No page of it is in flight, until the pager is next called for this space.
    Ready,
    /// The thread is prepared to wait: commit, then ask again when woken.
    Wait,
}
