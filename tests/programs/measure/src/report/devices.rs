//! Each device's mm_stat with the names of its columns, and the sums over all devices.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use zram_abi::PAGE_SIZE;
use zram_rt::errno::Result;
use zram_rt::fs;

use crate::table::{Table, Unit};

/// The columns of mm_stat (Linux, admin-guide/blockdev/zram).
const COLUMNS: [(&str, Unit); 9] = [
    ("orig_data_size", Unit::Bytes),
    ("compr_data_size", Unit::Bytes),
    ("mem_used_total", Unit::Bytes),
    ("mem_limit", Unit::Limit),
    ("mem_used_max", Unit::Bytes),
    ("same_pages", Unit::Count),
    ("pages_compacted", Unit::Count),
    ("huge_pages", Unit::Count),
    ("huge_pages_since", Unit::Count),
];

/// Sums over all devices; nothing where no device tells.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) data_bytes: Option<u64>,
    pub(crate) compressed_bytes: Option<u64>,
    pub(crate) pool_bytes: Option<u64>,
    pub(crate) table_bytes: Option<u64>,
    pub(crate) stream_bytes: Option<u64>,
}

/// Prints the statistics of every device and returns their sums.
///
/// # Errors
///
/// Those of listing `zram:`.
pub(crate) fn show(table: &mut Table) -> Result<Totals> {
    let mut totals = Totals::default();
    for name in fs::list("zram:")?.iter().filter(|name| name.parse::<u32>().is_ok()) {
        let mm_stat = read(name, "mm_stat");
        let numbers: Vec<u64> =
            mm_stat.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        table.heading(&format!("mm_stat of zram:{name}"));
        for ((column, unit), &number) in COLUMNS.into_iter().zip(&numbers) {
            table.line(column, &format!("zram{name}_{column}"), Some(number), unit);
        }
        let streams = read(name, "streams");
        add(&mut totals.data_bytes, numbers.first().copied());
        add(&mut totals.compressed_bytes, numbers.get(1).copied());
        add(&mut totals.pool_bytes, numbers.get(2).copied());
        add(&mut totals.table_bytes, find(&streams, "table_bytes"));
        add(&mut totals.stream_bytes, find(&streams, "streams_bytes"));
    }
    Ok(totals)
}

/// Returns what all of the daemon takes, the pool among it: its pages in memory.
pub(crate) fn daemon_bytes() -> Option<u64> {
    let processes = fs::read_text("/scheme/sys/context").ok()?;
    // Columns: pid, name, threads, resident and swapped pages.
    let mut rows = processes.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row.get(1) == Some(&"zramd"))?;
    Some(row.get(3)?.parse::<u64>().ok()? * PAGE_SIZE as u64)
}

fn add(sum: &mut Option<u64>, more: Option<u64>) {
    if let Some(more) = more {
        *sum = Some(sum.unwrap_or(0) + more);
    }
}

fn find(text: &str, name: &str) -> Option<u64> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.find(|&(known, _)| known == name)?.1.trim().parse().ok()
}

/// Returns an attribute's text, empty for one that the device does not have.
fn read(device: &str, attribute: &str) -> String {
    fs::read_text(&format!("/scheme/zram/{device}/{attribute}")).unwrap_or_default()
}
