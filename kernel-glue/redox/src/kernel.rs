//! What the glue needs of the kernel, as one trait.
//!
//! Each function says what it maps to. None may call the glue back, and none blocks but
//! [`Kernel::switch`] and [`Kernel::attach`].

use core::fmt::Arguments;

use swap_pager::ports::{CpuId, Frame, Page};

use crate::Errno;

/// The root of a page table: the address of its frame, which is never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableId(pub usize);

/// Which address space it is, without a reference to it; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceKey(pub usize);

/// Which context it is, without a reference to it; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadKey(pub usize);

/// The bits of a page-table entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// The entry is a page; without it all other bits are ours.
    pub present: u64,
    /// The page may be written.
    pub writable: u64,
    /// Hardware has read the page.
    pub accessed: u64,
    /// Hardware has written the page.
    pub dirty: u64,
    /// Ours, beside a present page: it did not compress.
    pub no_gain: u64,
    /// The frame's address.
    pub frame: u64,
}

/// Pages of a private anonymous mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first one.
    pub first: Page,
    /// How many.
    pub count: u64,
}

/// One address space, locked for reading.
pub trait Tables {
    /// Returns the root.
    fn root(&self) -> TableId;

    /// Returns the entry of a page, or nothing where there is no table for it.
    fn entry(&self, page: Page) -> Option<u64>;

    /// Replaces the entry of a page if it is `old`, in one atomic step.
    ///
    /// # Errors
    ///
    /// What it is instead; 0 where there is no table.
    fn exchange(&self, page: Page, old: u64, new: u64) -> Result<(), u64>;

    /// Clears bits of a page's entry, in one atomic step.
    fn clear(&self, page: Page, bits: u64);

    /// Returns the first private anonymous mapping of ordinary memory that ends above `from`.
    fn next_span(&self, from: Page) -> Option<Span>;

    /// Returns whether the mapping of a page may be written; false where there is none.
    fn may_write(&self, page: Page) -> bool;

    /// Returns an entry for `frame` as the mapping of `page` has it, not yet accessed nor dirty;
    /// nothing where no mapping is.
    fn entry_for(&self, page: Page, frame: Frame) -> Option<u64>;
}

/// The kernel.
pub trait Kernel: Sized + Send + Sync + 'static {
    /// A counted reference to an address space: `Arc<AddrSpaceWrapper>`.
    type Space: Clone;
    /// One that does not keep it.
    type WeakSpace: Send;
    /// What is left when the last reference has gone; dropped with no lock held.
    type Orphan: Send;
    /// A reference to a context that does not keep it: `Weak<ContextLock>`.
    type Thread: Send;
    /// An open device file: `Arc<LockedFileDescription>`.
    type Device: Send;

    /// The bits of this machine.
    const BITS: Bits;

    /// Does what whoever spins must do: answers shootdowns (`maybe_handle_tlb_shootdown`).
    fn relax();

    /// Returns a reference that does not keep the space.
    fn downgrade(space: &Self::Space) -> Self::WeakSpace;

    /// Returns a counted one, if the space is still there.
    fn upgrade(space: &Self::WeakSpace) -> Option<Self::Space>;

    /// Gives a reference back; returns what is left if it was the last (`Arc::into_inner`).
    fn give_back(space: Self::Space) -> Option<Self::Orphan>;

    /// Returns which space it is; no other one is that while there is a reference.
    fn weak_key(space: &Self::WeakSpace) -> SpaceKey;

    /// Returns which space it is.
    fn key(space: &Self::Space) -> SpaceKey;

    /// Returns the space of the running context.
    fn current_space(&self) -> Option<Self::Space>;

    /// Returns which that is, without a lock.
    fn current_key(&self) -> SpaceKey;

    /// Looks at a space that is locked for reading meanwhile (`AddrSpaceWrapper::acquire_read`).
    fn look<R>(&self, space: &Self::Space, how: impl FnOnce(&dyn Tables) -> R) -> R;

    /// The same if nobody has the space locked for writing, else nothing (`RwLock::try_read`).
    fn try_look<R>(&self, space: &Self::Space, how: impl FnOnce(&dyn Tables) -> R) -> Option<R>;

    /// Has all CPUs forget what they know of the space's pages (a dirty `Flusher`).
    fn shoot_down(&self, space: &Self::Space);

    /// Makes a page present that is not, or has it written to, as a fault would. False if that fails.
    fn make_present(&self, space: &Self::Space, page: Page, write: bool) -> bool;

    /// Kills every context of the space (`being_sigkilled`).
    fn kill(&self, space: &Self::Space);

    /// Returns a frame with one use (`allocate_frame`).
    fn allocate(&self) -> Option<Frame>;

    /// Gives back one use (`PageInfo::remove_ref`, `deallocate_frame`).
    fn release(&self, frame: Frame);

    /// Returns whether the frame has exactly one user (`RefCount::One`).
    fn has_one_user(&self, frame: Frame) -> bool;

    /// Returns how many frames are free, without those that only look free.
    fn free_count(&self) -> u32;

    /// Returns how many there are.
    fn total_count(&self) -> u32;

    /// Returns whether all bytes of a frame are zero.
    fn is_zero(&self, frame: Frame) -> bool;

    /// Copies a frame.
    fn copy(&self, from: Frame, to: Frame);

    /// Returns the running context.
    fn current_thread(&self) -> Self::Thread;

    /// Returns which that is.
    fn current_thread_key(&self) -> ThreadKey;

    /// Returns the user that the running context acts for.
    fn uid(&self) -> u32;

    /// Says whether the running context is to die (`being_sigkilled`).
    fn is_killed(&self) -> bool;

    /// Blocks the running context; it goes on running until [`Kernel::switch`] (`Context::block`).
    fn block(&self, why: &'static str);

    /// Lets a blocked context go on (`unblock_context`).
    fn unblock(thread: &Self::Thread);

    /// Gives the CPU to another context; returns when this one runs again. With no lock held.
    fn switch(&self);

    /// Returns the running CPU; nothing for one whose number is too large for [`CpuId`].
    fn cpu(&self) -> Option<CpuId>;

    /// Returns how many there are, from 1 on; they do not change. Where they are more than [`CpuId`] can
    /// name there is no pager: every file of `swap:` is refused.
    fn cpu_count(&self) -> u32;

    /// Returns nanoseconds since some start; may step back.
    fn now_ns(&self) -> u64;

    /// Asks a device of `daemon`'s who it is (`SWAP_ATTACH`); blocks until it has answered.
    ///
    /// # Errors
    ///
    /// EINVAL for a file of anybody else, and what the device answers.
    fn attach(&self, device: &Self::Device, daemon: SpaceKey) -> Result<u64, Errno>;

    /// Closes a device file.
    fn close(&self, device: Self::Device);

    /// Writes a line to the kernel's console.
    fn say(&self, line: Arguments<'_>);
}
