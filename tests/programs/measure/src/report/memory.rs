//! The memory budget: what uses the machine's memory, what is stored, and what storing it takes.

use guest::statistics::Statistics;

use crate::devices::{self, Totals};
use crate::table::{Table, Unit};

/// Prints it, with the ratios.
pub(crate) fn show(statistics: &Statistics, devices: &Totals, table: &mut Table) {
    table.heading("memory");
    for (what, name, bytes) in [
        ("total", "total_bytes", statistics.get("total_bytes")),
        ("usable: total less the reserve", "usable_bytes", statistics.get("usable_bytes")),
        ("resident: programs and zramd", "resident_bytes", statistics.get("resident_bytes")),
        ("free", "free_bytes", statistics.get("free_bytes")),
        ("stored: programs' pages in swap", "stored_bytes", devices.data_bytes),
        ("  compressed to", "compressed_bytes", devices.compressed_bytes),
    ] {
        table.line(what, name, bytes, Unit::Bytes);
    }
    let pager_tables = statistics.get("table_bytes");
    let windows = statistics.get("window_bytes");
    let daemon = devices::daemon_bytes();
    let named =
        [devices.pool_bytes, devices.table_bytes, devices.stream_bytes].into_iter().flatten();
    let rest = daemon.and_then(|daemon| daemon.checked_sub(named.sum()));
    let used = sum([daemon, pager_tables, windows]);
    table.heading("memory that this takes");
    for (what, name, bytes) in [
        ("pool", "pool_bytes", devices.pool_bytes),
        ("tables of the devices", "device_table_bytes", devices.table_bytes),
        ("tables of the pager", "pager_table_bytes", pager_tables),
        ("compression streams", "stream_bytes", devices.stream_bytes),
        ("windows of the queues", "window_bytes", windows),
        ("rest of zramd: code, stacks, heap", "daemon_rest_bytes", rest),
        ("in all", "mem_used_bytes", used),
    ] {
        table.line(what, name, bytes, Unit::Bytes);
    }
    let stored = devices.data_bytes;
    table.heading("ratios");
    let ratio = quotient(stored, devices.compressed_bytes, 100);
    table.line("stored to compressed", "ratio", ratio, Unit::Hundredths);
    let overall = quotient(stored, used, 100);
    table.line("stored to what it takes in all", "overall_ratio", overall, Unit::Hundredths);
    let tables = sum([devices.table_bytes, pager_tables]);
    let share = quotient(tables, stored, 1_000_000);
    table.line("tables to stored", "metadata_share", share, Unit::Millionths);
}

/// Returns the sum of what is known; nothing if nothing is.
fn sum<const N: usize>(parts: [Option<u64>; N]) -> Option<u64> {
    parts.into_iter().flatten().reduce(|one, other| one + other)
}

/// Returns `part / whole` in parts of `unit`.
fn quotient(part: Option<u64>, whole: Option<u64>, unit: u64) -> Option<u64> {
    part?.checked_mul(unit)?.checked_div(whole?)
}
