//! How much memory the machine has: `/scheme/memory`, which `free` reads too; and how much of it the
//! pool may take where no pager keeps a reserve.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU32, Ordering};

use once_cell::race::OnceBox;
use syscall::flag::O_RDONLY;
use syscall::{ENODEV, ENOENT};
use zram::PAGE_SIZE;
use zram_rt::{Error, Fd, fs};

/// Returns the bytes of memory that the kernel hands out; 0 if it does not say.
pub(super) fn total_bytes() -> u64 {
    let totals = fs::open("/scheme/memory", O_RDONLY).and_then(|file| file.totals());
    totals.map_or(0, |totals| totals.f_blocks.saturating_mul(u64::from(totals.f_bsize)))
}

/// Bytes that are left to programs where no pager keeps a reserve.
const KEPT_BYTES: u64 = 8 << 20;

/// Pages that may be taken after the kernel was asked, before it is asked again: few enough for all
/// threads to take so many at once out of what is kept.
const PAGES_BETWEEN: u32 = 64;

/// The file of the machine's memory where nobody else sees to it that some is left.
static UNGUARDED: OnceBox<Option<Fd>> = OnceBox::new();

/// Pages that may be taken before the kernel is asked again. Relaxed: a number, and nothing else.
static ALLOWED: AtomicU32 = AtomicU32::new(0);

/// Finds out whether this kernel has a pager.
///
/// Without one, as on Redox, a touched page for which there is no frame panics the kernel. A client that
/// writes more than there is memory would do that through this daemon.
pub(super) fn look_for_pager() {
    UNGUARDED.get_or_init(|| {
        let is_missing = |error: Error| matches!(error.errno, ENOENT | ENODEV);
        let unguarded = fs::open("/scheme/swap/stat", O_RDONLY).err().is_some_and(is_missing);
        Box::new(if unguarded { fs::open("/scheme/memory", O_RDONLY).ok() } else { None })
    });
}

/// Returns whether one more page may be mapped: there are frames, or the pager has them.
pub(super) fn may_take_page() -> bool {
    let Some(Some(memory)) = UNGUARDED.get() else { return true };
    let order = Ordering::Relaxed;
    if ALLOWED.fetch_update(order, order, |allowed| allowed.checked_sub(1)).is_ok() {
        return true;
    }
    let free = memory.totals().map_or(0, |totals| totals.f_bfree * u64::from(totals.f_bsize));
    let left = free.saturating_sub(KEPT_BYTES) / PAGE_SIZE as u64;
    let allowed = left.min(u64::from(PAGES_BETWEEN)) as u32;
    // This page is the first of them.
    ALLOWED.store(allowed.saturating_sub(1), order);
    allowed > 0
}
