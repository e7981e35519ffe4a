//! Where the pager and the CPU events of `kernel-glue` meet this kernel (placeholder: no swap).
//!
//! The kernel proper calls these hooks and nothing else of the pager; the pager uses
//! `Kernel::set_entry`, `forget`, `afterwards`, `block`, `make_ready`, `complete`, `switch_to`,
//! `wake_frame_waiters`, `ask_for_pager` and the public fields.

use alloc::string::ToString;
use alloc::vec::Vec;

use syscall::error::{EBADF, ENODEV, EOPNOTSUPP};

use crate::calls::call::Metadata;
use crate::calls::{Buffer, Caller};
use crate::errno::{Errno, Halt, SysResult, fail};
use crate::files::{Description, Object};
use crate::kernel::Kernel;
use crate::machine::action::Action;
use crate::machine::paging::UserPage;
use crate::slab::Id;
use crate::space::SpaceId;
use crate::space::map::MapRequest;
use crate::thread::{self, ThreadId};

/// The pager's state.
pub(crate) struct Swap;

/// What of `swap` or `cpu` a description has open.
pub(crate) struct File;

/// What the pager does after a shootdown, or with an answer that it asked for.
#[derive(Clone, Copy)]
pub(crate) enum Token {}

/// What a thread waits for that the pager completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {}

impl Swap {
    /// Returns a pager without areas.
    pub(crate) const fn new() -> Self {
        Self
    }
}

impl File {
    /// Returns the root of `swap`.
    pub(crate) const fn swap_root() -> Self {
        Self
    }

    /// Returns the root of `cpu`.
    pub(crate) const fn cpu_root() -> Self {
        Self
    }
}

impl Wait {
    /// Returns whether the system call is executed again when the wait is over.
    pub(crate) fn restarts(self) -> bool {
        match self {}
    }
}

/// Returns whether a free frame may go to this space, or is kept for others.
pub(crate) fn may_allocate(_kernel: &Kernel, _space: SpaceId) -> bool {
    true
}

/// There is no frame for the current thread: returns what it waits for, or why it dies.
///
/// The thread is noted among the waiters when it blocks, not here: a caller may fail instead.
pub(crate) fn frame_needed(kernel: &mut Kernel) -> Halt {
    if kernel.is_freeing() {
        return Halt::until(thread::Wait::Frame);
    }
    Halt::Kill("out of memory".to_string())
}

/// Frames may have become free.
pub(crate) fn frames_freed(kernel: &mut Kernel) {
    kernel.wake_frame_waiters(kernel.frames.free_count());
}

/// The current thread touches a page that has a swap entry. Success: the page's entry has changed.
pub(crate) fn page_in(
    _kernel: &mut Kernel,
    _space: SpaceId,
    page: UserPage,
    _entry: u64,
    _for_write: bool,
) -> SysResult<()> {
    panic!("page {page:?} has a swap entry, but there is no swap")
}

/// A page table lost a swap entry: unmapped, or its space is gone.
pub(crate) fn entry_dropped(_kernel: &mut Kernel, _at: (SpaceId, UserPage), _entry: u64) {}

/// A fork made another page table entry with this swap entry.
pub(crate) fn entry_duplicated(_kernel: &mut Kernel, _copy: SpaceId, _entry: u64) {}

/// A fork of this space begins.
pub(crate) fn fork_begins(_kernel: &mut Kernel, _source: SpaceId) -> SysResult<()> {
    Ok(())
}

/// Returns whether pages mapped in this space must be present at once.
pub(crate) fn space_pinned(_kernel: &Kernel, _space: SpaceId) -> bool {
    false
}

/// The last thread of this space has died; its pages go next.
pub(crate) fn space_ended(_kernel: &mut Kernel, _space: SpaceId) {}

/// A tick of this CPU.
pub(crate) fn on_tick(_kernel: &mut Kernel) {}

/// Returns what this CPU has to do for a CPU transition: start another, or park.
///
/// Asked when this CPU has no shootdown to make, before it runs a thread.
pub(crate) fn next_cpu_action(_kernel: &mut Kernel) -> Option<Action> {
    None
}

/// The shootdown that `After::Swap` waited for is done.
pub(crate) fn on_shootdown_done(_kernel: &mut Kernel, token: Token) {
    match token {}
}

/// A scheme answered what the pager asked (`Then::Swap`).
pub(crate) fn answered(_kernel: &mut Kernel, token: Token, _result: Result<usize, Errno>) {
    match token {}
}

/// A thread has begun to wait for the pager.
pub(crate) fn blocked(_kernel: &mut Kernel, _thread: ThreadId, wait: Wait) {
    match wait {}
}

/// A thread that waited for the pager was killed, or its deadline has passed.
pub(crate) fn cancelled(_kernel: &mut Kernel, _thread: ThreadId, wait: Wait) {
    match wait {}
}

/// The deadline of a thread has passed, after `cancelled`: ends its wait.
pub(crate) fn timed_out(_kernel: &mut Kernel, _thread: ThreadId, wait: Wait) {
    match wait {}
}

/// Opens a path relative to a file; returns what is open and whether it has an offset.
pub(crate) fn scheme_open(
    _kernel: &mut Kernel,
    _caller: Caller,
    _directory: Id<Description>,
    (_path, _flags): (&str, usize),
) -> SysResult<(Object, bool)> {
    fail(ENODEV)
}

/// Reads from a file at an offset.
pub(crate) fn scheme_read(
    _kernel: &mut Kernel,
    _caller: Caller,
    _file: Id<Description>,
    (_buffer, _offset): (Buffer, u64),
) -> SysResult {
    fail(EBADF)
}

/// Writes to a file at an offset.
pub(crate) fn scheme_write(
    _kernel: &mut Kernel,
    _caller: Caller,
    _file: Id<Description>,
    (_buffer, _offset): (Buffer, u64),
) -> SysResult {
    fail(EBADF)
}

/// Calls a file with a payload and metadata.
pub(crate) fn scheme_call(
    _kernel: &mut Kernel,
    _caller: Caller,
    _file: Id<Description>,
    (_payload, _words): (Buffer, Metadata),
) -> SysResult {
    fail(EOPNOTSUPP)
}

/// Takes descriptions, with one reference each, that a caller passes to a file.
pub(crate) fn scheme_take(
    kernel: &mut Kernel,
    _caller: Caller,
    _file: Id<Description>,
    (passed, _words): (Vec<Id<Description>>, Metadata),
) -> SysResult {
    for description in passed {
        kernel.release(description);
    }
    fail(EOPNOTSUPP)
}

/// Maps a file from an offset on into the caller's space.
pub(crate) fn scheme_map(
    _kernel: &mut Kernel,
    _caller: Caller,
    _file: Id<Description>,
    (_request, _offset): (MapRequest, u64),
) -> SysResult {
    fail(EOPNOTSUPP)
}

/// The last description of a file was closed.
pub(crate) fn scheme_close(_kernel: &mut Kernel, _file: File) {}
