//! Reads the anonymous memory of a stopped or waiting process of our own, page by page.
//!
//! `/proc/PID/maps` (man 5 proc_pid_maps) tells which ranges are private, writable and backed by no
//! file, `/proc/PID/pagemap` which of their pages were ever touched, and `/proc/PID/mem` gives the
//! content to the same user where the system permits a parent to look at its child.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::{PAGE_SIZE, spread};

/// One page's content.
pub(crate) type Page = [u8; PAGE_SIZE];

/// Bits of a pagemap entry: in memory, or in the host's swap.
const TOUCHED: u64 = 0b11 << 62;

/// Returns at most `count` touched pages of `process` (a number, or `self`), evenly spread over
/// its anonymous memory, in the order of their addresses.
pub(crate) fn anonymous_pages(process: &str, count: usize) -> io::Result<Vec<Page>> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
    let pagemap = File::open(format!("/proc/{process}/pagemap"))?;
    let memory = File::open(format!("/proc/{process}/mem"))?;
    let ranges = maps.lines().filter_map(anonymous_range);
    let touched: Vec<u64> = ranges.flat_map(|range| touched_pages(&pagemap, range)).collect();
    let mut pages = Vec::new();
    for &address in spread(&touched, count) {
        let mut page = [0; PAGE_SIZE];
        match memory.read_exact_at(&mut page, address) {
            Ok(()) => pages.push(page),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(error),
            // Gone since the list was made: the process is waiting, not frozen.
            Err(_) => continue,
        }
    }
    Ok(pages)
}

/// Returns the addresses of a line of `maps` if they are private, writable and anonymous.
fn anonymous_range(line: &str) -> Option<Range<u64>> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?;
    let (_offset, _device, inode) = (fields.next()?, fields.next()?, fields.next()?);
    let name = fields.next().unwrap_or("");
    let anonymous = inode == "0" && (name.is_empty() || name == "[heap]" || name == "[stack]");
    if !(permissions.starts_with("rw") && permissions.ends_with('p') && anonymous) {
        return None;
    }
    Some(u64::from_str_radix(start, 16).ok()?..u64::from_str_radix(end, 16).ok()?)
}

fn touched_pages(pagemap: &File, range: Range<u64>) -> Vec<u64> {
    let page_size = PAGE_SIZE as u64;
    let count = usize::try_from((range.end - range.start) / page_size).unwrap_or(0);
    let mut entries = vec![0; count * size_of::<u64>()];
    if pagemap.read_exact_at(&mut entries, range.start / page_size * 8).is_err() {
        return Vec::new();
    }
    range
        .step_by(PAGE_SIZE)
        .zip(entries.as_chunks::<8>().0)
        .filter(|(_, entry)| u64::from_le_bytes(**entry) & TOUCHED != 0)
        .map(|(address, _)| address)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_writable_anonymous_ranges_count() {
        let heap = "5581e000-5583f000 rw-p 00000000 00:00 0                          [heap]";
        assert_eq!(anonymous_range(heap), Some(0x5581_e000..0x5583_f000));
        assert_eq!(anonymous_range("7f00-8f00 rw-p 00000000 00:00 0 "), Some(0x7f00..0x8f00));
        for line in [
            "7f00-8f00 r--p 00000000 00:00 0",
            "7f00-8f00 rw-s 00000000 00:00 0",
            "7f00-8f00 rw-p 00000000 fe:01 1234 /usr/lib/libc.so.6",
            "7f00-8f00 rw-p 00000000 00:00 0 [vvar]",
            "",
        ] {
            assert_eq!(anonymous_range(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_process_finds_its_own_touched_pages() {
        let mark = std::hint::black_box(vec![0x5A_u8; 512 * PAGE_SIZE]);
        let pages = anonymous_pages("self", usize::MAX).expect("one's own memory is readable");
        let marked = pages.iter().filter(|page| page.iter().all(|&byte| byte == mark[0])).count();
        assert!(marked >= 511, "512 pages that start anywhere in a page: {marked}");
    }
}
