//! Where the kernel sees memory: all physical memory up to 4 GiB, and its own image.
//!
//! `boot.s` maps both with large pages and nothing changes them afterwards; every page tree shares
//! these two entries of the top table.

use core::ptr;

/// Kernel address of physical address 0 (maps the first 4 GiB).
pub(super) const PHYSICAL_MAP: u64 = 0xffff_8000_0000_0000;

/// End of the physical map, as a physical address.
pub(super) const PHYSICAL_END: u64 = 4 << 30;

/// Kernel address minus physical address, for what lies in the kernel image.
pub(super) const KERNEL_OFFSET: u64 = 0xffff_ffff_8000_0000;

/// Returns the kernel's pointer to a physical address.
///
/// # Panics
/// If it lies above the physical map.
pub(super) fn pointer<T>(physical: u64) -> *mut T {
    assert!(physical < PHYSICAL_END, "physical address {physical:#x} is not mapped");
    ptr::with_exposed_provenance_mut((PHYSICAL_MAP + physical) as usize)
}

/// Returns the physical address of something in the kernel image.
pub(super) fn of_image<T>(pointer: *const T) -> u64 {
    (pointer.expose_provenance() as u64) - KERNEL_OFFSET
}
