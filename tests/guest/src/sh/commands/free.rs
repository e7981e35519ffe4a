//! `free`: memory and swap in KiB, in the columns of Linux's free(1).

use alloc::format;
use alloc::string::String;

use syscall::O_RDONLY;
use zram_rt::fs;

use super::Failure;

pub(super) fn run(_: &[&str]) -> Result<String, Failure> {
    let memory = fs::open("/scheme/memory", O_RDONLY)?.totals()?;
    let kib = |blocks: u64| blocks * u64::from(memory.f_bsize) / 1024;
    let (total, free) = (kib(memory.f_blocks), kib(memory.f_bfree));
    let (swap_total, swap_used) = swap();
    let mut table = format!("{:6}{:>12}{:>12}{:>12}\n", "", "total", "used", "free");
    for (name, total, used) in
        [("Mem:", total, total.saturating_sub(free)), ("Swap:", swap_total, swap_used)]
    {
        let free = total.saturating_sub(used);
        table.push_str(&format!("{name:6}{total:>12}{used:>12}{free:>12}\n"));
    }
    Ok(table)
}

/// Returns size and use of all swap areas together, in KiB; nothing without swap.
fn swap() -> (u64, u64) {
    let areas = fs::read_text("/scheme/swap/areas").unwrap_or_default();
    areas.lines().skip(1).fold((0, 0), |(size, used), line| {
        let mut columns = line.split_whitespace().skip(2).map(|column| column.parse().unwrap_or(0));
        (size + columns.next().unwrap_or(0), used + columns.next().unwrap_or(0_u64))
    })
}
