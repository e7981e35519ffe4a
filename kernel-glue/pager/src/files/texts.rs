//! The texts of `swap`: areas, counts, queues.

use alloc::string::String;
use core::fmt::{Display, Write};

use crate::Pager;
use crate::invariant::Invariant;
use crate::places::area::{AreaInfo, AreaState, Room};
use crate::statistics::{Latencies, Step};

const PAGE_BYTES: u64 = 4096;
const PAGE_KIB: u64 = 4;

/// The names in `swap`.
pub const ROOT: &str = "areas\ncontrol\nlast_error\nlatencies\npager\nparams\nstat\n";

/// What a kernel adds to the counts: pages of its memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All that the kernel hands out.
    pub total_pages: u64,
    /// Those that are free.
    pub free_pages: u64,
    /// Those that programs have.
    pub resident_pages: u64,
    /// Those of the queues' windows.
    pub window_pages: u64,
}

/// Returns the table of areas, in the columns of Linux's /proc/swaps and one more; sizes in KiB. The
/// last column tells what an area takes part in: `active`, `draining` (swapoff), `shrinking`, `dead`
/// (its daemon is), or why an active one takes no page now: `full`, `limited` (the device's `mem_limit`
/// refused some), `starved` (there was no frame for its pool, or no memory for its slot map).
pub fn areas(pager: &Pager) -> String {
    let mut text = String::from("Filename\tType\tSize\tUsed\tPriority\tState\n");
    for area in pager.areas() {
        let AreaInfo { device, size_pages, used_pages, priority, .. } = area;
        let [size, used] =
            [size_pages, used_pages].map(|pages| u64::from(pages).saturating_mul(PAGE_KIB));
        let state = match (area.state, area.room) {
            (AreaState::Dead, _) => "dead",
            (AreaState::Draining, _) => "draining",
            (AreaState::Active, _) if area.is_shrinking => "shrinking",
            (AreaState::Active, Room::Free) => "active",
            (AreaState::Active, Room::Full) => "full",
            (AreaState::Active, Room::Limited) => "limited",
            (AreaState::Active, Room::Starved) => "starved",
        };
        // A string takes any text.
        let _ = writeln!(text, "zram:{device}\tpartition\t{size}\t{used}\t{priority}\t{state}");
    }
    text
}

/// Returns counts, times and sizes, and last which rule of its own has closed the pager: 0 for none.
pub fn stat(pager: &Pager, memory: Memory) -> String {
    let counts = pager.statistics();
    let page_in = pager.page_in_latencies();
    let reserve = u64::from(pager.watermarks().reserve);
    let bytes = |pages: u64| pages.saturating_mul(PAGE_BYTES);
    let mut text = String::new();
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
        ("page_out_ns", counts.store_ns.checked_div(counts.offered).unwrap_or(0)),
        ("total_bytes", bytes(memory.total_pages)),
        ("usable_bytes", bytes(memory.total_pages.saturating_sub(reserve))),
        ("free_bytes", bytes(memory.free_pages)),
        ("resident_bytes", bytes(memory.resident_pages)),
        ("reserve_bytes", bytes(reserve)),
        ("table_bytes", u64::try_from(pager.table_bytes()).unwrap_or(u64::MAX)),
        ("window_bytes", bytes(memory.window_pages)),
    ] {
        // A string takes any text.
        let _ = writeln!(text, "{name} {value}");
    }
    let closed = pager.broken_invariant().map_or("0", Invariant::name);
    let _ = writeln!(text, "closed {closed}");
    text
}

/// Returns how long page-ins took, a line for each step of time in which there were some: its most
/// nanoseconds, and how many since the beginning. Who reads it twice knows what was between.
pub fn latencies(pager: &Pager) -> String {
    steps(pager.page_in_latencies())
}

fn steps(latencies: &Latencies) -> String {
    let mut text = String::new();
    for Step { upper_ns, count } in latencies.steps() {
        // A string takes any text.
        let _ = writeln!(text, "{upper_ns} {count}");
    }
    text
}

/// Returns the CPUs that have queues, one a line.
pub fn queues(cpus: impl Iterator<Item = impl Display>) -> String {
    let mut text = String::new();
    for cpu in cpus {
        let _ = writeln!(text, "{cpu}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Latencies, steps};

    /// Most bytes of one text of the in-tree kernel.
    const TEXT_MAX: usize = 16 << 10;

    #[test]
    fn latencies_of_every_length_fit_into_one_text() {
        let mut latencies = Latencies::new().unwrap();
        (0..40).for_each(|power| {
            (0..64).for_each(|part| latencies.add((1 << power) + ((part << power) >> 6)));
        });
        let lines = steps(&latencies).lines().count();
        // Each with 2^40 ns and a count of 32 bits at most.
        assert!(lines > 500 && lines * "1099511627775 4294967295\n".len() <= TEXT_MAX, "{lines}");
    }
}
