//! `report`: the work of swap and its cost, in one screen.
//!
//! Everything is read from files: swap:areas, swap:stat, sys:context, and each device's mm_stat and
//! streams. A number that this system does not have gets no line. With `--figures`, lines
//! `figure NAME VALUE` repeat the numbers at the end for programs.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod areas;
mod devices;
mod memory;
mod table;

use guest::options::Options;
use guest::statistics::Statistics;
use zram_rt::eprintln;
use zram_rt::errno::{Error, InWords};

use table::{Table, Unit};

zram_rt::entry!(main);

fn main() -> u8 {
    let mut options = Options::from_args();
    let with_figures = options.take_flag("--figures");
    if let Err(why) = options.end() {
        eprintln!(
            "report: {why}\nusage: report [--figures]    (with --figures, also for programs)"
        );
        return 2;
    }
    match run(with_figures) {
        Ok(()) => 0,
        Err((what, error)) => {
            eprintln!("report: {what}: {}", InWords(error));
            1
        }
    }
}

/// What could not be read, and why.
type Missing = (&'static str, Error);

fn run(with_figures: bool) -> Result<(), Missing> {
    let no_swap = |error| ("swap: (the kernel's pager)", error);
    let statistics = Statistics::read().map_err(no_swap)?;
    areas::show().map_err(no_swap)?;
    let mut table = Table::new();
    let no_daemon = |error| ("zram: (does zramd run?)", error);
    let devices = devices::show(&mut table).map_err(no_daemon)?;
    show_traffic(&statistics, &mut table);
    memory::show(&statistics, &devices, &mut table);
    if with_figures {
        table.print_figures();
    }
    Ok(())
}

fn show_traffic(statistics: &Statistics, table: &mut Table) {
    table.heading("pages since the start");
    for (what, name) in [
        ("out: stored by zramd", "pages_out"),
        ("in: brought back", "pages_in"),
        ("zeros, kept without a request", "zero_pages"),
        ("needed again on the way out", "cancelled"),
        ("refused: do not compress", "refused_no_gain"),
        ("refused: no frame for the pool", "refused_no_reserve"),
        ("refused: mem_limit", "refused_limit"),
        ("lost", "lost"),
    ] {
        table.line(what, name, statistics.get(name), Unit::Count);
    }
    table.line("programs killed for memory", "killed", statistics.get("killed"), Unit::Count);
    let times = [
        ("page-in, p50", "page_in_p50_ns"),
        ("page-in, p90", "page_in_p90_ns"),
        ("page-in, p99", "page_in_p99_ns"),
        ("page-out, mean of a page", "page_out_ns"),
        ("hand-off to zramd and back, p50", "handoff_ns"),
    ];
    // What has never happened took no time.
    let measured = |name| statistics.get(name).filter(|&time_ns| time_ns > 0);
    if times.iter().any(|(_, name)| measured(name).is_some()) {
        table.heading("times");
    }
    for (what, name) in times {
        table.line(what, name, measured(name), Unit::Nanoseconds);
    }
}
