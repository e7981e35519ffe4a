//! The page tables that a Redox kernel begins with.
//!
//! The kernel expects the first 8 GiB of memory identity-mapped and once more at [`PHYSICAL_MAP`],
//! in pages of 2 MiB, and its own image at [`crate::kernel_file::BASE`] in pages of 4 KiB. It soon
//! makes its own tables.

use core::ops::Range;

use crate::PAGE_SIZE;
use crate::kernel_file::{BASE, SIZE_MAX};

/// Where the kernel sees all memory.
pub const PHYSICAL_MAP: u64 = 0xffff_8000_0000_0000;

/// Memory that is mapped there, in GiB.
const MAPPED_GIB: u64 = 8;

const LARGE_PAGE: u64 = 2 << 20;
const ENTRIES: usize = 512;
const PRESENT_WRITABLE: u64 = 0x3;
const LARGE: u64 = 0x80;

/// Tables that the largest kernel needs: one at the top, two below it, one for each GiB, one for the
/// kernel's last GiB, and one for each 2 MiB of the kernel.
pub const TABLES_MAX: usize = 4 + MAPPED_GIB as usize + (SIZE_MAX / LARGE_PAGE) as usize;

/// A page table.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(4096))]
pub struct Table(pub [u64; ENTRIES]);

impl Table {
    /// A table that maps nothing.
    pub const EMPTY: Self = Self([0; ENTRIES]);
}

/// Fills `tables`, which lie one behind the other from the address `first` on, for a kernel whose image
/// is at `kernel`; the first of them becomes the top.
///
/// # Panics
///
/// If the image is larger than [`SIZE_MAX`].
pub fn fill(tables: &mut [Table; TABLES_MAX], first: u64, kernel: Range<u64>) {
    assert!(kernel.end - kernel.start <= SIZE_MAX, "a kernel file is no larger");
    let address = |index: usize| first + index as u64 * PAGE_SIZE;
    let link = |index: usize| address(index) | PRESENT_WRITABLE;
    let (top, low, high, images) = (0, 1, 2, 3);
    let gib = images + 1;
    let pages = gib + MAPPED_GIB as usize;
    tables[top].0[entry_of(0, 39)] = link(low);
    tables[top].0[entry_of(PHYSICAL_MAP, 39)] = link(low);
    tables[top].0[entry_of(BASE, 39)] = link(high);
    tables[high].0[entry_of(BASE, 30)] = link(images);
    for index in 0..MAPPED_GIB as usize {
        tables[low].0[index] = link(gib + index);
        let start = (index as u64) << 30;
        for (number, entry) in (0..).zip(&mut tables[gib + index].0) {
            *entry = (start + number * LARGE_PAGE) | PRESENT_WRITABLE | LARGE;
        }
    }
    for (index, frame) in kernel.step_by(PAGE_SIZE as usize).enumerate() {
        let (table, entry) = (index / ENTRIES, index % ENTRIES);
        tables[images].0[table] = link(pages + table);
        tables[pages + table].0[entry] = frame | PRESENT_WRITABLE;
    }
}

/// Returns which entry of a table is an address's, where each entry maps 2 to the power of `bits` bytes.
fn entry_of(address: u64, bits: u32) -> usize {
    (address >> bits) as usize % ENTRIES
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::boxed::Box;

    use super::{LARGE, PHYSICAL_MAP, TABLES_MAX, Table, entry_of, fill};
    use crate::kernel_file::{BASE, SIZE_MAX};

    const FIRST: u64 = 0x14_0000;

    fn filled(kernel: core::ops::Range<u64>) -> Box<[Table; TABLES_MAX]> {
        let mut tables = Box::new([Table::EMPTY; TABLES_MAX]);
        fill(&mut tables, FIRST, kernel);
        tables
    }

    /// Walks the tables as the machine does.
    fn translate(tables: &[Table; TABLES_MAX], address: u64) -> Option<u64> {
        let mut table = FIRST;
        for bits in [39, 30, 21, 12] {
            let entry = tables[((table - FIRST) / 4096) as usize].0[entry_of(address, bits)];
            if entry & 1 == 0 {
                return None;
            }
            let base = entry & 0xf_ffff_ffff_f000;
            if bits == 12 || entry & LARGE != 0 && bits == 21 {
                return Some(base + address % (1 << bits));
            }
            table = base;
        }
        None
    }

    #[test]
    fn memory_is_where_it_is_and_once_more_in_the_upper_half() {
        let tables = filled(0x200_0000..0x240_0000);
        for address in [0, 0x1234_5678, (8 << 30) - 1] {
            assert_eq!(translate(&tables, address), Some(address));
            assert_eq!(translate(&tables, PHYSICAL_MAP + address), Some(address));
        }
        assert_eq!(translate(&tables, 8 << 30), None);
    }

    #[test]
    fn the_kernel_is_at_its_base_and_nothing_is_behind_it() {
        let tables = filled(0x200_0000..0x234_5000);
        assert_eq!(translate(&tables, BASE), Some(0x200_0000));
        assert_eq!(translate(&tables, BASE + 0x34_4fff), Some(0x234_4fff));
        assert_eq!(translate(&tables, BASE + 0x34_5000), None);
    }

    #[test]
    fn there_are_tables_for_the_largest_kernel() {
        let tables = filled(0x200_0000..0x200_0000 + SIZE_MAX);
        let last = SIZE_MAX - 1;
        assert_eq!(translate(&tables, BASE + last), Some(0x200_0000 + last));
    }
}
