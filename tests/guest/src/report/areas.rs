//! The table of swap areas, as the kernel tells it in the words of Linux's /proc/swaps.

use alloc::vec::Vec;

use zram_rt::errno::Result;
use zram_rt::{fs, println};

/// Prints the table.
///
/// # Errors
///
/// Those of reading swap:areas.
pub(crate) fn show() -> Result<()> {
    println!("swap areas, sizes in KiB");
    for line in fs::read_text("/scheme/swap/areas")?.lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [name, kind, size, used, priority, ..] = columns[..] else { continue };
        println!("  {name:10}{kind:12}{size:>10}{used:>10}{priority:>10}");
    }
    Ok(())
}
