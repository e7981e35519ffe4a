//! The loader's start info for the kernel (PVH, `xen/arch-x86/hvm/start_info.h`).
//!
//! Read field by field from the physical map, before anything there is overwritten.

#![expect(unsafe_code, reason = "reads the loader's structures at the addresses it gives")]

use super::physical;
use core::ops::Range;

const MAGIC: u32 = 0x336e_c578;

/// Memory map entry type: memory that can be used.
const USABLE: u32 = 1;

/// Bytes of a memory map entry.
const MEMORY_SIZE: u64 = 24;

/// Longest command line that is read.
const CMDLINE_MAX: usize = 1024;

/// The loader's start info, at its physical address.
#[derive(Clone, Copy)]
pub(super) struct StartInfo(u64);

impl StartInfo {
    /// Returns the start info at this address.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn new(address: u64) -> Self {
        let info = Self(address);
        assert!(read::<u32>(address) == MAGIC, "not started by a PVH loader");
        info
    }

    /// Returns the addresses of the first module, or none if there is no module.
    pub(super) fn module(self) -> Option<Range<u64>> {
        let count = read::<u32>(self.0 + 12);
        if count == 0 {
            return None;
        }
        let module = read::<u64>(self.0 + 16);
        let start = read::<u64>(module);
        Some(start..start + read::<u64>(module + 8))
    }

    /// Returns the command line; what is not UTF-8 ends it.
    pub(super) fn cmdline(self) -> &'static str {
        let address = read::<u64>(self.0 + 24);
        if address == 0 {
            return "";
        }
        let size = (0..CMDLINE_MAX).take_while(|&at| read::<u8>(address + at as u64) != 0).count();
        let start: *const u8 = physical::pointer(address);
        // SAFETY: just read byte by byte; the caller copies it before the memory is used again.
        let bytes = unsafe { core::slice::from_raw_parts(start, size) };
        bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
    }

    /// Returns the address of ACPI's root pointer.
    pub(super) fn rsdp(self) -> u64 {
        read::<u64>(self.0 + 32)
    }

    /// Returns the memory that can be used.
    pub(super) fn memory(self) -> impl Iterator<Item = Range<u64>> {
        let first = read::<u64>(self.0 + 40);
        let count = u64::from(read::<u32>(self.0 + 48));
        (0..count).map(move |index| first + index * MEMORY_SIZE).filter_map(|entry| {
            let start = read::<u64>(entry);
            let end = start + read::<u64>(entry + 8);
            (read::<u32>(entry + 16) == USABLE).then_some(start..end)
        })
    }
}

/// An integer that the loader writes; any bytes are one.
trait Integer: Copy {}
impl Integer for u8 {}
impl Integer for u32 {}
impl Integer for u64 {}

fn read<T: Integer>(address: u64) -> T {
    let place: *const T = physical::pointer(address);
    // SAFETY: the physical map is readable everywhere below 4 GiB, which `pointer` checks.
    unsafe { place.read_unaligned() }
}
