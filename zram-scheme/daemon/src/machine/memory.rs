//! How much memory the machine has: `/scheme/memory`, which `free` reads too.

use syscall::flag::O_RDONLY;
use zram_rt::fs;

/// Returns the bytes of memory that the kernel hands out; 0 if it does not say.
pub(super) fn total_bytes() -> u64 {
    let totals = fs::open("/scheme/memory", O_RDONLY).and_then(|file| file.totals());
    totals.map_or(0, |totals| totals.f_blocks.saturating_mul(u64::from(totals.f_bsize)))
}
