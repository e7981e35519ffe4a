//! The content of a frame, which programs may change while the kernel uses it.
//!
//! A program on another CPU can write its memory at any moment, so there is never a Rust reference
//! to it: a reference would promise the compiler that nobody else writes. All accesses are made
//! here, by string instructions that the compiler does not see through. They read or write each
//! byte as a relaxed atomic access would, and what programs do to their memory are single
//! instructions as well: there is no data race, only bytes that are old or new. Code that needs one
//! value reads it once, into memory of the kernel's.

#![expect(unsafe_code, reason = "reads and writes memory by its address")]

use core::arch::asm;
use core::marker::PhantomData;
use core::ops::Range;

use super::frames::FRAME_SIZE;

const WORD: usize = size_of::<u64>();

/// The memory of one frame, as long as the table is borrowed that says it is in use.
pub(super) struct Content<'a> {
    first: *mut u8,
    table: PhantomData<&'a ()>,
}

impl Content<'_> {
    /// Returns the content of the frame at `first`.
    ///
    /// # Safety
    /// `first` is aligned to 8 and has [`FRAME_SIZE`] mapped and writable bytes for the lifetime, and no
    /// Rust reference leads there.
    pub(super) unsafe fn new(first: *mut u8) -> Self {
        Self { first, table: PhantomData }
    }

    /// Returns a pointer to this part.
    ///
    /// # Panics
    /// If the frame ends before it does.
    fn part(&self, offset: usize, size: usize) -> *mut u8 {
        let is_inside = size <= FRAME_SIZE && offset <= FRAME_SIZE - size;
        assert!(is_inside, "{size} bytes at {offset} of a frame");
        self.first.wrapping_add(offset)
    }

    /// Reads the bytes from `offset` on.
    pub(super) fn read(&self, offset: usize, into: &mut [u8]) {
        let from = self.part(offset, into.len());
        // SAFETY: `part` checked the range, and `into` is exclusively borrowed memory elsewhere.
        unsafe { copy(from, into.as_mut_ptr(), into.len()) };
    }

    /// Writes the bytes from `offset` on.
    pub(super) fn write(&self, offset: usize, from: &[u8]) {
        let into = self.part(offset, from.len());
        // SAFETY: `part` checked the range, and `from` is borrowed memory elsewhere.
        unsafe { copy(from.as_ptr(), into, from.len()) };
    }

    /// Makes a part what it is in another frame.
    pub(super) fn copy(&self, part: Range<usize>, from: &Content<'_>) {
        let (to, from) = (self.part(part.start, part.len()), from.part(part.start, part.len()));
        // SAFETY: `part` checked both ranges. Frames do not overlap, and one onto itself changes nothing.
        unsafe { copy(from, to, part.len()) };
    }

    /// Fills all of it with zeros.
    pub(super) fn clear(&self) {
        // SAFETY: the whole frame is mapped and writable; flags and direction are as at entry.
        unsafe {
            asm!(
                "rep stosq",
                inout("rcx") FRAME_SIZE / WORD => _,
                inout("rdi") self.first => _,
                in("rax") 0_u64,
                options(nostack, preserves_flags),
            );
        }
    }

    /// Returns whether all of it is zeros.
    pub(super) fn is_zero(&self) -> bool {
        let words = self.first.cast::<u64>();
        (0..FRAME_SIZE / WORD).all(|index| {
            // SAFETY: aligned and inside the frame; volatile, so the compiler assumes nothing of it.
            unsafe { words.wrapping_add(index).read_volatile() == 0 }
        })
    }
}

/// Copies `size` bytes from the lowest address up, eight at a step.
///
/// # Safety
/// Both ranges are mapped, the one at `to` is writable, and they are the same or do not overlap.
unsafe fn copy(from: *const u8, to: *mut u8, size: usize) {
    // SAFETY: the caller's promise; the direction flag is clear by the rule of `asm!`.
    unsafe {
        asm!(
            "rep movsq",
            "mov rcx, {rest}",
            "rep movsb",
            rest = in(reg) size % WORD,
            inout("rcx") size / WORD => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags),
        );
    }
}
