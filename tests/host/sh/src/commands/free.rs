//! `free [-b | -k | -m | -g | -h]`: memory and swap, in the columns of Linux's free(1).

use alloc::format;

use ctl::areas::{self, Totals};
use ctl::free::{OPTIONS, Sizes, USAGE, Unit, table};
use ctl::options::Given;
use syscall::O_RDONLY;
use zram_rt::fs;

use super::Failure;
use crate::output::Output;

pub(super) fn run(words: &[&str], output: &mut Output) -> Result<(), Failure> {
    let given = Given::parse(OPTIONS, words).map_err(Failure::words)?;
    if given.has("help") {
        return output.text(&format!("usage: {USAGE}\n"));
    }
    let unit = Unit::of(&given).map_err(Failure::words)?;
    let memory = fs::open("/scheme/memory", O_RDONLY)?.totals()?;
    let bytes = |blocks: u64| blocks.saturating_mul(u64::from(memory.f_bsize));
    let memory = Sizes { total: bytes(memory.f_blocks), free: bytes(memory.f_bfree) };
    // Without swap there is no such file, and nothing to sum up.
    let areas = fs::read_text("/scheme/swap/areas").unwrap_or_default();
    let Totals { size_kib, used_kib } = areas::totals(&areas);
    let swap = Sizes { total: size_kib << 10, free: size_kib.saturating_sub(used_kib) << 10 };
    output.text(&table(memory, swap, unit))
}
