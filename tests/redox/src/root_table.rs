//! ACPI's root pointer and root table with 64-bit addresses, made of those with 32-bit ones.
//!
//! QEMU's firmware leaves a root pointer of revision 0 and a table of 32-bit addresses (RSDT). The
//! Redox kernel that was tried loses every other table of an RSDT, and none of an XSDT. Formats:
//! ACPI 6.5, sections 5.2.5.3, 5.2.7 and 5.2.8.

use crate::PAGE_SIZE;

/// Bytes of a root pointer of revision 2.
pub const POINTER_SIZE: usize = 36;

/// Bytes of a root pointer of revision 0, which are also those under its first checksum.
const OLD_POINTER_SIZE: usize = 20;

/// Bytes of a table's header.
pub const HEADER_SIZE: usize = 36;

const CHECKSUM_AT: usize = 9;
const LENGTH_AT: usize = 4;

/// Offsets in a root pointer.
const POINTER_CHECKSUM_AT: usize = 8;
const REVISION_AT: usize = 15;
const RSDT_AT: usize = 16;
const POINTER_LENGTH_AT: usize = 20;
const XSDT_AT: usize = 24;
const EXTENDED_CHECKSUM_AT: usize = 32;

/// Returns the address of the table that a root pointer of revision 0 names; nothing for what is no
/// such pointer or is a newer one, which can stay as it is.
pub fn old_table(pointer: &[u8; POINTER_SIZE]) -> Option<u64> {
    let is_old = pointer.starts_with(b"RSD PTR ") && pointer[REVISION_AT] < 2;
    is_old.then(|| u64::from(read_u32(pointer, RSDT_AT)))
}

/// Returns the bytes of a table, as its header says, if it is an RSDT whose XSDT fits into a page.
pub fn old_table_size(header: &[u8; HEADER_SIZE]) -> Option<usize> {
    let size = read_u32(header, LENGTH_AT) as usize;
    let fits = size >= HEADER_SIZE && HEADER_SIZE + 2 * (size - HEADER_SIZE) <= PAGE_SIZE as usize;
    (header.starts_with(b"RSDT") && fits).then_some(size)
}

/// Writes the root table with 64-bit addresses of what `old` names.
pub fn write_table(old: &[u8], new: &mut [u8; PAGE_SIZE as usize]) {
    let (header, addresses) = old.split_at(HEADER_SIZE);
    new[..HEADER_SIZE].copy_from_slice(header);
    new[..4].copy_from_slice(b"XSDT");
    let (addresses, _) = addresses.as_chunks::<4>();
    let size = HEADER_SIZE + 8 * addresses.len();
    for (place, address) in new[HEADER_SIZE..size].chunks_exact_mut(8).zip(addresses) {
        place.copy_from_slice(&u64::from(u32::from_le_bytes(*address)).to_le_bytes());
    }
    new[LENGTH_AT..LENGTH_AT + 4].copy_from_slice(&(size as u32).to_le_bytes());
    sign(&mut new[..size], CHECKSUM_AT);
}

/// Returns the root pointer of revision 2 that names the table at `table`.
pub fn pointer(old: &[u8; POINTER_SIZE], table: u64) -> [u8; POINTER_SIZE] {
    let mut new = [0; POINTER_SIZE];
    new[..OLD_POINTER_SIZE].copy_from_slice(&old[..OLD_POINTER_SIZE]);
    new[REVISION_AT] = 2;
    let size = (POINTER_SIZE as u32).to_le_bytes();
    new[POINTER_LENGTH_AT..POINTER_LENGTH_AT + 4].copy_from_slice(&size);
    new[XSDT_AT..XSDT_AT + 8].copy_from_slice(&table.to_le_bytes());
    sign(&mut new[..OLD_POINTER_SIZE], POINTER_CHECKSUM_AT);
    sign(&mut new, EXTENDED_CHECKSUM_AT);
    new
}

/// Sets a checksum so that all bytes add up to 0.
fn sign(bytes: &mut [u8], at: usize) {
    bytes[at] = 0;
    bytes[at] = bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_sub(byte));
}

fn read_u32(bytes: &[u8], at: usize) -> u32 {
    let (words, _) = bytes[at..].as_chunks::<4>();
    u32::from_le_bytes(words[0])
}

#[cfg(test)]
mod tests {
    use super::{HEADER_SIZE, POINTER_SIZE, old_table, old_table_size, pointer, write_table};

    fn sum(bytes: &[u8]) -> u8 {
        bytes.iter().fold(0, |sum, &byte| sum.wrapping_add(byte))
    }

    fn old_pointer() -> [u8; POINTER_SIZE] {
        let mut old = [0; POINTER_SIZE];
        old[..8].copy_from_slice(b"RSD PTR ");
        old[16..20].copy_from_slice(&0x7fe_0000_u32.to_le_bytes());
        old
    }

    fn old_root(count: usize) -> [u8; 60] {
        let mut old = [0; 60];
        old[..4].copy_from_slice(b"RSDT");
        old[4] = (HEADER_SIZE + 4 * count) as u8;
        for index in 0..count {
            old[HEADER_SIZE + 4 * index..][..4].copy_from_slice(&(index as u32 + 7).to_le_bytes());
        }
        old
    }

    #[test]
    fn every_address_is_in_the_new_table_and_its_bytes_add_up_to_zero() {
        let old = old_root(3);
        let mut new = [0xff; 4096];
        write_table(&old[..HEADER_SIZE + 12], &mut new);
        assert_eq!((&new[..4], new[4]), (&b"XSDT"[..], 60));
        assert_eq!(new[HEADER_SIZE..60], [7_u64, 8, 9].map(u64::to_le_bytes).concat());
        assert_eq!(sum(&new[..60]), 0);
    }

    #[test]
    fn the_new_pointer_names_the_new_table_and_has_both_checksums() {
        let new = pointer(&old_pointer(), 0x1_2345_6000);
        assert_eq!(new[24..32], 0x1_2345_6000_u64.to_le_bytes());
        assert_eq!((new[15], sum(&new[..20]), sum(&new)), (2, 0, 0));
    }

    #[test]
    fn only_an_old_pointer_is_replaced() {
        let mut given = old_pointer();
        assert_eq!(old_table(&given), Some(0x7fe_0000));
        given[15] = 2;
        assert_eq!(old_table(&given), None);
    }

    #[test]
    fn a_table_whose_successor_would_not_fit_is_refused() {
        let header = |size: u32| {
            let mut header = [0; HEADER_SIZE];
            header[..4].copy_from_slice(b"RSDT");
            header[4..8].copy_from_slice(&size.to_le_bytes());
            header
        };
        assert_eq!(old_table_size(&header(48)), Some(48));
        assert_eq!(old_table_size(&header(8)), None);
        assert_eq!(old_table_size(&header(4096)), None);
    }

    extern crate std;
}
