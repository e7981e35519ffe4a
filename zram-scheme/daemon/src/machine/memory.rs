//! How much memory the machine has (`/scheme/memory`, which `free` reads too), and how much of it
//! the pools may take while the pager makes no room.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

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

/// Bytes that are left to programs where nobody makes room, of a machine that has as much sixteen times.
const KEPT_BYTES: u64 = 8 << 20;

/// The part of memory that is left to them where there is a pager, whose kernel outlives the want of a frame.
const KEPT_PART: u64 = 16;

/// Pages that may be taken after the kernel was asked, before it is asked again: few enough for all
/// threads to take so many at once out of what is kept.
const PAGES_BETWEEN: u32 = 64;

/// How much memory is left.
struct Guard {
    /// The file of the machine's memory.
    memory: Fd,
    /// Bytes that are left to programs.
    kept_bytes: u64,
    /// Whether there is a pager, which makes room while a device is mounted.
    has_pager: bool,
}

static GUARD: OnceBox<Option<Guard>> = OnceBox::new();

/// Whether a device is mounted. Relaxed: it is told before the first page comes, by a request.
static IS_SWAP_USED: AtomicBool = AtomicBool::new(false);

/// Pages that may be taken before the kernel is asked again. Relaxed: a number, and nothing else.
static ALLOWED: AtomicU32 = AtomicU32::new(0);

/// Finds out whether this kernel has a pager.
///
/// While nothing is mounted nobody makes room: a client that writes more than there is memory would have
/// the largest program killed, or on a kernel without a pager, as Redox, have it panic at a touched page
/// for which there is no frame.
pub(super) fn look_for_pager() {
    GUARD.get_or_init(|| {
        let is_missing = |error: Error| matches!(error.errno, ENOENT | ENODEV);
        let stat = fs::open("/scheme/swap/stat", O_RDONLY);
        let has_pager = !stat.err().is_some_and(is_missing);
        let most = if has_pager { total_bytes() / KEPT_PART } else { KEPT_BYTES };
        let guard = |memory| Guard { memory, kept_bytes: most.min(KEPT_BYTES), has_pager };
        Box::new(fs::open("/scheme/memory", O_RDONLY).ok().map(guard))
    });
}

/// Some device is mounted from now on, or none is any more.
pub(super) fn swap_is_used(is_used: bool) {
    IS_SWAP_USED.store(is_used, Ordering::Relaxed);
}

/// Returns whether one more page may be mapped: there are frames, or the pager makes room.
pub(super) fn may_take_page() -> bool {
    let Some(Some(guard)) = GUARD.get() else { return true };
    let order = Ordering::Relaxed;
    if guard.has_pager && IS_SWAP_USED.load(order) {
        return true;
    }
    if ALLOWED.fetch_update(order, order, |allowed| allowed.checked_sub(1)).is_ok() {
        return true;
    }
    let free = guard.memory.totals().map_or(0, |totals| totals.f_bfree * u64::from(totals.f_bsize));
    let left = free.saturating_sub(guard.kept_bytes) / PAGE_SIZE as u64;
    let allowed = left.min(u64::from(PAGES_BETWEEN)) as u32;
    // This page is the first of them.
    ALLOWED.store(allowed.saturating_sub(1), order);
    allowed > 0
}
