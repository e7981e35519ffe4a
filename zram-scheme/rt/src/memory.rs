//! Memory from the kernel: anonymous mappings, anywhere or at a chosen address.
//!
//! [`Mapping`] owns a range that nobody else uses. The pool of the engine manages its own addresses
//! and commits page by page: [`map_at`] and [`unmap`]. Frames of anonymous memory come on first
//! touch, except in the pager's pinned address space, where mapping populates or fails.

use core::ptr::NonNull;

use syscall::flag::MapFlags;
use syscall::{Error, Map, Result};

use zram_rt_core::again;

/// The descriptor that means "no file" to fmap.
const ANONYMOUS: usize = usize::MAX;

/// A range of memory that belongs to its holder alone; dropping it unmaps it.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: it is plain memory with one owner, like a `Box<[u8]>`.
unsafe impl Send for Mapping {}
// SAFETY: shared access only reads.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `length` bytes of zeros, a multiple of the page size, at an address of the kernel's choice.
    ///
    /// # Errors
    ///
    /// ENOMEM, or EINVAL for a length of 0 or of part of a page.
    pub fn anonymous(length: usize) -> Result<Self> {
        let flags = MapFlags::PROT_READ | MapFlags::PROT_WRITE | MapFlags::MAP_PRIVATE;
        Self::of(ANONYMOUS, &Map { offset: 0, size: length, flags, address: 0 })
    }

    /// Maps what `map` says of the file `descriptor`, for reading and writing.
    pub(crate) fn of(descriptor: usize, map: &Map) -> Result<Self> {
        // SAFETY: without MAP_FIXED the kernel chooses a free range, so nothing of ours moves.
        let address = again(|| unsafe { syscall::fmap(descriptor, map) })?;
        let start = NonNull::new(core::ptr::with_exposed_provenance_mut(address));
        Ok(Self { start: start.ok_or(Error::new(syscall::EFAULT))?, length: map.size })
    }

    /// Takes over a range that was mapped by others.
    ///
    /// # Safety
    ///
    /// The range is mapped readable and writable, and nobody else uses or unmaps it.
    pub(crate) unsafe fn from_parts(start: NonNull<u8>, length: usize) -> Self {
        Self { start, length }
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the range is mapped readable for as long as `self` lives and has one owner.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    /// Returns the bytes, for writing.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed exclusively.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }

    /// Returns the address of the first byte.
    pub fn address(&self) -> usize {
        self.start.as_ptr().expose_provenance()
    }

    /// Keeps the memory for ever.
    pub fn leak(self) {
        core::mem::forget(self);
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is this mapping, and its owner is going away. The kernel refuses only
        // ranges that are not mapped.
        let _ = again(|| unsafe { syscall::funmap(self.address(), self.length) });
    }
}

/// Takes all rights to a range away: reading or writing it kills the program.
///
/// # Safety
///
/// Nothing may use the range any more, except to unmap it.
pub(crate) unsafe fn forbid(address: usize, length: usize) -> Result<()> {
    // SAFETY: forwarded from the caller.
    again(|| unsafe { syscall::mprotect(address, length, MapFlags::PROT_NONE) }).map(drop)
}

/// Maps `length` bytes of zeros at exactly `address`.
///
/// Sound by itself: the kernel refuses a range of which any page is mapped already.
///
/// # Errors
///
/// ENOMEM if there is no frame for it, EEXIST if part of the range is in use.
pub fn map_at(address: usize, length: usize) -> Result<NonNull<u8>> {
    let flags = MapFlags::PROT_READ
        | MapFlags::PROT_WRITE
        | MapFlags::MAP_PRIVATE
        | MapFlags::MAP_FIXED_NOREPLACE;
    let map = Map { offset: 0, size: length, flags, address };
    // SAFETY: MAP_FIXED_NOREPLACE never replaces a mapping.
    let address = again(|| unsafe { syscall::fmap(ANONYMOUS, &map) })?;
    NonNull::new(core::ptr::with_exposed_provenance_mut(address)).ok_or(Error::new(syscall::EFAULT))
}

/// Keeps `length` bytes of addresses from `address` on for this program, without memory.
///
/// A kernel that chooses addresses chooses none of these. [`map_reserved`] puts memory there.
///
/// # Errors
///
/// EEXIST if part of the range is in use, ENOMEM.
pub(crate) fn reserve(address: usize, length: usize) -> Result<()> {
    let flags = MapFlags::PROT_NONE | MapFlags::MAP_PRIVATE | MapFlags::MAP_FIXED_NOREPLACE;
    let map = Map { offset: 0, size: length, flags, address };
    // SAFETY: MAP_FIXED_NOREPLACE never replaces a mapping.
    again(|| unsafe { syscall::fmap(ANONYMOUS, &map) }).map(drop)
}

/// Maps `length` bytes of zeros at `address`, in place of addresses that were reserved.
///
/// # Errors
///
/// ENOMEM if there is no frame for it; the addresses may be reserved no more.
///
/// # Safety
///
/// The range was reserved and is not mapped yet.
pub(crate) unsafe fn map_reserved(address: usize, length: usize) -> Result<NonNull<u8>> {
    let flags =
        MapFlags::PROT_READ | MapFlags::PROT_WRITE | MapFlags::MAP_PRIVATE | MapFlags::MAP_FIXED;
    let map = Map { offset: 0, size: length, flags, address };
    // SAFETY: what MAP_FIXED replaces is the reservation, as the caller promises.
    let address = again(|| unsafe { syscall::fmap(ANONYMOUS, &map) })?;
    NonNull::new(core::ptr::with_exposed_provenance_mut(address)).ok_or(Error::new(syscall::EFAULT))
}

/// Gives `length` bytes from `start` on back to the kernel.
///
/// # Errors
///
/// EINVAL if the range is not made of pages.
///
/// # Safety
///
/// The range was mapped by [`map_at`], and nothing uses it any more.
pub unsafe fn unmap(start: NonNull<u8>, length: usize) -> Result<()> {
    // SAFETY: forwarded from the caller.
    again(|| unsafe { syscall::funmap(start.as_ptr().expose_provenance(), length) }).map(drop)
}
