//! The arguments that a Redox kernel expects of its bootloader, as far as making them needs no
//! machine.
//!
//! The kernel gets itself at a place of the loader's choice, page tables, a list of memory, the root
//! pointer of ACPI, a text that programs can read, and the first program as one image
//! ([`bootstrap`]). The kernel's file is the user's own: nothing of Redox is in this repository, and what
//! is written here was seen on commit 663e6641 of 22 August 2026. These arguments have no version;
//! another commit may want others. The binary of this package puts the parts into memory and jumps; the
//! harness (`tests/qemu`) uses [`kernel_file`] to say what is wrong with a file before it boots.

#![no_std]
#![forbid(unsafe_code)]

pub mod arguments;
pub mod bootstrap;
pub mod kernel_file;
pub mod root_table;
pub mod tables;

mod segments;

/// Bytes of a page.
pub const PAGE_SIZE: u64 = 4096;

/// Bytes that end an archive, at most.
const TRAILER_SIZE: usize = 128;

/// Returns where the archive of programs begins, when the kernel's content ends at `end` in its own.
pub const fn programs_at(end: usize) -> usize {
    (end.next_multiple_of(4) + TRAILER_SIZE).next_multiple_of(PAGE_SIZE as usize)
}
