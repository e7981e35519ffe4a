//! Kernel stacks, each above a page that is not mapped.
//!
//! A stack that is too small then ends in a double fault, which has a stack of its own, and in a
//! message; without the gap it would end in damaged memory. The stacks are in the last GiB of
//! addresses, through two tables that all page trees share.

#![expect(unsafe_code, reason = "adds a table to the kernel's half of the page tables")]

use super::physical::{self, PHYSICAL_MAP};
use alloc::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Address of the first page of the area.
const AREA: u64 = 0xffff_ffff_c000_0000;

/// Pages of the area: what one table maps.
const AREA_PAGES: usize = 512;

const PAGE_SIZE: usize = zram_abi::PAGE_SIZE;

/// Page table entry: present and writable, never executed.
const DATA: u64 = 1 << 63 | 0x3;

/// Page table entry of a table: present and writable.
const TABLE: u64 = 0x3;

#[repr(C, align(4096))]
struct Table([AtomicU64; 512]);

static DIRECTORY: Table = Table([const { AtomicU64::new(0) }; 512]);
static PAGES: Table = Table([const { AtomicU64::new(0) }; 512]);

/// Pages of the area that are taken, from its start.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" {
    /// Level 3 of the last 512 GiB; linked where it is loaded. Its last entry is the area's.
    static boot_high_tables: [u64; 512];
}

/// Makes the area (once, at boot).
pub(super) fn make_area() {
    // Relaxed is enough: the table becomes reachable below, and this CPU is alone.
    DIRECTORY.0[0].store(physical::of_image(&raw const PAGES) | TABLE, Ordering::Relaxed);
    let high_tables = (&raw const boot_high_tables).expose_provenance() as u64;
    let last: *mut u64 = physical::pointer(high_tables + 511 * 8);
    // SAFETY: an entry that maps nothing yet; the CPU finds the new table there.
    unsafe { last.write_volatile(physical::of_image(&raw const DIRECTORY) | TABLE) };
}

/// Returns the upper end of a new stack of so many pages (boot).
///
/// # Panics
/// If the area is used up.
pub(super) fn make(pages: usize) -> u64 {
    // Relaxed is enough: only the booting CPU makes stacks.
    let gap = TAKEN.fetch_add(pages + 1, Ordering::Relaxed);
    let first = gap + 1;
    assert!(first + pages <= AREA_PAGES, "no room for another kernel stack");
    let memory = allocate(pages * PAGE_SIZE);
    for page in 0..pages {
        let frame = memory + (page * PAGE_SIZE) as u64;
        // Relaxed is enough: this CPU is alone, and the entry mapped nothing before.
        PAGES.0[first + page].store(frame | DATA, Ordering::Relaxed);
    }
    AREA + ((first + pages) * PAGE_SIZE) as u64
}

/// Returns the physical address of so many bytes of heap, at a frame border, for ever.
fn allocate(size_bytes: usize) -> u64 {
    let layout = Layout::from_size_align(size_bytes, PAGE_SIZE).expect("a few whole pages");
    // SAFETY: the size is not zero.
    let memory = unsafe { alloc_zeroed(layout) };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    memory.expose_provenance() as u64 - PHYSICAL_MAP
}
