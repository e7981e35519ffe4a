//! `free`: memory and swap in KiB, in the columns of Linux's free(1).

use alloc::format;

use host_core::areas;
use syscall::O_RDONLY;
use zram_rt::fs;

use super::Failure;
use crate::output::Output;

pub(super) fn run(_: &[&str], output: &mut Output) -> Result<(), Failure> {
    let memory = fs::open("/scheme/memory", O_RDONLY)?.totals()?;
    let kib = |blocks: u64| blocks * u64::from(memory.f_bsize) / 1024;
    let (total, free) = (kib(memory.f_blocks), kib(memory.f_bfree));
    // Without swap there is no such file, and nothing to sum up.
    let table = fs::read_text("/scheme/swap/areas").unwrap_or_default();
    let (swap_total, swap_used) = areas::totals(&table);
    let mut table = format!("{:6}{:>12}{:>12}{:>12}\n", "", "total", "used", "free");
    for (name, total, used) in
        [("Mem:", total, total.saturating_sub(free)), ("Swap:", swap_total, swap_used)]
    {
        let free = total.saturating_sub(used);
        table.push_str(&format!("{name:6}{total:>12}{used:>12}{free:>12}\n"));
    }
    output.text(&table)
}
