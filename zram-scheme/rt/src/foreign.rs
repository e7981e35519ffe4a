//! Memory that another program may write at any moment: only copied, never borrowed.
//!
//! A reference, even a shared one, promises the compiler that nobody changes the bytes, and a
//! client that lends its buffer keeps no such promise. So a string instruction moves the bytes; the
//! compiler knows only the range that it touches, so any bytes may come, as from a device. They are
//! checked afterwards, on the copy. Used by `scheme`.

#![expect(unsafe_code, reason = "copies raw memory by a string instruction")]

use core::arch::asm;

/// A range of foreign memory.
pub(crate) struct Foreign {
    start: usize,
    length: usize,
}

impl Foreign {
    /// Returns the range of `length` bytes at `start`.
    ///
    /// # Safety
    ///
    /// While the value exists the range is mapped, and no part of it is memory that this program's
    /// own Rust values live in.
    pub(crate) unsafe fn new(start: usize, length: usize) -> Self {
        Self { start, length }
    }

    /// Copies bytes from `offset` on into `buffer`; returns how many there were.
    pub(crate) fn read(&self, offset: usize, buffer: &mut [u8]) -> usize {
        let count = self.length.saturating_sub(offset).min(buffer.len());
        let from = self.start.wrapping_add(offset);
        // SAFETY: `from` is `count` bytes of the range, which is mapped (promise of `new`), and the
        // target is an exclusive borrow outside of it.
        unsafe { copy(from, buffer.as_mut_ptr().expose_provenance(), count) };
        count
    }

    /// Copies `bytes` to `offset` on; returns how many there was room for.
    ///
    /// # Safety
    ///
    /// The range is mapped writable.
    pub(crate) unsafe fn write(&self, offset: usize, bytes: &[u8]) -> usize {
        let count = self.length.saturating_sub(offset).min(bytes.len());
        let to = self.start.wrapping_add(offset);
        // SAFETY: `to` is `count` bytes of the range, which is mapped (promise of `new`) and writable
        // (this function's), and the source is a borrow outside of it.
        unsafe { copy(bytes.as_ptr().expose_provenance(), to, count) };
        count
    }
}

/// Copies `count` bytes.
///
/// # Safety
///
/// Both ranges are mapped, `to` is writable, and they do not overlap.
unsafe fn copy(from: usize, to: usize, count: usize) {
    // SAFETY: the caller's promise; the direction flag is clear as the ABI demands, and whole words
    // before single bytes move `count` bytes in all.
    unsafe {
        asm!(
            "rep movsq",
            "mov ecx, {rest:e}",
            "rep movsb",
            rest = in(reg) count % size_of::<u64>(),
            inout("rcx") count / size_of::<u64>() => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags),
        );
    }
}
