//! Physical memory as bytes, and the jump into the kernel.
//!
//! The first 4 GiB are identity-mapped. Only [`Memory`] gives access to them; a range that it has
//! given for reading must not be written. The ranges that `load` uses keep this rule, and asserts
//! check it.

#![expect(unsafe_code, reason = "turns addresses into bytes, and enters the kernel")]

use core::arch::asm;
use core::ops::Range;

use redox_loader::arguments::Arguments;

/// The end of what is mapped.
const END: u64 = 4 << 30;

unsafe extern "C" {
    static loader_end: u8;
}

/// Returns the memory of the loader itself.
pub(crate) fn own() -> Range<u64> {
    0x10_0000..(&raw const loader_end).addr() as u64
}

/// Returns the address of something that the loader has.
pub(crate) fn address_of<T: ?Sized>(what: &T) -> u64 {
    core::ptr::from_ref(what).addr() as u64
}

/// Returns how far from its beginning a part of `whole` lies.
pub(crate) fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

/// All physical memory that is mapped.
pub(crate) struct Memory {
    /// The end of what was given for writing; ranges given for reading from then on lie elsewhere.
    written: Range<u64>,
}

impl Memory {
    /// Returns the memory.
    ///
    /// # Safety
    ///
    /// Called once.
    pub(super) unsafe fn all() -> Self {
        Self { written: 0..0 }
    }

    /// Returns the bytes of a range that is never written.
    ///
    /// # Panics
    ///
    /// If it was given for writing, or is not mapped.
    pub(crate) fn read(&self, range: Range<u64>) -> &'static [u8] {
        let is_apart = range.end <= self.written.start || range.start >= self.written.end;
        assert!(range.start > 0 && range.end <= END && is_apart, "memory that may be read");
        let start = core::ptr::with_exposed_provenance(range.start as usize);
        // SAFETY: mapped, as just checked, and plain bytes. Only `write` gives bytes for writing, and
        // only above what it gave before; `load` reads what lies above all of that.
        unsafe { core::slice::from_raw_parts(start, (range.end - range.start) as usize) }
    }

    /// Returns the bytes of a range, for writing.
    ///
    /// # Panics
    ///
    /// If part of it was given before, is the loader's, or is not mapped.
    pub(crate) fn write(&mut self, range: Range<u64>) -> &'static mut [u8] {
        let first = self.written.end.max(own().end);
        assert!(range.start >= first && range.end <= END, "memory that may be written");
        if self.written.is_empty() {
            self.written.start = range.start;
        }
        self.written.end = range.end;
        let start = core::ptr::with_exposed_provenance_mut(range.start as usize);
        // SAFETY: mapped and above all that was given before, so nobody else has it.
        unsafe { core::slice::from_raw_parts_mut(start, (range.end - range.start) as usize) }
    }
}

/// Enters the kernel at `entry` with its page tables.
pub(crate) fn enter(entry: u64, tables: u64, arguments: &Arguments) -> ! {
    // SAFETY: the tables map this code where it is, and the kernel where it was linked; nothing comes
    // back.
    unsafe {
        asm!(
            "mov cr3, {tables}",
            "jmp {entry}",
            tables = in(reg) tables,
            entry = in(reg) entry,
            in("rdi") core::ptr::from_ref(arguments),
            options(noreturn),
        )
    }
}
