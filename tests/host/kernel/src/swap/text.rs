//! The texts of `swap`.

use alloc::string::String;
use core::fmt::Write;

use swap_pager::{AreaInfo, AreaState, Bounds, Invariant, WatermarkError, Watermarks};
use syscall::error::EINVAL;

use super::pager;
use crate::errno::{SysResult, fail};
use crate::kernel::Kernel;
use crate::text::text;

const PAGE_KIB: u64 = zram_abi::PAGE_SIZE as u64 / 1024;

/// Returns the table of areas, in the columns of Linux's /proc/swaps and what each takes part in;
/// sizes in KiB.
pub(super) fn areas(kernel: &mut Kernel) -> String {
    let mut text = String::from("Filename\tType\tSize\tUsed\tPriority\tState\n");
    pager::call(kernel, |pager, _| pager.areas().for_each(|area| write_area(&mut text, area)));
    text
}

fn write_area(text: &mut String, area: AreaInfo) {
    let [size, used] = [area.size_pages, area.used_pages].map(|pages| u64::from(pages) * PAGE_KIB);
    let AreaInfo { device, priority, .. } = area;
    let state = match area.state {
        AreaState::Active => "active",
        AreaState::Draining => "draining",
        AreaState::Dead => "dead",
    };
    let written = writeln!(text, "zram:{device}\tpartition\t{size}\t{used}\t{priority}\t{state}");
    written.expect("a string takes any text");
}

/// Returns counts, times and sizes, and last which rule of its own has closed the pager: 0 for none.
pub(super) fn statistics(kernel: &mut Kernel) -> String {
    let page = zram_abi::PAGE_SIZE as u64;
    let total = kernel.frames.total_count() as u64;
    let free = kernel.frames.free_count() as u64;
    let resident: usize = kernel.spaces.iter().map(|(_, space)| space.resident_pages).sum();
    let windows = kernel.swap.queues.iter().flatten().filter(|queue| queue.window.is_some());
    let windows = windows.count() as u64 * zram_abi::record::WINDOW_SIZE as u64;
    let mut text = String::new();
    pager::call(kernel, |pager, _| {
        let counts = pager.statistics();
        let page_in = pager.page_in_latencies();
        let reserve = u64::from(pager.watermarks().reserve);
        for (name, value) in [
            ("pages_out", counts.pages_out),
            ("pages_in", counts.pages_in),
            ("zero_pages", counts.zero_pages),
            ("cancelled", counts.cancelled),
            ("refused_no_gain", counts.refused_no_gain),
            ("refused_no_reserve", counts.refused_no_reserve),
            ("refused_limit", counts.refused_limit),
            ("lost", counts.lost),
            ("notices", counts.notices),
            ("killed", counts.killed),
            ("bad_replies", counts.bad_replies),
            ("page_in_p50_ns", page_in.percentile_ns(50)),
            ("page_in_p90_ns", page_in.percentile_ns(90)),
            ("page_in_p99_ns", page_in.percentile_ns(99)),
            ("handoff_ns", pager.hand_off_latencies().percentile_ns(50)),
            ("page_out_ns", counts.store_ns / counts.offered.max(1)),
            ("total_bytes", total * page),
            ("usable_bytes", total.saturating_sub(reserve) * page),
            ("free_bytes", free * page),
            ("resident_bytes", resident as u64 * page),
            ("reserve_bytes", reserve * page),
            ("table_bytes", pager.table_bytes() as u64),
            ("window_bytes", windows),
        ] {
            writeln!(text, "{name} {value}").expect("a string takes any text");
        }
        let closed = pager.broken_invariant().map_or("0", Invariant::name);
        writeln!(text, "closed {closed}").expect("a string takes any text");
    });
    text
}

/// Returns the watermarks, in pages.
pub(super) fn parameters(kernel: &mut Kernel) -> String {
    let marks = pager::call(kernel, |pager, _| pager.watermarks());
    let Watermarks { reserve, low, high, batch } = marks;
    text(format_args!("reserve={reserve}\nlow={low}\nhigh={high}\nbatch={batch}\n"))
}

/// Sets the watermarks that are named; the others stay. A refusal is put in words, for whoever reads
/// `last_error`; success clears them.
///
/// # Errors
///
/// EINVAL for unknown names, no numbers, or marks that are not allowed; nothing changes.
pub(super) fn set_parameters(kernel: &mut Kernel, words: &str) -> SysResult<()> {
    let (marks, bounds) = pager::call(kernel, |pager, _| (pager.watermarks(), pager.bounds()));
    let set = read_marks(marks, words).and_then(|marks| {
        let set = pager::call(kernel, |pager, _| pager.set_watermarks(marks));
        set.map_err(|error| mark_words(error, marks, bounds))
    });
    match set {
        Ok(()) => {
            kernel.swap.last_error.clear();
            Ok(())
        }
        Err(why) => {
            kernel.swap.last_error = text(format_args!("params: {why}\n"));
            fail(EINVAL)
        }
    }
}

/// Returns the marks with those that the words name in place of the old ones.
fn read_marks(mut marks: Watermarks, words: &str) -> Result<Watermarks, String> {
    for word in words.split_whitespace() {
        let Some((name, value)) = word.split_once('=') else {
            return Err(text(format_args!("{word}: not name=number")));
        };
        let place = match name {
            "reserve" => &mut marks.reserve,
            "low" => &mut marks.low,
            "high" => &mut marks.high,
            "batch" => &mut marks.batch,
            _ => return Err(text(format_args!("{name}: not reserve, low, high or batch"))),
        };
        let number: Result<u64, _> = value.parse();
        let number = number.map_err(|_| text(format_args!("{word}: not a number")))?;
        // Above every bound, so that the range is told and not the size of a word.
        *place = u32::try_from(number).unwrap_or(u32::MAX);
    }
    Ok(marks)
}

/// Returns what is wrong with the marks, and what would be right.
fn mark_words(error: WatermarkError, marks: Watermarks, bounds: Bounds) -> String {
    let Watermarks { reserve, low, high, batch } = marks;
    let Bounds { reserve_min, reserve_max, high_max } = bounds;
    match error {
        WatermarkError::Reserve => {
            text(format_args!("reserve={reserve}: from {reserve_min} to {reserve_max} pages"))
        }
        WatermarkError::Low => {
            text(format_args!("low={low}: must be above the reserve, which is {reserve} pages"))
        }
        WatermarkError::High => text(format_args!(
            "high={high}: must be above low, which is {low} pages, and at most {high_max}"
        )),
        WatermarkError::Batch => {
            text(format_args!("batch={batch}: from 1 to {} pages", zram_abi::record::ENTRIES_MAX))
        }
    }
}

/// Returns the CPUs that have queues, one a line.
pub(super) fn pagers(kernel: &Kernel) -> String {
    let mut text = String::new();
    for cpu in kernel.cpus.possible().iter() {
        writeln!(text, "{cpu}").expect("a string takes any text");
    }
    text
}
