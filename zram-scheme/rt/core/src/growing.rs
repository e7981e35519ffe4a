//! The heap itself: a two-level segregated fit over one range of addresses, of which the first part
//! is mapped.
//!
//! Allocating and freeing a block take a few steps each, whatever else the heap holds: the daemon's
//! threads share the heap, and a page-in waits for the holder of its lock. An allocation that does
//! not fit extends the mapped part, by [`STEP_BYTES`] or by what is missing, up to a maximum.
//! Memory never goes back to the kernel: the daemon will need its peak again. A [`Source`] maps
//! memory, the only thing that `zram-rt` adds.

#![expect(unsafe_code, reason = "the heap is raw memory")]

use core::alloc::Layout;
use core::ptr::NonNull;

use rlsf::Tlsf;

/// What the heap grows by: seldom enough, and in a pinned program little of the pager's reserve.
pub const STEP_BYTES: usize = 64 * 1024;

/// Free blocks are told apart by the power of two of their size and so many steps in each.
const STEPS: usize = 16;

/// With so many powers of two the whole address space is one pool, which can be made longer.
const POWERS: usize = usize::BITS as usize - rlsf::GRANULARITY.ilog2() as usize;

type Heap = Tlsf<'static, u64, u16, POWERS, STEPS>;

/// What the allocator needs beside a block at most: its header, rounding, and the mark at the end.
const OVERHEAD_BYTES: usize = 3 * rlsf::GRANULARITY;

const PAGE_BYTES: usize = 4096;

/// Maps memory at addresses of the heap's choice.
///
/// # Safety
///
/// After `map` has returned true, the range is readable and writable for ever, and nobody else's.
pub unsafe trait Source {
    /// Maps `bytes` of memory, whole pages, at `address`; returns false if there is none.
    fn map(&mut self, address: usize, bytes: usize) -> bool;
}

/// A heap that grows.
pub struct Growing {
    heap: Heap,
    /// The address behind what is mapped.
    end: usize,
    /// The address that is never reached.
    limit: usize,
}

impl Growing {
    /// Returns a heap that has nothing to give, for ever if it is not initialised.
    pub const fn empty() -> Self {
        Self { heap: Heap::new(), end: 0, limit: 0 }
    }

    /// Begins the heap with the `bytes` at `start`; it may grow until it is `most_bytes` long.
    ///
    /// # Safety
    ///
    /// The range is as a [`Source`] leaves it. Called once.
    pub unsafe fn initialise(&mut self, start: NonNull<u8>, bytes: usize, most_bytes: usize) {
        let address = start.as_ptr().expose_provenance();
        (self.end, self.limit) = (address + bytes, address.saturating_add(most_bytes));
        let block = NonNull::slice_from_raw_parts(start, bytes);
        // SAFETY: the range is memory of this heap's for ever.
        unsafe { self.heap.insert_free_block_ptr(block) };
    }

    /// Returns a block, or nothing when the heap is full and can grow no further.
    pub fn allocate(&mut self, layout: Layout, source: &mut impl Source) -> Option<NonNull<u8>> {
        let found = self.heap.allocate(layout);
        if found.is_none() && !self.grow_for(layout, source) {
            return None;
        }
        found.or_else(|| self.heap.allocate(layout))
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// The block came from `allocate` with the same layout and is used no more.
    pub unsafe fn deallocate(&mut self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: forwarded from the caller.
        unsafe { self.heap.deallocate(block, layout.align()) };
    }

    /// Makes room for one more block of this layout; returns false, with nothing changed, if there
    /// is none.
    fn grow_for(&mut self, layout: Layout, source: &mut impl Source) -> bool {
        let block = layout.size().checked_add(layout.align() + OVERHEAD_BYTES);
        // Looked for is a block of the next step, so that the first one found is large enough.
        let found = block.and_then(|bytes| bytes.checked_add(bytes / STEPS));
        let needed = found.and_then(|bytes| bytes.checked_next_multiple_of(PAGE_BYTES));
        let Some(needed) = needed else { return false };
        let left = self.limit.saturating_sub(self.end);
        // A full step if there is memory for it, else just enough.
        let step = needed.max(STEP_BYTES).min(left);
        needed <= left && (self.grow(step, source) || step > needed && self.grow(needed, source))
    }

    fn grow(&mut self, bytes: usize, source: &mut impl Source) -> bool {
        let start: *mut u8 = core::ptr::with_exposed_provenance_mut(self.end);
        let Some(start) = NonNull::new(start).filter(|_| source.map(self.end, bytes)) else {
            return false;
        };
        let block = NonNull::slice_from_raw_parts(start, bytes);
        // SAFETY: the source has mapped these bytes for ever, and they begin where the heap's pool ends:
        // all its pieces are whole pages, so that nothing is rounded away between them.
        unsafe { self.heap.append_free_block_ptr(block) };
        self.end += bytes;
        true
    }
}

#[cfg(test)]
mod tests;
