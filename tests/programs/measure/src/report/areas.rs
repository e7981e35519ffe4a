//! The table of swap areas, from the kernel's list in the format of Linux's /proc/swaps.

use ctl::areas::areas;
use zram_rt::errno::Result;
use zram_rt::{fs, println};

/// Prints the table.
///
/// # Errors
///
/// Those of reading swap:areas.
pub(crate) fn show() -> Result<()> {
    println!("swap areas, sizes in KiB");
    println!(
        "  {:10}{:12}{:>10}{:>10}{:>10}  State",
        "Filename", "Type", "Size", "Used", "Priority"
    );
    for area in areas(&fs::read_text("/scheme/swap/areas")?) {
        println!(
            "  {:10}{:12}{:>10}{:>10}{:>10}  {}",
            area.name, area.kind, area.size_kib, area.used_kib, area.priority, area.state
        );
    }
    Ok(())
}
