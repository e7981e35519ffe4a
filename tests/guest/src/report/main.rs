//! `report`: what swap has done and what it costs, in one screen.
//!
//! Everything is read from files: swap:areas, swap:stat, and each device's mm_stat and streams. A
//! number that this system does not tell shows as `-`. `figure NAME VALUE` lines repeat the numbers
//! for whoever collects them.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod devices;

use alloc::format;
use alloc::string::String;

use guest::statistics::Statistics;
use zram_rt::errno::{InWords, Result};
use zram_rt::{eprintln, fs, println};

use devices::Totals;

zram_rt::entry!(main);

fn main() -> u8 {
    match run() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("report: swap: {}", InWords(error));
            1
        }
    }
}

fn run() -> Result<()> {
    let statistics = Statistics::read()?;
    println!("swap areas");
    for line in fs::read_text("/scheme/swap/areas")?.lines() {
        let columns: alloc::vec::Vec<&str> = line.split_whitespace().collect();
        let cell = |index: usize| columns.get(index).copied().unwrap_or("");
        println!(
            "  {:12}{:8}{:>12}{:>12}{:>10}  {}",
            cell(0),
            cell(1),
            cell(2),
            cell(3),
            cell(4),
            cell(5)
        );
    }
    let devices = devices::show()?;
    show_traffic(&statistics);
    show_memory(&statistics, &devices);
    Ok(())
}

fn show_traffic(statistics: &Statistics) {
    println!("pages");
    for (what, name) in [
        ("stored", "pages_out"),
        ("brought back", "pages_in"),
        ("zeros, kept without a request", "zero_pages"),
        ("needed again on the way out", "cancelled"),
        ("refused: do not compress", "refused_no_gain"),
        ("refused: no frame for the pool", "refused_no_reserve"),
        ("refused: mem_limit", "refused_limit"),
        ("lost", "lost"),
        ("programs killed for memory", "killed"),
    ] {
        println!("  {what:34}{:>12}", number(statistics.get(name)));
        figure(name, statistics.get(name));
    }
    println!("times");
    for (what, name) in [
        ("page-in, half are faster", "page_in_p50_ns"),
        ("page-in, 90 % are faster", "page_in_p90_ns"),
        ("page-in, 99 % are faster", "page_in_p99_ns"),
        ("page-out, a page of a batch", "page_out_ns"),
        ("hand-off to the daemon and back", "handoff_ns"),
    ] {
        println!("  {what:34}{:>12}", microseconds(statistics.get(name)));
        figure(name, statistics.get(name));
    }
}

fn show_memory(statistics: &Statistics, devices: &Totals) {
    println!("memory in MiB");
    let tables = add(statistics.get("table_bytes"), devices.table_bytes);
    let daemon = devices::daemon_bytes();
    let beside_pool = match (daemon, devices.pool_bytes) {
        (Some(daemon), Some(pool)) => daemon.checked_sub(pool),
        (Some(_) | None, Some(_) | None) => None,
    };
    let used = daemon
        .map(|daemon| daemon + statistics.count("table_bytes") + statistics.count("window_bytes"));
    let stored = devices.data_bytes;
    for (what, name, bytes) in [
        ("machine", "total_bytes", statistics.get("total_bytes")),
        ("for programs and the pool", "usable_bytes", statistics.get("usable_bytes")),
        ("free", "free_bytes", statistics.get("free_bytes")),
        ("pages in memory, zramd's too", "resident_bytes", statistics.get("resident_bytes")),
        ("programs' pages stored", "stored_bytes", stored),
        ("  compressed to", "compressed_bytes", devices.compressed_bytes),
        ("used for that in all", "mem_used_bytes", used),
        ("  pool", "pool_bytes", devices.pool_bytes),
        ("  zramd but for the pool", "daemon_bytes", beside_pool),
        ("    its compression streams", "stream_bytes", devices.stream_bytes),
        ("  tables of pager and daemon", "table_bytes", tables),
        ("  pager's windows", "window_bytes", statistics.get("window_bytes")),
        ("pager's reserve", "reserve_bytes", statistics.get("reserve_bytes")),
    ] {
        println!("  {what:34}{:>12}", mebibytes(bytes));
        figure(name, bytes);
    }
    let ratio = hundredths(stored, devices.compressed_bytes);
    println!("ratio, stored to compressed         {ratio:>12}");
    println!("ratio, stored to used               {:>12}", hundredths(stored, used));
    if ratio != "-" {
        println!("figure ratio {ratio}");
    }
    if let (Some(tables), Some(stored @ 1..)) = (tables, stored) {
        let millionths = tables * 1_000_000 / stored;
        println!("figure metadata_share {}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    }
}

fn add(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(0) + other.unwrap_or(0)),
    }
}

fn figure(name: &str, value: Option<u64>) {
    if let Some(value) = value {
        println!("figure {name} {value}");
    }
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(|| String::from("-"), |value| format!("{value}"))
}

fn microseconds(nanoseconds: Option<u64>) -> String {
    nanoseconds.map_or_else(
        || String::from("-"),
        |nanoseconds| format!("{}.{:01} us", nanoseconds / 1000, nanoseconds % 1000 / 100),
    )
}

fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(
        || String::from("-"),
        |bytes| format!("{}.{:02}", bytes >> 20, ((bytes & 0xf_ffff) * 100) >> 20),
    )
}

/// Returns `part / whole` with two decimals.
fn hundredths(part: Option<u64>, whole: Option<u64>) -> String {
    match (part, whole) {
        (Some(part), Some(whole @ 1..)) => {
            let hundredths = part * 100 / whole;
            format!("{}.{:02}", hundredths / 100, hundredths % 100)
        }
        (Some(_) | None, Some(_) | None) => String::from("-"),
    }
}
