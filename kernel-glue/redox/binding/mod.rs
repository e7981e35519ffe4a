//! The glue in the Redox kernel: this kernel's types behind `Kernel`, and the functions that hook
//! lines call.
//!
//! The kernel compiles this file as its module `swap`; `HOOKS.md` beside it names each line that
//! calls a public function of it. The crate `redox-glue` makes the decisions; here types are
//! translated and page tables changed. In this repository the file is type-checked against the
//! signatures in `stubs/`.
//!
//! There are three kinds of unsafe code. A `CleanLockToken` made here stands for "no lock of this
//! level or below is held": each function says why. A page-table entry is accessed as an atomic
//! word through the map of all memory (`tables`), while the space is locked. A frame is copied
//! through the same map while the pager owns it.

mod machine;
mod scheme;
mod tables;

use alloc::sync::Arc;

use redox_glue::{Attempt, Copied, Errno, Glue, Outcome, Range, Whose};

use crate::{
    context::memory::{AccessMode, AddrSpaceWrapper, PageSpan, PfError, handle_notify_files},
    memory::{Enomem, Frame, PAGE_SIZE, Page, PageMapper},
    sync::CleanLockToken,
    syscall::{
        error::{EFAULT, Error, Result},
        flag::MapFlags,
    },
};

use self::machine::Redox;
pub use self::scheme::{PUBLIC_ID, SCHEME, SwapScheme};

static GLUE: Glue<Redox> = Glue::new(Redox);

/// Makes a token for locks.
///
/// # Safety
///
/// No lock is held that may not be followed by what is locked with the token.
unsafe fn token() -> CleanLockToken {
    // SAFETY: as our own caller promises.
    unsafe { CleanLockToken::new() }
}

fn error(Errno(number): Errno) -> Error {
    Error::new(number)
}

fn errno(error: Error) -> Errno {
    Errno(error.errno)
}

/// The lists of free frames have just been made, with so many frames. What is not in them is the boot's,
/// though `free_frames` counts it.
pub fn frames_listed(listed: usize) {
    machine::frames_listed(listed);
}

/// The bootstrap context is about to run the first program.
pub fn first_program_starts() {
    GLUE.first_program_starts();
}

/// Somebody with authority over the program's context has it protected.
pub fn space_protected(space: &Arc<AddrSpaceWrapper>) -> Result<()> {
    GLUE.protect(space).map_err(error)
}

/// Corrects the page table for a fault, and waits for what that lacks. With no lock held.
pub fn fault(
    space: &Arc<AddrSpaceWrapper>,
    page: Page,
    access: AccessMode,
    token: &mut CleanLockToken,
) -> core::result::Result<(), PfError> {
    let mut failed = PfError::Segv;
    let outcome =
        GLUE.correct(|| match crate::context::memory::correct_once(space, page, access, token) {
            Ok(()) => Attempt::Done,
            Err(PfError::Swapped(space, page)) => Attempt::Swapped(space, tables::number(page)),
            Err(PfError::Oom) => Attempt::NoFrame,
            Err(other) => {
                failed = other;
                Attempt::Failed
            }
        });
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::OutOfMemory => Err(PfError::Oom),
        Outcome::Failed => Err(failed),
    }
}

/// A fault could not be corrected. If that is because the running context was killed while it waited, it ends
/// here, which is no fault of its own to be told. With no lock held, and from where the kernel's stack owns
/// nothing: what it owned would never be given back, an address space with all its pages for one.
pub fn end_if_killed(token: &mut CleanLockToken) {
    if machine::is_killed_outside_of_calls() {
        crate::syscall::exit_this_context(None, token);
    }
}

/// Private memory was mapped: what is the daemon's comes with all its frames or not at all. With no lock
/// held.
pub fn range_mapped(
    space: &Arc<AddrSpaceWrapper>,
    span: PageSpan,
    flags: MapFlags,
    token: &mut CleanLockToken,
) -> Result<()> {
    let is_private = !flags.contains(MapFlags::MAP_SHARED);
    if !is_private || !flags.contains(MapFlags::PROT_WRITE) {
        return Ok(());
    }
    let (base, size) = (span.base.start_address().data(), span.count * PAGE_SIZE);
    let refused = GLUE.mapped(space, Range { base, size, is_written: true });
    if refused.is_err() {
        let files = space.munmap(span, false, token)?;
        handle_notify_files(files, token);
    }
    refused.map_err(error)
}

