//! The kernel's heap: one region, fixed at boot.
//!
//! All kernel objects that programs can create are bounded by limits, so the heap cannot run out; if
//! it does, that is a kernel panic.

#![expect(unsafe_code, reason = "gives a region of memory to the allocator")]

use linked_list_allocator::LockedHeap;

#[global_allocator]
static HEAP: LockedHeap = LockedHeap::empty();

/// The smallest heap.
const SIZE_MIN_BYTES: u64 = 4 << 20;

/// The part of memory that becomes heap.
const MEMORY_SHARE: u64 = 64;

/// Returns the size of the heap on a machine with so much memory.
pub(super) const fn size_bytes(memory_bytes: u64) -> u64 {
    let share = memory_bytes / MEMORY_SHARE;
    if share > SIZE_MIN_BYTES { share.next_multiple_of(4096) } else { SIZE_MIN_BYTES }
}

/// Starts the heap.
///
/// # Safety
/// The memory is mapped and belongs to the heap from now on; called once.
pub(super) unsafe fn start(memory: *mut u8, size_bytes: usize) {
    // SAFETY: the caller's promise is what `init` asks for.
    unsafe { HEAP.lock().init(memory, size_bytes) };
}
