//! QEMU's start info for the loader (PVH, `xen/arch-x86/hvm/start_info.h`).

#![expect(unsafe_code, reason = "reads the structures at the addresses it is given")]

use core::ops::Range;

const MAGIC: u32 = 0x336e_c578;

/// Memory map entry type: memory that can be used.
const USABLE: u32 = 1;

/// Bytes of a memory map entry.
const MEMORY_SIZE: u64 = 24;

/// Longest command line that is read.
const WORDS_MAX: usize = 1024;

/// The start info, at its physical address.
#[derive(Clone, Copy)]
pub(crate) struct StartInfo(u64);

impl StartInfo {
    /// Returns the start info at this address; else an error text that there is none.
    pub(super) fn at(address: u64) -> Result<Self, &'static str> {
        let is_there = address != 0 && read::<u32>(address) == MAGIC;
        if is_there { Ok(Self(address)) } else { Err("it was not started by PVH") }
    }

    /// Returns where the first module is, if there is one.
    pub(crate) fn module(self) -> Option<Range<u64>> {
        if read::<u32>(self.0 + 12) == 0 {
            return None;
        }
        let module = read::<u64>(self.0 + 16);
        let start = read::<u64>(module);
        Some(start..start + read::<u64>(module + 8))
    }

    /// Returns the command line; what is not UTF-8 ends it.
    pub(crate) fn words(self) -> &'static str {
        let address = read::<u64>(self.0 + 24);
        if address == 0 {
            return "";
        }
        let size = (0..WORDS_MAX).take_while(|&at| read::<u8>(address + at as u64) != 0).count();
        let start: *const u8 = core::ptr::with_exposed_provenance(address as usize);
        // SAFETY: just read byte by byte; nobody writes there before the kernel runs.
        let bytes = unsafe { core::slice::from_raw_parts(start, size) };
        bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
    }

    /// Returns the address of ACPI's root pointer, if there is one.
    pub(crate) fn root_pointer(self) -> Option<u64> {
        Some(read::<u64>(self.0 + 32)).filter(|&address| address != 0)
    }

    /// Returns the ranges of memory, and whether each can be used.
    pub(crate) fn memory(self) -> impl Iterator<Item = (Range<u64>, bool)> {
        let first = read::<u64>(self.0 + 40);
        let count = u64::from(read::<u32>(self.0 + 48));
        (0..count).map(move |index| first + index * MEMORY_SIZE).map(|entry| {
            let start = read::<u64>(entry);
            let end = start.saturating_add(read::<u64>(entry + 8));
            (start..end, read::<u32>(entry + 16) == USABLE)
        })
    }
}

/// An integer that QEMU writes; any bytes are one.
trait Integer: Copy {}
impl Integer for u8 {}
impl Integer for u32 {}
impl Integer for u64 {}

fn read<T: Integer>(address: u64) -> T {
    assert!(address < 4 << 30, "QEMU's structures lie below 4 GiB");
    let place: *const T = core::ptr::with_exposed_provenance(address as usize);
    // SAFETY: all memory below 4 GiB is mapped and readable.
    unsafe { place.read_unaligned() }
}