/// Returns whether a swap entry stands for the page.
pub fn is_swapped(mapper: &PageMapper, page: Page) -> bool {
    GLUE.is_active() && tables::raw(mapper, page).is_some_and(|raw| GLUE.is_swapped(raw))
}

/// Returns a frame for a page of the running program, if it may have one now.
pub fn program_frame() -> Option<Frame> {
    GLUE.frame(Whose::Program).map(machine::frame)
}

/// Returns a frame that the kernel needs for the running program, if it may have one now.
pub fn kernel_frame() -> Option<Frame> {
    GLUE.frame(Whose::Kernel).map(machine::frame)
}

/// Of so many frames that the kernel counts as free, returns how many are, and how many programs can have.
pub fn frames_free(counted: u64) -> (u64, u64) {
    let free = machine::frames_free(counted as usize);
    (u64::from(free), u64::from(GLUE.available(free)))
}

/// There is no frame for a fault, and nobody to wait for: whoever faulted dies for it.
pub fn out_of_memory() {
    println!("swap: no frame, and nobody to wait for: the program that asked ends");
}

/// The timer ticks. With no lock held.
pub fn tick() {
    GLUE.tick();
}

/// A system call will touch this range. With no lock held.
pub fn range_named(base: usize, size: usize, is_written: bool) -> Result<()> {
    GLUE.hold(Range { base, size, is_written }).map_err(error)
}

/// The running context's system call is over.
pub fn call_ended() {
    GLUE.call_ended();
}

/// A page of a space is about to be shared with the kernel. With no lock held.
pub fn page_named(space: &Arc<AddrSpaceWrapper>, page: Page) -> Result<()> {
    range_named_in(space, PageSpan::new(page, 1))
}

/// Pages of a space are about to be lent or moved: all come in, and stay until the running context's
/// system call is over. With no lock held.
pub fn range_named_in(space: &Arc<AddrSpaceWrapper>, span: PageSpan) -> Result<()> {
    let base = span.base.start_address().data();
    GLUE.hold_all(space, Range { base, size: span.count * PAGE_SIZE, is_written: false })
        .map_err(|_| Error::new(EFAULT))
}

/// A mapping is taken away: what stands in place of this page is forgotten. Under the space's lock.
pub fn entry_dropped(mapper: &mut PageMapper, page: Page) {
    if !GLUE.is_active() {
        return;
    }
    if let Some(raw) = tables::take_entry(mapper, page, |raw| GLUE.is_swapped(raw)) {
        GLUE.entry_dropped(tables::root(mapper), raw);
    }
}

/// A mapping is copied by a fork: says whether a swap entry stood for the page, and copies it then.
/// Under both spaces' locks.
pub fn entry_copied(
    from: &mut PageMapper,
    page: Page,
    to: &mut PageMapper,
    to_page: Page,
) -> core::result::Result<bool, Enomem> {
    let Some(raw) = tables::raw(from, page).filter(|raw| GLUE.is_swapped(*raw)) else {
        return Ok(false);
    };
    tables::make_table(to, to_page).ok_or(Enomem)?;
    match GLUE.entry_copied(tables::root(to), raw).map_err(|_| Enomem)? {
        Copied::NoEntry => Ok(false),
        Copied::Counted => {
            tables::put_entry(to, to_page, raw);
            Ok(true)
        }
    }
}

/// A space is about to be copied. With no lock held.
pub fn fork_begins(space: &AddrSpaceWrapper, token: &mut CleanLockToken) -> Result<()> {
    if !GLUE.is_active() {
        return Ok(());
    }
    let root = tables::root(&space.acquire_read(token.downgrade()).table.utable);
    GLUE.fork_begins(root).map_err(error)
}

/// A space was copied; nobody else has the copy yet. With the original locked.
pub fn fork_ends(copy: &Arc<AddrSpaceWrapper>) {
    GLUE.space_copied(copy);
}

/// All mappings of a space are gone, and its page table is about to be. A fork that failed half way has
/// left entries that no mapping names.
pub fn space_ended(mapper: &mut PageMapper) {
    if GLUE.is_active() {
        let root = tables::root(mapper);
        let is_it = |raw| GLUE.is_swapped(raw);
        tables::take_all(mapper, is_it, |raw| GLUE.entry_dropped(root, raw));
        GLUE.space_ended(root);
    }
}
